"""Boosted files: XGBoost's own file of a model, looked through before the library reads it.

    {"learner": {"gradient_booster": {"model": {"trees": [{"left_children": [1, 3, -1, -1, -1], …}, …]}, …}, …}}

The library believes what stands there. A tree whose first node leads to node 1,000,000, or to itself, ends the process
that asks it, and with it the daemon, after each start again. So a file is read here first (UBJSON, as the library
writes it), and refused where a tree is none, or where it is another kind of model than is trained here.
"""

import struct
from collections.abc import Mapping, Sequence
from typing import Any, Final

LEAF: Final = -1
NO_PARENT: Final = 2_147_483_647
DEPTH_MAX: Final = 32
_NUMBERS: Final = {"i": "b", "U": "B", "I": "h", "l": "i", "L": "q", "d": "f", "D": "d"}  # as `struct` has them
_WORDS: Final = {"T": True, "F": False, "Z": None}
_ALIKE: Final = (
    "base_weights", "default_left", "left_children", "loss_changes", "parents", "right_children", "split_conditions",
    "split_indices", "split_type", "sum_hessian",
)  # fmt: skip
_EMPTY: Final = ("categories", "categories_nodes", "categories_segments", "categories_sizes")
_LEARNER: Final = {"num_class": "0", "num_target": "1"}
_TREE: Final = {"num_deleted": "0", "size_leaf_vector": "1"}


def check_boosted(content: bytes, features: int) -> None:
    """ValueError where it is no file of trees over rows of so many features."""
    try:
        learner = _read(content)["learner"]
        booster = learner["gradient_booster"]
        model = booster["model"]
        _check_learner(learner, booster, features)
        trees = model["trees"]
        if any(model["tree_info"]) or model["iteration_indptr"] != list(range(len(trees) + 1)):
            raise ValueError("not one tree after the other")
        if model.get("cats", {}).get("enc"):
            raise ValueError("features of categories, which there are none of here")
        for place, tree in enumerate(trees):
            _check_tree(place, tree, features)
    except (struct.error, IndexError, KeyError, TypeError, AttributeError, OverflowError, MemoryError) as fault:
        raise ValueError(f"not the trees of XGBoost: {type(fault).__name__} {fault}") from fault
    except ValueError as fault:
        raise ValueError(f"not the trees of XGBoost: {fault}") from fault


def _check_learner(learner: Mapping[str, Any], booster: Mapping[str, Any], features: int) -> None:
    told = learner["learner_model_param"]
    if booster["name"] != "gbtree" or learner["objective"]["name"] != "binary:logistic":
        raise ValueError(f"{booster['name']!r} for {learner['objective']['name']!r}")
    _check_told(told, _LEARNER | {"num_feature": str(features)})


def _check_tree(place: int, tree: Mapping[str, Any], features: int) -> None:
    told = tree["tree_param"]
    _check_told(told, _TREE | {"num_feature": str(features)})
    nodes = int(told["num_nodes"])
    for name in _ALIKE:
        if not isinstance(tree[name], list) or len(tree[name]) != nodes:
            raise ValueError(f"tree {place} has another number of {name} than of nodes")
    if nodes < 1 or any(tree[name] for name in _EMPTY) or any(tree["split_type"]):
        raise ValueError(f"tree {place} has no nodes, or nodes that ask for categories")
    if not all(0 <= feature < features for feature in tree["split_indices"]):
        raise ValueError(f"tree {place} asks for a feature that there is not")
    _check_ways(place, tree["left_children"], tree["right_children"], tree["parents"])


def _check_ways(place: int, left: Sequence[int], right: Sequence[int], parents: Sequence[int]) -> None:
    """Each node but the first is led to by one other, which stands before it."""
    found = [NO_PARENT] * len(left)
    for node, children in enumerate(zip(left, right, strict=True)):
        if children == (LEAF, LEAF):
            continue
        for child in children:
            if not node < child < len(left) or found[child] != NO_PARENT:
                raise ValueError(f"node {node} of tree {place} leads to node {child} of {len(left)}")
            found[child] = node
    if found != parents or NO_PARENT in found[1:]:
        raise ValueError(f"tree {place} has nodes that nothing leads to")


def _check_told(told: Mapping[str, Any], wanted: Mapping[str, str]) -> None:
    for name, value in wanted.items():
        if told[name] != value:
            raise ValueError(f"its {name} is {told[name]!r}, and {value!r} is wanted")


def _read(content: bytes) -> Any:
    reader = _Reader(content)
    found = reader.value(reader.sign())
    if reader.left:
        raise ValueError(f"{reader.left} bytes follow")
    return found


class _Reader:
    def __init__(self, content: bytes) -> None:
        self._content: Final = content
        self._place = 0
        self._depth = 0

    @property
    def left(self) -> int:
        return len(self._content) - self._place

    def sign(self) -> str:
        return chr(self._bytes(1)[0])

    def value(self, sign: str) -> Any:
        if sign in _NUMBERS:
            return self._numbers(_NUMBERS[sign], 1)[0]
        if sign in _WORDS:
            return _WORDS[sign]
        if sign == "S":
            return self._text(self._length())
        if sign not in "[{":
            raise ValueError(f"{sign!r} at byte {self._place} begins nothing")
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise ValueError("it is nested deeper than any model")
        found = self._list() if sign == "[" else self._mapping()
        self._depth -= 1
        return found

    def _list(self) -> list[Any]:
        sign = self.sign()
        if sign == "$":  # numbers of one kind
            kind = _NUMBERS[self.sign()]
            if self.sign() != "#":
                raise ValueError("numbers are not counted")
            return self._numbers(kind, self._length())
        if sign == "#":
            return [self.value(self.sign()) for _ in range(self._length())]
        found = []
        while sign != "]":
            found.append(self.value(sign))
            sign = self.sign()
        return found

    def _mapping(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        sign = self.sign()
        while sign != "}":
            name = self._text(self._count(sign))
            if name in found:
                raise ValueError(f"{name!r} stands there twice")
            found[name] = self.value(self.sign())
            sign = self.sign()
        return found

    def _length(self) -> int:
        return self._count(self.sign())

    def _count(self, sign: str) -> int:
        count = self._numbers(_NUMBERS[sign], 1)[0]
        if not isinstance(count, int) or not 0 <= count <= self.left:
            raise ValueError(f"{count} are counted where {self.left} bytes are left")
        return count

    def _numbers(self, kind: str, count: int) -> list[Any]:
        form = f">{count}{kind}"
        return list(struct.unpack(form, self._bytes(struct.calcsize(form))))

    def _text(self, size: int) -> str:
        return self._bytes(size).decode("utf-8")

    def _bytes(self, size: int) -> bytes:
        found = self._content[self._place : self._place + size]
        if len(found) < size:
            raise ValueError(f"it ends at byte {len(self._content)}")
        self._place += size
        return found
