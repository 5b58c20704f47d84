"""The Isolation Forest over callers: the month it was measured on, and how its folder scores."""

import numpy as np

from ratingd.models.arrays import Rows
from ratingd.models.dataset import Dataset
from ratingd.models.model_folder import CARD
from ratingd.models.trained_model import TrainedModel
from ratingd.models.training.boosted_model import Effort
from ratingd.models.training.isolation import Isolation
from ratingd.models.training.isolation_model import isolation_model
from ratingd.models.training.lesson import ISOLATION_LESSON
from ratingd.models.training.material import generated
from ratingd.models.training.trainer import trained
from triggers.scores.satark_features import SATARK


def test_satark_is_found_as_it_was_measured() -> None:
    """At least 90 of 100 fraudsters at no more than 0.6 false alarms in 100."""
    material = generated(ISOLATION_LESSON, seed=42)
    assert (len(material.data), material.data.positives, material.source) == (800, 40, "satark seed 42")
    folder = trained(ISOLATION_LESSON, material, Effort(seed=42))
    metrics = folder.manifest.metrics
    assert (metrics["true_positives"], metrics["false_negatives"]) == (39, 1)
    assert (metrics["false_positives"], metrics["true_negatives"]) == (1, 759)
    assert metrics["auc"] > 0.99
    assert folder.manifest.feature_window_days == 30
    assert "false positives | 1 |" in folder.files[CARD].decode()


def test_risk_reaches_from_the_most_common_caller_to_the_oddest() -> None:
    chance = np.random.default_rng(8)
    rows = np.abs(chance.normal((180, 160, 0.1, 2, 3), (20, 30, 0.05, 0.5, 0.5), (300, 5)))
    rows[:6] = (20, 3_000, 0.5, 6, 6)
    data = _data(rows, [1] * 6 + [0] * 294)
    model = TrainedModel(isolation_model(data, seed=3))
    scores = model.probabilities(rows)
    assert (scores.min(), scores.max()) == (0, 1)
    assert model.probability((10.0, 9_000, 1.0, 6, 6)) <= 1
    flagged = (scores >= model.manifest.threshold).tolist()
    assert flagged == Isolation(rows, seed=3).flagged(rows)


def test_same_data_and_seed_give_the_same_bytes() -> None:
    rows = np.abs(np.random.default_rng(1).normal(100, 30, (60, 5)))
    data = _data(rows, [1] * 5 + [0] * 55)
    assert isolation_model(data, 1) == isolation_model(data, 1)


def _data(rows: Rows, labels: list[int]) -> Dataset:
    names = [f"+91{place}" for place in range(len(rows))]
    kinds = ["fraud" if label else "ordinary" for label in labels]
    return Dataset(SATARK, rows, np.array(labels, np.int8), names, np.zeros(len(rows), np.int64), kinds, names)
