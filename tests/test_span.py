"""Spans of parameters."""

import numpy as np
import pytest

from ratingd.models.traffic.span import Span


def test_what_is_drawn_lies_within() -> None:
    draw, span = np.random.default_rng(1), Span(2, 4)
    assert all(2 <= value <= 4 for value in span.many(draw, 100))
    assert {span.whole(draw) for _ in range(100)} == {2, 3, 4}
    assert Span(3, 3).one(draw) == 3


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [((1, 2), (3, 4), True), ((3, 4), (1, 2), True), ((1, 3), (3, 4), False), ((1, 4), (2, 3), False)],
)
def test_spans_with_a_value_in_common_are_not_apart(
    one: tuple[float, float], other: tuple[float, float], apart: bool
) -> None:
    assert Span(*one).apart(Span(*other)) is apart


def test_a_span_from_above_to_below_is_refused() -> None:
    with pytest.raises(ValueError, match=r"not from 4 to 2"):
        Span(4, 2)
