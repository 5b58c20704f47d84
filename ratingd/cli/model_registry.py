"""`ratingd model list|show|add|activate|rollback|shadow|archive|status|reload`: which models score at a daemon."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Group, RenderableType
from rich.text import Text

from ratingd.cli.fraud_plain import by_whom
from ratingd.cli.options import Where, answers, asks
from ratingd.cli.output import Output, moment, pairs, table
from ratingd.cli.plain import plain
from ratingd.v1.models_pb2 import (
    ActivateModelRequest,
    ArchiveModelRequest,
    GetModelRequest,
    GetModelStatusRequest,
    ListModelsRequest,
    Model,
    ModelFile,
    ModelOptions,
    ModelStatus,
    ModelUpload,
    ReloadModelsRequest,
    RollBackModelRequest,
    ShadowModelRequest,
)

Plain = Mapping[str, Any]
MANIFEST: Final = "manifest.json"
CHUNK_BYTES: Final = 1 << 20
OPENING_S: Final = 120.0  # a daemon that has had no model yet loads libraries first
WARNED_ABOVE: Final = 0.1
ALERTED_ABOVE: Final = 0.25
PSI_SHOWN: Final = 3
FIRST_SHOWN: Final = ("auc", "fpr")
_STYLES: Final = {"production": "bold green", "shadow": "yellow", "archived": "dim"}

name_argument = click.argument("name")
version_argument = click.argument("version", type=click.IntRange(min=1))


@click.command("list")
@click.argument("name", default="")
@asks
@answers
def list_command(name: str, where: Where, out: Output) -> None:
    """Every version that was added, of NAME or of all."""
    with where.client() as client:
        answer = client.ask(client.models.ListModels, ListModelsRequest(name=name))
    found = [shown(model) for model in answer.models]
    out.show_list(found, models_table(found))


@click.command("show")
@name_argument
@click.argument("version", type=click.IntRange(min=1), required=False)
@click.option("--card", is_flag=True, help="Its card, as training wrote it.")
@asks
@answers
def show_command(name: str, version: int | None, card: bool, where: Where, out: Output) -> None:
    """One version; without VERSION the active one."""
    with where.client() as client:
        model = client.ask(client.models.GetModel, GetModelRequest(name=name, version=version or 0))
    if card and out.for_people:
        click.echo(model.card, nl=False)
        return
    found = shown(model)
    out.show(found, pairs(model_rows(found)))


@click.command("add")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@by_whom
@asks
@answers
def add_command(folder: Path, who: str, where: Where, out: Output) -> None:
    """Give a daemon the model in FOLDER, as `model train --out` wrote it. It scores nothing until it is activated."""
    with where.client() as client:
        model = client.ask(client.models.AddModel, uploads(folder, who), OPENING_S)
    found = shown(model)
    text = f"{model.name} {model.version} is there. `ratingd model activate {model.name} {model.version}` has it score."
    out.show(found, Text(text, "bold"))


@click.command("activate")
@name_argument
@version_argument
@click.option("--force", is_flag=True, help="Even where it is worse than the active one.")
@by_whom
@asks
@answers
def activate_command(name: str, version: int, force: bool, who: str, where: Where, out: Output) -> None:
    """Have VERSION of NAME score from now on, at every daemon on the database."""
    with where.client() as client:
        request = ActivateModelRequest(name=name, version=version, who=who, force=force)
        model = client.ask(client.models.ActivateModel, request, OPENING_S)
    _tell(model, "scores now", out)


@click.command("rollback")
@name_argument
@by_whom
@asks
@answers
def rollback_command(name: str, who: str, where: Where, out: Output) -> None:
    """Go back to the version of NAME that was active before."""
    with where.client() as client:
        model = client.ask(client.models.RollBackModel, RollBackModelRequest(name=name, who=who), OPENING_S)
    _tell(model, "scores again", out)


@click.command("shadow")
@name_argument
@version_argument
@by_whom
@asks
@answers
def shadow_command(name: str, version: int, who: str, where: Where, out: Output) -> None:
    """Have VERSION of NAME score beside the active one: it is compared, and nothing comes of its scores."""
    with where.client() as client:
        model = client.ask(
            client.models.ShadowModel, ShadowModelRequest(name=name, version=version, who=who), OPENING_S
        )
    _tell(model, "scores in the shadow; `ratingd model status` compares", out)


@click.command("archive")
@name_argument
@version_argument
@by_whom
@asks
@answers
def archive_command(name: str, version: int, who: str, where: Where, out: Output) -> None:
    """Take VERSION of NAME out of use; where it was the active one, rules score again."""
    with where.client() as client:
        model = client.ask(client.models.ArchiveModel, ArchiveModelRequest(name=name, version=version, who=who))
    _tell(model, "scores no more", out)


@click.command("status")
@asks
@answers
def status_command(where: Where, out: Output) -> None:
    """What scores at a daemon, how a shadow compares, and what has drifted."""
    with where.client() as client:
        status = client.ask(client.models.GetModelStatus, GetModelStatusRequest())
    _show_status(status, out)


@click.command("reload")
@asks
@answers
def reload_command(where: Where, out: Output) -> None:
    """Have a daemon open again what is in use."""
    with where.client() as client:
        status = client.ask(client.models.ReloadModels, ReloadModelsRequest(), OPENING_S)
    _show_status(status, out)


COMMANDS: Final = (
    list_command, show_command, add_command, activate_command, rollback_command, shadow_command, archive_command,
    status_command, reload_command,
)  # fmt: skip


def uploads(folder: Path, who: str) -> Iterator[ModelUpload]:
    """The messages that carry a folder."""
    if not (folder / MANIFEST).is_file():
        raise click.UsageError(
            f"{folder} holds no {MANIFEST}; a folder is wanted that `ratingd model train` has written"
        )
    files = sorted(path for path in folder.iterdir() if path.is_file())

    def messages() -> Iterator[ModelUpload]:
        yield ModelUpload(options=ModelOptions(who=who))
        for path in files:
            content = path.read_bytes()
            for at in range(0, max(len(content), 1), CHUNK_BYTES):
                yield ModelUpload(file=ModelFile(name=path.name, content=content[at : at + CHUNK_BYTES]))

    return messages()


def shown(model: Model) -> dict[str, Any]:
    found: dict[str, Any] = plain(model)
    return found


def models_table(models: list[dict[str, Any]]) -> RenderableType:
    rows = table(
        "name", "version", "status", "algorithm", "features", "auc", "fpr", "rows", "added", "by", "active since",
        numbers=("version", "auc", "fpr", "rows"),
    )  # fmt: skip
    for model in models:
        metrics = model.get("metrics", {})
        rows.add_row(
            model["name"], str(model["version"]), Text(model["status"], _STYLES.get(model["status"], "")),
            model["algorithm"], model["schema"], *(_figure(metrics.get(name)) for name in FIRST_SHOWN),
            str(model["rows"]), moment(model.get("created")), model["who"], moment(model.get("activated")),
        )  # fmt: skip
    return rows


def model_rows(model: Plain) -> Iterator[tuple[str, RenderableType]]:
    yield "model", Text(f"{model['name']} {model['version']}", "bold")
    yield "status", Text(model["status"], _STYLES.get(model["status"], ""))
    yield "algorithm", model["algorithm"]
    yield "features", f"{model['schema']} ({model['schema_hash']})"
    yield "threshold", _figure(model["threshold"])
    yield "added", f"{moment(model.get('created'))} by {model['who']}"
    if model.get("activated"):
        followed = f", after {model['previous']}" if model["previous"] else ""
        yield "active", f"{moment(model['activated'])} by {model['activated_by']}{followed}"
    yield "data", f"{model['rows']} rows, {model['positives']} of them fraud; {model['data_fingerprint'][:16]}"
    for name, value in sorted(model.get("metrics", {}).items()):
        yield name, _figure(value)


def status_table(scores: list[dict[str, Any]]) -> RenderableType:
    rows = table(
        "score", "by", "version", "scored", "flagged", "mean time", "drift", "shadow", "agrees",
        numbers=("version", "scored", "flagged", "mean time"),
    )  # fmt: skip
    for score in scores:
        shadow = score.get("shadow") or {}
        rows.add_row(
            score["name"], score["method"], str(score["version"] or ""), str(score["scored"]), str(score["flagged"]),
            _mean_time(score), _drifted(score.get("psi", {})), str(shadow.get("version") or ""), _agreement(shadow),
        )  # fmt: skip
    return rows


def _show_status(status: ModelStatus, out: Output) -> None:
    found: list[dict[str, Any]] = plain(status)["scores"]
    faults = [Text(line, "bold red") for score in found for line in _faults(score)]
    out.show_list(found, Group(status_table(found), *faults))


def _faults(score: Plain) -> Iterator[str]:
    if score.get("fault"):
        yield f"{score['name']} {score['wanted']} should score and does not: {score['fault']}"
    shadow = score.get("shadow") or {}
    if shadow.get("fault"):
        yield f"{score['name']} {shadow['wanted']} should score in the shadow and does not: {shadow['fault']}"


def _tell(model: Model, what: str, out: Output) -> None:
    out.show(shown(model), Text(f"{model.name} {model.version} {what}.", "bold"))


def _mean_time(score: Plain) -> str:
    return f"{1e6 * score['seconds'] / score['scored']:.0f} µs" if score["scored"] else ""


def _drifted(psi: Mapping[str, float]) -> Text:
    """The features that have drifted furthest."""
    far = sorted(((index, name) for name, index in psi.items() if index > WARNED_ABOVE), reverse=True)
    style = "bold red" if far and far[0][0] > ALERTED_ABOVE else "yellow" if far else "dim"
    return Text(", ".join(f"{name} {index:.2f}" for index, name in far[:PSI_SHOWN]) or ("none" if psi else ""), style)


def _agreement(shadow: Plain) -> str:
    if not shadow.get("compared"):
        return ""
    alone = f"{shadow['shadow_alone']} only by it, {shadow['active_alone']} only by the active one"
    return f"{100 * shadow['agreed'] / shadow['compared']:.1f} % of {shadow['compared']} ({alone})"


def _figure(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float | int) else ""
