"""Forgetting: call events after a week, call records after ninety days, alerts and audits after two years.

A day of ten million events is a gigabyte. Deleted in one go it would hold the one writer of a SQLite file for seconds,
and every charge with it; so it goes in pieces of 2,000 rows or 4 MB, each a transaction of its own, and calls are
charged in between. Whoever is stopping waits for a piece at most.

All that is old goes, open alerts that are CRITICAL too: a number is not kept longer because nobody looked.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Table, and_, delete, func, select, tuple_

from ratingd.store.database import Database
from ratingd.store.model_tables import campaign_members, campaigns, labels, number_reports
from ratingd.store.tables import (
    call_events,
    call_records,
    flagged_calls,
    fraud_alerts,
    fraud_audits,
    fraud_orders,
    incident_aliases,
    incidents,
    number_lists,
    vault,
)

PIECE_ROWS: Final = 2000
PIECE_BYTES: Final = 4_000_000

Stopping = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How many rows of each kind are gone. `incidents` counts flagged calls and ids of the past as well, `campaigns`
    their members.
    """

    events: int
    records: int
    incidents: int
    alerts: int
    orders: int
    audits: int
    lists: int
    vault: int
    labels: int = 0
    reports: int = 0
    campaigns: int = 0


class Forgetting:
    _database: Database

    def forget(
        self, now_ms: int, events_ms: int, records_ms: int, alerts_ms: int, stopping: Stopping = lambda: False
    ) -> Forgotten:
        """Delete what is older than it is kept: events, records, and all else as long as alerts.

        A number stays in the vault as long as anything that was stored with its pseudonym may be kept.
        """
        alerts_before = now_ms - alerts_ms
        vault_before = now_ms - max(events_ms, records_ms, alerts_ms)
        a, o, n = fraud_alerts.c, fraud_orders.c, number_lists.c
        return Forgotten(
            events=self._forget_events(now_ms - events_ms, stopping),
            records=self._forget_first(call_records, call_records.c.start_ms, now_ms - records_ms, stopping),
            incidents=self._forget_incidents(alerts_before, stopping),
            alerts=self._forget_where(a.id, a.last_ms < alerts_before, stopping),
            orders=self._forget_where(o.id, and_(o.created_ms < alerts_before, o.done), stopping),
            audits=self._forget_first(fraud_audits, fraud_audits.c.at_ms, alerts_before, stopping),
            lists=self._delete(number_lists, and_(n.expires_ms > 0, n.expires_ms < alerts_before)),
            vault=self._forget_where(vault.c.pseudonym, vault.c.seen_ms < vault_before, stopping),
            labels=self._forget_first(labels, labels.c.at_ms, alerts_before, stopping),
            reports=self._forget_keys(number_reports, number_reports.c.at_ms < alerts_before, stopping),
            campaigns=self._forget_campaigns(alerts_before, stopping),
        )

    def _forget_events(self, before_ms: int, stopping: Stopping) -> int:
        """Old chunks, so many at a time as are 4 MB together."""
        e = call_events.c
        old = select(e.id, func.length(e.content)).where(e.received_ms < before_ms).order_by(e.received_ms, e.id)
        gone = 0
        while not stopping():
            with self._database.read() as connection:
                found = connection.execute(old.limit(PIECE_ROWS)).all()
            if not found:
                break
            piece, bytes_ = [], 0
            for id, length in found:
                piece.append(id)
                bytes_ += length
                if bytes_ >= PIECE_BYTES:
                    break
            gone += self._delete(call_events, e.id.in_(piece))
        return gone

    def _forget_first(self, table: Table, at: Column[int], before_ms: int, stopping: Stopping) -> int:
        """From the lowest id on, up to a piece in which nothing is old: the ids rise with time, or nearly so."""
        piece = select(table.c.id).order_by(table.c.id).limit(PIECE_ROWS).subquery()
        last = select(func.max(piece.c.id)).scalar_subquery()
        gone, found = 0, 1
        while found and not stopping():
            found = self._delete(table, and_(table.c.id <= last, at < before_ms))
            gone += found
        return gone

    def _forget_where(self, key: Column[Any], old: ColumnElement[bool], stopping: Stopping) -> int:
        some = select(key).where(old).limit(PIECE_ROWS)
        gone, found = 0, PIECE_ROWS
        while found >= PIECE_ROWS and not stopping():
            found = self._delete(key.table, key.in_(some))
            gone += found
        return gone

    def _forget_keys(self, table: Table, old: ColumnElement[bool], stopping: Stopping) -> int:
        """The same where the key has more columns than one."""
        keys = tuple(table.primary_key.columns)
        some = select(*keys).where(old).limit(PIECE_ROWS)
        gone, found = 0, PIECE_ROWS
        while found >= PIECE_ROWS and not stopping():
            found = self._delete(table, tuple_(*keys).in_(some))
            gone += found
        return gone

    def _forget_campaigns(self, before_ms: int, stopping: Stopping) -> int:
        c, m = campaigns.c, campaign_members.c
        nobody = ~select(c.id).where(c.id == m.campaign).exists()
        return self._forget_where(c.id, c.last_ms < before_ms, stopping) + self._forget_keys(
            campaign_members, nobody, stopping
        )

    def _forget_incidents(self, before_ms: int, stopping: Stopping) -> int:
        i, f, s = incidents.c, flagged_calls.c, incident_aliases.c
        nobody = ~select(i.id).where(i.id == s.id).exists()
        return (
            self._forget_where(f.call_id, f.at_ms < before_ms, stopping)
            + self._forget_where(i.id, i.last_ms < before_ms, stopping)
            + self._forget_where(s.former_id, nobody, stopping)
        )

    def _delete(self, table: Any, which: ColumnElement[bool]) -> int:
        with self._database.write() as connection:
            return connection.execute(delete(table).where(which)).rowcount
