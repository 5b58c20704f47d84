"""Model folders: taken whole or not at all, and refused with the file that is wrong."""

import json
from pathlib import Path
from typing import Any

import pytest

from ratingd.models.histogram import Histogram
from ratingd.models.model_folder import MANIFEST, Manifest, ModelFolder, ModelRefused

HISTOGRAM = Histogram((2.0, 3.0), (0.5, 0.3, 0.2))
FILES = {"model.onnx": b"trees", "model.ubj": b"the same", "calibration.json": b"{}", "card.md": b"# masking\n"}


def test_folder_that_was_written_is_read_again(tmp_path: Path) -> None:
    written = ModelFolder.made(_manifest(), FILES)
    written.write(tmp_path / "masking-1")
    assert ModelFolder.read(tmp_path / "masking-1") == written


def test_same_model_is_the_same_text() -> None:
    assert ModelFolder.made(_manifest(), FILES).manifest.text() == ModelFolder.made(_manifest(), FILES).manifest.text()


def test_files_the_manifest_does_not_name_are_not_looked_at(tmp_path: Path) -> None:
    ModelFolder.made(_manifest(), FILES).write(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    assert set(ModelFolder.read(tmp_path).files) == set(FILES)


def test_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelRefused, match=r"holds no manifest\.json.*ratingd model train"):
        ModelFolder.read(tmp_path)


def test_changed_file_is_refused(tmp_path: Path) -> None:
    ModelFolder.made(_manifest(), FILES).write(tmp_path)
    (tmp_path / "model.onnx").write_bytes(b"other trees")
    with pytest.raises(ModelRefused, match=r"model\.onnx: has the SHA-256 .* the file is not the one that was trained"):
        ModelFolder.read(tmp_path)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    ModelFolder.made(_manifest(), FILES).write(tmp_path)
    (tmp_path / "model.ubj").unlink()
    with pytest.raises(ModelRefused, match=r"model\.ubj: is missing"):
        ModelFolder.read(tmp_path)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"format": 2}, "its format is 2"),
        ({"algorithm": "pickle"}, "its algorithm is 'pickle'; one of xgboost"),
        ({"threshold": 1.5}, "its threshold is 1.5; a probability is wanted"),
        ({"features": ["asr"]}, "its features and their histograms are not of the same names"),
        ({"files": {"model.pkl": "0"}}, "names the file 'model.pkl'"),
        ({"files": {"../../etc/passwd": "0"}}, "names the file"),
        ({"files": {"model.onnx": "0", "model.ubj": "0"}}, "does not name 'calibration.json'"),
        ({"score_histogram": {"edges": [2, 1], "shares": [0, 0, 1]}}, "a histogram wants rising edges"),
        ({"name": 7}, "a text is wanted, not 7"),
        ({"schema": "masking"}, "is not the manifest of a model"),
    ],
)
def test_manifest_that_cannot_be_meant_is_refused(change: dict[str, Any], fault: str) -> None:
    document = ModelFolder.made(_manifest(), FILES).manifest.document() | change
    with pytest.raises(ModelRefused, match=fault):
        Manifest.read(json.dumps(document))


@pytest.mark.parametrize("name", ["name", "schema", "features", "data", "histograms", "files", "threshold"])
def test_manifest_without_a_part_is_refused(name: str) -> None:
    document = ModelFolder.made(_manifest(), FILES).manifest.document()
    del document[name]
    with pytest.raises(ModelRefused, match=f"has no '{name}'"):
        Manifest.read(json.dumps(document))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 1', "null", "\udcff"])
def test_text_that_is_no_manifest_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text(text, errors="surrogateescape")
    with pytest.raises(ModelRefused, match=r"manifest\.json: is not the manifest of a model"):
        ModelFolder.read(tmp_path)


def test_not_a_number_is_refused() -> None:
    text = ModelFolder.made(_manifest(), FILES).manifest.text().replace("0.7", "NaN")
    with pytest.raises(ModelRefused, match="it holds NaN, which is not a number"):
        Manifest.read(text)


def _manifest() -> Manifest:
    return Manifest(
        name="masking",
        algorithm="xgboost",
        schema="masking",
        schema_version=2,
        schema_hash="0123456789abcdef",
        features=("asr", "distinct_a"),
        params={"max_depth": 6, "eta": 0.1},
        data_fingerprint="ab" * 32,
        rows=1000,
        positives=50,
        sources=("telephony train seed 42",),
        metrics={"auc": 0.99, "recall": {"masking": 0.9}},
        threshold=0.7,
        feature_window_days=0,
        histograms={"asr": HISTOGRAM, "distinct_a": HISTOGRAM},
        score_histogram=HISTOGRAM,
    )
