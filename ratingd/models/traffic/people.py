"""Ordinary people: a handful of calls a day to those they know, by day, with an answer two times in three.

A resident makes four calls a day: most of them to a circle of a dozen friends, the first of them far more often than
the last; some to places that many call, a few to strangers and abroad; and who lives abroad calls back. Where nobody
answers, one in three tries again within a minute or two. So a number is called by two people within five seconds now
and then, and by three hardly ever.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from ratingd.models.traffic.call_block import CallBlock, Lines
from ratingd.models.traffic.manner import Manner
from ratingd.models.traffic.simulated_call import ORDINARY
from ratingd.models.traffic.span import Ints, Span
from ratingd.models.traffic.town import WAKING, Town

CIRCLE: Final = 12
_TALKATIVE: Final = 0.8  # of the logarithm of how many calls people make


@dataclass(frozen=True, slots=True)
class People:
    manner: Manner
    a_day: Span  # calls that one of them makes
    to_places: Span  # shares of their calls
    to_strangers: Span
    abroad: Span
    from_abroad: Span
    tries_again: Span  # share of calls without an answer

    def population(self, calls: int, days: int) -> int:
        """How many of them make so many calls."""
        return max(int(calls / (days * (self.a_day.low + self.a_day.high) / 2)), 100)

    def calls(self, town: Town, count: int, draw: np.random.Generator) -> list[CallBlock]:
        again = self.tries_again.one(draw)
        first = max(int(count / (1 + again / 3)), 1)
        abroad, from_abroad = round(first * self.abroad.one(draw)), round(first * self.from_abroad.one(draw))
        friends = town.numbers.abroad(max(len(town.people) // 10, 1))
        here = self._among_themselves(town, max(first - abroad - from_abroad, 1), draw)
        return [
            here,
            self._repeated(here, again, draw),
            self._going(town, friends, abroad, draw),
            self._coming(town, friends, from_abroad, draw),
        ]

    def _among_themselves(self, town: Town, count: int, draw: np.random.Generator) -> CallBlock:
        callers = self._callers(town, count, draw)
        called = _circles(town, draw)[callers, _near(draw, count)]
        stranger = draw.random(count) < self.to_strangers.one(draw)
        b = town.people.number[np.where(stranger, town.some(draw, count), called)]
        to_place = draw.random(count) < self.to_places.one(draw)
        b = np.where(to_place, town.places[draw.choice(len(town.places), count, p=town.taste)], b)
        return self._block(town.people.take(callers), b, town.moments(draw, count, WAKING), draw)

    def _going(self, town: Town, friends: Ints, count: int, draw: np.random.Generator) -> CallBlock:
        callers = town.some(draw, count)
        return self._block(
            town.people.take(callers), friends[callers % len(friends)], town.moments(draw, count, WAKING), draw
        )

    def _coming(self, town: Town, friends: Ints, count: int, draw: np.random.Generator) -> CallBlock:
        called = town.some(draw, count)
        lines = town.foreigners(draw, friends[called % len(friends)])
        return self._block(lines, town.people.number[called], town.moments(draw, count, WAKING), draw)

    def _repeated(self, block: CallBlock, share: float, draw: np.random.Generator) -> CallBlock:
        """Those who try again after a call that was not answered."""
        unanswered = np.flatnonzero(block.course.answer_ms == 0)
        chosen = unanswered[draw.random(len(unanswered)) < share]
        wait_ms = (draw.exponential(50, len(chosen)) * 1000).astype(np.int64) + 2000
        return self._block(block.lines.take(chosen), block.b[chosen], block.course.end_ms[chosen] + wait_ms, draw)

    def _block(self, lines: Lines, b: Ints, start_ms: Ints, draw: np.random.Generator) -> CallBlock:
        elsewhere = np.flatnonzero(lines.number != b)  # nobody calls himself
        lines, b, start_ms = lines.take(elsewhere), b[elsewhere], start_ms[elsewhere]
        habits = self.manner.habits(draw, 64)
        return CallBlock(ORDINARY, 0, lines, b, start_ms, habits.course(draw, b % 64, start_ms))

    def _callers(self, town: Town, count: int, draw: np.random.Generator) -> Ints:
        """The talkative among them more often."""
        weight = draw.lognormal(0, _TALKATIVE, len(town.people))
        return draw.choice(len(town.people), count, p=weight / weight.sum())


def _circles(town: Town, draw: np.random.Generator) -> Ints:
    """Whom each of the people knows."""
    return draw.integers(len(town.people), size=(len(town.people), CIRCLE))


def _near(draw: np.random.Generator, count: int) -> Ints:
    return (CIRCLE * draw.random(count) ** 2).astype(np.int64)
