"""Histograms: ten bins of equal shares, fewer where a value is common."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratingd.models.histogram import Histogram


def test_hundred_different_values_have_ten_bins_of_a_tenth() -> None:
    found = Histogram.of(np.arange(100, dtype=np.float64))
    assert list(found.edges) == [10, 20, 30, 40, 50, 60, 70, 80, 90]
    assert found.shares == (0.1,) * 10


def test_common_value_has_one_bin() -> None:
    found = Histogram.of(np.array([0.0] * 70 + list(range(1, 31))))
    assert list(found.edges) == [1, 11, 21]
    assert found.shares == (0.7, 0.1, 0.1, 0.1)


def test_single_value_has_a_bin_of_all() -> None:
    assert Histogram.of(np.zeros(5)) == Histogram((), (1.0,))


def test_edge_belongs_to_the_bin_above() -> None:
    found = Histogram((2.0, 3.0), (0.5, 0.3, 0.2))
    assert [found.bin(value) for value in (1.9, 2.0, 2.9, 3.0, 99)] == [0, 1, 1, 2, 2]
    assert found.shares_of(np.array([1, 2, 3, 4.0])) == (0.25, 0.25, 0.5)


def test_written_is_read_again_and_nonsense_is_refused() -> None:
    found = Histogram((2.0, 3.0), (0.5, 0.3, 0.2))
    assert Histogram.read(found.document()) == found
    with pytest.raises(ValueError, match="rising edges"):
        Histogram.read({"edges": [3, 2], "shares": [0.1, 0.2, 0.7]})
    with pytest.raises(ValueError, match="one share more"):
        Histogram.read({"edges": [2], "shares": [1]})


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=200))
def test_no_bin_is_empty_and_all_add_up(values: list[float]) -> None:
    found = Histogram.of(np.array(values))
    assert sum(found.shares) == pytest.approx(1)
    assert min(found.shares) > 0
    assert found.shares_of(np.array(values)) == found.shares
