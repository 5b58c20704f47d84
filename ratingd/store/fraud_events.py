"""The log of call events, as they came: what a detector needs to know again after a crash, and what is replayed.

A chunk of a stream is one row, so a day of ten million events in chunks of 64 is 160,000 rows. Ids rise in the order of
storing. Of two daemons on one database one may store a lower id a moment later: whoever follows the log of several
reads the last second again.
"""

from typing import Any, Final

from sqlalchemy import Row, func, select

from ratingd.store.database import Database
from ratingd.store.fraud_rows import EventRow, StoredEvents
from ratingd.store.tables import call_events

e: Final = call_events.c


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
            first = connection.scalar(select(func.min(e.id)).where(e.received_ms >= received_ms))
        return [] if first is None else self.events(first - 1, limit, received_ms=received_ms)

    def newest_event_id(self) -> int:
        """0 where there is none."""
        with self._database.read() as connection:
            return connection.scalar(select(func.max(e.id))) or 0


def _chunk(row: Row[Any]) -> StoredEvents:
    content = bytes(row.content)
    return StoredEvents(row.id, EventRow(row.received_ms, row.first_ms, row.last_ms, row.events, row.source, content))
