"""Model folders: a trained model as files that can be read, copied and checked, and none of which runs anything.

    masking-1/
      manifest.json      what it is, what it learned from, how good it was, and the SHA-256 of the other files
      model.onnx         trees, for scoring           (xgboost, isolation_forest)
      model.ubj          the same trees as XGBoost has them, for contributions      (xgboost)
      model.npz          scale and rows of the neighbours                           (knn)
      calibration.json   from what the model says to a probability, as points
      card.md            for people

A pickle would be shorter and runs whatever its writer liked; there is none. A folder is taken whole or not at all: each
file is there, has the bytes whose sum the manifest states, and is no larger than 64 MiB. Files that the manifest does
not name are not looked at. The manifest holds no time and no path, so the same data and seed give the same bytes.

Whether the features of a model are those that run is asked where it is activated: `Manifest.schema_hash` says.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, NoReturn, Self

from ratingd.errors import InvalidRequest
from ratingd.models.histogram import Histogram

MANIFEST: Final = "manifest.json"
ONNX: Final = "model.onnx"
UBJ: Final = "model.ubj"
NPZ: Final = "model.npz"
CALIBRATION: Final = "calibration.json"
CARD: Final = "card.md"

XGBOOST: Final = "xgboost"
ISOLATION_FOREST: Final = "isolation_forest"
KNN: Final = "knn"
WANTED: Final[Mapping[str, tuple[str, ...]]] = {
    XGBOOST: (ONNX, UBJ, CALIBRATION),
    ISOLATION_FOREST: (ONNX, CALIBRATION),
    KNN: (NPZ, CALIBRATION),
}
FORMAT: Final = 1
BYTES_MAX: Final = 64 * 1024 * 1024  # of any one file


class ModelRefused(InvalidRequest):
    """`field` is the file that is wrong, or the folder."""

    reason = "MODEL_REFUSED"


@dataclass(frozen=True, slots=True)
class Manifest:
    """`metrics` holds numbers, or a mapping of them, such as the recall of each kind of fraud."""

    name: str  # what it scores: masking, caller, isolation, knn
    algorithm: str
    schema: str
    schema_version: int
    schema_hash: str
    features: tuple[str, ...]
    params: Mapping[str, Any]
    data_fingerprint: str
    rows: int
    positives: int
    metrics: Mapping[str, Any]
    threshold: float  # of the probability, from which on it is fraud for this model
    feature_window_days: float  # over which features count; 0 where each says its own
    histograms: Mapping[str, Histogram]  # of each feature, over the training rows
    score_histogram: Histogram
    sources: tuple[str, ...] = ()
    labels: Mapping[str, int] = field(default_factory=dict)  # that people gave: {"analyst masking": 9}
    files: Mapping[str, str] = field(default_factory=dict)  # name to SHA-256

    def document(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "name": self.name,
            "algorithm": self.algorithm,
            "schema": {"name": self.schema, "version": self.schema_version, "hash": self.schema_hash},
            "features": list(self.features),
            "params": dict(self.params),
            "data": {
                "fingerprint": self.data_fingerprint,
                "rows": self.rows,
                "positives": self.positives,
                "sources": list(self.sources),
                "labels": dict(self.labels),
            },
            "metrics": dict(self.metrics),
            "threshold": self.threshold,
            "feature_window_days": self.feature_window_days,
            "histograms": {name: each.document() for name, each in self.histograms.items()},
            "score_histogram": self.score_histogram.document(),
            "files": dict(sorted(self.files.items())),
        }

    def text(self) -> str:
        return json.dumps(self.document(), indent=1, allow_nan=False, ensure_ascii=False) + "\n"

    @classmethod
    def read(cls, text: str | bytes) -> Self:
        """ModelRefused says what of it is missing or is not what it should be."""
        try:
            document = json.loads(text, parse_constant=_no_constant)
            return cls._of(document)
        except KeyError as missing:
            raise ModelRefused(MANIFEST, f"has no {missing.args[0]!r}; it is not the manifest of a model") from missing
        except (ValueError, TypeError, AttributeError) as fault:
            raise ModelRefused(MANIFEST, f"is not the manifest of a model: {fault}") from fault

    @classmethod
    def _of(cls, document: Mapping[str, Any]) -> Self:
        if document["format"] != FORMAT:
            raise ValueError(f"its format is {document['format']!r}, and this version of ratingd reads {FORMAT}")
        schema, data = document["schema"], document["data"]
        manifest = cls(
            name=_text(document["name"]),
            algorithm=_text(document["algorithm"]),
            schema=_text(schema["name"]),
            schema_version=int(schema["version"]),
            schema_hash=_text(schema["hash"]),
            features=tuple(_text(name) for name in document["features"]),
            params=dict(document["params"]),
            data_fingerprint=_text(data["fingerprint"]),
            rows=int(data["rows"]),
            positives=int(data["positives"]),
            sources=tuple(_text(source) for source in data["sources"]),
            labels={_text(whose): int(count) for whose, count in data.get("labels", {}).items()},
            metrics=dict(document["metrics"]),
            threshold=float(document["threshold"]),
            feature_window_days=float(document["feature_window_days"]),
            histograms={_text(name): Histogram.read(each) for name, each in document["histograms"].items()},
            score_histogram=Histogram.read(document["score_histogram"]),
            files={_text(name): _text(digest) for name, digest in document["files"].items()},
        )
        manifest._check()
        return manifest

    def _check(self) -> None:
        if self.algorithm not in WANTED:
            raise ValueError(f"its algorithm is {self.algorithm!r}; one of {', '.join(WANTED)} is wanted")
        if not self.features or set(self.histograms) != set(self.features):
            raise ValueError("its features and their histograms are not of the same names")
        if not 0 <= self.threshold <= 1:
            raise ValueError(f"its threshold is {self.threshold}; a probability is wanted")
        known = {*WANTED[self.algorithm], CARD}
        if strange := sorted(set(self.files) - known):
            raise ValueError(f"it names the file {strange[0]!r}; a model of {self.algorithm} has {sorted(known)}")
        if missing := sorted(set(WANTED[self.algorithm]) - set(self.files)):
            raise ValueError(f"it does not name {missing[0]!r}, without which {self.algorithm} cannot score")


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A model's manifest and the bytes of its files, checked against each other."""

    manifest: Manifest
    files: Mapping[str, bytes]

    @classmethod
    def made(cls, manifest: Manifest, files: Mapping[str, bytes]) -> Self:
        """Of files just written: the manifest gets their sums."""
        sums = {name: sha256(content) for name, content in files.items()}
        return cls(replace(manifest, files=sums), dict(files))

    @classmethod
    def checked(cls, manifest: Manifest, files: Mapping[str, bytes]) -> Self:
        """Of files that come from elsewhere, a database for instance. ModelRefused names the one that is wrong."""
        for name, digest in manifest.files.items():
            if name not in files:
                raise ModelRefused(name, "is missing, though the manifest names it. Copy the folder again, whole.")
            if (found := sha256(files[name])) != digest:
                raise ModelRefused(
                    name,
                    f"has the SHA-256 {found[:16]}…, and the manifest says {digest[:16]}…: the file is not the one "
                    "that was trained. Copy the folder again, or train anew.",
                )
        return cls(manifest, {name: files[name] for name in manifest.files})

    @classmethod
    def read(cls, folder: Path) -> Self:
        """ModelRefused where it is no folder of a model, or not whole."""
        if not (folder / MANIFEST).is_file():
            raise ModelRefused(
                str(folder), f"holds no {MANIFEST}. A folder is wanted that `ratingd model train --out` has written."
            )
        manifest = Manifest.read(_bytes(folder / MANIFEST))
        found = {name: _bytes(folder / name) for name in manifest.files if (folder / name).is_file()}
        return cls.checked(manifest, found)

    def write(self, folder: Path) -> None:
        """The manifest last: a folder that was not finished is none."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MANIFEST).unlink(missing_ok=True)
        for name, content in self.files.items():
            (folder / name).write_bytes(content)
        (folder / MANIFEST).write_text(self.manifest.text(), encoding="utf-8")


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _bytes(path: Path) -> bytes:
    if (size := path.stat().st_size) > BYTES_MAX:
        raise ModelRefused(path.name, f"has {size} bytes, and {BYTES_MAX} are the most that a file of a model has")
    return path.read_bytes()


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a text is wanted, not {value!r}")
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"it holds {name}, which is not a number")
