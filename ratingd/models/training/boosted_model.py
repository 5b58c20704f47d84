"""Boosted models: the masking probability and the caller's risk, from labelled rows to a folder.

    rows          learned 56,000   judged 6,000, of other numbers and later
    rehearsal     five folds of the learned numbers, each held out once: 187, 143, 201, 160 and 171 trees
    trees         171, the middle of these, from all learned rows
    calibration   41 points, on what the rehearsals said of rows that they had not seen
    figures       on the judged rows, the rule alone beside them, and in cross-validation

Where the fraud is of so few numbers that the later part has next to none, everything is learned from, and what the
rehearsals said is what the model is judged by: by number still, and no longer by time. The card says which.

The histograms of features are those of the learned rows, in the mix of an ordinary day; that of the score is of the
rehearsals, as a model is surer of what it has seen than it will be live.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ratingd.errors import InvalidRequest
from ratingd.models.arrays import Column
from ratingd.models.calibration import Calibration
from ratingd.models.dataset import Dataset
from ratingd.models.forest import ForestScorer
from ratingd.models.histogram import Histogram
from ratingd.models.model_folder import CALIBRATION, CARD, ONNX, UBJ, XGBOOST, Manifest, ModelFolder
from ratingd.models.training.blur import COPIES
from ratingd.models.training.boosting import PARAMS, TREES, Boosted, class_weight
from ratingd.models.training.card import card
from ratingd.models.training.cross_validation import Learn, Learned, cross_validated
from ratingd.models.training.lesson import Lesson
from ratingd.models.training.measured import measured
from ratingd.models.training.mix import UNTOLD, Mix, Origin
from ratingd.models.training.split import Places, Split, folds_by_number

APART: Final = "other numbers, later"
IN_TURN: Final = "other numbers, each held out in its turn: there is too little fraud to leave a part of it out"
REHEARSALS: Final = 5
FOLD_TREES: Final = 100  # a fold is to tell whether parts of the data differ, not to win


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is spent on a model."""

    seed: int = 42
    trees: int = TREES
    folds: bool = True  # whether it is cross-validated


def boosted_model(lesson: Lesson, data: Dataset, effort: Effort, origin: Origin = UNTOLD) -> ModelFolder:
    """InvalidRequest where a part of the data is too little to learn from or to judge by."""
    mix = origin.mix or Mix.of(lesson, data)
    data = lesson.taught(data)
    split = Split.of(data.groups, data.times_ms)
    judged = data.chosen(split.judged)
    apart = lesson.enough(judged)
    learned = data.chosen(split.learned) if apart else data
    lesson.check(learned, "to learn from")
    rehearsal = rehearsed(lesson, learned, effort)
    grown = _grown(lesson, learned, effort, rehearsal.trees)
    onnx = grown.forest().onnx()
    calibration = Calibration.learned(rehearsal.says, learned.labels[rehearsal.places])
    says = ForestScorer(onnx).scores(judged.rows) if apart else rehearsal.says
    judged = judged if apart else learned.chosen(rehearsal.places)
    metrics = measured(lesson, judged, calibration.probabilities(says), effort.seed)
    metrics["judged"]["by"] = APART if apart else IN_TURN
    if effort.folds:
        folds = cross_validated(data, _learn(lesson, effort))
        metrics["cross_validation"] = {way: [each.document() for each in found] for way, found in folds.items()}
    manifest = Manifest(
        name=lesson.name,
        algorithm=XGBOOST,
        schema=lesson.schema.name,
        schema_version=lesson.schema.version,
        schema_hash=lesson.schema.hash,
        features=lesson.schema.names,
        params=_params(effort, grown, learned, blurred=lesson.blur is not None),
        data_fingerprint=data.fingerprint(),
        rows=len(data),
        positives=data.positives,
        metrics=metrics,
        threshold=lesson.threshold,
        feature_window_days=lesson.window_days,
        histograms=mix.histograms(lesson, learned),
        score_histogram=_scores(rehearsal, calibration, mix.weights(lesson, learned)),
        sources=origin.sources,
        labels=origin.labels or {},
    )
    files = {ONNX: onnx, UBJ: grown.ubj(), CALIBRATION: calibration.document()}
    return ModelFolder.made(manifest, {**files, CARD: card(manifest, lesson).encode()})


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What was said of rows while they were held out, and how many trees the middle one of the folds needed."""

    trees: int
    places: Places
    says: Column


def rehearsed(lesson: Lesson, learned: Dataset, effort: Effort) -> Rehearsal:
    trees: list[int] = []
    places: list[Places] = []
    says: list[Column] = []
    for rest, held_out in folds_by_number(learned.groups, REHEARSALS):
        if not _both(learned, rest) or not len(held_out):
            continue
        grown = _grown(lesson, learned.chosen(rest), effort, effort.trees, learned.chosen(held_out))
        if _both(learned, held_out):
            trees.append(grown.trees)
        places.append(held_out)
        says.append(grown.probabilities(learned.rows[held_out]))
    if not trees:
        raise InvalidRequest(
            "data", "the fraud is all of one number, so nothing can be held out; more calls are needed"
        )
    return Rehearsal(sorted(trees)[len(trees) // 2], np.concatenate(places), np.concatenate(says))


def _grown(lesson: Lesson, rows: Dataset, effort: Effort, trees: int, held_out: Dataset | None = None) -> Boosted:
    """On blurred rows, where the lesson has a blur. What is held out is as it is."""
    features, labels = rows.rows, rows.labels
    if lesson.blur is not None:
        features, labels = lesson.blur(features, labels, effort.seed)
    judged = None if held_out is None else (held_out.rows, held_out.labels)
    return Boosted.grown(features, labels, judged, seed=effort.seed, trees=trees)


def _both(data: Dataset, places: Places) -> bool:
    return 0 < int(data.labels[places].sum()) < len(places)


def _scores(rehearsal: Rehearsal, calibration: Calibration, weights: Column) -> Histogram:
    return Histogram.of(calibration.probabilities(rehearsal.says), weights=weights[rehearsal.places])


def _params(effort: Effort, grown: Boosted, learned: Dataset, *, blurred: bool) -> dict[str, Any]:
    return {
        **PARAMS,
        "seed": effort.seed,
        "scale_pos_weight": class_weight(learned.labels),
        "trees_max": effort.trees,
        "trees": grown.trees,
        "copies_learned": COPIES if blurred else 1,
        "rows_learned": len(learned),
        "positives_learned": learned.positives,
    }


def _learn(lesson: Lesson, effort: Effort) -> Learn:
    def learn(rows: Dataset) -> Learned:
        return _grown(lesson, rows, effort, min(effort.trees, FOLD_TREES)).probabilities

    return learn
