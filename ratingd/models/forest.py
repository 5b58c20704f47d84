"""Forests: trees whose leaves are added up, written as ONNX and scored a row at a time in a few microseconds.

XGBoost takes 0.3 ms for a single row and the forest of scikit-learn 10 ms, nearly all of it on the way to the trees. A
switch waits meanwhile. So the trees of either are written as one ONNX `TreeEnsemble`. onnxruntime, on one thread, adds
the leaves of 300 trees in 0.02 ms; where the core is compiled, rows that are waited for are walked through the same
trees in 0.002 ms (`ratingd.models.tree_walk`). The trees

    tree 1   distinct_a < 3.5 ? -0.4 : +1.1
    tree 2   cli_mismatch < 0.5 ? -0.2 : +0.6

score a call of 6 callers without a mismatch 1.1 - 0.2 = 0.9; the forest's base is added, and the *link* makes a score
of the sum: `logistic` a probability (0.71), `power_of_two` the anomaly of an Isolation Forest, whose leaves hold their
depth as a share of the usual one, negated.

What the libraries compare with is a float32, so a row is rounded to float32 first: a value between two float32s would
else fall on the other side of a split. The sum is made in float64, where XGBoost's own is float32: the two differ by
less than 1e-6 of probability. A row that holds NaN or infinity has no score; the libraries would take it for missing.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ratingd.models.arrays import Column, Rows
from ratingd.models.tree_walk import COMPILED, TreeWalk, bound

if TYPE_CHECKING:
    import onnx

LOGISTIC: Final = "logistic"
POWER_OF_TWO: Final = "power_of_two"
LINKS: Final = (LOGISTIC, POWER_OF_TWO)

LEAF: Final = -1  # the feature of a node that is a leaf

_LESS_OR_EQUAL: Final = 0  # how ONNX numbers comparisons
_LESS: Final = 1
_SUM: Final = 1  # and aggregations
_MODEL: Final = "ratingd.forest"
_FLOAT32_MAX: Final = float(np.finfo(np.float32).max)
_TREES_OPSET: Final = 5
_OPSET: Final = 18
_IR_VERSION: Final = 10


@dataclass(frozen=True, slots=True)
class Tree:
    """Nodes by their place; the root is the first. A row below the split (or at it, see `Forest`) goes to `below`."""

    features: Sequence[int]  # LEAF where a node has no children
    splits: Sequence[float]
    below: Sequence[int]
    above: Sequence[int]
    values: Sequence[float]  # of leaves


@dataclass(frozen=True, slots=True)
class Forest:
    features: int  # of a row
    trees: Sequence[Tree]
    base: float  # added to the sum of leaves
    link: str
    split_goes_below: bool  # whether a value that equals the split goes below it

    def onnx(self) -> bytes:
        """The same forest, the same bytes."""
        from onnx import TensorProto, helper

        row = helper.make_tensor_value_info("rows", TensorProto.DOUBLE, [None, self.features])
        total = helper.make_tensor_value_info("sums", TensorProto.DOUBLE, [None, 1])
        graph = helper.make_graph([_Ensemble(self).node()], _MODEL, [row], [total])
        opsets = [helper.make_opsetid("ai.onnx.ml", _TREES_OPSET), helper.make_opsetid("", _OPSET)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION, producer_name=_MODEL)
        helper.set_model_props(model, {"link": self.link, "base": repr(self.base), "trees": str(len(self.trees))})
        return bytes(model.SerializeToString(deterministic=True))


class ForestScorer:
    """A forest that was written as ONNX. `score` is for the one call that waits, `scores` for many rows."""

    def __init__(self, content: bytes) -> None:
        """ValueError where the bytes are no ONNX, or an ONNX that was not written here."""
        session = _session(content)
        told = session.get_modelmeta()
        if told.graph_name != _MODEL:
            raise ValueError(f"the ONNX model holds a graph {told.graph_name!r}; {_MODEL!r} is wanted")
        properties = told.custom_metadata_map
        self.link: Final[str] = properties.get("link", "")
        if self.link not in LINKS:
            raise ValueError(f"the ONNX forest has the link {self.link!r}; {' or '.join(LINKS)} is wanted")
        self.base: Final = float(properties["base"])
        self.features: Final = int(session.get_inputs()[0].shape[1])
        self._run: Final = session.run
        self._walk: Final = walk_of(content) if COMPILED else None

    @property
    def singly(self) -> bool:
        """Whether many rows one by one take no longer than all at once."""
        return self._walk is not None

    def score(self, row: Sequence[float]) -> float:
        if self._walk is not None:
            return _linked(self.link, self._walk.total(list(row)) + self.base)
        return _linked(self.link, float(self._sums(np.array([row], np.float64))[0]))

    def scores(self, rows: Rows) -> Column:
        """Of each row, as `score` would say of it."""
        return np.array([_linked(self.link, float(each)) for each in self._sums(rows)], np.float64)

    def sums(self, rows: Rows) -> Column:
        """Before the link: of a boosted model the margin, to which its contributions add up."""
        return self._sums(rows)

    def _sums(self, rows: Rows) -> Column:
        if rows.ndim != 2 or rows.shape[1] != self.features:
            raise ValueError(f"rows of {self.features} features are wanted, not of shape {rows.shape}")
        if not (np.abs(rows) <= _FLOAT32_MAX).all():
            raise ValueError(f"feature {_first_strange(rows)} is not a finite number; such a row has no score")
        rounded = rows.astype(np.float32).astype(np.float64)
        sums: Column = self._run(None, {"rows": rounded})[0][:, 0]
        return sums + self.base


def walk_of(content: bytes) -> TreeWalk:
    """The trees of an ONNX forest as nodes to go through: those that ask first, then all leaves. ValueError where they
    ask anything but what is written here."""
    import onnx
    from onnx import numpy_helper

    graph = onnx.load_model_from_string(content).graph
    told = {each.name: onnx.helper.get_attribute_value(each) for each in graph.node[0].attribute}
    splits = numpy_helper.to_array(told["nodes_splits"]).tolist()
    modes = numpy_helper.to_array(told["nodes_modes"]).tolist()
    if not {_LESS, _LESS_OR_EQUAL}.issuperset(modes):
        raise ValueError(f"the trees compare by {sorted(set(modes))}; {_LESS_OR_EQUAL} (<=) or {_LESS} (<) is wanted")
    or_equal = [mode == _LESS_OR_EQUAL for mode in modes]
    leaves = numpy_helper.to_array(told["leaf_weights"]).tolist()

    def kids(side: str) -> list[int]:
        ways = zip(told[f"nodes_{side}nodeids"], told[f"nodes_{side}leafs"], strict=True)
        return [len(splits) + place if leaf else place for place, leaf in ways] + [LEAF] * len(leaves)

    return TreeWalk(
        graph.input[0].type.tensor_type.shape.dim[1].dim_value,
        told["tree_roots"],
        [*told["nodes_featureids"], *[LEAF] * len(leaves)],
        [*[bound(split, or_equal=equal) for split, equal in zip(splits, or_equal, strict=True)], *leaves],
        kids("true"),
        kids("false"),
    )


class _Ensemble:
    """Trees as the flat lists that ONNX has for them: nodes that ask, and leaves, each numbered through."""

    def __init__(self, forest: Forest) -> None:
        self._mode: Final = _LESS_OR_EQUAL if forest.split_goes_below else _LESS
        self._roots: Final = list[int]()
        self._features: Final = list[int]()
        self._splits: Final = list[float]()
        self._kids: Final = (list[int](), list[int]())  # below, above
        self._leafs: Final = (list[int](), list[int]())  # 1 where that child is a leaf
        self._values: Final = list[float]()
        for tree in forest.trees:
            self._add(tree)

    def node(self) -> "onnx.NodeProto":
        from onnx import helper, numpy_helper

        return helper.make_node(
            "TreeEnsemble",
            ["rows"],
            ["sums"],
            domain="ai.onnx.ml",
            n_targets=1,
            aggregate_function=_SUM,
            post_transform=0,
            tree_roots=self._roots,
            nodes_featureids=self._features,
            nodes_splits=numpy_helper.from_array(np.array(self._splits, np.float64)),
            nodes_modes=numpy_helper.from_array(np.full(len(self._features), self._mode, np.uint8)),
            nodes_truenodeids=self._kids[0],
            nodes_falsenodeids=self._kids[1],
            nodes_trueleafs=self._leafs[0],
            nodes_falseleafs=self._leafs[1],
            leaf_targetids=[0] * len(self._values),
            leaf_weights=numpy_helper.from_array(np.array(self._values, np.float64)),
        )

    def _add(self, tree: Tree) -> None:
        asking = [place for place, feature in enumerate(tree.features) if feature != LEAF]
        self._roots.append(len(self._features))
        if not asking:
            self._add_leaf_alone(tree.values[0])
            return
        places = {place: len(self._features) + number for number, place in enumerate(asking)}
        for place in asking:
            self._features.append(tree.features[place])
            self._splits.append(tree.splits[place])
            self._lead(0, tree, tree.below[place], places)
            self._lead(1, tree, tree.above[place], places)

    def _lead(self, side: int, tree: Tree, child: int, places: dict[int, int]) -> None:
        if child in places:
            self._leafs[side].append(0)
            self._kids[side].append(places[child])
        else:
            self._leafs[side].append(1)
            self._kids[side].append(len(self._values))
            self._values.append(tree.values[child])

    def _add_leaf_alone(self, value: float) -> None:
        """A tree that asks nothing: ONNX wants a node, so one whose both sides lead to the leaf."""
        self._features.append(0)
        self._splits.append(0.0)
        for side in (0, 1):
            self._leafs[side].append(1)
            self._kids[side].append(len(self._values))
        self._values.append(value)


def _session(content: bytes) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # a second thread costs more to wake than a row takes
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as fault:  # the library has an exception for each of its codes, and no tree of them
        raise ValueError(f"not an ONNX model that can be run: {str(fault)[:200]}") from fault


def _linked(link: str, total: float) -> float:
    if math.isnan(total):
        raise ValueError("leaves of the forest are no numbers; the row has no score")
    if link == LOGISTIC:
        if total < -700:
            return 0.0
        return 1 / (1 + math.exp(-total))
    return float(2.0**total)


def _first_strange(rows: Rows) -> str:
    row, feature = np.argwhere(~(np.abs(rows) <= _FLOAT32_MAX))[0]
    return f"{feature} of row {row}" if len(rows) > 1 else str(feature)
