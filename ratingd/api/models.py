"""ModelService: which models score, and putting others in their place. All of it takes its time, beside the calls."""

import json
from collections.abc import Callable
from numbers import Real
from typing import Any, Final

from ratingd.api.convert import required, set_instant
from ratingd.api.fraud_parts import asker
from ratingd.api.method import AnyMethod, Kind, Method, Outlet, Stream, StreamMethod, guarded, parse, told
from ratingd.engine.command import Reply
from ratingd.errors import InvalidRequest, RequestTooLarge
from ratingd.models.model_desk import ModelDesk, ScoreStatus
from ratingd.models.scorers import Shadow
from ratingd.store.faults import StoreFault
from ratingd.store.model_rows import ModelRow
from ratingd.v1 import models_pb2

SERVICE: Final = "/ratingd.v1.ModelService/"
MANIFEST: Final = "manifest.json"
CARD: Final = "card.md"
FILES_MAX: Final = 16
FILE_BYTES_MAX: Final = 64 * 1024 * 1024
MS: Final = 1_000_000

Change = Callable[[str, int, str], ModelRow]


class ModelsApi:
    def __init__(self, desk: ModelDesk) -> None:
        self._desk: Final = desk

    def methods(self) -> list[AnyMethod]:
        methods: dict[str, Callable[[bytes, int | None], Reply]] = {
            "ListModels": self._list,
            "GetModel": self._get,
            "ActivateModel": self._activate,
            "RollBackModel": self._roll_back,
            "ShadowModel": self._shadow,
            "ArchiveModel": self._archive,
            "GetModelStatus": self._status,
            "ReloadModels": self._reload,
        }
        return [
            *(Method(SERVICE + method, Kind.SLOW, guarded(prepare)) for method, prepare in methods.items()),
            StreamMethod(SERVICE + "AddModel", self._add),
        ]

    def _list(self, body: bytes, _: int | None) -> Reply:
        request = parse(models_pb2.ListModelsRequest(), body)
        found = [message_of(row) for row in self._desk.registry.models(request.name)]
        return _reply(models_pb2.ListModelsResponse(models=found))

    def _get(self, body: bytes, _: int | None) -> Reply:
        request = parse(models_pb2.GetModelRequest(), body)
        row = self._desk.registry.model(required(request.name, "name"), request.version)
        message = message_of(row)
        message.manifest = row.manifest
        cards = [file.content for file in self._desk.registry.files(row) if file.file == CARD]
        message.card = cards[0].decode(errors="replace") if cards else ""
        return _reply(message)

    def _add(self, outlet: Outlet) -> Stream:
        return Upload(self._desk, outlet)

    def _activate(self, body: bytes, _: int | None) -> Reply:
        request = parse(models_pb2.ActivateModelRequest(), body)
        who = asker(request.who)
        return _reply(message_of(self._desk.activate(*_version(request), who, force=request.force)))

    def _roll_back(self, body: bytes, _: int | None) -> Reply:
        request = parse(models_pb2.RollBackModelRequest(), body)
        return _reply(message_of(self._desk.roll_back(required(request.name, "name"), asker(request.who))))

    def _shadow(self, body: bytes, _: int | None) -> Reply:
        request = parse(models_pb2.ShadowModelRequest(), body)
        return _reply(message_of(self._desk.shadow(*_version(request), asker(request.who))))

    def _archive(self, body: bytes, _: int | None) -> Reply:
        request = parse(models_pb2.ArchiveModelRequest(), body)
        return _reply(message_of(self._desk.archive(*_version(request), asker(request.who))))

    def _status(self, body: bytes, _: int | None) -> Reply:
        parse(models_pb2.GetModelStatusRequest(), body)
        return _reply(models_pb2.ModelStatus(scores=map(status_of, self._desk.status())))

    def _reload(self, body: bytes, _: int | None) -> Reply:
        parse(models_pb2.ReloadModelsRequest(), body)
        return _reply(models_pb2.ModelStatus(scores=map(status_of, self._desk.reload())))


class Upload:
    """One stream of AddModel."""

    def __init__(self, desk: ModelDesk, outlet: Outlet) -> None:
        self._desk: Final = desk
        self._outlet: Final = outlet
        self._who: str | None = None
        self._files: Final[dict[str, bytearray]] = {}

    def receive(self, message: bytes) -> None:
        upload = parse(models_pb2.ModelUpload(), message)
        match upload.WhichOneof("part"):
            case "options":
                if self._who is not None or self._files:
                    raise InvalidRequest("options", "come once, in the first message")
                self._who = asker(upload.options.who)
            case "file":
                self._take(upload.file)
            case _:
                raise InvalidRequest("part", "is missing: options or a file")

    def half_close(self) -> None:
        """All is there: look at it, on the stream's own thread."""
        files = {name: bytes(content) for name, content in self._files.items()}
        if MANIFEST not in files:
            raise InvalidRequest("file", f"{MANIFEST} is missing; a folder is sent whole, as training wrote it")
        try:
            row = self._desk.add(files.pop(MANIFEST), files, self._who or asker(""))
        except StoreFault as fault:
            raise told(fault) from fault
        self._outlet.send(message_of(row).SerializeToString())
        self._outlet.finish()

    def drain(self) -> None:
        """A folder that is being looked at is finished; one still on its way is given up when the time is over."""

    def cancel(self) -> None:
        self._files.clear()

    def _take(self, file: models_pb2.ModelFile) -> None:
        name = required(file.name, "file.name")
        if name not in self._files and len(self._files) >= FILES_MAX:
            raise RequestTooLarge("file", f"a model has {FILES_MAX} files at most")
        content = self._files.setdefault(name, bytearray())
        content.extend(file.content)
        if len(content) > FILE_BYTES_MAX:
            raise RequestTooLarge("file", f"{name} has more than {FILE_BYTES_MAX} bytes, the most a file may have")


def message_of(row: ModelRow) -> models_pb2.Model:
    manifest = json.loads(row.manifest)
    schema, data = manifest["schema"], manifest["data"]
    message = models_pb2.Model(
        name=row.name, version=row.version, status=row.status, algorithm=row.algorithm,
        schema=f"{schema['name']} v{schema['version']}", schema_hash=row.schema_hash, who=row.who,
        activated_by=row.activated_by, previous=row.previous, threshold=manifest["threshold"],
        feature_window_days=manifest["feature_window_days"], data_fingerprint=data["fingerprint"], rows=data["rows"],
        positives=data["positives"], metrics=numbers(manifest["metrics"]),
    )  # fmt: skip
    set_instant(message.created, row.created_ms * MS)
    if row.activated_ms:
        set_instant(message.activated, row.activated_ms * MS)
    return message


def numbers(metrics: dict[str, Any]) -> dict[str, float]:
    """Those of a manifest's metrics that are one number each."""
    return {name: float(value) for name, value in metrics.items() if isinstance(value, Real)}


def status_of(status: ScoreStatus) -> models_pb2.ScoreStatus:
    active, figures = status.active, status.figures
    message = models_pb2.ScoreStatus(
        name=status.name, method=status.method, version=0 if active is None else active.version, wanted=status.wanted,
        fault=status.fault, threshold=0.0 if active is None else active.threshold, scored=figures.scored,
        flagged=figures.flagged, refused=figures.refused, seconds=figures.taken_ns / 1e9,
    )  # fmt: skip
    if status.shadow is not None or status.shadow_wanted:
        message.shadow.CopyFrom(_shadowed(status.shadow, status))
    drift = status.drift
    if drift is not None:
        message.psi.update(drift.found)
        message.psi_rows = drift.rows
        set_instant(message.psi_at, drift.at_ms * MS)
    return message


def _shadowed(shadow: Shadow | None, status: ScoreStatus) -> models_pb2.Shadowed:
    message = models_pb2.Shadowed(wanted=status.shadow_wanted, fault=status.shadow_fault)
    if shadow is not None:
        message.version, message.scored, message.flagged = shadow.scorer.version, shadow.scored, shadow.flagged
        message.compared, message.agreed = shadow.compared, shadow.agreed
        message.shadow_alone, message.active_alone = shadow.shadow_alone, shadow.active_alone
        message.distance, message.left_out = shadow.distance, shadow.left_out
        message.histogram.extend(shadow.histogram)
    return message


def _version(
    request: models_pb2.ActivateModelRequest | models_pb2.ShadowModelRequest | models_pb2.ArchiveModelRequest,
) -> tuple[str, int]:
    if request.version < 1:
        raise InvalidRequest("version", f"is {request.version}; versions are numbered from 1 on")
    return required(request.name, "name"), request.version


def _reply(message: Any) -> Reply:
    return Reply(0, message.SerializeToString())
