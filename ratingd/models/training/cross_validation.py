"""Cross-validation: whether the figures are those of the model, or of one lucky cut through the data.

The same training, five times by number (each fifth of the numbers judged by a model that never saw them) and three
times by time (each quarter judged by a model that learned from what came before, of other numbers). Where one fold is
far from the rest, the data has a part that is like no other, and the model knows it only because it was told.

    by number   AUC 0.997  0.996  0.998  0.997  0.995
    by time     AUC 0.991  0.994  0.996
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from ratingd.models.arrays import Column, Rows
from ratingd.models.dataset import Dataset
from ratingd.models.training.ranking import Ranking
from ratingd.models.training.split import Places, folds_by_number, folds_by_time

BY_NUMBER: Final = 5
BY_TIME: Final = 3

Learned = Callable[[Rows], Column]  # what scores, once something was learned
Learn = Callable[[Dataset], Learned]


@dataclass(frozen=True, slots=True)
class Fold:
    rows: int
    positives: int
    auc: float
    recall: float  # at one false positive in a thousand

    def document(self) -> dict[str, float]:
        return {
            "rows": self.rows,
            "positives": self.positives,
            "auc": round(self.auc, 6),
            "tpr_at_fpr_0.001": round(self.recall, 6),
        }


def cross_validated(dataset: Dataset, learn: Learn) -> Mapping[str, list[Fold]]:
    """Folds in which there is nothing to learn or to judge are left out."""
    ways = {
        "by_number": folds_by_number(dataset.groups, BY_NUMBER),
        "by_time": folds_by_time(dataset.groups, dataset.times_ms, BY_TIME),
    }
    return {
        way: [_judged(dataset, *fold, learn) for fold in folds if _fit(dataset, *fold)] for way, folds in ways.items()
    }


def _judged(dataset: Dataset, learned: Places, judged: Places, learn: Learn) -> Fold:
    scores = learn(dataset.chosen(learned))(dataset.rows[judged])
    labels = dataset.labels[judged]
    curve = Ranking(scores, labels).curve()
    return Fold(len(judged), int(labels.sum()), curve.auc, curve.recall_at(0.001))


def _fit(dataset: Dataset, *parts: Places) -> bool:
    return all(len(np.unique(dataset.labels[part])) == 2 for part in parts)
