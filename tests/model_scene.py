"""Models for tests: small ones whose answer one can tell by hand, in folders as training writes them."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from ratingd.models.calibration import Calibration
from ratingd.models.forest import LEAF, LOGISTIC, Forest, Tree
from ratingd.models.histogram import Histogram
from ratingd.models.model_folder import CALIBRATION, CARD, ONNX, UBJ, XGBOOST, Manifest, ModelFolder
from triggers.scores.feature_schema import FeatureSchema
from triggers.scores.masking_features import MASKING

CALLERS: Final = "distinct_a_count"
LOW: Final = 1 / (1 + np.exp(2.0))  # what such a model says of few callers
HIGH: Final = 1 - LOW  # and of many


def row(callers: float = 0.0, schema: FeatureSchema = MASKING) -> list[float]:
    """All zeros, but for how many called."""
    found = [0.0] * len(schema.names)
    found[schema.place(CALLERS)] = callers
    return found


def forest(many: float = 3.5, schema: FeatureSchema = MASKING) -> Forest:
    """0.88 for more callers than `many`, 0.12 for fewer."""
    place = schema.place(CALLERS)
    tree = Tree([place, LEAF, LEAF], [many, 0.0, 0.0], [1, LEAF, LEAF], [2, LEAF, LEAF], [0.0, -2.0, 2.0])
    return Forest(len(schema.names), [tree], 0.0, LOGISTIC, split_goes_below=False)


def manifest(schema: FeatureSchema = MASKING, **given: Any) -> Manifest:
    tenths = Histogram(tuple(float(each) for each in range(1, 10)), (0.1,) * 10)
    alone = Histogram((), (1.0,))
    usual: dict[str, Any] = {
        "name": "masking",
        "algorithm": XGBOOST,
        "schema": schema.name,
        "schema_version": schema.version,
        "schema_hash": schema.hash,
        "features": schema.names,
        "params": {"trees": 1},
        "data_fingerprint": "ab" * 32,
        "rows": 1000,
        "positives": 100,
        "metrics": {"auc": 0.99, "fpr": 0.001, "recall": {"masking": 0.9}},
        "threshold": 0.7,
        "feature_window_days": 0.0,
        "histograms": {name: tenths if name == CALLERS else alone for name in schema.names},
        "score_histogram": alone,
    }
    return Manifest(**usual | given)


def folder(many: float = 3.5, schema: FeatureSchema = MASKING, **given: Any) -> ModelFolder:
    files = {
        ONNX: forest(many, schema).onnx(),
        UBJ: b"the same trees",
        CALIBRATION: Calibration().document(),
        CARD: b"# masking\n\nTwo leaves.\n",
    }
    return ModelFolder.made(manifest(schema, **given), files)


def sent(made: ModelFolder) -> tuple[bytes, Mapping[str, bytes]]:
    """A folder as it is added."""
    return made.manifest.text().encode(), made.files
