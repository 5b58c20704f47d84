"""Robocalls: a machine that calls number after number, for whoever listens.

Six hundred calls at two a second: a third are answered, most of those for less than ten seconds, a good part of the
numbers are nobody's. The caller is one number, or a new neighbour of each number that is called, which looks familiar.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from ratingd.models.traffic.call_block import WHOLESALE, CallBlock, Lines
from ratingd.models.traffic.manner import Manner
from ratingd.models.traffic.span import Ints, Span
from ratingd.models.traffic.town import LEVEL_C, NONE, WAKING, Town

ROBOCALL: Final = "robocall"
_LAST_DIGITS: Final = 10_000  # in which a neighbour differs


@dataclass(frozen=True, slots=True)
class Robocalls:
    manner: Manner
    called: Span  # in one campaign
    a_second: Span
    in_a_row: Span  # share of numbers that are called because they are next, whoever's they are
    neighbours: Span  # share of campaigns whose caller is a neighbour of whom he calls
    numbers: Span  # of a campaign that has its own
    vouched: Span  # share of callers with level C, and not nothing

    def calls(self, town: Town, count: int, draw: np.random.Generator) -> list[CallBlock]:
        found: list[CallBlock] = []
        made, near, share = 0, 0, self.neighbours.one(draw)
        while made < count:
            as_neighbour = near < share * (len(found) + 1)
            near += as_neighbour
            found.append(self._campaign(town, count - made, as_neighbour, draw))
            made += len(found[-1])
        return found

    def _campaign(self, town: Town, most: int, as_neighbour: bool, draw: np.random.Generator) -> CallBlock:
        calls = max(min(self.called.whole(draw), most), 110)
        b = town.people.number[town.distinct(draw, calls)]
        b = np.where(draw.random(calls) < self.in_a_row.one(draw), town.numbers.fixed.row(calls), b)
        if as_neighbour:
            number = b // _LAST_DIGITS * _LAST_DIGITS + draw.integers(_LAST_DIGITS, size=calls)
        else:
            own = town.numbers.home(self.numbers.whole(draw), 0)
            number = own[draw.integers(len(own), size=calls)]
        pace_ms = 1000 / self.a_second.one(draw)
        start_ms = town.moments(draw, 1, WAKING)[0] + (np.arange(calls) * pace_ms).astype(np.int64)
        course = self.manner.habits(draw, 1).course(draw, np.zeros(calls, dtype=np.int64), start_ms)
        return CallBlock(ROBOCALL, 1, self._lines(number, draw), b, start_ms, course)

    def _lines(self, number: Ints, draw: np.random.Generator) -> Lines:
        trunk = np.full_like(number, draw.choice(WHOLESALE))
        level = LEVEL_C if draw.random() < self.vouched.one(draw) else NONE
        return Lines(number, trunk, np.full_like(number, level), number, np.zeros_like(number))
