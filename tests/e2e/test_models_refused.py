"""What is no model for this daemon is refused by name, and the one that scores goes on: by command line and by HTTP."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from ratingd.models.model_folder import CALIBRATION, MANIFEST, ONNX, ModelFolder
from ratingd.models.scorers import RowRefused
from ratingd.store.model_tables import model_files
from tests import model_scene
from tests.e2e.http_client import HttpClient, http
from tests.e2e.serving import Serving
from tests.e2e.shell import Shell
from tests.model_scene import CALLERS, row
from triggers.scores.feature_schema import Feature, FeatureSchema
from triggers.scores.masking_features import MASKING

OTHER = FeatureSchema("masking", 9, [Feature(name, "", "") for name in (*MASKING.names[:-1], "moon")])


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpClient]:
    with http(f"sqlite:///{tmp_path_factory.mktemp('refused')}/ratingd.db") as client:
        models = client.daemon.models
        models.add(*model_scene.sent(model_scene.folder()), "ann")
        models.activate("masking", 1, "ann")
        yield client


@pytest.fixture(scope="module")
def shell(client: HttpClient) -> Iterator[Shell]:
    with grpc.insecure_channel(client.daemon.address) as channel:
        yield Shell(Serving(client.daemon, channel))


def scoring(client: HttpClient) -> tuple[int, bool]:
    """The version that scores, and whether it still tells many callers from few."""
    many, few = (client.daemon.models.scorers.score("masking", row(callers)) for callers in (9, 1))
    assert many is not None
    assert few is not None
    return many.version, many.probability > 0.8 > 0.2 > few.probability


def status(told: Any) -> Any:
    (masking,) = [each for each in told["scores"] if each["name"] == "masking"]
    return masking


def cut_off(folder: Path) -> None:
    (folder / ONNX).write_bytes((folder / ONNX).read_bytes()[:-9])


def foreign(folder: Path) -> None:
    """Its sum is right, and it is a pickle."""
    made = model_scene.folder()
    ModelFolder.made(made.manifest, {**made.files, ONNX: b"\x80\x04\x95 a pickle"}).write(folder)


def of_other_features(folder: Path) -> None:
    model_scene.folder(schema=OTHER).write(folder)


def with_nan(folder: Path) -> None:
    text = (folder / MANIFEST).read_text().replace('"threshold": 0.7', '"threshold": NaN')
    (folder / MANIFEST).write_text(text)


def that_says_two(folder: Path) -> None:
    made = model_scene.folder()
    ModelFolder.made(made.manifest, {**made.files, CALIBRATION: b'{"points": [[0, 2]]}'}).write(folder)


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (cut_off, "model.onnx: has the SHA-256"),
        (foreign, "model.onnx: not an ONNX model that can be run"),
        (of_other_features, "feature 28 is 'moon' there and 'calls_a_caller' here"),
        (with_nan, "manifest.json: is not the manifest of a model: it holds NaN, which is not a number"),
        (that_says_two, "calibration.json: "),
    ],
)
def test_folder_that_is_no_model_here_is_refused(
    client: HttpClient, shell: Shell, tmp_path: Path, spoil: Any, fault: str
) -> None:
    model_scene.folder().write(tmp_path)
    spoil(tmp_path)
    refused = " ".join(shell.run("model", "add", str(tmp_path), exits=1).stderr.split())
    assert "MODEL_REFUSED" in refused
    assert fault in refused
    assert [each["version"] for each in shell.json("model", "list")] == [1]
    assert scoring(client) == (1, True)


@pytest.mark.parametrize("strange", [float("nan"), float("inf")])
def test_row_of_no_numbers_has_no_score_and_says_which_feature(client: HttpClient, strange: float) -> None:
    before = status(client.get("/api/v1/model/status"))["refused"]
    with pytest.raises(RowRefused, match=f"feature {CALLERS!r} of masking v{MASKING.version} is {strange}"):
        client.daemon.models.scorers.score("masking", row(strange))
    assert status(client.get("/api/v1/model/status"))["refused"] == before + 1
    assert scoring(client) == (1, True)


def test_version_whose_file_has_changed_is_not_activated_and_a_reload_keeps_the_former(
    client: HttpClient, shell: Shell, tmp_path: Path
) -> None:
    model_scene.folder(5.5).write(tmp_path)
    assert shell.json("model", "add", str(tmp_path))["version"] == 2
    change = model_files.update().where(model_files.c.file == ONNX).values(content=b"changed")
    with client.daemon.store.database.write() as connection:  # of both, the one in use included
        connection.execute(change)
    refused = " ".join(shell.run("model", "activate", "masking", "2", exits=1).stderr.split())
    assert "MODEL_REFUSED" in refused
    assert "model.onnx: has the SHA-256" in refused
    told = status(client.post("/api/v1/model/reload"))
    assert (told["version"], told["wanted"]) == (1, 1)
    assert "model.onnx: has the SHA-256" in told["fault"]
    assert scoring(client) == (1, True)
    assert client.get("/health")["checks"]["model"] == "degraded"
