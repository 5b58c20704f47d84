"""Histograms: how the values of a feature lay in training, so that one can tell later that they lie otherwise.

Ten bins, cut so that each holds a tenth of the training rows. A feature that is 0 in 70 of 100 rows has fewer: a value
has one bin, so the cuts that fall on 0 are one cut, and the bins above it share the rest.

    edges   2.0  3.0  5.0            what is below 2, from 2 to below 3, from 3 to below 5, from 5 on
    shares  0.55 0.25 0.12 0.08      of the training rows

Rows may weigh more or less than others: training has more fraud than any hour of a day, and what is compared with it
later has not (`training.mix`). Then a bin holds a tenth of the weight.

Kept beside a model, for each of its features and for its score. What comes of a comparison is drift.
"""

import itertools
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from ratingd.models.arrays import Column

BINS: int = 10


@dataclass(frozen=True, slots=True)
class Histogram:
    """`edges` rise, and there is one more share than edges. An edge belongs to the bin above it."""

    edges: tuple[float, ...]
    shares: tuple[float, ...]

    @classmethod
    def of(cls, values: Column, bins: int = BINS, weights: Column | None = None) -> Self:
        """Cut at the quantiles of `values`, of which at least one has a weight."""
        tenths = np.arange(1, bins) / bins
        if weights is None:
            cuts = np.quantile(values, tenths, method="higher")
        else:
            values, weights = values[weights > 0], weights[weights > 0]
            cuts = np.quantile(values, tenths, method="inverted_cdf", weights=weights)
        edges = tuple(float(cut) for cut in np.unique(cuts) if cut > values.min())
        return cls(edges, _shares(edges, values, weights))

    @classmethod
    def read(cls, document: Mapping[str, Sequence[float]]) -> Self:
        """As `document` wrote it. ValueError where the edges do not rise or the shares do not fit them."""
        edges = tuple(float(edge) for edge in document["edges"])
        shares = tuple(float(share) for share in document["shares"])
        if len(shares) != len(edges) + 1 or any(low >= high for low, high in itertools.pairwise(edges)):
            raise ValueError(f"a histogram wants rising edges and one share more, not {edges} with {shares}")
        return cls(edges, shares)

    def document(self) -> dict[str, list[float]]:
        return {"edges": list(self.edges), "shares": list(self.shares)}

    def bin(self, value: float) -> int:
        """Which of the shares a value belongs to."""
        return bisect_right(self.edges, value)

    def shares_of(self, values: Column) -> tuple[float, ...]:
        """How other values lie in the same bins."""
        return _shares(self.edges, values)


def _shares(edges: Sequence[float], values: Column, weights: Column | None = None) -> tuple[float, ...]:
    places = np.searchsorted(np.array(edges, np.float64), values, side="right")
    counts = np.bincount(places, weights, minlength=len(edges) + 1)
    total = len(values) if weights is None else float(weights.sum())
    return tuple(float(count) / total for count in counts)
