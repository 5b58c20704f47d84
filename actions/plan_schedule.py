"""Action plans and when they run.

A plan row `MONTHLY_10,TOPUP_10,ON_31,10` with ON_31 = `*any;*any;31;*any;00:00:00` tops up at midnight of the 31st, and
in a shorter month on its last day: 28 February, 31 March, 30 April. It is midnight where the account lives, so the
accounts of one plan run at different instants. A clock that jumps over 02:30 runs what was due then when it gets there,
and one that shows 02:30 twice runs it the first time.

The words `*hourly`, `*daily`, `*monthly` and so on take their clock time from the moment the plan was first loaded,
which is kept with the entry as its anchor: *monthly loaded on 21 November at 01:48:37 next runs on 21 December at
01:48:37. Loading the same plan again does not move it; otherwise a load in the afternoon would repeat the night's runs.

Rows are read as cron reads them: month days and week days, both given, mean either. Years without months mean January,
months without days their first day. An entry `*asap` has no instant: it runs when an account gets the plan.
"""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from tariffs.duration import parse_duration
from tariffs.timing import ANY, Timing
from tariffs.zone import DAY_NS, SECOND_NS, Zone

ASAP: Final = "*asap"
EVERY_MINUTE: Final = "*every_minute"
HOURLY: Final = "*hourly"
DAILY: Final = "*daily"
WEEKLY: Final = "*weekly"
MONTHLY: Final = ("*monthly", "*monthly_estimated")
MONTH_END: Final = "*month_end"
YEARLY: Final = "*yearly"
PERIODS_NS: Final = {EVERY_MINUTE: 60 * SECOND_NS, HOURLY: 3600 * SECOND_NS}
WORDS: Final = (ASAP, EVERY_MINUTE, HOURLY, DAILY, WEEKLY, *MONTHLY, MONTH_END, YEARLY)

BUILT_IN_TIMINGS: Final = {ANY: Timing(ANY)} | {word: Timing(word, schedule=word) for word in WORDS}

LAST_DAY: Final = -1  # of the month, in a set of month days
YEAR_MAX: Final = 9998


@dataclass(frozen=True, slots=True)
class PlanEntry:
    """One row of ActionPlans.csv. Of two entries due at one instant the heavier runs first."""

    actions_id: str
    timing: Timing
    weight: Decimal = Decimal(0)
    anchor_ns: int = 0  # when the entry was first loaded

    @property
    def asap(self) -> bool:
        return self.timing.schedule == ASAP


@dataclass(frozen=True, slots=True)
class ActionPlan:
    """Rows of ActionPlans.csv with one id."""

    id: str
    entries: tuple[PlanEntry, ...]


def next_due(timing: Timing, after_ns: int, zone: Zone, *, anchor_ns: int) -> int | None:
    """The first instant later than `after_ns` at which a plan entry runs; None when there is none."""
    if timing.schedule == ASAP:
        return None
    if timing.schedule.startswith("+"):
        once_ns = anchor_ns + parse_duration(timing.schedule[1:])
        return once_ns if once_ns > after_ns else None
    if timing.schedule in PERIODS_NS:
        return _next_period(PERIODS_NS[timing.schedule], after_ns, zone, anchor_ns)
    return _calendar(timing, zone, anchor_ns).next(after_ns, zone)


def instants_between(timing: Timing, start_ns: int, end_ns: int, zone: Zone, *, anchor_ns: int) -> Iterator[int]:
    """All instants t with `start_ns` <= t < `end_ns`, ascending."""
    due_ns = next_due(timing, start_ns - 1, zone, anchor_ns=anchor_ns)
    while due_ns is not None and due_ns < end_ns:
        yield due_ns
        due_ns = next_due(timing, due_ns, zone, anchor_ns=anchor_ns)


def _next_period(period_ns: int, after_ns: int, zone: Zone, anchor_ns: int) -> int:
    """The next instant at which the local clock shows the anchor's second (and minute) again."""
    phase_ns = _wall_ns(anchor_ns, zone) % period_ns
    earliest_ns = after_ns + 1
    found_ns = earliest_ns + (phase_ns - earliest_ns - zone.offset_ns(earliest_ns)) % period_ns
    if zone.offset_ns(found_ns) == zone.offset_ns(earliest_ns):
        return found_ns
    minute_ns = PERIODS_NS[EVERY_MINUTE]  # a clock is set between: go by minutes
    found_ns = earliest_ns + (phase_ns - earliest_ns - zone.offset_ns(earliest_ns)) % minute_ns
    while (found_ns + zone.offset_ns(found_ns)) % period_ns != phase_ns:
        found_ns += minute_ns
    return found_ns


def _wall_ns(instant_ns: int, zone: Zone) -> int:
    """What the local clock shows, in whole seconds, as nanoseconds since the local midnight."""
    local_ns = instant_ns + zone.offset_ns(instant_ns)
    return local_ns % DAY_NS // SECOND_NS * SECOND_NS


@dataclass(frozen=True, slots=True)
class _Calendar:
    """Days of the local calendar and one clock time on them. Empty sets mean "all"."""

    years: frozenset[int]
    months: frozenset[int]
    month_days: frozenset[int]
    week_days: frozenset[int]
    time_ns: int

    def next(self, after_ns: int, zone: Zone) -> int | None:
        if self.time_ns >= DAY_NS:  # later than any day lasts
            return None
        today = zone.day_of(after_ns)
        for year, month in self._months(today.year, today.month):
            for month_day in self._days(year, month):
                if (year, month, month_day) < (today.year, today.month, today.month_day):
                    continue
                day = zone.day(year, month, month_day)
                due_ns = day.at(self.time_ns)
                if day.start_ns < day.end_ns and due_ns > after_ns:  # a day that an island skipped is empty
                    return due_ns
        return None

    def _months(self, year: int, month: int) -> Iterator[tuple[int, int]]:
        """The months that may have a run, from a given one on. Without years two years are enough to meet each."""
        years = sorted(self.years) if self.years else range(year, year + 3)
        for candidate in years:
            if not year <= candidate <= YEAR_MAX:
                continue
            for other in range(month if candidate == year else 1, 13):
                if not self.months or other in self.months:
                    yield candidate, other

    def _days(self, year: int, month: int) -> list[int]:
        first_week_day, length = calendar.monthrange(year, month)
        if not self.month_days and not self.week_days:
            return list(range(1, length + 1))
        by_date = {length if day == LAST_DAY else min(day, length) for day in self.month_days}
        by_week_day = {d for d in range(1, length + 1) if (first_week_day + d) % 7 in self.week_days}
        return sorted(day for day in by_date | by_week_day if day > 0)


def _calendar(timing: Timing, zone: Zone, anchor_ns: int) -> _Calendar:
    if timing.schedule:
        return _anchored(timing.schedule, zone, anchor_ns)
    months = timing.months or (frozenset({1}) if timing.years else frozenset())
    month_days = timing.month_days or (frozenset({1}) if months else frozenset())
    return _Calendar(timing.years, months, month_days, timing.week_days, timing.start_ns)


def _anchored(word: str, zone: Zone, anchor_ns: int) -> _Calendar:
    day, time_ns = zone.day_of(anchor_ns), _wall_ns(anchor_ns, zone)
    every: frozenset[int] = frozenset()
    if word == DAILY:
        return _Calendar(every, every, every, every, time_ns)
    if word == WEEKLY:
        return _Calendar(every, every, every, frozenset({day.week_day}), time_ns)
    if word in MONTHLY:
        return _Calendar(every, every, frozenset({day.month_day}), every, time_ns)
    if word == MONTH_END:
        return _Calendar(every, every, frozenset({LAST_DAY}), every, time_ns)
    if word == YEARLY:
        return _Calendar(every, frozenset({day.month}), frozenset({day.month_day}), every, time_ns)
    raise ValueError(f"unknown schedule word {word!r}")
