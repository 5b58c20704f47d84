"""Replaying, once it is known what: events in, files and a summary out."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from rich.console import RenderableType
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from ratingd.cli.output import Output, console, moment, pairs, table
from ratingd.cli.refusal import Refusal, Refused
from ratingd.cli.row_faults import RowFaults
from ratingd.ingest.event_file import EventFile
from ratingd.ingest.event_map import EventMap
from ratingd.ingest.event_rows import FileRefused
from ratingd.ingest.replay import Replay
from ratingd.ingest.replay_output import HIT_COLUMNS, hit_row, spool, write_flags, write_incidents
from ratingd.ingest.replay_source import Faulty, events_of_file, numbers_of, stored_events
from ratingd.ingest.replay_terms import FaultsFound, Written, fresh_watch, lists_for, rules_for
from ratingd.ingest.row_file import rows_into
from ratingd.settings import Settings
from ratingd.store.faults import StoreFault
from ratingd.store.store import Store, open_store
from triggers.calls.call_event import CallEvent
from triggers.masking.masking_watch import attempt_ms

SHOWN_MAX: Final = 50  # incidents in the table
LOOK_EVERY: Final = 2_000  # events, between two looks of the progress bar


@dataclass(frozen=True, slots=True)
class Asked:
    """What is replayed, and which files are written. Without a `file` it is the settings' database, from `since_ms` on
    and before `until_ms`."""

    settings: Settings
    file: Path | None
    columns: EventMap
    by_time: bool
    since_ms: int
    until_ms: int
    lists: Path | None
    rules: Path | None
    flags: Path
    incidents: Path | None
    hits: Path | None


def replayed(asked: Asked, faults: RowFaults, out: Output) -> Replay:
    """Everything read, and the files written. Raises Refused."""
    with ExitStack() as kept, _told():
        if asked.file is None:
            store = kept.enter_context(_store(asked.settings))
            events = stored_events(store, asked.settings, faults.add, asked.since_ms, asked.until_ms)
            return _written_out(asked, events, store)
        return _written_out(asked, kept.enter_context(_events(asked, asked.file, faults.add, out)), None)


def _written_out(asked: Asked, events: Iterator[CallEvent], store: Store | None) -> Replay:
    settings = asked.settings
    rules = rules_for(settings, _content(asked.rules), store)
    first = next(events, None)
    begun_ms = 0 if first is None else attempt_ms(first)
    numbers = numbers_of(settings, stored=store is not None)
    lists = lists_for(settings, numbers, _content(asked.lists), store, begun_ms)
    with ExitStack() as open_files:
        calls = open_files.enter_context(spool(asked.flags.absolute().parent))
        hits = open_files.enter_context(rows_into(asked.hits, HIT_COLUMNS)) if asked.hits else None
        replay = Replay(
            fresh_watch(settings, lists, rules),
            calls.add,
            lambda hit, call_id: None if hits is None else hits.write(hit_row(hit, call_id)),
        )
        if first is not None:
            replay.take(first)
        for event in events:
            replay.take(event)
        write_flags(asked.flags, replay.calls(calls))
    if asked.incidents:
        write_incidents(asked.incidents, replay.incidents())
    return replay


@contextmanager
def _events(asked: Asked, path: Path, faulty: Faulty, out: Output) -> Iterator[Iterator[CallEvent]]:
    """The events of a file, with a bar that shows a person how much of it is read."""
    file = EventFile(path, asked.columns)
    events = events_of_file(file, asked.settings, faulty, by_time=asked.by_time)
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


def _content(path: Path | None) -> Written | None:
    return None if path is None else Written(path.name, path.read_bytes())


def show_replay(out: Output, replay: Replay, faults: RowFaults) -> None:
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
