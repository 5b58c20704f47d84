"""Tree walks: the same as what onnxruntime says of the same trees."""

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import numpy_helper

from ratingd.models.arrays import Labels, Rows
from ratingd.models.forest import LOGISTIC, Forest, ForestScorer, Tree, walk_of
from ratingd.models.training.boosting import Boosted
from ratingd.models.training.isolation import Isolation
from ratingd.models.tree_walk import LEAF, TreeWalk, bound

FLOAT32 = st.floats(width=32, allow_nan=False, allow_infinity=False)
NEAR = st.integers(-3, 3)


def near(value: float, steps: int) -> float:
    """A float64 some steps of float64 from one."""
    for _ in range(abs(steps)):
        value = float(np.nextafter(value, np.inf if steps > 0 else -np.inf))
    return value


@given(FLOAT32, st.one_of(st.floats(-3e38, 3e38), st.none()), NEAR, st.booleans())
def test_a_bound_asks_what_float32s_are_asked(split: float, value: float | None, steps: int, or_equal: bool) -> None:
    edge = bound(split, or_equal=or_equal)
    asked = near(edge if np.isfinite(edge) and abs(edge) < 3.4e38 else split, steps) if value is None else value
    rounded = float(np.float32(asked))
    assert (asked < edge) == (rounded <= split if or_equal else rounded < split)


@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_a_split_at_zero(zero: float) -> None:
    assert not bound(zero, or_equal=False) <= -1e-40
    assert bound(zero, or_equal=False) > -1e-44
    assert bound(zero, or_equal=True) > 0


def material(features: int) -> tuple[Rows, Labels]:
    chance = np.random.default_rng(7)
    rows = chance.normal(0, 3, (400, features)).astype(np.float32).astype(np.float64)
    rows[::3] = np.round(rows[::3])
    return rows, (rows[:, 0] + rows[:, 1] > 1).astype(np.int8)


def test_boosted_trees_are_walked_as_they_are_run() -> None:
    rows, labels = material(5)
    content = Boosted.grown(rows, labels, (rows, labels), trees=30).forest().onnx()
    agree(rows, content, ForestScorer(content))


def test_isolation_trees_are_walked_as_they_are_run() -> None:
    rows, _ = material(4)
    content = Isolation(rows, params={"n_estimators": 20, "contamination": 0.05}).forest().onnx()
    agree(rows, content, ForestScorer(content))


def agree(rows: Rows, content: bytes, scorer: ForestScorer) -> None:
    walk = walk_of(content)
    sums = [walk.total(row) + scorer.base for row in rows.tolist()]
    assert sums == pytest.approx(scorer.sums(rows).tolist(), abs=1e-12)
    assert [scorer.score(row) for row in rows.tolist()[:20]] == pytest.approx(
        scorer.scores(rows[:20]).tolist(), abs=1e-12
    )


STUMP = Tree([0, LEAF, LEAF], [3.5, 0, 0], [1, -1, -1], [2, -1, -1], [0, -0.4, 1.1])


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ([1.0], "rows of 2 features are wanted, not of 1"),
        ([1.0, 2.0, 3.0], "rows of 2 features are wanted, not of 3"),
        ([1.0, float("nan")], "feature 1 is not a finite number"),
        ([float("inf"), 0.0], "feature 0 is not a finite number"),
        ([1e39, 0.0], "feature 0 is not a finite number"),
    ],
)
def test_a_row_that_is_none_is_refused(row: list[float], fault: str) -> None:
    walk = walk_of(Forest(2, (STUMP,), 0, LOGISTIC, split_goes_below=False).onnx())
    with pytest.raises(ValueError, match=fault):
        walk.total(row)


@pytest.mark.parametrize(
    ("features", "below", "above", "roots", "fault"),
    [
        ([2, LEAF, LEAF], [1, -1, -1], [2, -1, -1], [0], "asks for feature 2 of 2"),
        ([0, LEAF, LEAF], [1, -1, -1], [3, -1, -1], [0], "leads to node 3 of 3"),
        ([0, LEAF, LEAF], [0, -1, -1], [2, -1, -1], [0], "leads to node 0 of 3"),
        ([0, LEAF, LEAF], [1, -1, -1], [2, -1, -1], [3], "begins at node 3 of 3"),
    ],
)
def test_what_are_no_trees_is_refused(
    features: list[int], below: list[int], above: list[int], roots: list[int], fault: str
) -> None:
    with pytest.raises(ValueError, match=fault):
        TreeWalk(2, roots, features, [0.5, 1.0, 2.0], below, above)


def test_trees_that_compare_otherwise_are_refused() -> None:
    graph = onnx.load_model_from_string(Forest(2, (STUMP,), 0, LOGISTIC, split_goes_below=False).onnx())
    for each in graph.graph.node[0].attribute:
        if each.name == "nodes_modes":
            each.t.CopyFrom(numpy_helper.from_array(np.array([4], np.uint8)))
    with pytest.raises(ValueError, match=r"the trees compare by \[4\]; 0 \(<=\) or 1 \(<\) is wanted"):
        walk_of(graph.SerializeToString())
