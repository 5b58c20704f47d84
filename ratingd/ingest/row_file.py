"""Files of rows that are written: CSV with a header, or one JSON object a line where the name ends in .jsonl.

The same rows are the same bytes. A file has its name when it is whole, and FILE.part until then, so that nobody takes
half of one for all of it.
"""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final, Protocol

from ratingd.ingest.event_file import JSON_LINES


class Rows(Protocol):
    def write(self, row: Mapping[str, Any]) -> None: ...


class CsvRows:
    """Lists become words with a space between, true and false are written so."""

    def __init__(self, file: IO[str], columns: Sequence[str]) -> None:
        self._writer: Final = csv.writer(file, lineterminator="\n")
        self._columns: Final = columns
        self._writer.writerow(columns)

    def write(self, row: Mapping[str, Any]) -> None:
        self._writer.writerow([_cell(row[column]) for column in self._columns])


class JsonRows:
    def __init__(self, file: IO[str], columns: Sequence[str]) -> None:
        self._file: Final = file
        self._columns: Final = columns

    def write(self, row: Mapping[str, Any]) -> None:
        text = json.dumps({column: row[column] for column in self._columns}, ensure_ascii=False, separators=(",", ":"))
        self._file.write(f"{text}\n")


@contextmanager
def rows_into(path: Path, columns: Sequence[str]) -> Iterator[Rows]:
    """The rows of a new file. Raises OSError."""
    with whole(path) as file:
        yield JsonRows(file, columns) if path.suffix.lower() in JSON_LINES else CsvRows(file, columns)


@contextmanager
def whole(path: Path) -> Iterator[IO[str]]:
    """A file that is there when all of it is."""
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return " ".join(value) if isinstance(value, list) else value
