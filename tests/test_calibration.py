"""Calibration: a line through points that never falls."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratingd.models.calibration import Calibration


@pytest.mark.parametrize(
    ("said", "probability"),
    [(0.0, 0.0), (0.10, 0.0), (0.36, 0.04), (0.62, 0.08), (0.76, 0.315), (0.99, 0.98), (1.0, 0.98)],
)
def test_between_points_one_goes_straight(said: float, probability: float) -> None:
    line = Calibration((0.10, 0.62, 0.90, 0.99), (0.00, 0.08, 0.55, 0.98))
    assert line.probability(said) == pytest.approx(probability)


def test_no_points_leave_what_was_said() -> None:
    assert Calibration().probability(0.42) == 0.42


def test_span_reaches_from_the_least_to_the_most() -> None:
    span = Calibration.span(0.4, 0.6)
    assert [span.probability(said) for said in (0.3, 0.4, 0.6, 0.7)] == [0, 0, 1, 1]
    assert span.probability(0.45) == pytest.approx(0.25)
    assert Calibration.span(0.5, 0.5).probability(0.5) == 0.5


def test_learned_line_says_how_often_it_is_so() -> None:
    """A model that says 0.9 where half the rows are fraud is brought down to about that."""
    chance = np.random.default_rng(1)
    said = chance.random(20_000)
    labels = (chance.random(20_000) < said**2).astype(np.int8)
    line = Calibration.learned(said, labels)
    for each in (0.2, 0.5, 0.7, 0.9):
        assert line.probability(each) == pytest.approx(each**2, abs=0.05)


def test_different_scores_stay_different() -> None:
    """Also where nothing but fraud was seen, and the line would be flat."""
    line = Calibration.learned(np.array([0.1, 0.2, 0.8, 0.9]), np.array([0, 0, 1, 1], np.int8))
    found = [line.probability(said) for said in (0.01, 0.15, 0.2, 0.8, 0.85, 0.9, 0.99, 1.0)]
    assert found == sorted(set(found))
    assert found[-1] == pytest.approx(1)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=2, max_size=80))
def test_learned_line_never_falls_and_is_read_again(pairs: list[tuple[float, bool]]) -> None:
    said = np.array([each for each, _ in pairs])
    line = Calibration.learned(said, np.array([label for _, label in pairs], np.int8))
    found = line.probabilities(np.sort(said))
    assert (np.diff(found) >= 0).all()
    assert ((found >= 0) & (found <= 1)).all()
    again = Calibration.read(line.document())
    assert (again.says, again.means) == (line.says, line.means)


@pytest.mark.parametrize(
    ("points", "fault"),
    [
        ([[0.5, 0.1], [0.4, 0.2]], "do not rise"),
        ([[0.4, 0.2], [0.5, 0.1]], "falls between two"),
        ([[0.4, 0.2], [0.5, 1.5]], "no probability"),
        ([[0.4]], "not enough values"),
        (7, "not a list of points"),
    ],
)
def test_points_that_are_no_line_are_refused(points: object, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        Calibration.read(json.dumps({"points": points}).encode())


def test_bytes_that_are_no_points_are_refused() -> None:
    for content in (b"", b"{}", b"\xff", b"[1]"):
        with pytest.raises(ValueError, match=r".+"):
            Calibration.read(content)
