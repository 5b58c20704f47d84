"""Alerts as an operator looks for them: the open ones first of all, of a severity, about a subject, since an hour.

An alert is open while it is new or acked. Alerts are listed newest first; the next page comes `before_id`, the id of
the last alert of the former, and whoever waits for new ones asks for those `after_id`.
"""

from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, func, literal_column, select

from ratingd.store.database import Database
from ratingd.store.faults import StoreFault
from ratingd.store.fraud_rows import AlertRow
from ratingd.store.tables import fraud_alerts

a: Final = fraud_alerts.c
OPEN: Final[ColumnElement[bool]] = a.status.in_(
    [literal_column("'new'"), literal_column("'acked'")]
)  # bound values would hide the partial index


class Alerts:
    _database: Database

    def alert(self, id: int) -> AlertRow | None:
        found = self._alerts(select(fraud_alerts).where(a.id == id))
        return found[0] if found else None

    def open_alert(self, dedup_key: str, since_ms: int = 0) -> AlertRow | None:
        """The newest open alert under a key that was raised, or raised again, at an instant or later."""
        query = select(fraud_alerts).where(a.dedup_key == dedup_key, OPEN, a.last_ms >= since_ms)
        found = self._alerts(query.order_by(a.id.desc()).limit(1))
        return found[0] if found else None

    def alerts(
        self,
        *,
        severity: Collection[str] = (),
        status: Collection[str] = (),
        fraud_type: str = "",
        detector: str = "",
        subject: str = "",
        incident_id: str = "",
        since_ms: int = 0,
        after_id: int = 0,
        before_id: int = 0,
        limit: int = 50,
    ) -> list[AlertRow]:
        """Newest first, of these severities and in these states (any where none is given), created since."""
        query = select(fraud_alerts).order_by(a.id.desc()).limit(limit)
        if status:
            query = query.where(a.status.in_(list(status)))
        if status and {"new", "acked"}.issuperset(status):
            query = query.where(OPEN)
        if since_ms:  # ids rise with time: none before the first is looked at. Without + 0 SQLite would begin at 1
            first = select(func.min(a.id + 0)).where(a.created_ms >= since_ms).scalar_subquery()
            query = query.where(a.id >= first, a.created_ms >= since_ms)
        if severity:
            query = query.where(a.severity.in_(list(severity)))
        texts = ((a.fraud_type, fraud_type), (a.detector, detector), (a.subject, subject), (a.incident_id, incident_id))
        query = query.where(*(column == text for column, text in texts if text))
        bounds = ((after_id, a.id > after_id), (before_id, a.id < before_id))
        return self._alerts(query.where(*(condition for bound, condition in bounds if bound)))

    def open_alerts(self, limit: int = 10_000) -> list[AlertRow]:
        """All that are new or acked, oldest first: what an alert book begins with."""
        return self._alerts(select(fraud_alerts).where(OPEN).order_by(a.id).limit(limit))

    def quiet_alerts(self, before_ms: int, limit: int = 1000) -> list[AlertRow]:
        """Open ones that are not CRITICAL and were last raised before an instant, the longest quiet first."""
        query = select(fraud_alerts).where(OPEN, a.severity != "CRITICAL", a.last_ms < before_ms)
        return self._alerts(query.order_by(a.last_ms, a.id).limit(limit))

    def alerts_open(self) -> dict[str, int]:
        """How many are open of each severity."""
        query = select(a.severity, func.count()).where(OPEN).group_by(a.severity)
        with self._database.read() as connection:
            return {severity: int(count) for severity, count in connection.execute(query)}

    def _alerts(self, query: Select[Any]) -> list[AlertRow]:
        with self._database.read() as connection:
            return [_alert(row) for row in connection.execute(query)]


def overtaken(database: Database, alerts: Sequence[AlertRow]) -> tuple[AlertRow, ...]:
    """Of these alerts, as they were just written, those that stand otherwise, for somebody else is further with them.

    None where that cannot be read now: the alerts are stored, and the next time they are written is soon enough.
    """
    given = {alert.id: alert.status for alert in alerts if alert.id}
    try:
        with database.read() as connection:
            rows = [_alert(row) for row in connection.execute(select(fraud_alerts).where(a.id.in_(given)))]
    except StoreFault:
        return ()
    return tuple([row for row in rows if row.status != given[row.id]])


def _alert(row: Row[Any]) -> AlertRow:
    return AlertRow(**row._mapping)
