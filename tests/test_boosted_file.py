"""Boosted files: what the library would not survive is refused before it reads it."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xgboost

from ratingd.models.boosted_file import DEPTH_MAX, check_boosted
from ratingd.models.training.boosting import Boosted

FEATURES = 3
Change = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def file() -> bytes:
    chance = np.random.default_rng(7)
    rows = chance.random((400, FEATURES))
    labels = (rows[:, 0] + rows[:, 1] * rows[:, 2] > 0.8).astype(np.int8)
    told = {"objective": "binary:logistic", "max_depth": 4, "nthread": 1}
    return Boosted(xgboost.train(told, xgboost.DMatrix(rows, labels, nthread=1), 40)).ubj()


def model(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["learner"]["gradient_booster"]["model"]
    return found


def tree(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = model(document)["trees"][1]
    return found


def set_at(where: Callable[[dict[str, Any]], dict[str, Any]], name: str, place: int, value: int) -> Change:
    return lambda document: where(document)[name].__setitem__(place, value)


def written(value: object) -> bytes:
    """UBJSON, as plain as can be."""
    if isinstance(value, dict):
        return b"{" + b"".join(_counted(key) + written(each) for key, each in value.items()) + b"}"
    if isinstance(value, list):
        return b"[" + b"".join(written(each) for each in value) + b"]"
    if isinstance(value, str):
        return b"S" + _counted(value)
    if isinstance(value, int):
        return b"L" + value.to_bytes(8, "big", signed=True)
    return b"D" + np.array(value, ">f8").tobytes()


def _counted(text: str) -> bytes:
    return b"L" + len(text.encode()).to_bytes(8, "big") + text.encode()


def document(file: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(bytes(xgboost.Booster(model_file=bytearray(file)).save_raw("json")))
    return found


def test_what_the_library_writes_is_read(file: bytes) -> None:
    check_boosted(file, FEATURES)
    check_boosted(written(document(file)), FEATURES)


def test_a_model_of_one_class_alone_has_trees_without_questions() -> None:
    rows = xgboost.DMatrix(np.zeros((20, FEATURES)), np.zeros(20), nthread=1)
    check_boosted(Boosted(xgboost.train({"objective": "binary:logistic", "nthread": 1}, rows, 3)).ubj(), FEATURES)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (set_at(tree, "left_children", 0, 1_000_000), "leads to node 1000000"),
        (set_at(tree, "left_children", 1, 0), "leads to node 0"),
        (set_at(tree, "right_children", 0, 1), "leads to node 1 "),
        (set_at(tree, "left_children", 0, -1), "leads to node -1"),
        (set_at(tree, "parents", 1, 1_000_000), "nothing leads to"),
        (set_at(tree, "split_indices", 0, FEATURES), "a feature that there is not"),
        (set_at(tree, "split_type", 0, 1), "categories"),
        (lambda told: tree(told).update(categories_nodes=[0]), "categories"),
        (lambda told: tree(told)["parents"].pop(), "another number of parents"),
        (lambda told: tree(told)["tree_param"].update(size_leaf_vector="7"), "size_leaf_vector is '7'"),
        (lambda told: told["learner"]["learner_model_param"].update(num_feature="2"), "num_feature is '2'"),
        (lambda told: told["learner"]["objective"].update(name="multi:softprob"), "multi:softprob"),
        (set_at(model, "tree_info", 0, 9), "one tree after the other"),
        (set_at(model, "iteration_indptr", 3, 9), "one tree after the other"),
        (lambda told: model(told).pop("trees"), "KeyError 'trees'"),
    ],
)
def test_what_the_library_would_not_survive_is_refused(file: bytes, change: Change, fault: str) -> None:
    told = document(file)
    change(told)
    with pytest.raises(ValueError, match="not the trees of XGBoost: ") as refused:
        check_boosted(written(told), FEATURES)
    assert fault in str(refused.value)


def test_what_is_no_file_is_refused(file: bytes) -> None:
    deep = b"{" + _counted("learner") + b"[" * (2 * DEPTH_MAX)
    many = b"{" + _counted("learner") + b"[$d#L" + (1 << 40).to_bytes(8, "big")
    twice = b"{" + 2 * (_counted("learner") + b"{}") + b"}"
    for content in (b"", b"{", b"[]", b"no file", deep, many, twice, file[:-1], file + b"}", bytes(1000)):
        with pytest.raises(ValueError, match="not the trees of XGBoost"):
            check_boosted(content, FEATURES)


def test_whatever_is_cut_off_is_refused(file: bytes) -> None:
    for size in range(0, len(file), 997):
        with pytest.raises(ValueError, match="not the trees of XGBoost"):
            check_boosted(file[:size], FEATURES)
