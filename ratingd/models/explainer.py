"""Explainers: which features made a model's score what it is, in words with numbers.

    distinct_a_count   4    usual 1   +1.92   4 callers within the detection window
    cli_mismatch       1    usual 0   +1.10   the number presented is not the one asserted: yes
    aloc             180    usual 95  -0.31   answered calls to the number last 180 s on average (usual: 95 s)

Of XGBoost's trees these are its own contributions (tree SHAP): they are exact, and with the bias, which no feature is
to blame for, they add up to the margin, the logarithm of the odds. That takes 6 ms a row and the library itself, so it
is done of what is alerted and asked for, never of each call.

Of an Isolation Forest they are what each feature takes off the path on which a caller is found alone, as a share of the
usual path: the path of a caller who is usual in everything less all of them is the path of this one, and the anomaly is
2 to the power of minus that. Of one of the month that the forest is measured on:

    the usual caller                1.42    anomaly 2^-1.42 = 0.37
    night_call_ratio 0.49           0.35 off
    avg_call_duration 20 s          0.32 off
    total_calls 2460                0.17 off
    this caller                     0.58    anomaly 2^-0.58 = 0.67

Of neighbours they are shares of the score itself: what the usual call scores and all of them are the score. Besides,
the neighbours are told, fraud or not and how far away, and of each feature how far this call lies from theirs.

Which feature did how much depends on what else there was: a contribution is the mean over all orders in which usual
values can be replaced by this row's, one after the other (Shapley). Four features make 16 rows and five 32, which are
scored at once, in 0.2 ms.

Usual is the middle value of the training rows.
"""

from collections.abc import Callable, Sequence
from math import factorial, isfinite
from typing import Final, Protocol

import numpy as np

from ratingd.models.arrays import Column, Rows
from ratingd.models.boosted_file import check_boosted
from ratingd.models.forest import ForestScorer
from ratingd.models.histogram import Histogram
from ratingd.models.model_folder import UBJ, XGBOOST, ModelFolder
from ratingd.models.neighbours import Neighbours
from ratingd.models.trained_model import TrainedModel
from triggers.scores.feature_schema import FeatureSchema
from triggers.watch.explanation import Explanation, strongest

Row = Sequence[float]
NEIGHBOURS: Final = "neighbours"


class Contributing(Protocol):
    def contributions(self, row: Row) -> list[float]: ...


class Explainer:
    """Of one version of a model."""

    def __init__(self, folder: ModelFolder, schema: FeatureSchema) -> None:
        """ModelRefused or ValueError where a file is not what the manifest says."""
        model = TrainedModel(folder)
        self.schema: Final = schema
        self.usual: Final = [
            usual(folder.manifest.histograms[each.name], classes=bool(each.words)) for each in schema.features
        ]
        self._scoring: Final = model.scoring
        self._contributing: Final[Contributing] = (
            _Trees(folder.files[UBJ], len(schema.features))
            if folder.manifest.algorithm == XGBOOST
            else _Replaced(_told(model), self.usual)
        )

    def contributions(self, row: Row) -> list[float]:
        """Of each feature, in the order of the schema. ValueError where the row is none."""
        self.schema.check(row)
        return self._contributing.contributions(row)

    def explain(self, row: Row) -> tuple[Explanation, ...]:
        """The features that did most, the strongest first."""
        added = self.contributions(row)
        near = self._scoring if isinstance(self._scoring, Neighbours) else None
        apart = [""] * len(row) if near is None else [_apart(each) for each in near.apart(row).tolist()]
        found = [] if near is None else [_neighbours(near, row)]
        told = zip(self.schema.features, row, self.usual, added, apart, strict=True)
        for feature, value, baseline, each, distance in told:
            if each:
                found.append(Explanation(feature.name, value, baseline, each, feature.said(value, baseline) + distance))
        return strongest(found)


def usual(histogram: Histogram, *, classes: bool = False) -> float:
    """The middle value: the first edge below which at least half of the rows lie.

    Where half of them lie below the first edge they mostly have one value, and nearly always that is 0. Of `classes`,
    which are numbered through, it is the one before that edge.
    """
    total = 0.0
    for place, share in enumerate(histogram.shares):
        total += share
        if total >= 0.5 - 1e-9:
            if classes and place < len(histogram.edges):
                return max(histogram.edges[place] - 1, 0.0)
            if place == 0:
                break
            return histogram.edges[min(place, len(histogram.edges) - 1)]
    return min(histogram.edges[0], 0.0) if histogram.edges else 0.0


class _Trees:
    """XGBoost's own contributions."""

    def __init__(self, content: bytes, features: int) -> None:
        check_boosted(content, features)
        from ratingd.models.training.boosting import Boosted  # with the library, which scoring does without

        self._boosted: Final = Boosted.read(content)

    def contributions(self, row: Row) -> list[float]:
        found: list[float] = self._boosted.contributions(np.array([row], np.float64))[0].tolist()
        if not all(isfinite(each) for each in found):
            raise ValueError("its trees say of this row what is no number")
        return found[:-1]


class _Replaced:
    """What it does to what a model says that a feature is as it is, and not as usual; over all orders of them."""

    def __init__(self, says: Callable[[Rows], Column], usual: Sequence[float]) -> None:
        self._says: Final = says
        self._usual: Final = np.array(usual, np.float64)
        count = len(usual)
        self._chosen: Final = (np.arange(2**count)[:, None] >> np.arange(count) & 1).astype(np.bool_)
        sizes = self._chosen.sum(axis=1)
        ways = np.array([factorial(size) * factorial(max(count - size - 1, 0)) for size in range(count + 1)])
        self._weights: Final = ways[sizes] / factorial(count)

    def contributions(self, row: Row) -> list[float]:
        rows = np.where(self._chosen, np.array(row, np.float64), self._usual)
        said = self._says(rows)
        found: list[float] = []
        for place in range(len(self._usual)):
            without = np.flatnonzero(~self._chosen[:, place])
            gained = said[without + (1 << place)] - said[without]
            found.append(float((self._weights[without] * gained).sum()))
        return found


def _told(model: TrainedModel) -> Callable[[Rows], Column]:
    """What contributions add up to: of a forest the path, negated, for a shorter one is odder; else the score."""
    return model.scoring.sums if isinstance(model.scoring, ForestScorer) else model.probabilities


def _neighbours(scoring: Neighbours, row: Row) -> Explanation:
    nearest = scoring.nearest(row)
    fraud = sum(each.label for each in nearest)
    each = ", ".join([f"{'fraud' if one.label else 'not'} {one.distance:.2f}" for one in nearest])
    text = f"{fraud} of the {len(nearest)} labelled calls most like it were fraud; in deviations away: {each}"
    return Explanation(NEIGHBOURS, fraud, 0, 0, text)


def _apart(deviations: float) -> str:
    return f", {deviations:.2f} deviations from its neighbours"
