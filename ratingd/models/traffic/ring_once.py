"""Wangiri: calls from abroad that ring once, so that whoever was called calls back, at a price that is shared.

Forty numbers side by side, of a country that is dear to call, ring 800 people within two hours for two seconds each.
Five in a hundred of these call back and are kept on the line: those calls are people's own, and no fraud of theirs.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from ratingd.models.traffic.call_block import CallBlock
from ratingd.models.traffic.manner import Manner
from ratingd.models.traffic.span import Span
from ratingd.models.traffic.town import WAKING, Town

WANGIRI: Final = "wangiri"
CALL_BACK: Final = "call_back"


@dataclass(frozen=True, slots=True)
class RingOnce:
    manner: Manner
    back: Manner  # of those who call back
    numbers: Span  # side by side, of one campaign
    called: Span
    hours: Span
    called_back: Span  # share
    back_s: Span  # mean, until they do

    def calls(self, town: Town, count: int, draw: np.random.Generator) -> list[CallBlock]:
        found: list[CallBlock] = []
        made = 0
        while made < count:
            found += self._campaign(town, count - made, draw)
            made += len(found[-2])
        return found

    def _campaign(self, town: Town, most: int, draw: np.random.Generator) -> list[CallBlock]:
        callers = town.foreigners(draw, town.numbers.costly_row(self.numbers.whole(draw)))
        called = town.distinct(draw, max(min(self.called.whole(draw), most), 60))
        whose = draw.integers(len(callers), size=len(called))
        length_ms = self.hours.one(draw) * 3_600_000
        start_ms = town.moments(draw, 1, WAKING)[0] + (draw.random(len(called)) * length_ms).astype(np.int64)
        course = self.manner.habits(draw, 1).course(draw, np.zeros_like(whose), start_ms)
        rung = CallBlock(WANGIRI, 1, callers.take(whose), town.people.number[called], start_ms, course)
        back = np.flatnonzero(draw.random(len(called)) < self.called_back.one(draw))
        wait_ms = (draw.exponential(self.back_s.one(draw), len(back)) * 1000).astype(np.int64) + 3000
        then_ms = course.end_ms[back] + wait_ms
        paid = self.back.habits(draw, 1).course(draw, np.zeros_like(back), then_ms)
        return [
            rung,
            CallBlock(CALL_BACK, 0, town.people.take(called[back]), callers.number[whose[back]], then_ms, paid),
        ]
