"""`ratingd cdr`: the calls of a file, brought to a daemon as if a switch had told of them."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import RenderableType
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from ratingd.cli.cdr_sending import EventSender, Sent
from ratingd.cli.options import Where, answers, asks
from ratingd.cli.output import Output, console, pairs
from ratingd.cli.refusal import Refusal, Refused
from ratingd.cli.row_faults import RowFaults, mapped, rejecting
from ratingd.ingest.event_file import EventFile, FileEvent
from ratingd.ingest.event_map import EventMap
from ratingd.ingest.event_rows import FileRefused, RowFault
from ratingd.v1.fraud_pb2 import EventFault


@click.group("cdr")
def cdr_command() -> None:
    """Files of calls: brought to a daemon, where they count for fraud detection."""


@cdr_command.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@mapped
@rejecting
@asks
@answers
@click.pass_context
def import_command(
    context: click.Context, file: Path, columns: EventMap, rejects: Path | None, where: Where, out: Output
) -> None:
    """Send the calls of FILE (CSV, or JSON lines where its name ends in .jsonl) to a daemon, and wait until all are
    stored.

    Repeated, after a break or by mistake, it counts nothing twice within the daemon's dedup_ttl_seconds, and leaves one
    record of each call in any case: a call has the same name each time.

    Exits 1 if a row could not be read; all others are stored.
    """
    began_s = time.monotonic()
    found = EventFile(file, columns)
    with RowFaults(rejects, str(file)) as faults, where.client() as client, _bar(found, out) as moved, _told(file):

        def faulty(event: FileEvent, fault: EventFault) -> None:
            column = columns.column_of(fault.field)
            faults.add(RowFault(event.line, column, fault.message, event.text))

        sent = EventSender(client, faulty, moved).send(_events(found, faults))
    _show(out, sent, faults, time.monotonic() - began_s)
    if faults.count:
        context.exit(1)


def _events(file: EventFile, faults: RowFaults) -> Iterator[FileEvent]:
    for found in file:
        if isinstance(found, RowFault):
            faults.add(found)
        else:
            yield found


@contextmanager
def _bar(file: EventFile, out: Output) -> Iterator[Callable[[], None]]:
    """How much of the file is read, for a person."""
    if not (out.for_people and sys.stderr.isatty()):
        yield lambda: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console(stderr=True), transient=True) as bar:
        task = bar.add_task(file.path.name, total=None)
        yield lambda: bar.update(task, total=file.size, completed=file.offset)


@contextmanager
def _told(file: Path) -> Iterator[None]:
    try:
        yield
    except FileRefused as refused:
        raise Refused(Refusal("FILE_REFUSED", f"{file} {refused}")) from None
    except OSError as error:
        raise Refused(Refusal("FILE_REFUSED", f"{file} cannot be read: {error.strerror}")) from None


def _show(out: Output, sent: Sent, faults: RowFaults, seconds: float) -> None:
    told = asdict(sent) | {"rejected": faults.count, "seconds": round(seconds, 1)}
    rows: list[tuple[str, RenderableType]] = [
        ("stored", str(sent.stored)),
        ("known before", str(sent.duplicates)),
        ("to be cut", " ".join([str(sent.disconnect), *[f"{name}: {n}" for name, n in sent.reasons.items()]])),
        ("rejected", Text(str(faults.count), "bold red" if faults.count else "")),
        ("seconds", f"{seconds:.1f}"),
    ]
    out.show(told, pairs(rows))
    faults.show(out)
