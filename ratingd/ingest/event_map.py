"""Maps of columns: what the columns of a file of calls mean, so that nobody has to rewrite a file before it is read.

A switch writes its calls of last night as

    CallID;Calling;Called;Begin;Seconds;Cause
    c-17;030 111;+49301234567;21.11.2026 10:00:00;42;NORMAL

and a map, a TOML file, says so once:

    kind = "CDR"
    time_format = "%d.%m.%Y %H:%M:%S"     # without it: seconds since 1970, or RFC 3339
    time_zone = "Europe/Berlin"           # of times that name none; UTC without it

    [columns]                             # field = "column"
    call_id = "CallID"
    a_number = "Calling"
    b_number = "Called"
    start_ts = "Begin"
    duration = "Seconds"
    disposition = "Cause"

    [constants]                           # what no column says
    trunk = "carrier-7"

    [values.disposition]                  # what is written = what it means
    NORMAL = "ANSWERED"

So the row is a call of 42 s that began at 09:00:00Z. Two maps need no file: `generic`, whose columns are called as the
fields are, and `satark` (caller_id, receiver_id, call_duration, timestamp, origin_region, target_region, true_label).
A row is a CDR unless `kind`, or a column for event_type, says otherwise. Columns that a map does not name are left out.

A map is checked whole before a file is opened, and all that is wrong is told at once.
"""

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ratingd.errors import InvalidRequest
from ratingd.ingest.event_fields import DISPOSITIONS, KINDS, TEXTS, TIMES, kind_of, shown

NUMBERS: Final = ("a_number", "b_number")
TIME_FIELDS: Final = tuple([name for name, _ in TIMES])
FIELDS: Final = (
    "event_type", *NUMBERS, *TEXTS, *TIME_FIELDS, "duration", "attestation", "disposition", "sip_code",
)  # fmt: skip
CDR_KIND: Final = "CDR"
DELIMITERS: Final = (",", ";", "\t", "|")
SETTINGS: Final = ("kind", "delimiter", "time_format", "time_zone")
TABLES: Final = ("columns", "constants", "values")
MAP_BYTES_MAX: Final = 1 << 20


class MapRefused(Exception):
    """No map, for at least one thing in it is wrong; `problems` are all of them."""

    def __init__(self, name: str, problems: Iterable[str]) -> None:
        self.problems: Final = tuple(problems)
        super().__init__("\n".join([f"{name}: {problem}" for problem in self.problems]))


@dataclass(frozen=True, slots=True)
class EventMap:
    """`columns` are column by field. `delimiter` "" is found in the header of a file."""

    name: str
    columns: Mapping[str, str]
    constants: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    delimiter: str = ""
    time_format: str = ""
    zone: tzinfo | None = None

    def missing(self, header: Iterable[str]) -> list[str]:
        """Columns without which no row of a file can be read, of those that its header lacks."""
        there = set(header)
        lacking = [self.columns[name] for name in NUMBERS if name in self.columns and self.columns[name] not in there]
        times = [self.columns[name] for name in TIME_FIELDS if name in self.columns]
        if not there.intersection(times):
            lacking.append(" or ".join(times))
        return lacking

    def fields(self, row: Mapping[str, object]) -> dict[str, object]:
        """What a row says, by field. InvalidRequest names the field that is wrong."""
        given: dict[str, object] = dict(self.constants)
        for name, column in self.columns.items():
            value = row.get(column)
            if value is not None and value != "":
                given[name] = self._meant(name, value)
            elif column in row and name in NUMBERS:
                given[name] = ""
        given.setdefault("event_type", CDR_KIND)
        _check_time(given)
        return given

    def column_of(self, name: str) -> str:
        """The column that a field of an event is read from; the field, where none is."""
        return self.columns.get(_AS_READ.get(name, name), name)

    def _meant(self, name: str, value: object) -> object:
        words = self.values.get(name)
        if words is not None and isinstance(value, str):
            value = words.get(value, value)
        if name in TIME_FIELDS and isinstance(value, str) and (self.time_format or self.zone):
            return self._instant(name, value)
        return value

    def _instant(self, name: str, text: str) -> object:
        """A time as the map says that it is written."""
        try:
            at = _as_written(text, self.time_format) if self.time_format else datetime.fromisoformat(text)
        except ValueError:
            if not self.time_format:
                return text  # seconds, or what the reader of fields refuses
            raise InvalidRequest(name, f"{shown(text)} is not written as time_format {self.time_format!r}") from None
        return (at if at.tzinfo else at.replace(tzinfo=self.zone or UTC)).isoformat()


GENERIC: Final = EventMap("generic", {name: name for name in FIELDS})
SATARK: Final = EventMap(
    "satark",
    {
        "a_number": "caller_id",
        "b_number": "receiver_id",
        "start_ts": "timestamp",
        "duration": "call_duration",
        "origin_region": "origin_region",
        "target_region": "target_region",
        "label": "true_label",
    },
)
BUILT_IN: Final[Mapping[str, EventMap]] = {each.name: each for each in (GENERIC, SATARK)}
# as the message calls what a file calls otherwise
_AS_READ: Final = {
    "kind": "event_type", "time_ms": "timestamp", "start_ms": "start_ts", "answer_ms": "answer_ts",
    "end_ms": "end_ts", "duration_ms": "duration",
}  # fmt: skip


def event_map(named: str) -> EventMap:
    """`generic`, `satark`, or the map of a TOML file. Raises MapRefused."""
    known = BUILT_IN.get(named)
    if known is not None:
        return known
    path = Path(named)
    try:
        content = path.read_bytes()
    except OSError as error:
        hint = f"write {', '.join(BUILT_IN)}, or the path of a TOML file"
        raise MapRefused(named, [f"cannot be read ({error.strerror}); {hint}"]) from None
    return parse_map(path.name, content)


def parse_map(name: str, content: bytes) -> EventMap:
    """The map of a TOML file. Raises MapRefused."""
    if len(content) > MAP_BYTES_MAX:
        raise MapRefused(name, [f"has {len(content)} bytes, and {MAP_BYTES_MAX} are the most"])
    try:
        given = tomllib.loads(content.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MapRefused(name, [f"is no TOML: {error}"]) from None
    problems: list[str] = []
    made = _Checked(given, problems).map(name)
    if problems:
        raise MapRefused(name, problems)
    return made


class _Checked:
    """The parts of a map, each looked at; what is wrong goes to `problems`."""

    def __init__(self, given: Mapping[str, Any], problems: list[str]) -> None:
        self._given: Final = given
        self._problems: Final = problems

    def map(self, name: str) -> EventMap:
        for key in self._given:
            if key not in SETTINGS and key not in TABLES:
                self._wrong(key, f"is unknown; {_nearest(key, (*SETTINGS, *TABLES))}")
        columns, constants = self._texts("columns"), self._texts("constants")
        kind = self._text("kind")
        if kind:
            self._check_kind("kind", kind)
            constants["event_type"] = kind
        values = self._values()
        self._check_needed(columns, constants, kind)
        return EventMap(
            name,
            columns,
            constants,
            values,
            self._delimiter(),
            self._time_format(),
            self._zone(self._text("time_zone")),
        )

    def _texts(self, key: str) -> dict[str, str]:
        """A table of fields."""
        table = self._table(key, self._given.get(key, {}))
        return {name: text for name, text in table.items() if self._is_field(f"{key}.{name}", name)}

    def _values(self) -> dict[str, dict[str, str]]:
        given = self._given.get("values", {})
        if not isinstance(given, dict):
            self._wrong("values", 'tables are wanted, such as [values.disposition] with NORMAL = "ANSWERED"')
            return {}
        found = {name: self._table(f"values.{name}", table) for name, table in given.items()}
        for name, words in found.items():
            if not self._is_field(f"values.{name}", name):
                continue
            for word, meant in words.items():
                self._check_word(name, word, meant)
        return found

    def _check_word(self, name: str, word: str, meant: str) -> None:
        where = f"values.{name}.{word}"
        if name == "event_type":
            self._check_kind(where, meant)
        if name == "disposition" and meant and meant not in DISPOSITIONS:
            self._wrong(where, f"{shown(meant)} is none of {', '.join(DISPOSITIONS)}")

    def _table(self, where: str, given: object) -> dict[str, str]:
        if not isinstance(given, dict):
            self._wrong(where, "a table of texts is wanted")
            return {}
        for key, value in given.items():
            if not isinstance(value, str):
                self._wrong(f"{where}.{key}", f"a text is wanted, not {shown(value)}")
        return {key: value for key, value in given.items() if isinstance(value, str)}

    def _check_needed(self, columns: Mapping[str, str], constants: Mapping[str, str], kind: str) -> None:
        for name in NUMBERS:
            if name not in columns and name not in constants:
                self._wrong(
                    "columns", f"{name} is missing: it says {'who calls' if name[0] == 'a' else 'who is called'}"
                )
        if not any(name in columns for name in TIME_FIELDS):
            self._wrong("columns", f"no time is named; one of {', '.join(TIME_FIELDS)} is wanted")
        if kind and "event_type" in columns:
            self._wrong("kind", "and columns.event_type exclude each other; leave one of them out")

    def _check_kind(self, where: str, kind: str) -> None:
        try:
            kind_of(kind)
        except InvalidRequest:
            self._wrong(where, f"{shown(kind)} is none of {', '.join(KINDS)}")

    def _is_field(self, where: str, name: str) -> bool:
        if name in FIELDS:
            return True
        self._wrong(where, f"no field is called so; {_nearest(name, FIELDS)}")
        return False

    def _text(self, key: str) -> str:
        value = self._given.get(key, "")
        if isinstance(value, str):
            return value
        self._wrong(key, f"a text is wanted, not {shown(value)}")
        return ""

    def _delimiter(self) -> str:
        delimiter = self._text("delimiter")
        if delimiter and delimiter not in DELIMITERS:
            self._wrong("delimiter", f"{shown(delimiter)} is none of ',' ';' '|' and tab; without it, it is found")
        return delimiter

    def _time_format(self) -> str:
        text = self._text("time_format")
        try:
            _as_written(datetime(2026, 11, 21, 10, 5, 7, tzinfo=UTC).strftime(text), text)
        except ValueError as error:
            self._wrong("time_format", f"{shown(text)} cannot be used ({error}); one is '%d.%m.%Y %H:%M:%S'")
        return text

    def _zone(self, name: str) -> tzinfo | None:
        try:
            return ZoneInfo(name) if name else None
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self._wrong("time_zone", f"{shown(name)} is no zone; one is 'Europe/Berlin'")
            return None

    def _wrong(self, where: str, text: str) -> None:
        self._problems.append(f"{where}: {text}")


def _as_written(text: str, form: str) -> datetime:
    return datetime.strptime(text, form)  # noqa: DTZ007 (the map's zone is put to it where the text names none)


def _check_time(given: Mapping[str, object]) -> None:
    """A file is read whenever it is read: when it is says nothing about its calls."""
    if given["event_type"] == CDR_KIND:
        if not any(given.get(name) for name in TIME_FIELDS):
            raise InvalidRequest(
                "start_ts", f"is missing, and so are all other times; one of {', '.join(TIME_FIELDS)} is wanted"
            )
    elif not given.get("timestamp"):
        raise InvalidRequest("timestamp", "is missing: a file has no other time at which something happened")


def _nearest(name: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    return f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
