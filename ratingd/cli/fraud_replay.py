"""`ratingd fraud replay`: what fraud detection makes of the calls of a file, or of those that a daemon has stored.

    $ ratingd fraud replay calls.csv --flags flags.csv --incidents incidents.json --rules mine.csv

It needs no daemon, does nothing to anybody, and comes to the same each time.
"""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import click
from rich.console import RenderableType
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from ratingd.cli.config_option import configured
from ratingd.cli.fraud_plain import instant_of, since_of
from ratingd.cli.options import Command, answers, bundled
from ratingd.cli.output import Output, console, moment, pairs, table
from ratingd.cli.refusal import Refusal, Refused
from ratingd.cli.row_faults import RowFaults, mapped, rejecting
from ratingd.ingest.event_file import EventFile
from ratingd.ingest.event_map import EventMap
from ratingd.ingest.event_rows import FileRefused
from ratingd.ingest.replay import Replay
from ratingd.ingest.replay_output import HIT_COLUMNS, hit_row, rows_into, spool, write_flags, write_incidents
from ratingd.ingest.replay_source import Faulty, events_of_file, numbers_of, stored_events
from ratingd.ingest.replay_terms import FaultsFound, Written, fresh_watch, lists_for, rules_for
from ratingd.settings import Settings
from ratingd.settings_reading import read_settings
from ratingd.store.faults import StoreFault
from ratingd.store.store import Store, open_store
from triggers.call_event import CallEvent
from triggers.masking_watch import attempt_ms

FOR_EVER_MS: Final = 1 << 61
SHOWN_MAX: Final = 50  # incidents in the table
LOOK_EVERY: Final = 2_000  # events, between two looks of the progress bar
FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
NEW_FILE: Final = click.Path(dir_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True)
class Outputs:
    """The files that are written."""

    flags: Path
    incidents: Path | None
    hits: Path | None
    rejects: Path | None


@dataclass(frozen=True, slots=True)
class GoneBy:
    """What is other than the settings say."""

    lists: Path | None
    rules: Path | None
    window: float | None
    threshold: int | None
    shards: int | None
    config: Path | None

    def settings(self) -> Settings:
        own = {
            "detection_window_seconds": self.window,
            "detection_threshold": self.threshold,
            "detection_shards": self.shards,
        }
        return read_settings(self.config).settings.model_copy(
            update={name: value for name, value in own.items() if value is not None}
        )


def _outputs(command: Command) -> Command:
    return bundled(
        command,
        "outputs",
        Outputs,
        click.option(
            "--flags", type=NEW_FILE, required=True, help="Each call with its flag and incident: CSV or JSONL."
        ),
        click.option("--incidents", type=NEW_FILE, help="The masking runs, as JSON."),
        click.option("--hits", type=NEW_FILE, help="Each time that a rule held, and what it would have done."),
        rejecting,
    )


def _gone_by(command: Command) -> Command:
    return bundled(
        command,
        "by",
        GoneBy,
        click.option("--lists", type=FILE, help="White and black lists, as NumberLists.csv. Default: none."),
        click.option("--rules", type=FILE, help="Rules, as FraudRules.csv. Default: those a daemon begins with."),
        click.option("--window", type=click.FloatRange(1, 60), metavar="SECONDS", help="Default: the settings'."),
        click.option("--threshold", type=click.IntRange(2, 100), metavar="CALLERS", help="Default: the settings'."),
        click.option("--shards", type=click.IntRange(1, 64), help="B-shards. What is found does not depend on it."),
        configured,
    )


@click.command("replay")
@click.argument("file", type=FILE, required=False)
@mapped
@click.option("--sort", "by_time", is_flag=True, help="Sort the file's events by time before, in memory.")
@click.option("--stored", is_flag=True, help="Replay the events of the settings' database instead of a FILE.")
@click.option("--since", metavar="WHEN", help="With --stored: what came from then on, such as 24h or an instant.")
@click.option("--until", metavar="INSTANT", help="With --stored: what came before.")
@_outputs
@_gone_by
@answers
@click.pass_context
def replay_command(
    context: click.Context,
    file: Path | None,
    columns: EventMap,
    by_time: bool,
    stored: bool,
    since: str | None,
    until: str | None,
    outputs: Outputs,
    by: GoneBy,
    out: Output,
) -> None:
    """Say of each call of FILE (CSV or JSONL) whether it is part of a masking run, and which rules would have held.

    Needs no daemon and does nothing to anybody. The same file gives the same bytes each time. A call that is flagged
    because of later ones is flagged in what is written. With --stored and --rules it tells what a file of rules would
    have done about the calls that a daemon has stored.

    Events are taken in the order of the file. Incidents are exact as long as no call is further behind the newest one
    before it than allowed_lateness_seconds; a file that is sorted by number, or holds days in disorder, needs --sort.

    Exits 1 if a row could not be read; all others were.
    """
    _check_arguments(file, stored, by_time, since, until)
    settings = by.settings()
    with RowFaults(outputs.rejects, str(file or "stored")) as faults, ExitStack() as kept, _told():
        store = kept.enter_context(_store(settings)) if stored else None
        if store is not None:
            since_ms = since_of(since).ToMilliseconds() if since else 0  # type: ignore[union-attr]
            until_ms = instant_of(until, "until").ToMilliseconds() if until else FOR_EVER_MS
            events = stored_events(store, settings, faults.add, since_ms, until_ms)
        else:
            events = kept.enter_context(_events(Path(str(file)), columns, settings, faults.add, by_time, out))
        replay = _replayed(events, settings, by, outputs, store)
    _show(out, replay, faults)
    if faults.count:
        context.exit(1)


def _replayed(
    events: Iterator[CallEvent], settings: Settings, by: GoneBy, outputs: Outputs, store: Store | None
) -> Replay:
    """Everything read, and the files written."""
    rules = rules_for(settings, _written(by.rules), store)
    first = next(events, None)
    begun_ms = 0 if first is None else attempt_ms(first)
    lists = lists_for(settings, numbers_of(settings, stored=store is not None), _written(by.lists), store, begun_ms)
    with ExitStack() as open_files:
        calls = open_files.enter_context(spool(outputs.flags.absolute().parent))
        hits = open_files.enter_context(rows_into(outputs.hits, HIT_COLUMNS)) if outputs.hits else None
        replay = Replay(
            fresh_watch(settings, lists, rules),
            calls.add,
            lambda hit, call_id: None if hits is None else hits.write(hit_row(hit, call_id)),
        )
        if first is not None:
            replay.take(first)
        for event in events:
            replay.take(event)
        write_flags(outputs.flags, replay.calls(calls))
    if outputs.incidents:
        write_incidents(outputs.incidents, replay.incidents())
    return replay


@contextmanager
def _events(
    path: Path, columns: EventMap, settings: Settings, faulty: Faulty, by_time: bool, out: Output
) -> Iterator[Iterator[CallEvent]]:
    """The events of a file, with a bar that shows a person how much of it is read."""
    file = EventFile(path, columns)
    events = events_of_file(file, settings, faulty, by_time=by_time)
    if not (out.for_people and sys.stderr.isatty()):
        yield events
        return
    with Progress(
        TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console(stderr=True), transient=True
    ) as bar:
        yield _watched(events, file, bar)


def _watched(events: Iterator[CallEvent], file: EventFile, bar: Progress) -> Iterator[CallEvent]:
    task = bar.add_task(f"replay {file.path.name}", total=None)
    for number, event in enumerate(events):
        if number % LOOK_EVERY == 0:
            bar.update(task, total=file.size, completed=file.offset)
        yield event


@contextmanager
def _store(settings: Settings) -> Iterator[Store]:
    store = open_store(settings.database_url, exclusive=False)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def _told() -> Iterator[None]:
    """What ends a replay, as the refusals of other commands are told."""
    try:
        yield
    except FileRefused as refused:
        raise Refused(Refusal("FILE_REFUSED", f"the file {refused}")) from None
    except StoreFault as fault:
        raise Refused(Refusal("STORE_UNAVAILABLE", f"the stored events cannot be read: {fault}")) from None
    except OSError as error:
        raise Refused(Refusal("FILE_REFUSED", f"{error.filename}: {error.strerror}")) from None
    except FaultsFound as found:
        looked_at = {f"{finding.file}:{finding.line}": str(finding) for finding in found.findings}
        raise Refused(Refusal("FILE_REFUSED", "lists and rules must have no fault", looked_at=looked_at)) from None


def _check_arguments(file: Path | None, stored: bool, by_time: bool, since: str | None, until: str | None) -> None:
    if (file is None) is not stored:
        raise click.UsageError("give a FILE, or --stored for the events of a database")
    if stored and by_time:
        raise click.UsageError("--sort is for a FILE: stored events are replayed in the order in which they came")
    if not stored and (since or until):
        raise click.UsageError("--since and --until are for --stored")


def _written(path: Path | None) -> Written | None:
    return None if path is None else Written(path.name, path.read_bytes())


def _show(out: Output, replay: Replay, faults: RowFaults) -> None:
    counts, incidents = asdict(replay.counts), replay.incidents()
    rows = table(
        "opened", "incident", "called", "severity", "callers", "calls", "response", numbers=("callers", "calls")
    )
    for one in incidents[:SHOWN_MAX]:
        rows.add_row(
            moment(one["opened"]), one["id"], one["b_number"], one["severity"], str(one["max_distinct"]),
            str(len(one["calls"])), one["response"],
        )  # fmt: skip
    tables: list[RenderableType] = [rows, Text()] if incidents else []
    if len(incidents) > SHOWN_MAX:
        tables += [Text(f"{len(incidents) - SHOWN_MAX} more incidents: write them all with --incidents.")]
    told = pairs([(name.replace("_", " "), str(value)) for name, value in counts.items()])
    out.show(counts | {"rejected": faults.count}, *tables, told, *_warnings(replay))
    faults.show(out)


def _warnings(replay: Replay) -> list[RenderableType]:
    if not replay.counts.disordered:
        return []
    return [
        Text(
            f"{replay.counts.disordered} calls were further behind the newest one before them than "
            "allowed_lateness_seconds; --sort has them in the order of time.",
            "yellow",
        )
    ]
