"""Neighbours that one knows by heart: of the five calls of about 10 s four were scams, of those of 100 s one."""

from typing import Any, Final

import numpy as np

from ratingd.models.calibration import Calibration
from ratingd.models.model_folder import CALIBRATION, CARD, KNN, NPZ, ModelFolder
from ratingd.models.neighbours import Neighbours
from tests import model_scene
from triggers.scores import call_features

SHORT: Final = {"call_duration": 10, "num_digits": 11, "hour_of_day": 3, "freq_calls": 4, "caller": "+491712345678"}
LONG: Final = {**SHORT, "call_duration": 100.0}
SCAM: Final = 0.8  # what is said of a short one


def folder(**given: Any) -> ModelFolder:
    rows = [[10.0 + place, 11, 3, 4] for place in range(5)] + [[100.0 + place, 11, 3, 4] for place in range(5)]
    labels = np.array([1, 1, 1, 1, 0, 0, 0, 0, 0, 1], np.int8)
    files = {
        NPZ: Neighbours.learned(np.array(rows), labels).npz(),
        CALIBRATION: Calibration().document(),
        CARD: b"# knn\n\nTen calls.\n",
    }
    usual: dict[str, Any] = {"name": "knn", "algorithm": KNN, "threshold": 0.5}
    return ModelFolder.made(model_scene.manifest(call_features.KNN, **usual | given), files)
