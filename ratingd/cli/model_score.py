"""`ratingd model score`: what the neighbours say of the messages of a board, from a file into a file.

    $ ratingd model score calls.jsonl --out scored.jsonl
    $ ratingd model score calls.jsonl --model knn-1 | head

It needs no daemon: the model is that of a folder, or the active one of the settings' database.
"""

import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from rich.text import Text

from ratingd.cli.config_option import configured
from ratingd.cli.options import answers
from ratingd.cli.output import Output, console, pairs
from ratingd.cli.refusal import Refusal, Refused
from ratingd.errors import InvalidRequest
from ratingd.ingest.row_file import whole
from ratingd.settings_reading import read_settings

if TYPE_CHECKING:  # a command line without models need not wait for numpy
    from ratingd.models.board_file import BoardFile
    from ratingd.models.scorers import Scorer

KNN: Final = "knn"
NO_MODEL: Final = (
    "no model of the name knn is active in the settings' database, so predicted_label and predicted_proba are null. "
    "`ratingd model train knn` makes one; name its folder with --model, or add and activate it at a daemon."
)


@click.command("score")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--model",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="As `model train knn` wrote it. Default: the active knn of the settings' database.",
)
@click.option("--out", "into", type=click.Path(dir_okay=False, path_type=Path), help="Default: standard output.")
@configured
@answers
def score_command(file: Path, folder: Path | None, into: Path | None, config: Path | None, out: Output) -> None:
    """Say of each message of a board in FILE (JSON lines) whether the calls most like its call were scams.

    {"call_duration": 12.5, "num_digits": 11, "hour_of_day": 3, "freq_calls": 4} is answered {"call": the same,
    "predicted_label": 0 or 1, "predicted_proba": [p0, p1], "processed_ts": now}. Without a model both are null.

    A line that is no message goes to FILE.dead, with the reason, and stops nothing.
    """
    from ratingd.models.board_file import BoardFile, DeadLines
    from ratingd.models.scorers import Scorers

    scorers, model = Scorers(), _model(folder, config)
    scorers.put(KNN, model, None)
    if model is None:
        console(stderr=True).print(Text(NO_MODEL, "yellow"), soft_wrap=True)
    try:
        with DeadLines(file) as dead:
            scored = BoardFile(file, scorers, dead)
            _write(scored, into)
    except OSError as error:
        raise Refused(Refusal("FILE_REFUSED", f"{error.filename or file}: {error.strerror}")) from None
    told = {
        "file": str(file),
        "model": None if model is None else KNN,
        "version": None if model is None else model.version or None,
        "messages": scored.messages,
        "scams": None if model is None else scored.scams,
        "refused": dead.count,
        "dead": str(dead.path) if dead.count else None,
        "out": None if into is None else str(into),
    }
    rows = [(name, f"{value:,}" if isinstance(value, int) else str(value)) for name, value in told.items() if value]
    if into is not None:
        out.show(told, pairs(rows))
    elif out.for_people:
        console(stderr=True).print(pairs(rows))


def _write(scored: "BoardFile", into: Path | None) -> None:
    if into is None:
        for answer in scored.answers():
            sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()
        return
    with whole(into) as file:
        for answer in scored.answers():
            file.write(f"{answer}\n")


def _model(folder: Path | None, config: Path | None) -> "Scorer | None":
    try:
        return _of_store(config) if folder is None else _of_folder(folder)
    except InvalidRequest as refused:
        raise Refused(Refusal(refused.reason, str(refused), {refused.field: refused.description})) from None


def _of_folder(folder: Path) -> "Scorer":
    from ratingd.models.model_folder import MANIFEST, ModelFolder, ModelRefused
    from ratingd.models.scorers import Scorer
    from ratingd.models.trained_model import TrainedModel
    from triggers.scores.call_features import KNN as FEATURES

    read = ModelFolder.read(folder)
    told = read.manifest
    if told.name != KNN:
        raise ModelRefused(MANIFEST, f"is of a model that scores {told.name}; messages of a board are scored by {KNN}")
    if told.schema_hash != FEATURES.hash:
        title = f"{told.schema} v{told.schema_version}"
        raise ModelRefused(MANIFEST, f"is of a model of the features {title}, and {FEATURES.title} run here")
    return Scorer(KNN, 0, TrainedModel(read), FEATURES, threshold=told.threshold, algorithm=told.algorithm)


def _of_store(config: Path | None) -> "Scorer | None":
    """The active one; None where none is. A daemon on the database goes on meanwhile."""
    from ratingd.models.registry import ModelUnknown, Registry
    from ratingd.store.faults import StoreFault
    from ratingd.store.store import open_store

    try:
        with closing(open_store(read_settings(config).settings.database_url, exclusive=False)) as store:
            registry = Registry(store.models)
            return registry.scorer(registry.model(KNN))
    except ModelUnknown:
        return None
    except StoreFault as fault:
        text = f"the models of the settings' database cannot be read: {fault}. Name a folder with --model."
        raise Refused(Refusal("STORE_UNAVAILABLE", text)) from None
