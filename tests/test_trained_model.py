"""Trained models: any folder answers the same questions, or is refused when it is opened."""

import math
from dataclasses import replace

import numpy as np
import pytest

from ratingd.models.calibration import Calibration
from ratingd.models.forest import LEAF, LOGISTIC, POWER_OF_TWO, Forest, Tree
from ratingd.models.histogram import Histogram
from ratingd.models.model_folder import CALIBRATION, KNN, NPZ, ONNX, UBJ, XGBOOST, Manifest, ModelFolder, ModelRefused
from ratingd.models.neighbours import Neighbours
from ratingd.models.trained_model import TrainedModel

TREE = Tree([0, LEAF, LEAF], [3.5, 0, 0], [1, -1, -1], [2, -1, -1], [0, -1.0, 1.0])
FOREST = Forest(2, [TREE], 0, LOGISTIC, split_goes_below=False).onnx()
HALF = Calibration((0.0, 1.0), (0.0, 0.5)).document()
NEAR = Neighbours.learned(np.array([[0.0, 0], [9, 9]]), np.array([0, 1], np.int8), count=1).npz()


def test_trees_are_scored_and_calibrated() -> None:
    model = TrainedModel(_folder(XGBOOST, {ONNX: FOREST, UBJ: b"", CALIBRATION: HALF}))
    assert model.probability((6, 0)) == pytest.approx(0.5 / (1 + np.exp(-1.0)))
    assert model.probabilities(np.array([[6.0, 0], [1, 0]])).tolist() == [
        model.probability((6, 0)),
        model.probability((1, 0)),
    ]


def test_neighbours_are_scored_and_calibrated() -> None:
    model = TrainedModel(_folder(KNN, {NPZ: NEAR, CALIBRATION: Calibration().document()}))
    assert (model.probability((1, 1)), model.probability((8, 8))) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        (ONNX, b"x", r"model\.onnx: not an ONNX model"),
        (CALIBRATION, b"x", r"calibration\.json: "),
        (ONNX, Forest(3, [TREE], 0, LOGISTIC, split_goes_below=False).onnx(), "rows of 3 features, and the manifest"),
    ],
)
def test_folder_that_scores_nothing_is_refused(name: str, content: bytes, fault: str) -> None:
    files = {ONNX: FOREST, UBJ: b"", CALIBRATION: HALF, name: content}
    with pytest.raises(ModelRefused, match=fault):
        TrainedModel(_folder(XGBOOST, files))


@pytest.mark.parametrize(
    ("link", "leaf", "fault"),
    [
        (LOGISTIC, math.nan, "leaves of the forest are no numbers"),
        (POWER_OF_TWO, 0.5, "a probability is wanted|what is no probability"),
    ],
)
def test_what_is_no_probability_is_no_score(link: str, leaf: float, fault: str) -> None:
    """The row of zeros, with which a model is tried when it is added, has one."""
    tree = Tree([0, LEAF, LEAF], [0.5, 0, 0], [1, -1, -1], [2, -1, -1], [0, -1, leaf])
    trees = Forest(2, [tree], 0, link, split_goes_below=False).onnx()
    files = {ONNX: trees, UBJ: b"the same", CALIBRATION: Calibration().document()}
    model = TrainedModel(_folder(XGBOOST, files))
    assert 0 < model.probability((0.0, 0.0)) < 1
    with pytest.raises(ValueError, match=fault):
        model.probability((1.0, 0.0))
    with pytest.raises(ValueError, match=fault):
        model.probabilities(np.array([[0.0, 0.0], [1.0, 0.0]]))


def test_neighbours_that_are_none_are_refused() -> None:
    with pytest.raises(ModelRefused, match=r"model\.npz: the file holds no labelled rows"):
        TrainedModel(_folder(KNN, {NPZ: b"x", CALIBRATION: HALF}))


def _folder(algorithm: str, files: dict[str, bytes]) -> ModelFolder:
    one = Histogram((), (1.0,))
    manifest = Manifest(
        name="masking",
        algorithm=algorithm,
        schema="masking",
        schema_version=2,
        schema_hash="0" * 16,
        features=("asr", "distinct_a"),
        params={},
        data_fingerprint="",
        rows=2,
        positives=1,
        metrics={},
        threshold=0.7,
        feature_window_days=0,
        histograms={"asr": one, "distinct_a": one},
        score_histogram=one,
    )
    return ModelFolder.made(replace(manifest, name=algorithm), files)
