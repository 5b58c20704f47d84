"""Calibration: from what a model says to how often it is right.

Trained on one masked call in fifty, each of which weighed fifty times as much, a model says 0.9 where half of the calls
are masked. On rows it never saw, the held-out part, one counts how often, and draws a line through the counts that
never falls (isotonic regression):

    the model says   0.10   0.62   0.90   0.99
    it is so         0.00   0.08   0.55   0.98

In between one goes straight, outside one stays where the ends are. A thousandth of what the model says is mixed in, so
that two calls of which the model thinks differently never become equal: a flat piece would forget which is worse. No
points at all: what the model says is the probability.
"""

import json
from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, Self

import numpy as np

from ratingd.models.arrays import Column, Labels

MIXED_IN: Final = 0.001
POINTS_MAX: Final = 10_000


class Calibration:
    """`says` rises, `means` never falls; both have one entry a point."""

    def __init__(self, says: Sequence[float] = (), means: Sequence[float] = ()) -> None:
        self.says: Final = tuple(says)
        self.means: Final = tuple(means)
        self._check()

    @classmethod
    def learned(cls, says: Column, labels: Labels) -> Self:
        """From the held-out part."""
        from sklearn.isotonic import IsotonicRegression

        fitted = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(says, labels)
        return cls._mixed(fitted.X_thresholds_.tolist(), fitted.y_thresholds_.tolist())

    @classmethod
    def span(cls, least: float, most: float) -> Self:
        """0 at the least that was said in training and 1 at the most, straight in between."""
        return cls((least, most), (0.0, 1.0)) if least < most else cls()

    @classmethod
    def read(cls, content: bytes) -> Self:
        """ValueError where the bytes are no calibration."""
        try:
            points = json.loads(content)["points"]
            return cls([float(says) for says, _ in points], [float(means) for _, means in points])
        except (KeyError, TypeError) as fault:
            raise ValueError(f"the calibration is not a list of points: {fault}") from fault

    def document(self) -> bytes:
        points = [list(point) for point in zip(self.says, self.means, strict=True)]
        return (json.dumps({"points": points}, allow_nan=False) + "\n").encode()

    def probability(self, said: float) -> float:
        says = self.says
        if not says:
            return said
        place = bisect_right(says, said)
        if place == 0:
            return self.means[0]
        if place == len(says):
            return self.means[-1]
        low, high = says[place - 1], says[place]
        start, end = self.means[place - 1], self.means[place]
        return start + (end - start) * (said - low) / (high - low)

    def probabilities(self, said: Column) -> Column:
        return np.array([self.probability(float(each)) for each in said], np.float64)

    @classmethod
    def _mixed(cls, says: Sequence[float], means: Sequence[float]) -> Self:
        """From 0 to 1, and rising throughout. The library gives the same place twice where its line jumps."""
        found = {0.0: means[0], 1.0: means[-1]}
        found.update(zip(says, means, strict=True))
        mixed = [(at, (1 - MIXED_IN) * mean + MIXED_IN * at) for at, mean in sorted(found.items())]
        return cls([at for at, _ in mixed], [mean for _, mean in mixed])

    def _check(self) -> None:
        if len(self.says) != len(self.means) or len(self.says) > POINTS_MAX:
            raise ValueError(f"{len(self.says)} and {len(self.means)} points; as many of both are wanted")
        if any(not low < high for low, high in pairwise(self.says)):
            raise ValueError("the points of the calibration do not rise")
        if any(not low <= high for low, high in pairwise(self.means)):
            raise ValueError("the calibration falls between two of its points")
        if any(not 0 <= mean <= 1 for mean in self.means):
            raise ValueError("the calibration leads to what is no probability")
