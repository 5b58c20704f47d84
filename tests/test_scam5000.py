"""The rows of the board of scam calls are those that its figures were measured on."""

import numpy as np
import pytest

from ratingd.models.traffic.scam5000 import scam5000, scam_probability


@pytest.mark.parametrize(
    ("row", "probability"),
    [
        ((25.0, 11, 3, 4), 0.95),  # all that is suspicious, and yet not certain
        ((25.0, 10, 12, 0), 0.4),
        ((40.0, 10, 12, 0), 0.0),  # 40 s are not short
        ((60.0, 10, 23, 0), 0.3),
        ((60.0, 10, 22, 0), 0.0),
        ((60.0, 10, 5, 3), 0.3),
        ((60.0, 10, 6, 4), 0.3),
        ((60.0, 11, 12, 0), 0.1),
    ],
)
def test_a_call_is_a_scam_as_likely_as_its_row_says(row: tuple[float, ...], probability: float) -> None:
    assert scam_probability(np.array([row])) == pytest.approx([probability])


def test_the_set_is_the_published_one() -> None:
    made = scam5000()
    assert made.rows.shape == (5000, 4)
    assert made.labels.mean() == 0.3406
    assert set(made.rows[:, 1]) == {7, 10, 11, 12}
    assert (made.rows[:, 2].min(), made.rows[:, 2].max()) == (0, 23)
    assert made.rows[0].tolist() == pytest.approx([28.156085, 10.0, 22.0, 2.0])


def test_nobody_can_be_right_about_more_than_three_quarters() -> None:
    certain = scam_probability(scam5000(rows=100_000).rows)
    assert np.maximum(certain, 1 - certain).mean() == pytest.approx(0.755, abs=0.003)


def test_another_seed_is_another_set_and_the_same_one_the_same() -> None:
    assert np.array_equal(scam5000(7, 100).rows, scam5000(7, 100).rows)
    assert not np.array_equal(scam5000(7, 100).rows, scam5000(8, 100).rows)
