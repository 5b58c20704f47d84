"""Rankings: the figures of scikit-learn, and thresholds that keep what they promise."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from ratingd.models.training.ranking import Ranking

ROWS = st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=2, max_size=60)


@given(ROWS, st.integers(0, 2**32 - 1))
def test_areas_are_those_of_scikit_learn(rows: list[tuple[int, bool]], seed: int) -> None:
    scores = np.array([score / 12 for score, _ in rows])
    labels = np.array([label for _, label in rows], np.int8)
    if len(set(labels.tolist())) < 2:
        return
    weights = np.random.default_rng(seed).integers(1, 4, len(rows)).astype(np.float64)
    curve = Ranking(scores, labels).curve(weights)
    assert curve.auc == pytest.approx(roc_auc_score(labels, scores, sample_weight=weights))
    assert curve.average_precision == pytest.approx(average_precision_score(labels, scores, sample_weight=weights))


@given(ROWS, st.sampled_from([0.0, 0.001, 0.1, 0.5, 1.0]))
def test_threshold_flags_no_more_than_it_promises(rows: list[tuple[int, bool]], share: float) -> None:
    scores = np.array([float(score) for score, _ in rows])
    labels = np.array([label for _, label in rows], np.int8)
    ranking = Ranking(scores, labels)
    flagged = scores >= ranking.threshold_at(share)
    negatives = labels == 0
    if negatives.any():
        assert flagged[negatives].mean() <= share + 1e-9
    if negatives.any() and not negatives.all():
        assert ranking.curve().recall_at(share) == pytest.approx(flagged[~negatives].mean())


def test_recall_is_that_of_the_example() -> None:
    scores = np.array([0.99] * 60 + [0.80] * 41 + [0.50] * 148 + [0.1] * 9_751)
    labels = np.zeros(10_000, np.int8)
    labels[:60] = labels[60:92] = labels[101:108] = labels[-1] = 1
    curve = Ranking(scores, labels).curve()
    assert curve.recall_at(0.001) == pytest.approx(0.92)
    assert curve.recall_at(0.0) == pytest.approx(0.60)
    assert curve.recall_at(0.016) == pytest.approx(0.99)
    assert Ranking(scores, labels).threshold_for(0.92) == 0.80
    assert Ranking(scores, labels).threshold_for(0.921) == 0.50


def test_without_fraud_there_is_nothing_to_rank() -> None:
    curve = Ranking(np.array([0.1, 0.2]), np.zeros(2, np.int8)).curve()
    assert math.isnan(curve.auc)
    assert math.isnan(curve.recall_at(0.1))
    assert math.isnan(Ranking(np.array([]), np.array([], np.int8)).curve().average_precision)
