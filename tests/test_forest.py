"""Forests: what onnxruntime says of a row is what the library says of it."""

import math

import numpy as np
import pytest

from ratingd.models.arrays import Labels, Rows
from ratingd.models.forest import LEAF, LOGISTIC, POWER_OF_TWO, Forest, ForestScorer, Tree
from ratingd.models.training.boosting import Boosted
from ratingd.models.training.isolation import Isolation

TREES = (
    Tree([0, LEAF, LEAF], [3.5, 0, 0], [1, -1, -1], [2, -1, -1], [0, -0.4, 1.1]),  # the trees of the module's example
    Tree([1, LEAF, LEAF], [0.5, 0, 0], [1, -1, -1], [2, -1, -1], [0, -0.2, 0.6]),
    Tree([LEAF], [0], [-1], [-1], [0.25]),
)


@pytest.mark.parametrize(
    ("row", "total"),
    [
        ((6, 0), 1.1 - 0.2),
        ((6, 1), 1.1 + 0.6),
        ((2, 0), -0.4 - 0.2),
        ((3.5, 0), 1.1 - 0.2),  # a value at the split goes above it
        ((3.4999999999, 0), 1.1 - 0.2),  # and so does one that is the split in float32
    ],
)
def test_leaves_are_added_and_linked(row: tuple[float, float], total: float) -> None:
    scorer = ForestScorer(Forest(2, TREES, 0.5, LOGISTIC, split_goes_below=False).onnx())
    assert scorer.score(row) == pytest.approx(1 / (1 + math.exp(-(total + 0.75))), abs=1e-12)
    assert scorer.sums(np.array([row]))[0] == pytest.approx(total + 0.75, abs=1e-12)


def test_value_at_the_split_goes_below_where_the_forest_says_so() -> None:
    scorer = ForestScorer(Forest(2, TREES, 0, POWER_OF_TWO, split_goes_below=True).onnx())
    assert scorer.score((3.5, 0)) == pytest.approx(2 ** (-0.4 - 0.2 + 0.25), abs=1e-12)


def test_boosted_trees_score_as_xgboost_does() -> None:
    rows, labels = _rows(3_000, 12)
    grown = Boosted.grown(rows[:2_000], labels[:2_000], (rows[2_000:], labels[2_000:]), trees=60)
    scorer = ForestScorer(grown.forest().onnx())
    strangers = _strangers(5_000, 12)
    theirs = grown.probabilities(strangers)
    assert np.abs(scorer.scores(strangers) - theirs).max() < 1e-6
    singly = [scorer.score(row.tolist()) for row in strangers[:200]]
    assert singly == pytest.approx(theirs[:200], abs=1e-6)


def test_isolation_forest_scores_as_scikit_learn_does() -> None:
    rows, _ = _rows(600, 5)
    grown = Isolation(rows, params={"n_estimators": 40, "contamination": 0.05})
    scorer = ForestScorer(grown.forest().onnx())
    strangers = np.concatenate([rows, _strangers(3_000, 5)])
    ours = scorer.scores(strangers)
    assert np.abs(ours - grown.anomalies(strangers)).max() < 1e-6
    assert [bool(each > grown.limit) for each in ours] == grown.flagged(strangers)


def test_same_rows_and_seed_give_the_same_bytes() -> None:
    rows, labels = _rows(800, 4)
    grown = [Boosted.grown(rows, labels, (rows, labels), trees=8, seed=7) for _ in range(2)]
    assert grown[0].forest().onnx() == grown[1].forest().onnx()
    assert grown[0].ubj() == grown[1].ubj()


def test_trees_that_were_written_are_read_again() -> None:
    rows, labels = _rows(500, 4)
    grown = Boosted.grown(rows, labels, (rows, labels), trees=5)
    again = Boosted.read(grown.ubj())
    assert again.probabilities(rows).tolist() == grown.probabilities(rows).tolist()
    margins = ForestScorer(grown.forest().onnx()).sums(rows)
    assert np.abs(again.contributions(rows).sum(axis=1) - margins).max() < 1e-4


@pytest.mark.parametrize("strange", [math.nan, math.inf, -math.inf, 1e39])
def test_row_that_is_not_finite_has_no_score(strange: float) -> None:
    scorer = ForestScorer(Forest(2, TREES, 0, LOGISTIC, split_goes_below=False).onnx())
    with pytest.raises(ValueError, match="feature 1 is not a finite number"):
        scorer.score((6, strange))


def test_row_of_another_width_is_refused() -> None:
    scorer = ForestScorer(Forest(2, TREES, 0, LOGISTIC, split_goes_below=False).onnx())
    with pytest.raises(ValueError, match="rows of 2 features are wanted"):
        scorer.score((1, 2, 3))


def test_bytes_that_are_no_forest_are_refused() -> None:
    whole = Forest(2, TREES, 0, LOGISTIC, split_goes_below=False).onnx()
    for content in (b"", b"not a model", whole[: len(whole) // 2]):
        with pytest.raises(ValueError, match="not an ONNX model"):
            ForestScorer(content)
    with pytest.raises(ValueError, match=r"holds a graph 'other'; 'ratingd\.forest' is wanted"):
        ForestScorer(_foreign())
    with pytest.raises(ValueError, match="not the trees of XGBoost"):
        Boosted.read(b"not trees")


def test_margin_far_below_zero_is_no_probability() -> None:
    deep = Tree([LEAF], [0], [-1], [-1], [-800.0])
    assert ForestScorer(Forest(1, [deep], 0, LOGISTIC, split_goes_below=False).onnx()).score((1,)) == 0.0


def _rows(count: int, features: int) -> tuple[Rows, Labels]:
    """Rows with whole numbers among them, as counts of calls are, so that values meet splits."""
    chance = np.random.default_rng(3)
    rows = chance.normal(size=(count, features))
    rows[:, 0] = chance.integers(0, 9, count)
    labels = (rows[:, 0] * rows[:, 1] + rows[:, 2] + chance.normal(size=count) > 4).astype(np.int8)
    return rows, labels


def _strangers(count: int, features: int) -> Rows:
    chance = np.random.default_rng(4)
    rows = chance.normal(scale=3, size=(count, features))
    rows[:, 0] = chance.integers(-3, 15, count)
    return rows


def _foreign() -> bytes:
    from onnx import TensorProto, helper

    row = helper.make_tensor_value_info("x", TensorProto.DOUBLE, [None, 2])
    out = helper.make_tensor_value_info("y", TensorProto.DOUBLE, [None, 2])
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "other", [row], [out])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    return bytes(model.SerializeToString())
