"""Rankings: how well a score puts fraud above the rest, whatever the threshold.

Of 10,000 calls 100 are masked. From the highest score down, one counts:

    score      masked above   others above     recall   false positives
    0.99            60              0           0.60        0
    0.80            92              9           0.92        0.0009
    0.50            99            150           0.99        0.015

At one false positive in a thousand the recall is 0.92: the lowest threshold that keeps the promise. Calls of one score
stand or fall together. The area under all such pairs (AUC) is how often a masked call scores above another one; the
average precision (AP) is how many of those above are masked, averaged over the recall.

Rows may weigh: in a bootstrap a number that was drawn twice counts twice, and the order stays, so that a thousand draws
sort nothing.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from ratingd.models.arrays import Column, Labels


@dataclass(frozen=True, slots=True)
class Curve:
    """What weighs above each different score, from the highest on, and what weighs altogether."""

    caught: Column
    false: Column
    positives: float
    negatives: float

    @property
    def auc(self) -> float:
        """NaN where there is fraud only, or none."""
        if not self.positives or not self.negatives:
            return float("nan")
        caught = np.concatenate([[0.0], self.caught])
        false = np.concatenate([[0.0], self.false])
        return float(np.trapezoid(caught, false) / self.positives / self.negatives)

    @property
    def average_precision(self) -> float:
        if not self.positives:
            return float("nan")
        seen = self.caught + self.false
        precision = np.divide(self.caught, seen, out=np.zeros_like(seen), where=seen > 0)
        return float((np.diff(self.caught, prepend=0.0) * precision).sum() / self.positives)

    def recall_at(self, false_share: float) -> float:
        """The most that is caught while at most such a share of the others is above."""
        if not self.positives or not self.negatives:
            return float("nan")
        place = int(np.searchsorted(self.false, false_share * self.negatives + 1e-9, side="right"))
        return float(self.caught[place - 1] / self.positives) if place else 0.0


class Ranking:
    def __init__(self, scores: Column, labels: Labels) -> None:
        order = np.argsort(-scores, kind="stable")
        self._order: Final = order
        self._fraud: Final = labels[order] == 1
        falling = scores[order]
        self._scores: Final = falling
        self._ends: Final = np.flatnonzero(np.append(falling[1:] != falling[:-1], True)[: len(falling)])

    def curve(self, weights: Column | None = None) -> Curve:
        weighed = np.ones(len(self._order)) if weights is None else weights[self._order]
        caught = np.cumsum(np.where(self._fraud, weighed, 0.0))
        false = np.cumsum(np.where(self._fraud, 0.0, weighed))
        if not len(caught):
            return Curve(caught, false, 0.0, 0.0)
        return Curve(caught[self._ends], false[self._ends], float(caught[-1]), float(false[-1]))

    def threshold_at(self, false_share: float) -> float:
        """The lowest score at which at most such a share of the others is flagged; beyond all where none keeps it."""
        curve = self.curve()
        place = int(np.searchsorted(curve.false, false_share * curve.negatives + 1e-9, side="right"))
        return float(self._scores[self._ends[place - 1]]) if place else float("inf")

    def threshold_for(self, recall: float) -> float:
        """The highest score at which at least such a share of the fraud is flagged."""
        curve = self.curve()
        place = int(np.searchsorted(curve.caught, recall * curve.positives - 1e-9, side="left"))
        return float(self._scores[self._ends[min(place, len(self._ends) - 1)]])
