"""Drift: how far shares lie apart, in figures that can be worked out by hand, and when that is told."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratingd.models.drift import SCORE, DriftWatch, drift, psi
from tests.model_scene import CALLERS, manifest, row

TENTHS = (0.1,) * 10


@pytest.mark.parametrize(
    ("found", "index"),
    [
        (TENTHS, 0.0),
        ((0.02, *TENTHS[1:9], 0.18), 0.1758),
        ((0.2, 0.2, 0.2, 0.2, 0.2, 0.0, 0.0, 0.0, 0.0, 0.0), 3.7970),
        ((0.0, 0.2, *TENTHS[2:]), 0.7594),
    ],
)
def test_index_of_shares(found: tuple[float, ...], index: float) -> None:
    assert psi(TENTHS, found) == pytest.approx(index, abs=1e-4)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=10))
def test_index_is_none_only_of_what_lies_alike(counts: list[tuple[int, int]]) -> None:
    one, other = ([count / max(sum(side), 1) for count in side] for side in zip(*counts, strict=True))
    assert psi(one, other) >= 0
    assert psi(one, other) == pytest.approx(psi(other, one))
    assert psi(one, one) == 0


def test_features_and_score_are_looked_at_the_furthest_first() -> None:
    seen = [(row(callers), 0.5) for callers in np.tile([0.0, 1.0, 2.0, 3.0, 4.0], 200)]
    found = drift(manifest(), seen)
    assert next(iter(found)) == CALLERS
    assert found[CALLERS] == pytest.approx(3.7970, abs=1e-3)
    assert {index for name, index in found.items() if name != CALLERS} == {0.0}
    assert len(found) == len(manifest().features) + 1
    assert SCORE in found


def test_five_hundred_rows_that_lie_as_in_training_scatter_little() -> None:
    rng = np.random.default_rng(7)
    seen = [(row(float(callers)), 0.5) for callers in rng.uniform(0, 10, 500)]
    assert drift(manifest(), seen)[CALLERS] < 0.05


def test_alert_is_told_once_until_it_has_come_back() -> None:
    watch = DriftWatch(3)
    told = [watch.looked({CALLERS: index, "asr": 0.2}, 900, at) for at, index in enumerate([0.2, 0.3, 0.4, 0.2, 0.3])]
    assert told == [[], [CALLERS], [], [], []]
    assert watch.warned == [CALLERS, "asr"]
    assert watch.looked({CALLERS: 0.1}, 900, 5) == []
    assert watch.looked({CALLERS: 0.26, "asr": 0.27}, 900, 6) == [CALLERS, "asr"]
    assert (watch.rows, watch.at_ms, watch.found[CALLERS]) == (900, 6, 0.26)
