"""Figures of models for /metrics: what they scored, how long it took, and how far traffic has drifted.

fraud_model_score_bucket{model="masking",le="0.7"} 19871
fraud_model_version{model="masking"} 3                      0: rules score
fraud_model_inference_seconds_bucket{model="masking",le="2.5e-05"} 19900
fraud_model_psi{model="masking",feature="distinct_a_count"} 0.041
"""

from collections.abc import Iterator, Sequence
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from ratingd.models.model_desk import ModelDesk, ScoreStatus
from ratingd.models.scorers import SCORE_BUCKETS, SECONDS_BUCKETS

MODEL: Final = ("model",)


class ModelFigures(Collector):
    def __init__(self, desk: ModelDesk) -> None:
        self._desk: Final = desk

    def collect(self) -> Iterator[Metric]:
        scores = self._desk.status()
        yield _versions(scores)
        yield _score_histogram(scores)
        yield _time_histogram(scores)
        yield _rows(scores)
        yield _psi(scores)


def _versions(scores: Sequence[ScoreStatus]) -> Metric:
    family = GaugeMetricFamily("fraud_model_version", "Which version of a model scores; 0: rules do", labels=MODEL)
    for score in scores:
        family.add_metric([score.name], 0 if score.active is None else score.active.version)
    return family


def _score_histogram(scores: Sequence[ScoreStatus]) -> Metric:
    family = HistogramMetricFamily("fraud_model_score", "Probabilities that models gave", labels=MODEL)
    for score in scores:
        figures = score.figures
        family.add_metric([score.name], _buckets(SCORE_BUCKETS, figures.scores), figures.scores_sum)
    return family


def _time_histogram(scores: Sequence[ScoreStatus]) -> Metric:
    family = HistogramMetricFamily("fraud_model_inference_seconds", "How long a row's score took", labels=MODEL)
    for score in scores:
        figures = score.figures
        family.add_metric([score.name], _buckets(SECONDS_BUCKETS, figures.times), figures.taken_ns / 1e9)
    return family


def _rows(scores: Sequence[ScoreStatus]) -> Metric:
    family = CounterMetricFamily("fraud_model_rows_refused", "Rows without a score: NaN or an infinity", labels=MODEL)
    for score in scores:
        family.add_metric([score.name], score.figures.refused)
    return family


def _psi(scores: Sequence[ScoreStatus]) -> Metric:
    about = "How far a feature, or the score, lies from training; above 0.25 the model was trained for other traffic"
    family = GaugeMetricFamily("fraud_model_psi", about, labels=("model", "feature"))
    for score in scores:
        for feature, index in dict(score.drift.found if score.drift is not None else {}).items():
            family.add_metric([score.name, feature], index)
    return family


def _buckets(bounds: Sequence[float], counts: Sequence[int]) -> list[tuple[str, float]]:
    found: list[tuple[str, float]] = []
    total = 0
    for bound, count in zip((*map(str, bounds), "+Inf"), list(counts), strict=True):
        total += count
        found.append((bound, total))
    return found
