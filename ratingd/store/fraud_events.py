"""The log of call events, as they came: what a detector needs to know again after a crash, and what is replayed.

A chunk of a stream is one row, so a day of ten million events in chunks of 64 is 160,000 rows. It is compressed with
the fastest of deflate, to half its bytes for 0.7 µs an event, before the transaction begins and beside other threads. A
chunk of more than 32 KB is left as it is: the writer gathers for 10 ms, so there are tens of thousands of events a
second, and time is what is short.

Ids rise in the order of storing. Of two daemons on one database one may store a lower id a moment later: whoever
follows the log of several reads the last second again.
"""

import zlib
from typing import Any, Final

from sqlalchemy import Row, func, select

from ratingd.store.database import Database
from ratingd.store.fraud_rows import EventRow, StoredEvents
from ratingd.store.tables import call_events

e: Final = call_events.c
PLAIN: Final = b"\0"
DEFLATED: Final = b"\1"
DEFLATED_BYTES: Final = range(512, 32_769)  # in two events or three little stands twice


class EventLog:
    _database: Database

    def events(self, after_id: int = 0, limit: int = 1000, *, received_ms: int = 0) -> list[StoredEvents]:
        """Chunks after an id, oldest first; those that came at `received_ms` or later."""
        query = select(call_events).where(e.id > after_id, e.received_ms >= received_ms).order_by(e.id).limit(limit)
        with self._database.read() as connection:
            return [_chunk(row) for row in connection.execute(query)]

    def events_from(self, received_ms: int, limit: int = 1000) -> list[StoredEvents]:
        """The first chunks that came at an instant or later, oldest first; `events` goes on after the last of them."""
        with self._database.read() as connection:
            # + 0 has SQLite look in the index of times; it would try one id after the other
            first = connection.scalar(select(func.min(e.id + 0)).where(e.received_ms >= received_ms))
        return [] if first is None else self.events(first - 1, limit, received_ms=received_ms)

    def earliest_event_ms(self, received_ms: int) -> int | None:
        """The time of the earliest event among those that came at an instant or later; None where none did."""
        with self._database.read() as connection:
            first_ms: int | None = connection.scalar(select(func.min(e.first_ms)).where(e.received_ms >= received_ms))
        return first_ms

    def newest_event_id(self) -> int:
        """0 where there is none."""
        with self._database.read() as connection:
            return connection.scalar(select(func.max(e.id))) or 0


def packed(content: bytes) -> bytes:
    if len(content) in DEFLATED_BYTES:
        deflated = zlib.compress(content, 1)
        if len(deflated) < len(content):
            return DEFLATED + deflated
    return PLAIN + content


def unpacked(stored: bytes) -> bytes:
    return zlib.decompress(stored[1:]) if stored[:1] == DEFLATED else stored[1:]


def _chunk(row: Row[Any]) -> StoredEvents:
    content = unpacked(bytes(row.content))
    return StoredEvents(row.id, EventRow(row.received_ms, row.first_ms, row.last_ms, row.events, row.source, content))
