"""The ordinary mix: how often rows like those of training are scored on an ordinary day.

A town to learn from has what is hard to tell in plenty: of the calls that its masking model is asked about 26 of 100
are to televotes, 20 are redialled and 19 are fraud. On an ordinary day a network has a televote now and then and one
call in two hundred is fraud. Histograms of the town would say each hour that traffic has drifted. So rows are weighed
before they are counted:

    kind          in the town, for each ordinary call    on an ordinary day    weight of a row
    televote      0.086                                  0.002                 0.023
    call_centre   0.158                                  0.06                  0.38
    fraud         0.282                                  0.005                 0.018
    ordinary      1                                      1                     1

What is rarer than on an ordinary day weighs 1 as well, and so does every kind that is not known here: an operator's own
calls are his own mix. The ordinary day is an estimate of ours, and no more: what matters is that crowds and fraud are
the exception. Besides, a caller of the Isolation Forest is learned from once and scored with each call, from his fifth
one on: `Lesson.scored` says how often.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from ratingd.models.arrays import Column
from ratingd.models.dataset import Dataset
from ratingd.models.histogram import Histogram
from ratingd.models.traffic.busy_callers import COURIER, NOTIFIER
from ratingd.models.traffic.crowds import CALL_CENTRE, CONFERENCE, REDIAL, TELEVOTE
from ratingd.models.training.lesson import Lesson

FRAUD_USUAL: Final = 0.005  # calls, for each ordinary one
USUAL: Final[Mapping[str, float]] = {
    CALL_CENTRE: 0.06,
    NOTIFIER: 0.02,
    COURIER: 0.02,
    CONFERENCE: 0.005,
    REDIAL: 0.005,
    TELEVOTE: 0.002,
}


@dataclass(frozen=True, slots=True)
class Mix:
    """What a row weighs, by its kind where it is innocent; 1 where nothing is said."""

    fraud: float
    kinds: Mapping[str, float]

    @classmethod
    def of(cls, lesson: Lesson, data: Dataset) -> Self:
        """`data` has all that was made, the calls that nobody asks a model about included."""
        innocent, fraud = Counter[str](), 0.0
        for kind, label, often in zip(data.kinds, data.labels.tolist(), _often(lesson, data).tolist(), strict=True):
            if label:
                fraud += often
            else:
                innocent[kind] += often
        ordinary = sum([often for kind, often in innocent.items() if kind not in USUAL])
        if not ordinary:
            return cls(1.0, {})
        kinds = {kind: _weight(usual * ordinary, innocent[kind]) for kind, usual in USUAL.items()}
        return cls(_weight(FRAUD_USUAL * ordinary, fraud), kinds)

    def weights(self, lesson: Lesson, data: Dataset) -> Column:
        told = zip(data.kinds, data.labels.tolist(), strict=True)
        weights = np.array([self.fraud if label else self.kinds.get(kind, 1.0) for kind, label in told], np.float64)
        weights = weights * _often(lesson, data)
        return weights if weights.sum() > 0 else np.ones(len(data))

    def histograms(self, lesson: Lesson, data: Dataset) -> dict[str, Histogram]:
        """Of each feature."""
        weights = self.weights(lesson, data)
        return {name: Histogram.of(data.column(name), weights=weights) for name in data.schema.names}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where rows are from: names for people, labels that people gave, and how often each is met live."""

    sources: tuple[str, ...] = ()
    labels: Mapping[str, int] | None = None
    mix: Mix | None = None  # None: that of the rows themselves


UNTOLD: Final = Origin()


def _often(lesson: Lesson, data: Dataset) -> Column:
    return np.ones(len(data)) if lesson.scored is None else lesson.scored(data.rows)


def _weight(usual: float, found: float) -> float:
    return min(1.0, usual / found) if found else 1.0
