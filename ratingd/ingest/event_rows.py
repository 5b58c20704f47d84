"""Rows of files: CSV and JSON lines, read as a stream, and every row that cannot be read named by its line.

A file of ten million calls is never in memory: one row is, however long the file. What a spreadsheet or a switch leaves
in one is taken as meant: a byte order mark, CRLF, quotes, line feeds within quotes, and `;`, a tab or `|` where others
write a comma (the header tells which). Blank lines say nothing.

A row that cannot be read is a `RowFault` with its line, column and text, and the next one is read as if it had not been
there: an open quote in line 17 (what it swallowed is read again from line 18), a cell too many in line 40, a line that
is not UTF-8, JSON that ends too early. A file without a header, or without a column that its map needs, is refused as
a whole (`FileRefused`).
"""

import csv
import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Final

from ratingd.ingest.event_map import DELIMITERS

ROW_BYTES_MAX: Final = 131_072  # of a line, and of a cell
SHOWN_MAX: Final = 2_000  # characters of a faulty row that are kept
BOM: Final = b"\xef\xbb\xbf"


class FileRefused(Exception):
    """Nothing of a file can be read; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Row:
    """What stands in a line, by column; `line` is the first of it, from 1."""

    line: int
    values: Mapping[str, object]
    text: str


@dataclass(frozen=True, slots=True)
class RowFault:
    """Why a row is none. `column` is "" where it is all of it."""

    line: int
    column: str
    reason: str
    text: str

    def __str__(self) -> str:
        return f"{self.line}: {self.column}: {self.reason}" if self.column else f"{self.line}: {self.reason}"


class _TooLong(Exception):
    pass


class Lines:
    """The lines of a file as text, and how far it is read: `line` is the number of the last, `offset` its end."""

    def __init__(self, file: BinaryIO) -> None:
        self._file: Final = file
        self.line = 0
        self.offset = 0
        self._kept: list[str] = []
        self._again: Final[deque[str]] = deque()

    def __iter__(self) -> "Lines":
        return self

    def __next__(self) -> str:
        if not self._again:
            return self._read()
        self.line += 1
        text = self._again.popleft()
        self._kept.append(text)
        if len(text) > ROW_BYTES_MAX // 4 and len(text.encode("utf-8", "surrogateescape")) > ROW_BYTES_MAX:
            raise _TooLong
        return text

    def only_first(self) -> None:
        """Of the lines of this row only the first belongs to it: the others are read again."""
        self.line -= len(self._kept) - 1
        self._again.extendleft(reversed(self._kept[1:]))
        del self._kept[1:]

    def _read(self) -> str:
        content = self._file.readline(ROW_BYTES_MAX + 1)
        if not content:
            raise StopIteration
        self.offset += len(content)
        self.line += 1
        if self.line == 1 and content.startswith(BOM):
            content = content[len(BOM) :]
        text = content.decode("utf-8", "surrogateescape")
        self._kept.append(text)
        if len(content) > ROW_BYTES_MAX:
            self._skip()
            raise _TooLong
        return text

    def begin(self) -> None:
        """A row begins with the next line."""
        self._kept = []

    @property
    def text(self) -> str:
        """The row as it stands there."""
        text = "".join(self._kept).rstrip("\r\n")
        return text[:SHOWN_MAX].encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")

    def _skip(self) -> None:
        """To the end of a line of which there is too much."""
        while (content := self._file.readline(ROW_BYTES_MAX)) and not content.endswith(b"\n"):
            self.offset += len(content)
        self.offset += len(content)


def csv_rows(lines: Lines, delimiter: str, missing: Callable[[Sequence[str]], list[str]]) -> Iterator[Row | RowFault]:
    """The rows behind a header. `missing` names the columns that it lacks; raises FileRefused where it lacks any."""
    first = _first_line(lines)
    reader = csv.reader(_WithFirst(first, lines), delimiter=delimiter or found_delimiter(first), strict=True)
    header = _header(reader, missing)
    while True:
        lines.begin()
        line = lines.line + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (csv.Error, _TooLong) as error:
            lines.only_first()
            yield RowFault(line, "", _csv_reason(error), lines.text)
            continue
        if cells and (len(cells) > 1 or cells[0].strip()):
            yield _row(line, header, cells, lines)


def jsonl_rows(lines: Lines) -> Iterator[Row | RowFault]:
    """One JSON object a line."""
    while True:
        lines.begin()
        try:
            text = next(lines)
        except StopIteration:
            return
        except _TooLong:
            yield RowFault(lines.line, "", _too_long(), lines.text)
            continue
        if text.strip():
            yield _object(lines.line, text, lines)


def found_delimiter(header: str) -> str:
    """What most often separates names in a header; a comma where nothing does."""
    return max(DELIMITERS, key=header.count) if header.strip() else ","


def _first_line(lines: Lines) -> str:
    try:
        return next(lines)
    except StopIteration:
        raise FileRefused("is empty: a header is wanted that names the columns") from None
    except _TooLong:
        raise FileRefused(f"has no header: line 1 {_too_long()}") from None


class _WithFirst:
    """A line that was read already, and those behind it. An error of one line does not end it."""

    def __init__(self, first: str, lines: Lines) -> None:
        self._first: str | None = first
        self._lines: Final = lines

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        first, self._first = self._first, None
        return next(self._lines) if first is None else first


def _header(reader: Iterator[list[str]], missing: Callable[[Sequence[str]], list[str]]) -> list[str]:
    try:
        header = [cell.strip().removeprefix("#").strip() for cell in next(reader)]
    except (csv.Error, _TooLong, StopIteration) as error:
        raise FileRefused(f"has no header in line 1: {error}") from None
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise FileRefused(f"names the column {twice[0]!r} twice in line 1; which one is meant?")
    if lacking := missing(header):
        there = ", ".join([name for name in header if name][:40]) or "none"
        raise FileRefused(f"lacks the column {lacking[0]}; its header names {there}. Is it the right --map?")
    return header


def _row(line: int, header: Sequence[str], cells: Sequence[str], lines: Lines) -> Row | RowFault:
    if len(cells) != len(header):
        reason = f"has {len(cells)} cells, and the header names {len(header)} columns"
        return RowFault(line, header[-1] if len(cells) < len(header) else "", reason, lines.text)
    values: dict[str, object] = {}
    for column, cell in zip(header, cells, strict=True):
        if not cell.isascii() and not _is_text(cell):
            return RowFault(line, column, "is not UTF-8; write the file in UTF-8", lines.text)
        values[column] = cell.strip()
    return Row(line, values, lines.text)


def _object(line: int, text: str, lines: Lines) -> Row | RowFault:
    if not text.isascii() and not _is_text(text):
        return RowFault(line, "", "is not UTF-8; write the file in UTF-8", lines.text)
    try:
        values = json.loads(text.rstrip("\r\n"), parse_constant=_no_number)
    except json.JSONDecodeError as error:
        return RowFault(line, "", f"is no JSON: character {error.colno}: {error.msg}", lines.text)
    except RecursionError:
        return RowFault(line, "", "is no call: lists lie in lists too deep to be read", lines.text)
    except ValueError as error:
        return RowFault(line, "", f"is no JSON: {error}", lines.text)
    if not isinstance(values, dict):
        return RowFault(line, "", "an object is wanted: {…}", lines.text)
    return Row(line, values, lines.text)


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _no_number(text: str) -> object:
    raise ValueError(f"{text} is no number of JSON")


def _csv_reason(error: Exception) -> str:
    if isinstance(error, _TooLong):
        return _too_long()
    text = str(error)
    if "field larger" in text:
        return f"a cell has more than {ROW_BYTES_MAX} characters; is a quote open that should be closed?"
    if "unexpected end" in text:
        return "the file ends within quotes; a quote is open that should be closed"
    return f"is no CSV: {text}"


def _too_long() -> str:
    return f"has more than {ROW_BYTES_MAX} bytes, which no row of calls has"
