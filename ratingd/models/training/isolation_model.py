"""The Isolation Forest over callers: how unlike the rest a caller is, learned without labels.

800 callers of a month, 40 of them fraudsters of whom the forest is not told. It calls the oddest 5 of 100 anomalous; of
these 40 callers 39 are fraudsters:

    detection 97.5 %   precision 97.5 %   false positives 0.13 %   AUC 0.999

The most common caller of the training has risk 0 and the oddest 100, straight in between, and nobody has more or less.
The labels say how good it was, on the callers that it learned from: there is no other month.
"""

from typing import Any

import numpy as np

from ratingd.models.arrays import Column
from ratingd.models.calibration import Calibration
from ratingd.models.dataset import Dataset
from ratingd.models.forest import ForestScorer
from ratingd.models.histogram import Histogram
from ratingd.models.model_folder import CALIBRATION, CARD, ISOLATION_FOREST, ONNX, Manifest, ModelFolder
from ratingd.models.training.card import card
from ratingd.models.training.isolation import PARAMS, Isolation
from ratingd.models.training.lesson import ISOLATION_LESSON
from ratingd.models.training.measured import measured
from ratingd.models.training.mix import UNTOLD, Mix, Origin


def isolation_model(data: Dataset, seed: int = 42, origin: Origin = UNTOLD) -> ModelFolder:
    lesson = ISOLATION_LESSON
    lesson.check(data, "to learn from")
    mix = origin.mix or Mix.of(lesson, data)
    grown = Isolation(data.rows, seed=seed)
    onnx = grown.forest().onnx()
    anomalies = ForestScorer(onnx).scores(data.rows)
    calibration = Calibration.span(float(anomalies.min()), float(anomalies.max()))
    scores = calibration.probabilities(anomalies)
    threshold = float(np.nextafter(calibration.probability(grown.limit), 1))  # beyond the limit, not at it
    manifest = Manifest(
        name=lesson.name,
        algorithm=ISOLATION_FOREST,
        schema=lesson.schema.name,
        schema_version=lesson.schema.version,
        schema_hash=lesson.schema.hash,
        features=lesson.schema.names,
        params={**PARAMS, "random_state": seed, "limit": grown.limit},
        data_fingerprint=data.fingerprint(),
        rows=len(data),
        positives=data.positives,
        metrics=measured(lesson, data, scores, seed, threshold) | outcomes(data, scores, threshold),
        threshold=threshold,
        feature_window_days=lesson.window_days,
        histograms=mix.histograms(lesson, data),
        score_histogram=Histogram.of(scores, weights=mix.weights(lesson, data)),
        sources=origin.sources,
        labels=origin.labels or {},
    )
    files = {ONNX: onnx, CALIBRATION: calibration.document()}
    return ModelFolder.made(manifest, {**files, CARD: card(manifest, lesson).encode()})


def outcomes(data: Dataset, scores: Column, threshold: float) -> dict[str, Any]:
    """Who was flagged, counted."""
    flagged, fraud = scores >= threshold, data.labels == 1
    return {
        "true_positives": int((flagged & fraud).sum()),
        "false_positives": int((flagged & ~fraud).sum()),
        "false_negatives": int((~flagged & fraud).sum()),
        "true_negatives": int((~flagged & ~fraud).sum()),
    }
