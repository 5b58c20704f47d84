"""Neighbours: what the five labelled calls most like this one were.

A call of 25 s to 11 digits at 03:00, the fourth within an hour: of its five neighbours four were scams, so it is one
with probability 0.8. Near means near in all four columns alike, so each column is first measured in its own deviations
from its own mean: an hour more is then not the same as a second more.

A tree finds them: one row among 4,000 takes 30 µs, and of many at once each takes 1 to 3, where looking at all of them
for each took 45. So the thousands of calls that end in a second of a busy day are scored in milliseconds. The tree is
made anew from the rows wherever they are read, and is written nowhere.
"""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from scipy.spatial import cKDTree

from ratingd.models.arrays import Column, Labels, Rows

COUNT: Final = 5
Places = np.ndarray[tuple[int, ...], np.dtype[np.intp]]
_PARTS: Final = ("mean", "scale", "rows", "labels", "count")
_UNPACKED_MAX: Final = 64 * 1024 * 1024  # bytes; a megabyte of zeros packed is a gigabyte


@dataclass(frozen=True, slots=True)
class Neighbour:
    place: int  # among the labelled rows
    distance: float
    label: int


class Neighbours:
    """`rows` are measured in deviations: (row - mean) / scale."""

    def __init__(self, mean: Column, scale: Column, rows: Rows, labels: Labels, count: int = COUNT) -> None:
        self.mean: Final = mean
        self.scale: Final = scale
        self.labels: Final = labels
        self.count: Final = count
        self._rows: Final = rows
        self._weights: Final = labels.astype(np.float64)
        self._check()
        self._tree: Final = cKDTree(rows)
        self._ranks: Final = np.arange(1, count + 1)

    @classmethod
    def learned(cls, rows: Rows, labels: Labels, count: int = COUNT) -> Self:
        mean, scale = rows.mean(axis=0), rows.std(axis=0)
        scale[scale == 0] = 1.0  # a column that never varies says nothing
        return cls(mean, scale, (rows - mean) / scale, labels, count)

    @classmethod
    def read(cls, content: bytes) -> Self:
        """ValueError where the bytes hold no neighbours. Nothing in them is run."""
        try:
            _check_unpacked(content)
            with np.load(io.BytesIO(content), allow_pickle=False) as held:
                mean, scale, rows, labels, count = (held[name] for name in _PARTS)
        except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile) as fault:
            raise ValueError(f"the file holds no labelled rows: {fault}") from fault
        return cls(mean, scale, rows, labels, int(count))

    def npz(self) -> bytes:
        held = io.BytesIO()
        np.savez(held, mean=self.mean, scale=self.scale, rows=self._rows, labels=self.labels, count=self.count)
        return held.getvalue()

    @property
    def features(self) -> int:
        return len(self.mean)

    @property
    def singly(self) -> bool:
        """One by one rows take ten times as long as all at once."""
        return False

    def score(self, row: Sequence[float]) -> float:
        """The share of scams among the nearest."""
        return float(self._weights[self._nearest(np.array(row, np.float64))[0]].mean())

    def scores(self, rows: Rows) -> Column:
        if not len(rows):
            return np.zeros(0)
        shares: Column = self._weights[self._nearest(rows)[0]].mean(axis=1)
        return shares

    def nearest(self, row: Sequence[float]) -> list[Neighbour]:
        """From the nearest on."""
        places, distances = self._nearest(np.array(row, np.float64))
        found = zip(places.tolist(), distances.tolist(), self.labels[places].tolist(), strict=True)
        return sorted((Neighbour(*each) for each in found), key=lambda each: (each.distance, each.place))

    def apart(self, row: Sequence[float]) -> Column:
        """How far each column lies from that of the nearest, in its own deviations: the root of the mean square. The
        squares add up to the mean square of their distances."""
        found = np.array(row, np.float64)
        places, _ = self._nearest(found)
        apart = self._rows[places] - (found - self.mean) / self.scale
        roots: Column = np.sqrt((apart * apart).mean(axis=0))
        return roots

    def _nearest(self, rows: Column | Rows) -> tuple[Places, Rows]:
        """Of a row, or of each of many: the places of the nearest, and their distances."""
        if rows.shape[-1:] != self.mean.shape:
            raise ValueError(f"a row of {self.features} features is wanted, not of shape {rows.shape}")
        finite = np.isfinite(rows)
        if not finite.all():
            wrong = np.argmin(finite.reshape(-1, self.features).all(axis=0))
            raise ValueError(f"feature {wrong} is not a finite number; such a row has no score")
        distances, places = self._tree.query((rows - self.mean) / self.scale, self._ranks)
        return places, distances

    def _check(self) -> None:
        features = self.mean.shape
        if len(features) != 1 or self.scale.shape != features or self._rows.shape != (len(self.labels), *features):
            raise ValueError(f"rows {self._rows.shape}, labels {self.labels.shape} and mean {features} do not fit")
        if not 1 <= self.count <= len(self.labels):
            raise ValueError(f"{self.count} neighbours are asked for, of {len(self.labels)} rows")
        if not (np.isfinite(self._rows).all() and (self.scale > 0).all() and np.isfinite(self.mean).all()):
            raise ValueError("a labelled row is not of finite numbers")
        if not ((self.labels == 0) | (self.labels == 1)).all():
            raise ValueError("a label is neither 0 nor 1")


def _check_unpacked(content: bytes) -> None:
    """ValueError where there is more in it than any file of a model has."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        size = sum(each.file_size for each in packed.infolist())
    if size > _UNPACKED_MAX:
        raise ValueError(f"it would be {size} bytes in memory, and {_UNPACKED_MAX} are the most")
