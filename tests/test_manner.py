"""How simulated calls go."""

import numpy as np

from ratingd.models.traffic.call_block import DISPOSITIONS
from ratingd.models.traffic.manner import Manner
from ratingd.models.traffic.span import Span
from triggers.calls.call_event import ANSWERED, BUSY, CANCELLED, FAILED, NO_ANSWER


def exactly(value: float) -> Span:
    return Span(value, value)


def manner(answered: float) -> Manner:
    return Manner(
        exactly(answered), exactly(6), exactly(90), exactly(0.5), exactly(0.2), exactly(0.1), exactly(1), exactly(0.8)
    )


def test_calls_end_in_the_shares_that_were_asked_for() -> None:
    draw, start = np.random.default_rng(1), np.full(20_000, 1_000_000, dtype=np.int64)
    course = manner(0.6).habits(draw, 1).course(draw, np.zeros(20_000, dtype=np.int64), start)
    ended = {word: (course.disposition == code).mean() for code, word in enumerate(DISPOSITIONS)}
    wanted = {ANSWERED: 0.6, BUSY: 0.2, CANCELLED: 0.08, FAILED: 0.04, NO_ANSWER: 0.08}
    assert all(abs(ended[word] - share) < 0.01 for word, share in wanted.items())
    answered = course.answer_ms > 0
    assert abs((course.end_ms - course.answer_ms)[answered].mean() / 90_000 - 1) < 0.05
    assert abs((course.answer_ms - course.ring_ms)[answered].mean() / 6_000 - 1) < 0.05


def test_what_comes_later_is_later() -> None:
    draw, start = np.random.default_rng(2), np.full(5_000, 1_000_000, dtype=np.int64)
    course = manner(0.5).habits(draw, 1).course(draw, np.zeros(5_000, dtype=np.int64), start)
    rang, answered = course.ring_ms > 0, course.answer_ms > 0
    assert (course.ring_ms[rang] > 1_000_000).all()
    assert (course.answer_ms >= course.ring_ms)[answered].all()
    assert (course.end_ms > course.answer_ms).all()
    assert rang[answered].all()


def test_a_busy_number_does_not_ring() -> None:
    draw = np.random.default_rng(3)
    course = manner(0).habits(draw, 1).course(draw, np.zeros(100, dtype=np.int64), np.ones(100, dtype=np.int64))
    for code, word in enumerate(DISPOSITIONS):
        rang = course.ring_ms[course.disposition == code] > 0
        assert rang.all() if word in (CANCELLED, NO_ANSWER) else not rang.any()
