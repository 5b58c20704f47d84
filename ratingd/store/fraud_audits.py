"""Who looked at which number, who changed a list, acknowledged an alert, cut a call: asked for by name or by subject.

Numbers are personal data, so a look behind a pseudonym is written down before its answer is given.
"""

from typing import Final

from sqlalchemy import select

from ratingd.store.database import Database
from ratingd.store.fraud_rows import AuditRow, StoredAudit
from ratingd.store.tables import fraud_audits, vault

u: Final = fraud_audits.c


class Audits:
    _database: Database

    def audits(
        self,
        *,
        who: str = "",
        what: str = "",
        subject: str = "",
        since_ms: int = 0,
        before_id: int = 0,
        limit: int = 100,
    ) -> list[StoredAudit]:
        """Newest first; the next page comes `before_id`, the id of the last one of the former."""
        query = select(fraud_audits).order_by(u.id.desc()).limit(limit)
        texts = ((u.who, who), (u.what, what), (u.subject, subject))
        query = query.where(*(column == text for column, text in texts if text))
        if since_ms:
            query = query.where(u.at_ms >= since_ms)
        if before_id:
            query = query.where(u.id < before_id)
        with self._database.read() as connection:
            return [
                StoredAudit(row.id, AuditRow(row.at_ms, row.who, row.what, row.subject, row.details))
                for row in connection.execute(query)
            ]


class SealedNumbers:
    _database: Database

    def sealed(self, pseudonym: str) -> bytes | None:
        """The number behind a pseudonym, as `ratingd.fraud.vault` sealed it."""
        query = select(vault.c.sealed).where(vault.c.pseudonym == pseudonym)
        with self._database.read() as connection:
            found = connection.scalar(query)
        return None if found is None else bytes(found)
