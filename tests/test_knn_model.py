"""The neighbours of scam5000: the published figures, and no better ones."""

import pytest

from ratingd.errors import InvalidRequest
from ratingd.models.trained_model import TrainedModel
from ratingd.models.training.knn_model import knn_model, scam5000_dataset


def test_scam5000_is_right_as_often_as_it_was_measured() -> None:
    folder = knn_model(scam5000_dataset())
    metrics = folder.manifest.metrics
    assert (metrics["accuracy"], metrics["accuracy_of_always_no"]) == (0.698, 0.659)
    assert metrics["auc"] == pytest.approx(0.742, abs=0.0005)
    assert metrics["judged"]["rows"] == 1_000
    assert "rule" not in metrics


def test_label_is_what_most_of_the_five_were() -> None:
    model = TrainedModel(knn_model(scam5000_dataset(rows=500)))
    said = model.probability((25.0, 11, 3, 4))
    assert said in (0, 0.2, 0.4, 0.6, 0.8, 1)
    assert model.manifest.threshold == 0.5


def test_same_rows_and_seed_give_the_same_bytes() -> None:
    assert knn_model(scam5000_dataset(rows=300)) == knn_model(scam5000_dataset(rows=300))


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(InvalidRequest, match="at least 20 are wanted"):
        knn_model(scam5000_dataset(rows=10))
