"""Fading sums: what was counted counts half as much after an hour, a day or a week.

Forty attempts at noon and none since: attempts_ewma over an hour is 40 at noon, 20 at one o'clock and 10 at two. The
sum is brought to the time of reading when it is read, and to that of the newest addition when something is added.
"""

from math import exp2
from typing import Final

from mypy_extensions import mypyc_attr

HALF_LIVES_S: Final = (3_600, 86_400, 604_800)


def faded(age_ms: int, half_life_s: int) -> float:
    return exp2(-age_ms / (1000.0 * half_life_s))


@mypyc_attr(acyclic=True)
class FadingSum:
    """One sum for each half-life."""

    __slots__ = ("_at_ms", "_day", "_hour", "_week")

    def __init__(self) -> None:
        self._at_ms = 0
        self._hour = 0.0
        self._day = 0.0
        self._week = 0.0

    def add(self, value: float, at_ms: int) -> None:
        age_ms = self._at_ms - at_ms
        if age_ms < 0:
            self._hour *= faded(-age_ms, 3_600)
            self._day *= faded(-age_ms, 86_400)
            self._week *= faded(-age_ms, 604_800)
            self._at_ms, age_ms = at_ms, 0
        self._hour += value * faded(age_ms, 3_600)
        self._day += value * faded(age_ms, 86_400)
        self._week += value * faded(age_ms, 604_800)

    def value(self, half_life_s: int, at_ms: int) -> float:
        total = self._hour if half_life_s == 3_600 else self._day if half_life_s == 86_400 else self._week
        return total * faded(at_ms - self._at_ms, half_life_s)
