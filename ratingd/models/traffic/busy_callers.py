"""Busy callers: one number that calls hundreds of others, for good reasons.

A school tells six hundred parents within ten minutes that it stays closed: 600 calls to 600 numbers, many of them over
after a few seconds. A courier rings up ninety customers a day for half a minute each. By numbers alone they are a
robocaller and a SIM box. But a notifier is vouched for and comes again, and customers call a courier back.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from ratingd.models.traffic.call_block import CallBlock, Lines
from ratingd.models.traffic.manner import Manner
from ratingd.models.traffic.span import Ints, Span
from ratingd.models.traffic.town import WORKING, Town

NOTIFIER: Final = "notifier"
COURIER: Final = "courier"
_BACK_S: Final = 900  # mean, until somebody calls back


@dataclass(frozen=True, slots=True)
class Notifiers:
    manner: Manner
    called: Span  # in one run
    a_second: Span
    runs: Span  # over all days
    called_back: Span

    def calls(self, town: Town, count: int, draw: np.random.Generator) -> list[CallBlock]:
        found: list[CallBlock] = []
        made = 0
        while made < count:
            line = town.companies(draw, 1)
            for _ in range(self.runs.whole(draw)):
                found += self._run(town, line, count - made, draw)
                made = sum(map(len, found))
        return found

    def _run(self, town: Town, line: Lines, most: int, draw: np.random.Generator) -> list[CallBlock]:
        called = town.distinct(draw, max(min(self.called.whole(draw), most), 60))
        pace_ms = 1000 / self.a_second.one(draw)
        start_ms = town.moments(draw, 1, WORKING)[0] + (np.arange(len(called)) * pace_ms).astype(np.int64)
        out = _outward(NOTIFIER, line, town, called, start_ms, self.manner, draw)
        return [out, _back(NOTIFIER, town, called, out, self.called_back.one(draw), self.manner, draw)]


@dataclass(frozen=True, slots=True)
class Couriers:
    manner: Manner
    a_day: Span
    called_back: Span

    def calls(self, town: Town, count: int, draw: np.random.Generator) -> list[CallBlock]:
        found: list[CallBlock] = []
        made = 0
        while made < count:
            found += self._courier(town, draw)
            made = sum(map(len, found))
        return found

    def _courier(self, town: Town, draw: np.random.Generator) -> list[CallBlock]:
        called = town.some(draw, int(self.a_day.one(draw) * town.days))
        start_ms = town.moments(draw, len(called), WORKING)
        out = _outward(COURIER, town.mobiles(draw, 1), town, called, start_ms, self.manner, draw)
        return [out, _back(COURIER, town, called, out, self.called_back.one(draw), self.manner, draw)]


def _outward(
    kind: str, line: Lines, town: Town, called: Ints, start_ms: Ints, manner: Manner, draw: np.random.Generator
) -> CallBlock:
    own = np.zeros(len(called), dtype=np.int64)
    course = manner.habits(draw, 1).course(draw, own, start_ms)
    return CallBlock(kind, 0, line.take(own), town.people.number[called], start_ms, course)


def _back(
    kind: str, town: Town, called: Ints, out: CallBlock, share: float, manner: Manner, draw: np.random.Generator
) -> CallBlock:
    """Calls of those who want to know who it was."""
    chosen = np.flatnonzero(draw.random(len(called)) < share)
    wait_ms = (draw.exponential(_BACK_S, len(chosen)) * 1000).astype(np.int64) + 5000
    start_ms = out.course.end_ms[chosen] + wait_ms
    course = manner.habits(draw, 1).course(draw, np.zeros(len(chosen), dtype=np.int64), start_ms)
    return CallBlock(kind, 0, town.people.take(called[chosen]), out.lines.number[chosen], start_ms, course)
