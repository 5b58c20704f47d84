"""Explainers: which features made a model's score what it is, in words with numbers.

    distinct_a_count   4    usual 1   +1.92   4 callers within the detection window
    cli_mismatch       1    usual 0   +1.10   the number presented is not the one asserted: yes
    aloc             180    usual 95  -0.31   answered calls to the number last 180 s on average (usual: 95 s)

Of XGBoost's trees these are its own contributions (tree SHAP): they are exact, and with the bias, which no feature is
to blame for, they add up to the margin, the logarithm of the odds. That takes 6 ms a row and the library itself, so it
is done of what is alerted and asked for, never of each call.

Neither an Isolation Forest nor neighbours have such a sum. There a feature's contribution is what the score would lose
if it alone were as usual. Neighbours say besides what the calls were that are most like this one.

Usual is the middle value of the training rows.
"""

from collections.abc import Sequence
from typing import Final, Protocol

import numpy as np

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
        self.usual: Final = [usual(folder.manifest.histograms[name]) for name in schema.names]
        self._scoring: Final = model.scoring
        self._contributing: Final[Contributing] = (
            _Trees(folder.files[UBJ]) if folder.manifest.algorithm == XGBOOST else _Replaced(model, self.usual)
        )

    def contributions(self, row: Row) -> list[float]:
        """Of each feature, in the order of the schema. ValueError where the row is none."""
        self.schema.check(row)
        return self._contributing.contributions(row)

    def explain(self, row: Row) -> tuple[Explanation, ...]:
        """The features that did most, the strongest first."""
        found = list[Explanation]()
        if isinstance(self._scoring, Neighbours):
            found.append(_neighbours(self._scoring, row))
        for feature, value, baseline, added in zip(
            self.schema.features, row, self.usual, self.contributions(row), strict=True
        ):
            if added:
                found.append(Explanation(feature.name, value, baseline, added, feature.said(value, baseline)))
        return strongest(found)


def usual(histogram: Histogram) -> float:
    """The middle value: the first edge below which at least half of the rows lie.

    Where half of them lie below the first edge they mostly have one value, and nearly always that is 0.
    """
    total = 0.0
    for place, share in enumerate(histogram.shares):
        total += share
        if total >= 0.5 - 1e-9:
            if place == 0:
                break
            return histogram.edges[min(place, len(histogram.edges) - 1)]
    return min(histogram.edges[0], 0.0) if histogram.edges else 0.0


class _Trees:
    """XGBoost's own contributions."""

    def __init__(self, content: bytes) -> None:
        from ratingd.models.training.boosting import Boosted  # with the library, which scoring does without

        self._boosted: Final = Boosted.read(content)

    def contributions(self, row: Row) -> list[float]:
        found: list[float] = self._boosted.contributions(np.array([row], np.float64))[0].tolist()
        return found[:-1]


class _Replaced:
    """What a score would lose if one feature were as usual."""

    def __init__(self, model: TrainedModel, usual: Sequence[float]) -> None:
        self._model: Final = model
        self._usual: Final = usual

    def contributions(self, row: Row) -> list[float]:
        score = self._model.probability(row)
        found: list[float] = []
        for place, value in enumerate(self._usual):
            other = [*row[:place], value, *row[place + 1 :]]
            found.append(score - self._model.probability(other))
        return found


def _neighbours(scoring: Neighbours, row: Row) -> Explanation:
    nearest = scoring.nearest(row)
    fraud = sum(each.label for each in nearest)
    text = f"{fraud} of the {len(nearest)} labelled calls most like it were fraud; the nearest lies "
    return Explanation(NEIGHBOURS, fraud, 0, 0, f"{text}{nearest[0].distance:.2f} deviations away")
