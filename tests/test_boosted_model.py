"""Boosted models: what was told to them comes back, from numbers that they never saw, and no number is in two parts."""

import json

import numpy as np
import pytest

from ratingd.errors import InvalidRequest
from ratingd.models.dataset import Dataset
from ratingd.models.forest import ForestScorer
from ratingd.models.model_folder import CARD, ONNX, UBJ, ModelFolder
from ratingd.models.trained_model import TrainedModel
from ratingd.models.training.boosted_model import Effort, boosted_model
from ratingd.models.training.boosting import Boosted
from ratingd.models.training.lesson import CALLER_LESSON, MASKING_LESSON
from ratingd.models.training.mix import Origin
from triggers.scores.masking_features import MASKING

QUICK = Effort(seed=7, trees=12, folds=False)


@pytest.fixture(scope="module")
def folder() -> ModelFolder:
    return boosted_model(MASKING_LESSON, _runs_and_crowds(), Effort(seed=7, trees=12), Origin(("a table",)))


def test_runs_are_told_from_crowds_that_were_not_learned(folder: ModelFolder) -> None:
    metrics = folder.manifest.metrics
    assert metrics["auc"] > 0.95
    assert metrics["recall"] > 0.8
    assert metrics["by_kind"]["televote"][0] < 0.05
    assert metrics["rule"]["by_kind"]["televote"][0] == 1  # five callers within five seconds are many a televote
    assert metrics["judged"]["rows"] > 50


def test_folds_are_by_number_and_by_time(folder: ModelFolder) -> None:
    folds = folder.manifest.metrics["cross_validation"]
    assert {way: len(found) for way, found in folds.items()} == {"by_number": 5, "by_time": 3}
    assert min(fold["auc"] for found in folds.values() for fold in found) > 0.9


def test_folder_scores_as_the_library_does(folder: ModelFolder) -> None:
    rows = _runs_and_crowds().rows
    theirs = Boosted.read(folder.files[UBJ]).probabilities(rows)
    assert np.abs(ForestScorer(folder.files[ONNX]).scores(rows) - theirs).max() < 1e-6
    assert 0 <= TrainedModel(folder).probabilities(rows).min() <= TrainedModel(folder).probabilities(rows).max() <= 1


def test_manifest_says_what_was_learned(folder: ModelFolder) -> None:
    told = folder.manifest
    assert (told.name, told.algorithm, told.schema_hash) == ("masking", "xgboost", MASKING.hash)
    assert told.features == MASKING.names
    assert (told.rows, told.threshold, told.sources) == (len(_runs_and_crowds()), 0.7, ("a table",))
    assert set(told.histograms) == set(MASKING.names)
    assert json.loads(told.text())["metrics"]["fpr"] == told.metrics["fpr"]


def test_card_tells_people(folder: ModelFolder) -> None:
    card = folder.files[CARD].decode()
    assert card.startswith("# masking\n")
    for told in ("| AUC |", "the rule alone (5 callers within 5 s)", "| televote |", "From: a table.", "| by time |"):
        assert told in card


def test_same_data_and_seed_give_the_same_bytes() -> None:
    one, other = (boosted_model(MASKING_LESSON, _runs_and_crowds(), QUICK) for _ in range(2))
    assert one == other


def test_other_fraud_teaches_nothing_about_masking() -> None:
    data = _runs_and_crowds()
    kinds = ["robocall" if kind == "masking" and place % 2 else kind for place, kind in enumerate(data.kinds)]
    mixed = Dataset(data.schema, data.rows, data.labels, data.groups, data.times_ms, kinds, data.calls)
    assert set(MASKING_LESSON.taught(mixed).kinds) == {"masking", "televote"}
    assert MASKING_LESSON.taught(mixed).positives == kinds.count("masking")
    assert "masking" not in CALLER_LESSON.taught(mixed).kinds


def test_fraud_of_which_nobody_said_more_counts() -> None:
    data = _runs_and_crowds()
    kinds = ["fraud" if label else "ordinary" for label in data.labels.tolist()]
    told = Dataset(data.schema, data.rows, data.labels, data.groups, data.times_ms, kinds, data.calls)
    assert MASKING_LESSON.taught(told).positives == data.positives


def test_where_little_is_left_to_judge_by_numbers_take_turns() -> None:
    """All of the fraud within the first hours: nothing of it comes later than what was learned."""
    data = _runs_and_crowds()
    early = np.where(data.labels == 1, data.times_ms.min(), data.times_ms)
    told = Dataset(data.schema, data.rows, data.labels, data.groups, early, data.kinds, data.calls)
    metrics = boosted_model(MASKING_LESSON, told, QUICK).manifest.metrics
    assert metrics["judged"]["by"].startswith("other numbers, each held out in its turn")
    assert (metrics["judged"]["rows"], metrics["judged"]["positives"]) == (len(data), data.positives)
    assert metrics["auc"] > 0.95


def test_too_little_is_refused_with_what_to_do() -> None:
    data = _runs_and_crowds()
    innocent = data.chosen(data.labels == 0)
    with pytest.raises(InvalidRequest, match=r"rows to learn from are \d+, 0 of them fraud; .*--calls"):
        boosted_model(MASKING_LESSON, innocent, QUICK)


def _runs_and_crowds() -> Dataset:
    """Sixty numbers with forty calls each, every third of them attacked: few callers, unattested, over one trunk."""
    chance = np.random.default_rng(5)
    numbers, calls = 60, 40
    count = numbers * calls
    group = np.repeat(np.arange(numbers), calls)
    attacked = group % 3 == 0
    rows = np.zeros((count, len(MASKING)))

    def put(name: str, fraud: float, innocent: float, spread: float) -> None:
        value = np.where(attacked, fraud, innocent) + chance.normal(0, spread, count)
        rows[:, MASKING.place(name)] = np.maximum(value, 0)

    put("distinct_a_count", 7, 9, 1.0)
    put("asr", 15, 80, 10)
    put("same_trunk_share", 0.8, 0.3, 0.1)
    put("attempts_300", 30, 200, 15)
    put("b_total_seen", 60, 260, 20)
    put("aloc", 6, 30, 3)
    rows[:, MASKING.place("attestation")] = np.where(
        attacked, chance.integers(0, 2, count), chance.integers(2, 4, count)
    )
    return Dataset(
        MASKING,
        rows,
        attacked.astype(np.int8),
        [f"+4930{each:06}" for each in group],
        chance.integers(1_767_571_200_000, 1_767_657_600_000, count),
        ["masking" if each else "televote" for each in attacked.tolist()],
        [f"c-{each}" for each in range(count)],
    )
