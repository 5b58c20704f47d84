"""Evaluation: figures of scored calls and of all calls, for a model that was trained here."""

from dataclasses import replace

import pytest

from ratingd.errors import InvalidRequest
from ratingd.models.trained_model import TrainedModel
from ratingd.models.training.boosted_model import Effort
from ratingd.models.training.evaluation import Evaluation, evaluated, evaluated_material, gate, lesson_of
from ratingd.models.training.knn_model import knn_model, scam5000_dataset
from ratingd.models.training.lesson import MASKING_LESSON
from ratingd.models.training.material import Material, generated
from ratingd.models.training.trainer import trained


@pytest.fixture(scope="module")
def town() -> Material:
    return generated(MASKING_LESSON, seed=11, calls=6_000)


@pytest.fixture(scope="module")
def found(town: Material) -> Evaluation:
    """Judged by the calls it learned from: what is counted is looked at here, not how good it is."""
    model = TrainedModel(trained(MASKING_LESSON, town, Effort(seed=1, trees=15, folds=False)))
    return evaluated_material(model, town.data, town.calls, town.source)


def test_all_calls_have_those_that_are_not_scored(town: Material, found: Evaluation) -> None:
    assert found.calls == len(MASKING_LESSON.taught(town.data))
    assert found.rows < found.calls / 2
    assert found.rows == len(gate(MASKING_LESSON.taught(town.data)))
    assert found.all_calls["fpr@0.7"].value < found.model["fpr@0.7"].value + 1e-9
    assert {"auc", "tpr_at_fpr_0.001", "recall@0.7", "brier"} <= set(found.model)
    assert "recall@5" in found.rule


def test_cuts_are_of_every_kind(town: Material, found: Evaluation) -> None:
    assert sum(cut.calls for cut in found.cuts) == found.calls
    by_kind = {cut.kind: cut for cut in found.cuts}
    assert by_kind["televote"].rule > 0.9 * by_kind["televote"].calls
    assert by_kind["televote"].rule_listed == by_kind["televote"].model_listed == 0
    assert by_kind["ordinary"].rule <= 0.01 * by_kind["ordinary"].calls


def test_document_is_plain(found: Evaluation) -> None:
    document = found.document()
    assert document["model"]["auc"] == found.model["auc"].document()
    assert document["cuts"][0]["kind"] == found.cuts[0].kind


def test_rows_alone_are_judged_too() -> None:
    model = TrainedModel(knn_model(scam5000_dataset(rows=800)))
    other = evaluated(model, scam5000_dataset(seed=7, rows=400), "others")
    assert (other.rows, other.calls, other.rule, other.cuts) == (400, 0, {}, ())
    assert 0.5 < other.model["auc"].value < 0.85


def test_model_of_other_features_is_refused() -> None:
    folder = knn_model(scam5000_dataset(rows=200))
    model = TrainedModel(replace(folder, manifest=replace(folder.manifest, schema_hash="0" * 16)))
    with pytest.raises(InvalidRequest, match=r"was trained with knn v1 0000.*train it again"):
        lesson_of(model)
    stranger = TrainedModel(replace(folder, manifest=replace(folder.manifest, name="weather")))
    with pytest.raises(InvalidRequest, match="scores 'weather'; known are masking"):
        lesson_of(stranger)
