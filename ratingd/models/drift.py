"""Drift: how far what a model sees has moved from what it was trained on, as the population stability index.

Of the training rows a tenth each lay in ten bins of a feature. In this hour 0.02 lie in the first bin and 0.18 in the
last, the rest as before:

    psi = (0.02 - 0.1) ln(0.02 / 0.1) + (0.18 - 0.1) ln(0.18 / 0.1) = 0.129 + 0.047 = 0.176

Up to 0.1 nothing has changed, from there on it is worth a line in the log, and above 0.25 the model was trained for
other traffic than it sees: an alert, once, until it has come back. The score is looked at as the features are.

Few rows scatter: of 500 that lie just as in training the index is about 0.02, of 50 it would be 0.2. So an hour with
fewer rows than 500 is looked at together with the next. An empty bin counts as one row in ten thousand.
"""

from collections.abc import Mapping, Sequence
from math import log
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ratingd.models.model_folder import Manifest

WARNED_ABOVE: Final = 0.1
ALERTED_ABOVE: Final = 0.25
ROWS_MIN: Final = 500
SCORE: Final = "score"
_EMPTY: Final = 0.0001


def psi(expected: Sequence[float], found: Sequence[float]) -> float:
    """Of two ways to lie in the same bins, each as shares."""
    total = 0.0
    for share, now in zip(expected, found, strict=True):
        was, is_ = max(share, _EMPTY), max(now, _EMPTY)
        total += (is_ - was) * log(is_ / was)
    return total


def drift(manifest: "Manifest", seen: Sequence[tuple[Sequence[float], float]]) -> dict[str, float]:
    """The index of each feature and of the score over rows that were scored; the furthest first."""
    import numpy as np

    rows = np.array([row for row, _ in seen], np.float64)
    found = {
        name: psi(manifest.histograms[name].shares, manifest.histograms[name].shares_of(rows[:, place]))
        for place, name in enumerate(manifest.features)
    }
    scores = np.array([score for _, score in seen], np.float64)
    found[SCORE] = psi(manifest.score_histogram.shares, manifest.score_histogram.shares_of(scores))
    return dict(sorted(found.items(), key=lambda each: -each[1]))


class DriftWatch:
    """What has drifted of one version, so that an alert is raised once."""

    def __init__(self, version: int) -> None:
        self.version: Final = version
        self.found: Mapping[str, float] = {}
        self.at_ms = 0
        self.rows = 0
        self._alerted: set[str] = set()

    def looked(self, found: Mapping[str, float], rows: int, at_ms: int) -> list[str]:
        """Take in what was found; what is alerted now: above 0.25, and not since it was at 0.1 or below."""
        self.found, self.rows, self.at_ms = found, rows, at_ms
        self._alerted = {name for name in self._alerted if found.get(name, 0.0) > WARNED_ABOVE}
        fresh = [name for name, index in found.items() if index > ALERTED_ABOVE and name not in self._alerted]
        self._alerted |= set(fresh)
        return fresh

    @property
    def warned(self) -> list[str]:
        return [name for name, index in self.found.items() if index > WARNED_ABOVE]
