"""Manners: how the calls of somebody go, from the first ring to the end.

A courier is answered seven times in ten after some six rings, and talks for half a minute; a ring-once caller hangs up
after two seconds. What each of them is like is drawn once (`Habits`), and his calls are drawn from that: how long a
call rings is spread around his mean, and how long people talk has a long tail.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from ratingd.models.traffic.call_block import DISPOSITIONS, Course
from ratingd.models.traffic.span import Floats, Ints, Span
from triggers.calls.call_event import ANSWERED, BUSY, CANCELLED, FAILED, NO_ANSWER

GIVING_UP_S: Final = Span(18, 45)  # rings of a call that nobody answers
_CODE: Final = {word: code for code, word in enumerate(DISPOSITIONS)}
_RING_SHAPE: Final = 2.0


@dataclass(frozen=True, slots=True)
class Manner:
    """`busy`, `cancelled` and `failed` are shares of the calls without an answer; others ring until nobody comes."""

    answered: Span
    ring_s: Span  # mean of those answered, and of those cancelled
    talk_s: Span  # mean
    busy: Span
    cancelled: Span
    failed: Span
    delay_s: Span  # mean, until it rings
    tail: Span  # of the logarithm of how long people talk; 0: all the same

    def habits(self, draw: np.random.Generator, count: int) -> "Habits":
        return Habits(
            self.answered.many(draw, count),
            self.ring_s.many(draw, count),
            self.talk_s.many(draw, count),
            self.busy.many(draw, count),
            self.cancelled.many(draw, count),
            self.failed.many(draw, count),
            self.delay_s.many(draw, count),
            self.tail.one(draw),
        )


@dataclass(frozen=True, slots=True)
class Habits:
    """Of many callers, or called ones, by column."""

    answered: Floats
    ring_s: Floats
    talk_s: Floats
    busy: Floats
    cancelled: Floats
    failed: Floats
    delay_s: Floats
    tail: float

    def course(self, draw: np.random.Generator, whose: Ints, start_ms: Ints) -> Course:
        """Of calls that begin at `start_ms`, each of one of them."""
        count = len(whose)
        ended = self._dispositions(draw, whose)
        answered, cancelled = ended == _CODE[ANSWERED], ended == _CODE[CANCELLED]
        rings = answered | cancelled | (ended == _CODE[NO_ANSWER])
        delay = draw.lognormal(0, 0.4, count) * self.delay_s[whose]
        ringing = draw.gamma(_RING_SHAPE, 1 / _RING_SHAPE, count) * self.ring_s[whose]
        ringing = np.where(rings, np.where(answered | cancelled, ringing, GIVING_UP_S.many(draw, count)), 0)
        talk = draw.lognormal(-(self.tail**2) / 2, self.tail, count) * self.talk_s[whose]
        ring_ms = start_ms + _ms(delay) + 1
        over_ms = ring_ms + _ms(ringing)
        end_ms = over_ms + np.where(answered, np.maximum(_ms(talk), 1), 0)
        return Course(np.where(rings, ring_ms, 0), np.where(answered, over_ms, 0), end_ms, ended)

    def _dispositions(self, draw: np.random.Generator, whose: Ints) -> Ints:
        count = len(whose)
        why = draw.random(count)
        busy, cancelled = self.busy[whose], self.cancelled[whose]
        failed = np.where(why < busy + cancelled + self.failed[whose], _CODE[FAILED], _CODE[NO_ANSWER])
        unanswered = np.where(why < busy, _CODE[BUSY], np.where(why < busy + cancelled, _CODE[CANCELLED], failed))
        return np.where(draw.random(count) < self.answered[whose], _CODE[ANSWERED], unanswered).astype(np.int64)


def _ms(seconds: Floats) -> Ints:
    return (seconds * 1000).astype(np.int64)
