"""Neighbours: the five labelled calls most like a call, as scikit-learn finds them."""

import io
import math
import zipfile

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ratingd.models.neighbours import Neighbours
from ratingd.models.traffic.scam5000 import scam5000


def test_shares_are_those_of_scikit_learn() -> None:
    held = scam5000(rows=2_000)
    ours = Neighbours.learned(held.rows[:1_500], held.labels[:1_500])
    theirs = make_pipeline(StandardScaler(), KNeighborsClassifier(5)).fit(held.rows[:1_500], held.labels[:1_500])
    assert ours.scores(held.rows[1_500:]).tolist() == theirs.predict_proba(held.rows[1_500:])[:, 1].tolist()


def test_many_rows_are_scored_as_each_of_them_would_be() -> None:
    held = scam5000(rows=400)
    ours, asked = Neighbours.learned(held.rows[:300], held.labels[:300]), held.rows[300:]
    assert ours.scores(asked).tolist() == [ours.score(row) for row in asked]
    assert ours.scores(asked[:0]).tolist() == []


def test_nearest_are_those_that_a_look_at_all_of_them_finds() -> None:
    held = scam5000(rows=400)
    ours = Neighbours.learned(held.rows[:300], held.labels[:300])
    known = (held.rows[:300] - ours.mean) / ours.scale
    for row in held.rows[300:]:
        distances = np.sqrt((((row - ours.mean) / ours.scale - known) ** 2).sum(axis=1))
        found = ours.nearest(row)
        assert [each.place for each in found] == np.argsort(distances)[:5].tolist()
        assert [each.distance for each in found] == pytest.approx(np.sort(distances)[:5])


def test_nearest_come_first_with_their_labels() -> None:
    rows = np.array([[0.0, 5], [1, 5], [2, 5], [9, 5]])  # the second column never varies, and says nothing
    found = Neighbours.learned(rows, np.array([1, 0, 1, 0], np.int8), count=3).nearest((2.2, 5))
    assert [(each.place, each.label) for each in found] == [(2, 1), (1, 0), (0, 1)]
    assert found[0].distance == pytest.approx(0.2 / rows[:, 0].std())
    assert Neighbours.learned(rows, np.array([1, 0, 1, 0], np.int8), count=3).score((2.2, 5)) == pytest.approx(2 / 3)


def test_written_is_read_again_and_the_bytes_are_the_same() -> None:
    held = scam5000(rows=50)
    learned = Neighbours.learned(held.rows, held.labels)
    again = Neighbours.read(learned.npz())
    assert again.npz() == learned.npz()
    assert again.scores(held.rows).tolist() == learned.scores(held.rows).tolist()
    assert again.apart(held.rows[0]).tolist() == learned.apart(held.rows[0]).tolist()


@pytest.mark.parametrize("strange", [math.nan, math.inf])
def test_row_that_is_not_finite_has_no_score(strange: float) -> None:
    held = scam5000(rows=20)
    with pytest.raises(ValueError, match="feature 2 is not a finite number"):
        Neighbours.learned(held.rows, held.labels).score((1, 2, strange, 4))
    with pytest.raises(ValueError, match="feature 3 is not a finite number"):
        Neighbours.learned(held.rows, held.labels).scores(np.array([[1, 2, 3, 4], [1, 2, 3, strange]]))


def test_row_of_another_width_is_refused() -> None:
    held = scam5000(rows=20)
    with pytest.raises(ValueError, match="a row of 4 features is wanted"):
        Neighbours.learned(held.rows, held.labels).score((1, 2, 3))


def test_pickled_objects_are_refused() -> None:
    held = io.BytesIO()
    np.savez(held, mean=np.array([print], dtype=object))
    for content in (held.getvalue(), b"", b"not a file of arrays"):
        with pytest.raises(ValueError, match="holds no labelled rows"):
            Neighbours.read(content)


def test_what_would_be_far_larger_in_memory_is_refused_before_it_is_there() -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as packed, packed.open("rows.npy", "w") as file:
        for _ in range(65):
            file.write(bytes(1 << 20))
    assert len(held.getvalue()) < 1 << 17
    with pytest.raises(ValueError, match="it would be 68157440 bytes in memory"):
        Neighbours.read(held.getvalue())


@pytest.mark.parametrize(
    ("labels", "count", "fault"),
    [
        ([0, 1, 2], 1, "neither 0 nor 1"),
        ([0, 1, 1], 5, "5 neighbours are asked for, of 3 rows"),
        ([0], 1, "do not fit"),
    ],
)
def test_neighbours_that_cannot_be_meant_are_refused(labels: list[int], count: int, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        Neighbours(np.zeros(2), np.ones(2), np.zeros((3, 2)), np.array(labels, np.int8), count)
