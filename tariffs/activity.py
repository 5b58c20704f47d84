"""Activity: which of a destination's prices is in force at an instant.

A plan sells 49 at 0.60 from 08:00, at 0.30 from 00:00 and from 19:00 (all of weight 10), and at 0.06 on 25 December
(weight 20). At 10:00 on a Monday two intervals are active, because each lasts from its StartTime to midnight; the later
StartTime wins. On Christmas Day the holiday is heavier than both. Of two that are alike in weight and StartTime the one
written first wins, and nothing else about the order of rows matters.

Since all intervals end at midnight, the answer changes within a day only at StartTimes. So each local day has a short
table of shifts, `00:00 off-peak, 08:00 peak, 19:00 off-peak`, made once and shared by all days on which the same
intervals hold. Intervals that always hold need no table.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from tariffs.rating_plan import RatingInterval
from tariffs.zone import LocalDay

_DAYS_KEPT: Final = 8


class Shift:
    """From a time of the day on, until the next shift, an interval is in force; None where nothing has a price."""

    __slots__ = ("interval", "start_ns")

    def __init__(self, start_ns: int, interval: RatingInterval | None) -> None:
        self.start_ns: Final = start_ns
        self.interval: Final = interval


class Prices:
    """The intervals of a destination (or of all destinations that share them), ready to be asked."""

    __slots__ = ("_by_day", "_by_holding", "always", "intervals", "weight")

    def __init__(self, intervals: tuple[RatingInterval, ...]) -> None:
        self.intervals: Final = intervals
        self.weight: Final = max([Decimal(0), *[interval.weight for interval in intervals]])
        self.always: Final = _always(intervals)
        self._by_day: Final[dict[int, tuple[Shift, ...]]] = {}
        self._by_holding: Final[dict[int, tuple[Shift, ...]]] = {}

    def shifts(self, day: LocalDay) -> tuple[Shift, ...]:
        """Who is in force on a day, ascending; the first shift starts at midnight."""
        found = self._by_day.get(day.ordinal)
        if found is None:
            if len(self._by_day) >= _DAYS_KEPT:
                self._by_day.clear()
            found = self._by_day[day.ordinal] = self._shared_shifts(day)
        return found

    def in_force(self, day: LocalDay, instant_ns: int) -> RatingInterval | None:
        """The interval that prices an instant of a day."""
        if self.always is not None:
            return self.always
        interval = None
        for shift in self.shifts(day):
            if shift.start_ns and day.at(shift.start_ns) > instant_ns:
                break
            interval = shift.interval
        return interval

    def _shared_shifts(self, day: LocalDay) -> tuple[Shift, ...]:
        holding = 0
        for index, interval in enumerate(self.intervals):
            if _holds(interval, day):
                holding |= 1 << index
        found = self._by_holding.get(holding)
        if found is None:
            intervals = [interval for index, interval in enumerate(self.intervals) if holding >> index & 1]
            found = self._by_holding[holding] = _shifts(intervals)
        return found


class Verdict(StrEnum):
    """What became of an interval at an instant."""

    IN_FORCE = "in force"
    OTHER_DAY = "does not hold on this day"
    NOT_YET = "starts later in the day"
    LIGHTER = "is lighter"
    STARTED_EARLIER = "started earlier in the day"
    WRITTEN_LATER = "is written later"


@dataclass(frozen=True, slots=True)
class Standing:
    """One interval and why it does or does not price an instant."""

    interval: RatingInterval
    verdict: Verdict


def standings(prices: Prices, day: LocalDay, instant_ns: int) -> tuple[Standing, ...]:
    """Every interval of a destination, in the order of the plan, held against the one in force."""
    winner = prices.in_force(day, instant_ns)
    return tuple(Standing(interval, _verdict(interval, winner, day, instant_ns)) for interval in prices.intervals)


def _verdict(interval: RatingInterval, winner: RatingInterval | None, day: LocalDay, instant_ns: int) -> Verdict:
    if interval is winner:
        return Verdict.IN_FORCE
    if not _holds(interval, day):
        return Verdict.OTHER_DAY
    if winner is None or day.at(interval.timing.start_ns) > instant_ns:
        return Verdict.NOT_YET
    if interval.weight < winner.weight:
        return Verdict.LIGHTER
    if interval.timing.start_ns < winner.timing.start_ns:
        return Verdict.STARTED_EARLIER
    return Verdict.WRITTEN_LATER


def _holds(interval: RatingInterval, day: LocalDay) -> bool:
    return interval.timing.holds_on(day.year, day.month, day.month_day, day.week_day)


def _always(intervals: Sequence[RatingInterval]) -> RatingInterval | None:
    """The interval that is in force at any time, if no timing makes a difference."""
    if not intervals or any(not each.timing.every_day or each.timing.start_ns for each in intervals):
        return None
    return max(intervals, key=lambda each: each.weight)  # of equals the first, as `max` has it


def _shifts(intervals: Sequence[RatingInterval]) -> tuple[Shift, ...]:
    """Sweep a day from midnight: an interval takes over where it starts unless a heavier one is in force."""
    current: RatingInterval | None = None
    shifts = [Shift(0, None)]
    for start_ns in sorted({interval.timing.start_ns for interval in intervals}):
        starting = [interval for interval in intervals if interval.timing.start_ns == start_ns]
        best = max(starting, key=lambda each: each.weight)
        if current is None or best.weight >= current.weight:
            current = best
            if start_ns == 0:
                shifts.clear()
            shifts.append(Shift(start_ns, best))
    return tuple(shifts)
