"""The neighbours of a call: the model of the board of scam calls.

Four in five of the labelled calls are kept as they are; the fifth says how often their neighbours are right. Of the
5,000 calls of `scam5000` that is 0.6980 of 1,000, where always saying No is right about 0.659 of them and the best that
is possible about 0.748.
"""

from typing import Any

import numpy as np

from ratingd.models.arrays import Column
from ratingd.models.calibration import Calibration
from ratingd.models.dataset import Dataset
from ratingd.models.histogram import Histogram
from ratingd.models.model_folder import CALIBRATION, CARD, KNN, NPZ, Manifest, ModelFolder
from ratingd.models.neighbours import COUNT, Neighbours
from ratingd.models.traffic.scam5000 import ROWS, SEED, scam5000
from ratingd.models.training.card import card
from ratingd.models.training.lesson import KNN_LESSON
from ratingd.models.training.measured import measured
from ratingd.models.training.mix import UNTOLD, Mix, Origin

TEST_SHARE = 0.2


def scam5000_dataset(seed: int = SEED, rows: int = ROWS) -> Dataset:
    """Calls of nobody, at no time: each is a number of its own."""
    held = scam5000(seed, rows)
    names = [f"scam-{seed}-{place}" for place in range(1, len(held.labels) + 1)]
    kinds = ["scam" if label else "ordinary" for label in held.labels.tolist()]
    return Dataset(KNN_LESSON.schema, held.rows, held.labels, names, np.zeros(len(names), np.int64), kinds, names)


def knn_model(data: Dataset, seed: int = 42, origin: Origin = UNTOLD) -> ModelFolder:
    lesson = KNN_LESSON
    lesson.check(data, "to learn from and to judge by")
    learned, judged = _divided(data, seed)
    mix = origin.mix or Mix.of(lesson, data)
    near = Neighbours.learned(learned.rows, learned.labels)
    scores = near.scores(judged.rows)
    manifest = Manifest(
        name=lesson.name,
        algorithm=KNN,
        schema=lesson.schema.name,
        schema_version=lesson.schema.version,
        schema_hash=lesson.schema.hash,
        features=lesson.schema.names,
        params={"neighbours": COUNT, "test_share": TEST_SHARE, "random_state": seed},
        data_fingerprint=data.fingerprint(),
        rows=len(data),
        positives=data.positives,
        metrics=measured(lesson, judged, scores, seed) | _accuracy(judged, scores),
        threshold=lesson.threshold,
        feature_window_days=lesson.window_days,
        histograms=mix.histograms(lesson, learned),
        score_histogram=Histogram.of(scores, weights=mix.weights(lesson, judged)),
        sources=origin.sources,
        labels=origin.labels or {},
    )
    files = {NPZ: near.npz(), CALIBRATION: Calibration().document()}
    return ModelFolder.made(manifest, {**files, CARD: card(manifest, lesson).encode()})


def _divided(data: Dataset, seed: int) -> tuple[Dataset, Dataset]:
    """As many scams in one part as in the other, in proportion."""
    from sklearn.model_selection import train_test_split

    places = np.arange(len(data))
    learned, judged = train_test_split(places, test_size=TEST_SHARE, stratify=data.labels, random_state=seed)
    return data.chosen(learned), data.chosen(judged)


def _accuracy(judged: Dataset, scores: Column) -> dict[str, Any]:
    said = scores >= KNN_LESSON.threshold
    return {
        "accuracy": round(float((said == (judged.labels == 1)).mean()), 6),
        "accuracy_of_always_no": round(float((judged.labels == 0).mean()), 6),
    }
