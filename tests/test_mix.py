"""The ordinary mix: histograms are those of an ordinary day, though training is full of crowds and fraud."""

import numpy as np
import pytest

from ratingd.models.dataset import Dataset
from ratingd.models.drift import ALERTED_ABOVE, WARNED_ABOVE, drift, psi
from ratingd.models.histogram import Histogram
from ratingd.models.training.isolation_model import isolation_model
from ratingd.models.training.lesson import ISOLATION_LESSON, MASKING_LESSON
from ratingd.models.training.mix import FRAUD_USUAL, USUAL, Mix
from triggers.scores.masking_features import MASKING
from triggers.scores.satark_features import SATARK

CALLERS = "distinct_a_count"


def masking_rows(counts: dict[str, int], seed: int = 3) -> Dataset:
    """Of ordinary calls two callers in the window, of crowds ten, of masked calls six."""
    chance = np.random.default_rng(seed)
    kinds = [kind for kind, count in counts.items() for _ in range(count)]
    middle = [{"ordinary": 2.0, "televote": 10.0}.get(kind, 6.0) for kind in kinds]
    rows = np.zeros((len(kinds), len(MASKING)))
    rows[:, MASKING.place(CALLERS)] = np.array(middle) + chance.normal(0, 0.5, len(kinds))
    names = [f"c{place}" for place in range(len(kinds))]
    labels = np.array([kind == "masking" for kind in kinds], np.int8)
    return Dataset(MASKING, rows, labels, names, np.arange(len(kinds)), kinds, names)


def test_crowds_and_fraud_weigh_as_on_an_ordinary_day() -> None:
    data = masking_rows({"ordinary": 1000, "televote": 400, "masking": 600, "courier": 3})
    weights = Mix.of(MASKING_LESSON, data).weights(MASKING_LESSON, data)
    by_kind = {kind: weights[[each == kind for each in data.kinds]] for kind in ("ordinary", "televote", "masking")}
    assert by_kind["ordinary"].sum() == 1000
    assert by_kind["televote"].sum() == pytest.approx(1000 * USUAL["televote"])
    assert by_kind["masking"].sum() == pytest.approx(1000 * FRAUD_USUAL)
    assert weights[-1] == 1  # rarer than they are: as they are


def test_ordinary_hour_is_no_drift_and_an_attack_is() -> None:
    data = masking_rows({"ordinary": 1000, "televote": 400, "masking": 600})
    weighed = Mix.of(MASKING_LESSON, data).histograms(MASKING_LESSON, data)[CALLERS]
    plain = Histogram.of(data.column(CALLERS))
    hour = masking_rows({"ordinary": 990, "televote": 4, "masking": 6}, seed=4).column(CALLERS)
    attack = masking_rows({"ordinary": 500, "masking": 500}, seed=5).column(CALLERS)
    assert psi(plain.shares, plain.shares_of(hour)) > ALERTED_ABOVE
    assert psi(weighed.shares, weighed.shares_of(hour)) < WARNED_ABOVE
    assert psi(weighed.shares, weighed.shares_of(attack)) > ALERTED_ABOVE


def test_rows_of_which_nothing_is_ordinary_weigh_alike() -> None:
    data = masking_rows({"televote": 40, "masking": 60})
    assert set(Mix.of(MASKING_LESSON, data).weights(MASKING_LESSON, data)) == {1.0}


def test_callers_weigh_as_often_as_they_are_scored() -> None:
    rows = np.zeros((3, len(SATARK)))
    rows[:, SATARK.place("total_calls")] = (4, 5, 300)
    names = ["a", "b", "c"]
    data = Dataset(SATARK, rows, np.zeros(3, np.int8), names, np.arange(3), ["ordinary"] * 3, names)
    assert Mix.of(ISOLATION_LESSON, data).weights(ISOLATION_LESSON, data).tolist() == [0, 5, 300]


def test_folder_has_the_histograms_of_the_mix() -> None:
    chance = np.random.default_rng(8)
    rows = np.abs(chance.normal((180, 160, 0.1, 2, 3), (20, 30, 0.05, 0.5, 0.5), (400, 5)))
    rows[:160] = np.abs(chance.normal((20, 3_000, 0.5, 6, 6), (2, 300, 0.05, 0.5, 0.5), (160, 5)))
    labels = np.repeat(np.array([1, 0], np.int8), (160, 240))
    names = [f"+91{place}" for place in range(400)]
    kinds = ["fraud" if label else "ordinary" for label in labels.tolist()]
    data = Dataset(SATARK, rows, labels, names, np.zeros(400, np.int64), kinds, names)
    told = isolation_model(data).manifest
    assert told.histograms["total_calls"].edges[-1] < 1_000
    assert (
        told.histograms["total_calls"]
        == Mix.of(ISOLATION_LESSON, data).histograms(ISOLATION_LESSON, data)["total_calls"]
    )
    found = drift(told, [(row, 0.0) for row in np.repeat(rows[160:], 3, axis=0).tolist()])
    assert found["avg_call_duration"] < WARNED_ABOVE
