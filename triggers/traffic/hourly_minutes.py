"""Minutes of each hour of a week: what is usual for a number range, so that five times as much is seen.

A range makes 40 minutes in a busy hour. Of the 168 hours before the current one, 99 in 100 do not exceed the second
longest (nearest rank); an hour without calls counts as none. Calls belong to the hour in which they began.
"""

from array import array
from math import ceil
from typing import Final

from mypy_extensions import mypyc_attr

HOUR_MS: Final = 3_600_000
HOURS: Final = 168
_MINUTE_MS: Final = 60_000


@mypyc_attr(acyclic=True)
class HourlyMinutes:
    __slots__ = ("_newest", "_talk_ms")

    def __init__(self) -> None:
        self._newest = -1
        self._talk_ms: Final = array("q", bytes(8 * (HOURS + 1)))

    def add(self, start_ms: int, talk_ms: int) -> None:
        hour = start_ms // HOUR_MS
        if hour > self._newest:
            self._turn(hour)
        if hour > self._newest - (HOURS + 1):
            self._talk_ms[hour % (HOURS + 1)] += talk_ms

    def talk_ms(self, hour: int) -> int:
        known = self._newest - (HOURS + 1) < hour <= self._newest
        return self._talk_ms[hour % (HOURS + 1)] if known else 0

    def _turn(self, hour: int) -> None:
        first = max(self._newest + 1, hour - HOURS)
        for each in range(first, hour + 1):
            self._talk_ms[each % (HOURS + 1)] = 0
        self._newest = hour


def p99_minutes(hours: list[int]) -> float:
    """Of the talk in single hours, in ms; those without calls may be left out."""
    rank = ceil(0.99 * HOURS)
    absent = HOURS - len(hours)
    return sorted(hours)[rank - 1 - absent] / _MINUTE_MS if rank > absent else 0.0
