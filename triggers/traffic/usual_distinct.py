"""What is usual for a called number: how many people call it within the window, 999 times in a thousand.

A taxi office is called by six people in five seconds every evening; with a threshold of five it would be cut. Each
attempt to it tells how many distinct callers the window held; over seven days 99.9 in 100 attempts stayed at 8 or
below, so the threshold of this number is 9.

It takes a thousand attempts to know that. Of a number with fewer nothing is usual: else the first attack on it would be
its measure, and the second one passed over.
"""

from math import ceil
from typing import Final

from mypy_extensions import mypyc_attr

DAY_MS: Final = 86_400_000
DAYS: Final = 7
_SHARE: Final = 0.999
_LEAST: Final = 1_000  # attempts
_SEVERAL_MAX: Final = 256
_KEPT_MS: Final = 3_600_000  # so long an answer holds: it is asked for at every attempt


@mypyc_attr(acyclic=True)
class UsualDistinct:
    __slots__ = ("_counts", "_day", "_days", "_known", "_until_ms")

    def __init__(self) -> None:
        self._days: Final[list[int]] = []
        self._counts: Final[list[dict[int, int]]] = []
        self._day = -1
        self._known = 0
        self._until_ms = 0

    def note(self, distinct: int, at_ms: int) -> None:
        day = at_ms // DAY_MS
        if day > self._day:
            self._turn(day)
        for place in range(len(self._days) - 1, -1, -1):
            if self._days[place] == day:
                counts, number = self._counts[place], min(distinct, _SEVERAL_MAX)
                counts[number] = counts.get(number, 0) + 1
                return

    def value(self, at_ms: int) -> int:
        """The 99.9th percentile by nearest rank, an hour old at most; 0 before it is known."""
        if at_ms >= self._until_ms or at_ms < self._until_ms - _KEPT_MS:
            self._known = self._percentile(at_ms // DAY_MS)
            self._until_ms = at_ms + _KEPT_MS
        return self._known

    def _turn(self, day: int) -> None:
        while self._days and self._days[0] <= day - DAYS:
            del self._days[0]
            del self._counts[0]
        self._days.append(day)
        self._counts.append({})
        self._day = day

    def _percentile(self, day: int) -> int:
        total: dict[int, int] = {}
        for place in range(len(self._days)):
            if day - DAYS < self._days[place] <= day:
                for number, times in self._counts[place].items():
                    total[number] = total.get(number, 0) + times
        attempts = sum(total.values())
        if attempts < _LEAST:
            return 0
        rank = ceil(_SHARE * attempts)
        for number in sorted(total):
            rank -= total[number]
            if rank <= 0:
                return number
        return 0
