"""Figures: how good a score is on labelled rows, and between which bounds that is known.

A recall of 0.94 over 12 attacked numbers is less than it looks: the forty calls of one attack are caught or missed
together. So bounds come of a bootstrap over numbers: as many numbers as there are are drawn again and again, each with
all its rows, and the figure of 95 in 100 draws lies between the bounds that are shown:

    recall at 0.7   0.940   (0.871 to 0.985)

What has no value is left out: without fraud there is no recall.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from ratingd.models.arrays import Column, Labels
from ratingd.models.training.ranking import Ranking

DRAWS: Final = 200
BOUNDS: Final = (2.5, 97.5)
FALSE_SHARES: Final = {"tpr_at_fpr_0.001": 0.001, "tpr_at_fpr_0.01": 0.01}
THRESHOLDS: Final = (0.5, 0.7, 0.9)


@dataclass(frozen=True, slots=True)
class Figure:
    value: float
    low: float
    high: float

    def document(self) -> list[float]:
        return [round(each, 6) for each in (self.value, self.low, self.high)]

    def __str__(self) -> str:
        return f"{self.value:.4f} ({self.low:.4f} to {self.high:.4f})"


@dataclass(frozen=True, slots=True)
class Scored:
    """Rows with what was said of each. A score of the rules alone has thresholds of its own."""

    scores: Column
    labels: Labels
    groups: Sequence[str]
    kinds: Sequence[str]
    thresholds: Sequence[float] = THRESHOLDS
    probability: bool = True  # whether the score claims to be one, so that a Brier score makes sense

    def figures(self, seed: int = 42, draws: int = DRAWS) -> dict[str, Figure]:
        """By name, such as auc, tpr_at_fpr_0.001, recall@0.7, precision@0.7, fpr@0.7, brier."""
        found = _Measures(self)
        drawn = [found.of(weights) for weights in _weights(self.groups, seed, draws)]
        value = found.of(None)
        return {name: _bounded(each, [draw[name] for draw in drawn]) for name, each in value.items() if each == each}

    def by_kind(self, threshold: float, seed: int = 42, draws: int = DRAWS) -> dict[str, Figure]:
        """The share of each kind's rows that the threshold flags: recall of fraud, false alarms of the rest."""
        kinds = np.array(self.kinds, object)
        found: dict[str, Figure] = {}
        for kind in sorted(set(self.kinds)):
            chosen = np.flatnonzero(kinds == kind)
            flagged = (self.scores[chosen] >= threshold).astype(np.float64)
            groups = [self.groups[place] for place in chosen.tolist()]
            drawn = [float(np.average(flagged, weights=each)) for each in _weights(groups, seed, draws)]
            found[kind] = _bounded(float(flagged.mean()), drawn)
        return found

    def chosen(self, places: NDArray[np.intp]) -> Self:
        return type(self)(
            self.scores[places],
            self.labels[places],
            [self.groups[place] for place in places],
            [self.kinds[place] for place in places],
            self.thresholds,
            self.probability,
        )


class _Measures:
    """All figures of one weighing of the rows."""

    def __init__(self, scored: Scored) -> None:
        self._ranking: Final = Ranking(scored.scores, scored.labels)
        self._fraud: Final = scored.labels == 1
        self._flagged: Final = {each: scored.scores >= each for each in scored.thresholds}
        self._errors: Final = (scored.scores - scored.labels) ** 2 if scored.probability else None

    def of(self, weights: Column | None) -> Mapping[str, float]:
        curve = self._ranking.curve(weights)
        weighed = np.ones(len(self._fraud)) if weights is None else weights
        found = {"auc": curve.auc, "ap": curve.average_precision}
        found.update({name: curve.recall_at(share) for name, share in FALSE_SHARES.items()})
        for threshold, flagged in self._flagged.items():
            caught = float(weighed[flagged & self._fraud].sum())
            false = float(weighed[flagged & ~self._fraud].sum())
            found[f"recall@{threshold:g}"] = _share(caught, curve.positives)
            found[f"precision@{threshold:g}"] = _share(caught, caught + false)
            found[f"fpr@{threshold:g}"] = _share(false, curve.negatives)
        if self._errors is not None:
            found["brier"] = _share(float((weighed * self._errors).sum()), float(weighed.sum()))
        return found


def _weights(groups: Sequence[str], seed: int, draws: int) -> Iterator[Column]:
    """How often each row counts: as often as its group was drawn."""
    names, places = np.unique(np.array(groups, object), return_inverse=True)
    chance = np.random.default_rng(seed)
    for _ in range(draws):
        counts = np.bincount(chance.integers(0, len(names), len(names)), minlength=len(names))
        weights = counts[places].astype(np.float64)
        if weights.any():
            yield weights


def _bounded(value: float, drawn: Sequence[float]) -> Figure:
    known = [each for each in drawn if each == each]
    low, high = np.percentile(known, BOUNDS) if known else (value, value)
    return Figure(value, float(min(low, value)), float(max(high, value)))


def _share(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")
