"""Fading sums: what was counted counts half as much after an hour, a day or a week.

Forty attempts at noon and none since: attempts_ewma over an hour is 40 at noon, 20 at one o'clock and 10 at two. The
sum is brought to the time of reading when it is read, and to that of the newest addition when something is added.
"""

from math import exp2
from typing import Final

from mypy_extensions import mypyc_attr

SECOND_MS: Final = 1_000


def faded(age_ms: float, half_life_s: int) -> float:
    return exp2(-age_ms / (1000.0 * half_life_s))


@mypyc_attr(acyclic=True)
class FadingSum:
    """One sum for each half-life.

    What is added within one second is gathered and added at its mean time, which is right to 1 in 10^8 and saves a busy
    trunk most of the powers of two.
    """

    __slots__ = ("_at_ms", "_day", "_gathered", "_gathered_ms", "_hour", "_second", "_week")

    def __init__(self) -> None:
        self._at_ms = 0.0
        self._hour = 0.0
        self._day = 0.0
        self._week = 0.0
        self._second = 0  # what is gathered is of this one
        self._gathered = 0.0
        self._gathered_ms = 0.0  # value times milliseconds into the second

    def add(self, value: float, at_ms: int) -> None:
        second = at_ms // SECOND_MS
        if second != self._second:
            self._settle()
            self._second = second
        if value > 0.0:
            self._gathered += value
            self._gathered_ms += value * (at_ms - second * SECOND_MS)
        else:
            self._add(value, float(at_ms))

    def value(self, half_life_s: int, at_ms: int) -> float:
        self._settle()
        total = self._hour if half_life_s == 3_600 else self._day if half_life_s == 86_400 else self._week
        return total * faded(at_ms - self._at_ms, half_life_s)

    def _settle(self) -> None:
        if self._gathered > 0.0:
            self._add(self._gathered, self._second * SECOND_MS + self._gathered_ms / self._gathered)
            self._gathered = self._gathered_ms = 0.0

    def _add(self, value: float, at_ms: float) -> None:
        age_ms = self._at_ms - at_ms
        if age_ms < 0.0:
            self._hour *= faded(-age_ms, 3_600)
            self._day *= faded(-age_ms, 86_400)
            self._week *= faded(-age_ms, 604_800)
            self._at_ms, age_ms = at_ms, 0.0
        self._hour += value * faded(age_ms, 3_600)
        self._day += value * faded(age_ms, 86_400)
        self._week += value * faded(age_ms, 604_800)
