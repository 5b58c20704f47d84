"""Files of calls: each row as the call event that it means, or why it means none.

    for found in EventFile(Path("calls.csv"), event_map("generic")):
        …     # FileEvent(line 2, an INVITE of c-17), RowFault(line 3, "start_ts", "'soon' is no time")

`*.jsonl` and `*.ndjson` are JSON lines, whatever else is CSV. An event has the name that its row gives it, or that of
its call and kind, and a call without a name gets one of its numbers, time and trunk: reading a file again gives the
same events under the same names, and whoever has taken them once takes none twice.

`offset` says how much of the file is read, `size` how much there is.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from ratingd.errors import InvalidRequest
from ratingd.ingest.event_fields import call_event
from ratingd.ingest.event_map import EventMap
from ratingd.ingest.event_rows import Lines, Row, RowFault, csv_rows, jsonl_rows
from ratingd.v1.fraud_pb2 import CallEvent

JSON_LINES: Final = (".jsonl", ".ndjson")


@dataclass(frozen=True, slots=True)
class FileEvent:
    """The event of a row, which stands in `line` as `text`."""

    line: int
    message: CallEvent
    text: str

    def fault(self, event_map: EventMap, error: InvalidRequest) -> RowFault:
        """What somebody who read the event found wrong with it."""
        return RowFault(self.line, event_map.column_of(error.field), error.description, self.text)


class EventFile:
    """Read once, from the beginning to the end. Raises FileRefused where nothing of it can be read, and OSError.

    Rows up to `after_line` are passed over: somebody has read them before.
    """

    def __init__(self, path: Path, event_map: EventMap, *, after_line: int = 0) -> None:
        self.path: Final = path
        self.map: Final = event_map
        self._after_line: Final = after_line
        self._lines: Lines | None = None
        self._size = 0

    @property
    def size(self) -> int:
        return self._size

    @property
    def offset(self) -> int:
        return self._lines.offset if self._lines is not None else 0

    def __iter__(self) -> Iterator[FileEvent | RowFault]:
        with self.path.open("rb") as file:
            self._size = os.fstat(file.fileno()).st_size
            for row in self._rows(file):
                if row.line <= self._after_line:
                    continue
                yield row if isinstance(row, RowFault) else self._event(row)

    def _rows(self, file: BinaryIO) -> Iterator[Row | RowFault]:
        lines = self._lines = Lines(file)
        if self.path.suffix.lower() in JSON_LINES:
            return jsonl_rows(lines)
        return csv_rows(lines, self.map.delimiter, self.map.missing)

    def _event(self, row: Row) -> FileEvent | RowFault:
        try:
            return FileEvent(row.line, call_event(self.map.fields(row.values)), row.text)
        except InvalidRequest as error:
            return RowFault(row.line, self.map.column_of(error.field), error.description, row.text)


def begun_ms(message: CallEvent) -> int:
    """When what an event tells of began, as far as it says: of a CDR when the call was attempted."""
    if message.kind == CallEvent.CDR:
        return message.start_ms or message.answer_ms or message.time_ms or message.end_ms
    return message.time_ms
