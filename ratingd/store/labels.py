"""`store.labels`: what analysts, users and imports found calls and numbers to be. The next training reads it.

An analyst confirms alert 17 and dismisses it an hour later: both are kept, and the later one counts.
"""

from typing import Any, Final

from sqlalchemy import Row, Select, func, select

from ratingd.store.database import Change, Database, inserting
from ratingd.store.fraud_commit import INSERT_AUDITS
from ratingd.store.fraud_rows import AuditRow
from ratingd.store.model_rows import LabelRow
from ratingd.store.model_tables import labels

c: Final = labels.c
COLUMNS: Final = ("subject_kind", "subject", "label", "kind", "who", "at_ms", "source", "details")
INSERT: Final = inserting(labels, "", COLUMNS)


class Labels:
    def __init__(self, database: Database) -> None:
        self._database: Final = database

    def add(self, *rows: LabelRow, audits: tuple[AuditRow, ...] = ()) -> None:
        """Store them, with who did it, in one transaction."""
        given = [(r.subject_kind, r.subject, r.label, r.kind, r.who, r.at_ms, r.source, r.details) for r in rows]
        changes = [
            Change(INSERT, given),
            Change(INSERT_AUDITS, [(a.at_ms, a.who, a.what, a.subject, a.details) for a in audits]),
        ]
        if changes := [change for change in changes if change.rows]:
            self._database.commit(changes)

    def of(self, subject: str, limit: int = 100) -> list[LabelRow]:
        """Those of a call or a number, newest first."""
        return self._labels(select(labels).where(c.subject == subject).order_by(c.id.desc()).limit(limit))

    def current(self, *, subject_kind: str = "", after_id: int = 0, limit: int = 10_000) -> list[LabelRow]:
        """The label that counts of each subject, in the order of ids; the next page comes `after_id`."""
        last = select(func.max(c.id)).group_by(c.subject_kind, c.subject)
        query = select(labels).where(c.id.in_(last), c.id > after_id).order_by(c.id).limit(limit)
        return self._labels(query.where(c.subject_kind == subject_kind) if subject_kind else query)

    def _labels(self, query: Select[Any]) -> list[LabelRow]:
        with self._database.read() as connection:
            return [_label(row) for row in connection.execute(query)]


def _label(r: Row[Any]) -> LabelRow:
    return LabelRow(r.subject_kind, r.subject, r.label, r.kind, r.who, r.at_ms, r.source, r.details, r.id)
