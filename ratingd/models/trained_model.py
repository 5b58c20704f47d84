"""Trained models: what a folder of files says of a row, as a probability.

Whatever the model, three questions are asked of it: what it is (`manifest`), what it says of the one call that waits
(`probability`), and of many (`probabilities`). A masking model says 0.83; a caller's risk is a hundred times that. An
Isolation Forest has no probability: 1 is the oddest caller of its training, 0 the most common one.

A folder that scores nothing is found out when it is opened, not at the first call: its trees must take as many features
as its manifest names.
"""

from collections.abc import Sequence
from typing import Final, Protocol

import numpy as np

from ratingd.models.arrays import Column, Rows
from ratingd.models.calibration import Calibration
from ratingd.models.model_folder import CALIBRATION, KNN, NPZ, ONNX, Manifest, ModelFolder, ModelRefused


class Scoring(Protocol):
    """Trees or neighbours, before calibration."""

    @property
    def features(self) -> int: ...
    @property
    def singly(self) -> bool: ...
    def score(self, row: Sequence[float]) -> float: ...
    def scores(self, rows: Rows) -> Column: ...


class TrainedModel:
    def __init__(self, folder: ModelFolder) -> None:
        """ModelRefused names the file that cannot be what the manifest says."""
        self.manifest: Final[Manifest] = folder.manifest
        self.calibration: Final = _calibration(folder.files[CALIBRATION])
        self.scoring: Final[Scoring] = _scoring(folder)
        wanted = len(folder.manifest.features)
        if self.scoring.features != wanted:
            raise ModelRefused(
                _scored_by(folder.manifest),
                f"scores rows of {self.scoring.features} features, and the manifest names {wanted}",
            )

    def probability(self, row: Sequence[float]) -> float:
        """0 to 1. ValueError where the row is of another length, or holds what is not finite, and where the model says
        what is no probability."""
        said = self.calibration.probability(self.scoring.score(row))
        if not 0 <= said <= 1:
            raise ValueError(f"the model says {said} of a row; a probability is wanted")
        return said

    def probabilities(self, rows: Rows | Sequence[Sequence[float]]) -> Column:
        if self.scoring.singly and not isinstance(rows, np.ndarray):
            return np.array([self.probability(row) for row in rows], np.float64)
        said = self.calibration.probabilities(self.scoring.scores(np.asarray(rows, np.float64)))
        if not ((said >= 0) & (said <= 1)).all():
            raise ValueError("the model says of a row what is no probability")
        return said


def _scored_by(manifest: Manifest) -> str:
    return NPZ if manifest.algorithm == KNN else ONNX


def _scoring(folder: ModelFolder) -> Scoring:
    name = _scored_by(folder.manifest)
    try:
        if name == NPZ:
            from ratingd.models.neighbours import Neighbours

            return Neighbours.read(folder.files[NPZ])
        from ratingd.models.forest import ForestScorer

        return ForestScorer(folder.files[ONNX])
    except ValueError as fault:
        raise ModelRefused(name, str(fault)) from fault


def _calibration(content: bytes) -> Calibration:
    try:
        return Calibration.read(content)
    except ValueError as fault:
        raise ModelRefused(CALIBRATION, str(fault)) from fault
