"""Rows of a file that could not be read, as people and programs are told of them, and the options that files share.

    calls.csv:17: start_ts: a time is wanted: seconds since 1970, or RFC 3339 as 2026-11-21T04:12:09.412Z, not 'soon'

The first twenty are told on standard error; `--rejects FILE` gets all of them (line, column, reason, row), as CSV, or
one JSON object a line where its name ends in .jsonl.
"""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TypeVar

import click
from rich.text import Text

from ratingd.cli.output import Output, console
from ratingd.ingest.event_map import EventMap, MapRefused, event_map
from ratingd.ingest.event_rows import RowFault
from ratingd.ingest.row_file import Rows, rows_into

TOLD_MAX: Final = 20
REJECT_COLUMNS: Final = ("line", "column", "reason", "row")
Command = TypeVar("Command", bound=Callable[..., Any])


class RowFaults:
    """Used as a context: what came goes to the file of rejects, where there is one."""

    def __init__(self, rejects: Path | None, file: str) -> None:
        self._file: Final = file
        self._rejects: Final = rejects
        self._open: Final = ExitStack()
        self._rows: Rows | None = None
        self._first: Final[list[RowFault]] = []
        self._lock: Final = threading.Lock()
        self.count = 0

    def __enter__(self) -> "RowFaults":
        if self._rejects is not None:
            try:
                self._rows = self._open.enter_context(rows_into(self._rejects, REJECT_COLUMNS))
            except OSError as error:
                raise click.UsageError(f"--rejects {self._rejects}: {error.strerror}") from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return self._open.__exit__(kind, error, trace)

    def add(self, fault: RowFault) -> None:
        """From any thread."""
        row = {"line": fault.line, "column": fault.column, "reason": fault.reason, "row": fault.text}
        with self._lock:
            self.count += 1
            if len(self._first) < TOLD_MAX:
                self._first.append(fault)
            if self._rows is not None:
                self._rows.write(row)

    def show(self, out: Output) -> None:
        """On standard error, for a person."""
        if not self.count or not out.for_people:
            return
        on = console(stderr=True)
        for fault in sorted(self._first, key=lambda fault: fault.line):
            on.print(Text(f"{self._file}:{fault}"), soft_wrap=True)
        if self.count > len(self._first):
            more = "" if self._rejects else ": --rejects FILE has all of them"
            on.print(Text(f"and {self.count - len(self._first)} more{more}", "dim"), soft_wrap=True)


def _map(context: click.Context, parameter: click.Parameter, named: str) -> EventMap:
    try:
        return event_map(named)
    except MapRefused as refused:
        raise click.UsageError(f"--map: {refused}") from None


def mapped(command: Command) -> Command:
    """`--map`, given to the command as `columns: EventMap`."""
    return click.option(
        "--map",
        "columns",
        default="generic",
        show_default=True,
        callback=_map,
        help="How columns are named: generic, satark, or a TOML file.",
    )(command)


def rejecting(command: Command) -> Command:
    """`--rejects`, given to the command as `rejects: Path | None`."""
    return click.option(
        "--rejects", type=click.Path(dir_okay=False, path_type=Path), help="Rows that cannot be read, with the reason."
    )(command)
