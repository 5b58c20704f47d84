"""Models at a whole daemon: added, activated and shown by gRPC, HTTP and the command line, and there after a start."""

import json
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from ratingd.models.model_folder import ModelFolder
from ratingd.v1 import models_pb2
from ratingd.v1.models_pb2 import ModelFile, ModelOptions, ModelUpload
from ratingd.v1.models_pb2_grpc import ModelServiceStub
from tests import model_scene
from tests.api_desk import Refused, refused
from tests.e2e.http_client import HttpClient, http
from tests.model_scene import CALLERS, row


class Scene:
    def __init__(self, client: HttpClient) -> None:
        self.http = client
        self.channel = grpc.insecure_channel(client.daemon.address)
        self.stub: Any = ModelServiceStub(self.channel)
        self.scorers = client.daemon.models.scorers

    def ask(self, method: str, request: Any) -> Any:
        try:
            return getattr(self.stub, method)(request, timeout=30)
        except grpc.RpcError as error:
            raise refused(error) from None

    def add(self, made: ModelFolder, who: str = "ann") -> Any:
        return self.ask("AddModel", uploads(made, who))

    def score(self) -> dict[str, Any]:
        """What HTTP tells of masking."""
        (found,) = [each for each in self.http.get("/api/v1/model/status")["scores"] if each["name"] == "masking"]
        told: dict[str, Any] = found
        return told


def uploads(made: ModelFolder, who: str) -> Iterator[ModelUpload]:
    yield ModelUpload(options=ModelOptions(who=who))
    yield ModelUpload(file=ModelFile(name="manifest.json", content=made.manifest.text().encode()))
    for name, content in made.files.items():
        half = len(content) // 2
        yield ModelUpload(file=ModelFile(name=name, content=content[:half]))
        yield ModelUpload(file=ModelFile(name=name, content=content[half:]))


@pytest.fixture
def scene(sqlite_url: str) -> Iterator[Scene]:
    with http(sqlite_url) as client:
        made = Scene(client)
        yield made
        made.channel.close()


def test_without_a_model_rules_score_and_it_says_so(scene: Scene) -> None:
    told = scene.http.get("/api/v1/model/status")
    assert told["status"] == "off"
    assert {each["name"]: each["method"] for each in told["scores"]} == dict.fromkeys(
        ("caller", "isolation", "knn", "masking"), "rule_based"
    )
    assert scene.http.get("/health")["checks"]["model"] == "off"
    assert scene.http.post("/api/v1/model/reload") == told
    assert 'fraud_model_version{model="masking"} 0.0' in scene.http.client.get("/metrics").text


def test_model_is_added_activated_and_rolled_back(scene: Scene) -> None:
    scene.add(model_scene.folder(3.5))
    added = scene.add(model_scene.folder(5.5))
    assert (added.name, added.version, added.status, added.who) == ("masking", 2, "staging", "ann")
    assert (added.schema, added.threshold, dict(added.metrics)) == ("masking v3", 0.7, {"auc": 0.99, "fpr": 0.001})
    scene.ask("ActivateModel", models_pb2.ActivateModelRequest(name="masking", version=1, who="ann"))
    active = scene.ask("ActivateModel", models_pb2.ActivateModelRequest(name="masking", version=2, who="ben"))
    assert (active.status, active.activated_by, active.previous) == ("production", "ben", 1)
    assert active.HasField("activated")
    scored = scene.scorers.score("masking", row(9))
    assert scored is not None
    assert (scored.version, scored.flagged) == (2, True)
    told = scene.score()
    assert (told["method"], told["version"], told["threshold"], told["scored"]) == ("xgboost", 2, 0.7, 1)
    assert scene.http.get("/health")["checks"]["model"] == "ok"
    page = scene.http.client.get("/metrics").text
    assert 'fraud_model_version{model="masking"} 2.0' in page
    assert 'fraud_model_score_bucket{le="0.8",model="masking"} 0.0' in page
    assert 'fraud_model_score_bucket{le="0.9",model="masking"} 1.0' in page
    assert 'fraud_model_inference_seconds_count{model="masking"} 1.0' in page
    assert scene.ask("RollBackModel", models_pb2.RollBackModelRequest(name="masking")).version == 1
    listed = scene.ask("ListModels", models_pb2.ListModelsRequest())
    assert [(each.version, each.status) for each in listed.models] == [(2, "archived"), (1, "production")]
    one = scene.ask("GetModel", models_pb2.GetModelRequest(name="masking"))
    assert (one.version, json.loads(one.manifest)["name"], one.card) == (1, "masking", "# masking\n\nTwo leaves.\n")
    whats = [each.row.what for each in scene.http.daemon.store.fraud.audits(limit=5)]
    assert whats == ["model.roll_back", "model.activate", "model.activate", "model.add", "model.add"]


def test_shadow_is_compared_in_the_status(scene: Scene) -> None:
    for many in (3.5, 5.5):
        scene.add(model_scene.folder(many))
    scene.ask("ActivateModel", models_pb2.ActivateModelRequest(name="masking", version=1))
    scene.ask("ShadowModel", models_pb2.ShadowModelRequest(name="masking", version=2))
    for callers in (1, 5, 9):
        scene.scorers.score("masking", row(callers))
    shadow = scene.scorers.places["masking"].shadow
    assert shadow is not None
    shadow.score_waiting()
    told = scene.score()["shadow"]
    assert (told["version"], told["wanted"], told["compared"], told["agreed"]) == (2, 2, 3, 2)
    assert (told["active_alone"], told["shadow_alone"]) == (1, 0)
    status = scene.ask("GetModelStatus", models_pb2.GetModelStatusRequest())
    (masking,) = [each for each in status.scores if each.name == "masking"]
    assert (masking.shadow.version, masking.shadow.compared, sum(masking.shadow.histogram)) == (2, 3, 3)
    scene.ask("ArchiveModel", models_pb2.ArchiveModelRequest(name="masking", version=2))
    assert scene.score()["shadow"] is None


def test_drift_is_shown_by_http_and_to_prometheus(scene: Scene) -> None:
    scene.add(model_scene.folder())
    scene.ask("ActivateModel", models_pb2.ActivateModelRequest(name="masking", version=1))
    scene.scorers.score_all("masking", [row(2.0)] * 600)
    scene.http.daemon.models.drift.look()
    told = scene.score()
    assert told["psi_rows"] == 600
    assert next(iter(told["psi"])) == CALLERS
    assert told["psi"][CALLERS] > 0.25
    assert f'fraud_model_psi{{feature="{CALLERS}",model="masking"}} 8.2' in scene.http.client.get("/metrics").text
    status = scene.ask("GetModelStatus", models_pb2.GetModelStatusRequest())
    (masking,) = [each for each in status.scores if each.name == "masking"]
    assert (masking.psi_rows, masking.HasField("psi_at"), masking.psi["asr"]) == (600, True, 0.0)


def test_what_is_wrong_is_refused_and_nothing_changes(scene: Scene) -> None:
    scene.add(model_scene.folder())
    scene.add(model_scene.folder(metrics={"auc": 0.9, "fpr": 0.001}))
    scene.ask("ActivateModel", models_pb2.ActivateModelRequest(name="masking", version=1))

    def refusal(method: str, request: Any) -> Refused:
        with pytest.raises(Refused) as error:
            scene.ask(method, request)
        return error.value

    whole = model_scene.folder()
    cut = ModelFolder(whole.manifest, {**whole.files, "model.onnx": whole.files["model.onnx"][:-9]})
    told = refusal("AddModel", uploads(cut, "ann"))
    assert (told.code, told.reason, list(told.fields)) == ("INVALID_ARGUMENT", "MODEL_REFUSED", ["model.onnx"])
    told = refusal("AddModel", iter([ModelUpload(file=ModelFile(name="model.onnx", content=b"1"))]))
    assert "manifest.json is missing" in told.details
    for part in (ModelUpload(), ModelUpload(file=ModelFile(name="", content=b"1"))):
        assert refusal("AddModel", iter([part])).code == "INVALID_ARGUMENT"
    told = refusal("ActivateModel", models_pb2.ActivateModelRequest(name="masking", version=2))
    assert (told.code, told.reason) == ("FAILED_PRECONDITION", "PROMOTION_REFUSED")
    assert refusal("ActivateModel", models_pb2.ActivateModelRequest(name="masking", version=7)).code == "NOT_FOUND"
    assert refusal("ActivateModel", models_pb2.ActivateModelRequest(name="masking")).code == "INVALID_ARGUMENT"
    assert refusal("RollBackModel", models_pb2.RollBackModelRequest(name="masking")).code == "NOT_FOUND"
    assert scene.score()["version"] == 1
    assert len(scene.ask("ListModels", models_pb2.ListModelsRequest(name="masking")).models) == 2


def test_model_scores_again_after_a_start(sqlite_url: str) -> None:
    with http(sqlite_url) as client:
        Scene(client).add(model_scene.folder())
        client.daemon.models.activate("masking", 1, "ann")
    with http(sqlite_url) as client:
        scored = client.daemon.models.scorers.score("masking", row(9))
        assert scored is not None
        assert scored.version == 1
        assert not client.daemon.store.fraud.audits(what="model.reload")
        client.post("/api/v1/model/reload")
        assert client.daemon.store.fraud.audits(what="model.reload")[0].row.who == "http 127.0.0.1"
