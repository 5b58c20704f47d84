"""`ratingd model train|evaluate`: a model from labelled calls, and what it is worth on others.

    $ ratingd model train masking --generate --seed 1 --out masking-1
    $ ratingd model train caller --stored --since 60d --out caller-2
    $ ratingd model evaluate masking-1 --preset shifted --preset low_and_slow --seed 101
    $ ratingd model add masking-1

Neither needs a daemon, and neither changes what one does: `model add` gives it the folder.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from ratingd.cli.config_option import configured
from ratingd.cli.fraud_plain import since_of
from ratingd.cli.model_figures import evaluation_tables, trained_tables
from ratingd.cli.options import answers
from ratingd.cli.output import Output
from ratingd.cli.refusal import Refusal, Refused
from ratingd.cli.row_faults import RowFaults, mapped
from ratingd.errors import InvalidRequest
from ratingd.ingest.event_map import EventMap
from ratingd.ingest.event_rows import FileRefused
from ratingd.settings_reading import read_settings

if TYPE_CHECKING:  # a command line without models need not wait for numpy
    from ratingd.models.training.lesson import Lesson
    from ratingd.models.training.material import Material
    from triggers.numbers.number_reading import NumberReader

NAMES: Final = ("masking", "caller", "isolation", "knn")
PRESETS: Final = ("train", "shifted", "low_and_slow", "mimicry")
CALLS: Final = 300_000
CALLS_TO_JUDGE: Final = 60_000
CALLS_LEAST: Final = 1_000
SEED_TO_JUDGE: Final = 101
A_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
SEED: Final = click.IntRange(0, 2**32 - 1)
SINCE: Final = "720h"


@click.command("train")
@click.argument("name", type=click.Choice(NAMES))
@click.option(
    "--data",
    "files",
    type=A_FILE,
    multiple=True,
    help="Labelled calls, as `model generate` and `model import` write them. One file.",
)
@click.option("--generate", is_flag=True, help="Simulated calls instead: telephony, satark or scam5000.")
@click.option("--stored", is_flag=True, help="What the settings' database holds of calls, with what people said of it.")
@click.option(
    "--since", metavar="WHEN", help=f"With --stored: calls from then on, an instant or so long ago. [{SINCE}]"
)
@click.option("--seed", type=SEED, default=42, show_default=True, help="Of the model, and of what is generated.")
@click.option(
    "--calls",
    type=click.IntRange(min=CALLS_LEAST),
    default=CALLS,
    show_default=True,
    help="To generate, about so many.",
)
@click.option("--out", "into", type=click.Path(file_okay=False, path_type=Path), required=True, help="A new folder.")
@click.option("--quick", is_flag=True, help="Fewer trees, no cross-validation: seconds instead of minutes.")
@mapped
@click.option("--region", metavar="CC", help="Country of numbers without one, such as IN. Default: the settings'.")
@configured
@answers
def train_command(
    name: str,
    files: tuple[Path, ...],
    generate: bool,
    stored: bool,
    since: str | None,
    seed: int,
    calls: int,
    into: Path,
    quick: bool,
    columns: EventMap,
    region: str | None,
    config: Path | None,
    out: Output,
) -> None:
    """Train NAME on labelled calls and write it to a folder, with its figures and a card for people.

    masking says how likely a call belongs to a masking run, caller how likely a caller is a fraudster; isolation how
    unlike others a caller is, and knn what the calls most like a call were.

    With --stored it learns from what analysts confirmed and dismissed (`ratingd fraud confirm`, `dismiss`), what was
    imported with a label, and numbers that three people reported; stored calls that nobody and nothing suspects are
    ordinary. --data FILE or --generate beside it: from both.

    The same calls and seed give the same files, byte for byte.
    """
    if len(files) > 1:
        raise click.UsageError(f"--data: {len(files)} files; one is wanted, with the calls of all in the order of time")
    data = files[0] if files else None
    if data is not None and generate:
        raise click.UsageError("--data or --generate? Both is too much")
    if data is None and not generate and not stored:
        raise click.UsageError(
            "where do the calls come from? --data FILE or --generate, --stored, or one and the other"
        )
    if since and not stored:
        raise click.UsageError("--since is for --stored")
    if into.is_dir() and any(into.iterdir()):
        raise click.UsageError(f"--out {into} is a folder with something in it; a new one is wanted")
    from ratingd.models.training.boosted_model import Effort
    from ratingd.models.training.lesson import LESSONS
    from ratingd.models.training.material import generated, joined
    from ratingd.models.training.trainer import trained

    lesson = LESSONS[name]
    effort = Effort(seed, QUICK_TREES, folds=False) if quick else Effort(seed)
    try:
        parts = [_stored(lesson, since or SINCE, config)] if stored else []
        if generate:
            parts.append(generated(lesson, seed=seed, calls=calls))
        elif data is not None:
            parts.append(_read(lesson, data, columns, _numbers(region, config), out))
        folder = trained(lesson, joined(parts), effort)
        folder.write(into)
    except InvalidRequest as refused:
        raise Refused(Refusal("DATA_REFUSED", str(refused), {refused.field: refused.description})) from None
    except OSError as error:
        raise Refused(Refusal("FILE_REFUSED", f"{error.filename or into}: {error.strerror}")) from None
    out.show({**folder.manifest.document(), "folder": str(into)}, *trained_tables(folder.manifest, into))


QUICK_TREES: Final = 60


@click.command("evaluate")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--data", "files", type=A_FILE, multiple=True, help="Labelled calls. More than once: each for itself.")
@click.option("--preset", "presets", type=click.Choice(PRESETS), multiple=True, help="Simulated calls of this town.")
@click.option("--seed", type=SEED, default=SEED_TO_JUDGE, show_default=True, help="Of simulated calls.")
@click.option("--calls", type=click.IntRange(min=CALLS_LEAST), default=CALLS_TO_JUDGE, show_default=True)
@mapped
@click.option("--region", metavar="CC", help="Country of numbers without one, such as IN. Default: the settings'.")
@configured
@answers
def evaluate_command(
    folder: Path,
    files: tuple[Path, ...],
    presets: tuple[str, ...],
    seed: int,
    calls: int,
    columns: EventMap,
    region: str | None,
    config: Path | None,
    out: Output,
) -> None:
    """What the model in FOLDER is worth on other calls, with the rule alone beside it.

    `--preset shifted` is a town in which nothing is as in training, low_and_slow has attacks of three or four callers,
    mimicry fraudsters who do as people do. For isolation and knn it is another month or other rows, whatever it is.
    """
    if not files and not presets:
        raise click.UsageError("on what? --data FILE or --preset NAME, each as often as wanted")
    from ratingd.models.model_folder import ModelFolder
    from ratingd.models.trained_model import TrainedModel
    from ratingd.models.training.evaluation import evaluated_material, lesson_of
    from ratingd.models.training.material import generated

    try:
        model = TrainedModel(ModelFolder.read(folder))
        lesson = lesson_of(model)
        found = []
        for file in files:
            material = _read(lesson, file, columns, _numbers(region, config), out)
            found.append(evaluated_material(model, material.data, material.calls, material.source))
        for preset in presets:
            material = generated(lesson, seed=seed, calls=calls, preset=preset)
            found.append(evaluated_material(model, material.data, material.calls, material.source))
    except InvalidRequest as refused:
        raise Refused(Refusal(refused.reason, str(refused), {refused.field: refused.description})) from None
    except OSError as error:
        raise Refused(Refusal("FILE_REFUSED", f"{error.filename or folder}: {error.strerror}")) from None
    if out.for_people:
        out.show(None, *[part for each in found for part in evaluation_tables(each)])
    else:
        out.show_list([each.document() for each in found], evaluation_tables(found[0])[0])


def _numbers(region: str | None, config: Path | None) -> "NumberReader":
    from triggers.numbers.number_reading import NumberReader

    try:
        return NumberReader(read_settings(config).settings.default_region if region is None else region)
    except ValueError as error:
        raise click.UsageError(f"--region: {error}") from None


def _stored(lesson: "Lesson", since: str, config: Path | None) -> "Material":
    from ratingd.fraud.terms import watch_terms
    from ratingd.models.judged_calls import PseudonymsStored, judged_calls
    from ratingd.models.training.material import of_store
    from ratingd.store.faults import StoreFault
    from ratingd.store.store import open_store

    settings = read_settings(config).settings
    since_at = since_of(since)
    try:
        store = open_store(settings.database_url, exclusive=False)
        try:
            judged = judged_calls(store, 0 if since_at is None else since_at.ToMilliseconds())
        finally:
            store.close()
    except StoreFault as fault:
        raise Refused(Refusal("STORE_UNAVAILABLE", f"the stored calls cannot be read: {fault}")) from None
    except PseudonymsStored as fault:
        raise Refused(Refusal("DATA_REFUSED", str(fault))) from None
    return of_store(lesson, judged, watch_terms(settings))


def _read(lesson: "Lesson", file: Path, columns: EventMap, numbers: "NumberReader", out: Output) -> "Material":
    from ratingd.models.traffic.call_file import CallsRefused
    from ratingd.models.training.material import of_file

    try:
        return of_file(lesson, file, columns, numbers)
    except FileRefused as refused:
        raise Refused(Refusal("FILE_REFUSED", f"{file} {refused}")) from None
    except CallsRefused as refused:
        with RowFaults(None, str(file)) as faults:
            for fault in refused.faults:
                faults.add(fault)
        faults.show(out)
        raise Refused(
            Refusal("FILE_REFUSED", f"{file}: {faults.count} rows cannot be read; nothing is taken")
        ) from None


COMMANDS: Final = (train_command, evaluate_command)
