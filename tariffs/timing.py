"""Timings: when a price holds, when a balance may be used, when a plan runs.

A row `PEAK,*any,*any,*any,1;2;3;4;5,08:00:00` is Monday to Friday from 08:00:00 until midnight. For rating the interval
always ends at the following midnight; "19:00 to 08:00" therefore takes two rows. An empty set means "all".
"""

from dataclasses import dataclass
from typing import Final

ANY: Final = "*any"


@dataclass(frozen=True, slots=True)
class Timing:
    """One row of Timings.csv. Week days count from 0 = Sunday to 6 = Saturday (7 in a file is Sunday too)."""

    id: str
    years: frozenset[int] = frozenset()
    months: frozenset[int] = frozenset()
    month_days: frozenset[int] = frozenset()
    week_days: frozenset[int] = frozenset()
    start_ns: int = 0  # of the local day
    end_ns: int | None = None  # of the local day; only balances look at it
    schedule: str = ""  # "*asap", "+30s", "*monthly" …: a word for schedulers; "" for a clock time

    @property
    def every_day(self) -> bool:
        return not (self.years or self.months or self.month_days or self.week_days)

    def holds_on(self, year: int, month: int, month_day: int, week_day: int) -> bool:
        """Tell whether a local date (week day 0 = Sunday) is one of this timing's days."""
        return (
            (not self.years or year in self.years)
            and (not self.months or month in self.months)
            and (not self.month_days or month_day in self.month_days)
            and (not self.week_days or week_day in self.week_days)
        )
