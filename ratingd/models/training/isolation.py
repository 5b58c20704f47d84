"""Isolation: the Isolation Forest of scikit-learn, as far as it is used here, and its trees as a `Forest`.

Each of 200 trees cuts a sample of 256 callers at random until each stands alone. A caller of 100 calls a day, half of
them at night, is alone after 3 cuts, one among 760 like him after 12. The anomaly is 2 to the power of minus the mean
depth as a share of the usual one: 0.5 for who is like the rest, towards 1 for who is like nobody. `contamination` says
what share of the training rows is anomalous, and so where the limit is.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from sklearn.ensemble import IsolationForest

from ratingd.models.arrays import Column, Rows
from ratingd.models.forest import LEAF, POWER_OF_TWO, Forest, Tree

PARAMS: Final[Mapping[str, Any]] = {"n_estimators": 200, "contamination": 0.05}
EULER: Final = float(np.euler_gamma)


class Isolation:
    """A forest that scikit-learn has grown."""

    def __init__(self, rows: Rows, *, seed: int = 42, params: Mapping[str, Any] = PARAMS) -> None:
        self._grown: Final = IsolationForest(random_state=seed, **params).fit(rows)

    @property
    def limit(self) -> float:
        """Beyond this anomaly a caller is anomalous."""
        return -float(self._grown.offset_)

    def anomalies(self, rows: Rows) -> Column:
        return -np.asarray(self._grown.score_samples(rows), np.float64)

    def flagged(self, rows: Rows) -> list[bool]:
        return [each == -1 for each in self._grown.predict(rows)]

    def forest(self) -> Forest:
        """Leaves hold the negated share of the usual depth that they add."""
        usual = len(self._grown.estimators_) * usual_depth(int(self._grown.max_samples_))
        return Forest(
            features=int(self._grown.n_features_in_),
            trees=[_tree(each.tree_, usual) for each in self._grown.estimators_],
            base=0.0,
            link=POWER_OF_TWO,
            split_goes_below=True,
        )


def usual_depth(rows: int) -> float:
    """Of a row among so many, in a tree of random cuts: 2 (ln(n - 1) + gamma) - 2 (n - 1) / n."""
    if rows <= 1:
        return 0.0
    if rows == 2:
        return 1.0
    return float(2.0 * (np.log(rows - 1.0) + EULER) - 2.0 * (rows - 1.0) / rows)


def _tree(told: Any, usual: float) -> Tree:
    below, above = told.children_left.tolist(), told.children_right.tolist()
    depths = [0] * len(below)
    for place, children in enumerate(zip(below, above, strict=True)):
        for child in children:
            if child != LEAF:
                depths[child] = depths[place] + 1
    found = [depth + usual_depth(int(rows)) for depth, rows in zip(depths, told.n_node_samples, strict=True)]
    return Tree(
        features=[
            LEAF if child == LEAF else feature for child, feature in zip(below, told.feature.tolist(), strict=True)
        ],
        splits=told.threshold.tolist(),
        below=below,
        above=above,
        values=[-depth / usual for depth in found],
    )
