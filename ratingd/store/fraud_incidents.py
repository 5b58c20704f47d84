"""Masking runs and the calls that were flagged, as they are shown, exported and remembered after a start.

An incident that a late call moved or joined to another has a new id; whoever asks for the former one, from a bookmark
or an alert of the day before, finds what became of it.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Row, Select, select, tuple_

from ratingd.store.database import Database
from ratingd.store.fraud_rows import FlaggedCallRow, IncidentRow, StoredIncident
from ratingd.store.tables import flagged_calls, incident_aliases, incidents

PAGE: Final = 500
i: Final = incidents.c
f: Final = flagged_calls.c
CALLS_SHOWN: Final = 10_000


class Incidents:
    _database: Database

    def incident(self, id: str, calls_max: int = CALLS_SHOWN) -> StoredIncident | None:
        """By its id or a former one, with its first calls."""
        became = select(incident_aliases.c.id).where(incident_aliases.c.former_id == id)
        with self._database.read() as connection:
            row = connection.execute(select(incidents).where(i.id == id)).one_or_none()
            if row is None:
                row = connection.execute(select(incidents).where(i.id == became.scalar_subquery())).one_or_none()
        return None if row is None else StoredIncident(_incident(row), self.flagged(row.id, limit=calls_max))

    def incidents(
        self,
        *,
        b_number: str = "",
        severity: str = "",
        since_ms: int = 0,
        before: IncidentRow | None = None,
        limit: int = 100,
    ) -> list[IncidentRow]:
        """Opened at an instant or later, newest first; the next page comes `before` the last of the former."""
        place = tuple_(i.opened_ms, i.id)
        query = select(incidents).where(i.opened_ms >= since_ms).order_by(i.opened_ms.desc(), i.id.desc()).limit(limit)
        if b_number:
            query = query.where(i.b_number == b_number)
        if severity:
            query = query.where(i.severity == severity)
        return self._incidents(query if before is None else query.where(place < (before.opened_ms, before.id)))

    def incidents_of(self, ids: Sequence[str]) -> list[IncidentRow]:
        """Those of these ids, in no order."""
        found = list[IncidentRow]()
        for first in range(0, len(ids), PAGE):
            found += self._incidents(select(incidents).where(i.id.in_(list(ids[first : first + PAGE]))))
        return found

    def incidents_since(self, last_ms: int, limit: int = 100_000) -> list[IncidentRow]:
        """Those whose last call was at an instant or later, oldest first: what may still go on after a start."""
        return self._incidents(select(incidents).where(i.last_ms >= last_ms).order_by(i.last_ms, i.id).limit(limit))

    def flagged(
        self, incident_id: str, *, after: FlaggedCallRow | None = None, limit: int = 1000
    ) -> list[FlaggedCallRow]:
        """The calls of an incident in the order of time; the next page comes `after` the last of the former."""
        query = select(flagged_calls).where(f.incident_id == incident_id)
        return self._calls(query, after, limit)

    def flagged_since(
        self, at_ms: int, *, after: FlaggedCallRow | None = None, limit: int = 100_000
    ) -> list[FlaggedCallRow]:
        """All flagged calls of an instant or later, in the order of time."""
        return self._calls(select(flagged_calls).where(f.at_ms >= at_ms), after, limit)

    def flagged_by(self, a_number: str, since_ms: int = 0, limit: int = 100) -> list[FlaggedCallRow]:
        """The flagged calls of a caller, the newest first."""
        query = select(flagged_calls).where(f.a_number == a_number, f.at_ms >= since_ms)
        with self._database.read() as connection:
            return [_call(row) for row in connection.execute(query.order_by(f.at_ms.desc()).limit(limit))]

    def flagged_call(self, call_id: str) -> FlaggedCallRow | None:
        with self._database.read() as connection:
            row = connection.execute(select(flagged_calls).where(f.call_id == call_id)).one_or_none()
        return None if row is None else _call(row)

    def _incidents(self, query: Select[Any]) -> list[IncidentRow]:
        with self._database.read() as connection:
            return [_incident(row) for row in connection.execute(query)]

    def _calls(self, query: Select[Any], after: FlaggedCallRow | None, limit: int) -> list[FlaggedCallRow]:
        if after is not None:
            query = query.where(tuple_(f.at_ms, f.call_id) > (after.at_ms, after.call_id))
        with self._database.read() as connection:
            return [_call(row) for row in connection.execute(query.order_by(f.at_ms, f.call_id).limit(limit))]


def _incident(row: Row[Any]) -> IncidentRow:
    return IncidentRow(
        row.id, row.b_number, row.severity, row.opened_ms, row.last_ms, row.max_distinct, row.updated_ms, row.document
    )


def _call(row: Row[Any]) -> FlaggedCallRow:
    return FlaggedCallRow(
        row.call_id,
        row.incident_id,
        row.at_ms,
        row.a_number,
        row.switch_id,
        row.trunk,
        row.result,
        row.reason,
        row.b_number or "",
    )
