"""The registry: what is taken in, who may follow whom, and that what is refused changes nothing."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from ratingd.errors import InvalidRequest
from ratingd.models.model_folder import CALIBRATION, ONNX, Manifest, ModelFolder, ModelRefused
from ratingd.models.registry import ModelUnknown, NothingBefore, PromotionRefused, Registry, worsened
from ratingd.store.model_tables import model_files
from ratingd.store.store import Store
from tests import model_scene
from tests.model_scene import HIGH, row, sent
from triggers.scores.caller_features import CALLER
from triggers.scores.feature_schema import Feature, FeatureSchema
from triggers.scores.masking_features import MASKING

NOW_NS = 1_794_787_200_000_000_000


@pytest.fixture
def registry(store: Store) -> Registry:
    return Registry(store.models, clock=lambda: NOW_NS)


def added(registry: Registry, **given: Any) -> int:
    return registry.add(*sent(model_scene.folder(**given)), "ann").version


def measured(auc: float = 0.99, fpr: float = 0.001) -> Mapping[str, Any]:
    return {"metrics": {"auc": auc, "fpr": fpr}}


def test_folder_becomes_the_next_version(registry: Registry, store: Store) -> None:
    first = registry.add(*sent(model_scene.folder()), "ann")
    assert (first.name, first.version, first.status, first.who) == ("masking", 1, "staging", "ann")
    assert (first.algorithm, first.schema_hash, first.created_ms) == ("xgboost", MASKING.hash, NOW_NS // 1_000_000)
    assert added(registry) == 2
    assert [found.version for found in registry.models("masking")] == [2, 1]
    assert Manifest.read(first.manifest).metrics["auc"] == 0.99
    (latest, _) = store.fraud.audits(what="model.add")
    assert (latest.row.who, latest.row.subject, latest.row.details) == ("ann", "masking 2", "ab" * 32)


def test_stored_version_scores_as_its_folder_did(registry: Registry) -> None:
    added(registry)
    scorer = registry.scorer(registry.model("masking", 1))
    assert scorer.model.probability(row(9)) == pytest.approx(HIGH, abs=1e-6)
    assert (scorer.threshold, scorer.algorithm, scorer.schema) == (0.7, "xgboost", MASKING)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"name": "premium"}, "names the score 'premium'; there are masking, caller, isolation, knn"),
        ({"schema_hash": "0" * 16}, r"of the features masking v3 \(0{16}\), and masking v3 .* run here"),
        ({"name": "caller"}, f"and caller v{CALLER.version} .* run here: feature 1 is"),
    ],
)
def test_model_of_other_features_is_refused(registry: Registry, change: Mapping[str, Any], fault: str) -> None:
    with pytest.raises(ModelRefused, match=fault):
        registry.add(*sent(model_scene.folder(**change)), "ann")
    assert registry.models() == []


def test_model_with_another_feature_is_refused_by_its_name(registry: Registry) -> None:
    schema = FeatureSchema(
        "masking", MASKING.version, [Feature(name, "", "") for name in (*MASKING.names[:-1], "moon")]
    )
    with pytest.raises(
        ModelRefused, match=r"masking v3 .*: feature 28 is 'moon' there and 'calls_a_caller' here\. Train it anew"
    ):
        registry.add(*sent(model_scene.folder(schema=schema)), "ann")


@pytest.mark.parametrize("name", [ONNX, CALIBRATION])
def test_corrupted_file_is_refused_by_its_name(registry: Registry, name: str) -> None:
    manifest, files = sent(model_scene.folder())
    with pytest.raises(ModelRefused, match=f"{name}: has the SHA-256"):
        registry.add(manifest, {**files, name: files[name][:-1]}, "ann")
    with pytest.raises(ModelRefused, match=f"{name}: is missing"):
        registry.add(manifest, {other: files[other] for other in files if other != name}, "ann")
    assert registry.models() == []


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        (ONNX, b"", "model.onnx: "),
        (ONNX, b"\x80\x04\x95 a pickle", "model.onnx: not an ONNX model"),
        (ONNX, bytes(range(256)) * 10, "model.onnx: not an ONNX model"),
        (CALIBRATION, b"[]", "calibration.json: "),
        (CALIBRATION, b'{"points": [[0, 2]]}', "calibration.json: .* no probability"),
    ],
)
def test_foreign_file_is_refused_though_its_sum_is_right(
    registry: Registry, name: str, content: bytes, fault: str
) -> None:
    made = model_scene.folder()
    foreign = ModelFolder.made(made.manifest, {**made.files, name: content})
    with pytest.raises(ModelRefused, match=fault):
        registry.add(*sent(foreign), "ann")
    assert registry.models() == []


@pytest.mark.parametrize("manifest", [b"", b"{}", b"\xff\xfe{", b"[" * 100_000, b'{"format": 1}', b"null"])
def test_manifest_that_is_none_is_refused(registry: Registry, manifest: bytes) -> None:
    with pytest.raises(ModelRefused, match=r"manifest\.json"):
        registry.add(manifest, {}, "ann")


def test_version_that_is_not_there_is_told(registry: Registry) -> None:
    with pytest.raises(ModelUnknown, match="no version 7 of model 'masking': it has none; scores are masking, caller"):
        registry.activate("masking", 7, "ann")
    added(registry)
    with pytest.raises(ModelUnknown, match=r"no version 7 of model 'masking': it has 1 version.*ratingd model list"):
        registry.shadow("masking", 7, "ann")
    with pytest.raises(ModelUnknown, match="no model 'masking'"):
        registry.roll_back("masking", "ann")


def test_one_that_is_worse_does_not_follow(registry: Registry, store: Store) -> None:
    for auc, fpr in ((0.99, 0.001), (0.97, 0.001), (0.985, 0.0011), (0.99, 0.002)):
        added(registry, **measured(auc, fpr))
    registry.activate("masking", 1, "ann")
    with pytest.raises(PromotionRefused, match=r"masking 2 is not activated, and 1 stays: its AUC is 0.97 after 0.99"):
        registry.activate("masking", 2, "ann")
    with pytest.raises(PromotionRefused, match=r"its false positive rate is 0.002 after 0.001.*--force"):
        registry.activate("masking", 4, "ann")
    assert registry.model("masking").version == 1
    assert registry.activate("masking", 3, "ann").previous == 1
    assert registry.activate("masking", 2, "ben", force=True).activated_by == "ben"
    (latest, *_) = store.fraud.audits(what="model.activate")
    assert (latest.row.who, latest.row.subject) == ("ben", "masking 2")
    assert latest.row.details.startswith("follows 3, forced: its AUC is 0.97 after 0.985")


@pytest.mark.parametrize(
    ("mine", "theirs", "found"),
    [
        ({"auc": 0.98, "fpr": 0.001}, {"auc": 0.99, "fpr": 0.001}, ""),
        ({"auc": 0.9799}, {"auc": 0.99}, "its AUC is 0.9799 after 0.99, more than 0.01 less"),
        ({"fpr": 0.0012}, {"fpr": 0.001}, ""),
        ({"fpr": 0.00121}, {"fpr": 0.001}, "its false positive rate is 0.00121 after 0.001, more than a fifth more"),
        ({"fpr": 0.0001}, {"fpr": 0.0}, "its false positive rate is 0.0001 after 0, more than a fifth more"),
        ({}, {"auc": 0.9}, "says nothing of its AUC"),
        ({"auc": "good"}, {"auc": 0.9}, "says nothing of its AUC"),
        ({}, {}, ""),
    ],
)
def test_what_is_worse(mine: dict[str, Any], theirs: dict[str, Any], found: str) -> None:
    texts = [replace(model_scene.manifest(), metrics=metrics).text() for metrics in (mine, theirs)]
    assert worsened(*texts) == found


def test_figures_of_other_data_are_told_to_be_so() -> None:
    mine = replace(model_scene.manifest(), metrics={"auc": 0.8}, data_fingerprint="cd" * 32)
    theirs = model_scene.manifest()
    assert worsened(mine.text(), theirs.text()).endswith("; the two were not trained on the same data")


def test_going_back_goes_further_back_each_time(registry: Registry) -> None:
    for _ in range(3):
        added(registry)
    for version in (1, 2, 3):
        registry.activate("masking", version, "ann")
    assert registry.roll_back("masking", "ben").version == 2
    assert registry.roll_back("masking", "ben").version == 1
    with pytest.raises(NothingBefore, match="no version of model 'masking' was active before"):
        registry.roll_back("masking", "ben")
    assert registry.in_use() == {("masking", "production"): 1}
    assert [found.status for found in registry.models("masking")] == ["archived", "archived", "production"]


def test_back_to_a_worse_one_needs_no_force(registry: Registry) -> None:
    added(registry, **measured(auc=0.8))
    added(registry, **measured(auc=0.9))
    registry.activate("masking", 1, "ann")
    registry.activate("masking", 2, "ann")
    assert registry.roll_back("masking", "ann").version == 1


def test_active_one_is_not_put_into_the_shadow(registry: Registry) -> None:
    added(registry)
    registry.activate("masking", 1, "ann")
    with pytest.raises(InvalidRequest, match="1 is the active one"):
        registry.shadow("masking", 1, "ann")
    added(registry)
    assert registry.shadow("masking", 2, "ann").status == "shadow"
    assert registry.activate("masking", 2, "ann").status == "production"
    assert registry.in_use() == {("masking", "production"): 2}
    assert registry.archive("masking", 2, "ann").status == "archived"
    assert registry.in_use() == {}


def test_file_that_changed_in_the_store_is_not_activated(registry: Registry, store: Store) -> None:
    added(registry)
    added(registry)
    registry.activate("masking", 1, "ann")
    with store.database.write() as connection:
        connection.execute(model_files.update().where(model_files.c.version == 2).values(content=b"changed"))
    with pytest.raises(ModelRefused, match="has the SHA-256"):
        registry.activate("masking", 2, "ann")
    assert registry.model("masking").version == 1
