"""The journal: what was done to an account, oldest first, and how long its answers are kept.

Rows are never deleted. After `idempotency_days` the stored answer goes and the row stays, with its key: a request that
comes back a month later finds that it was done, though no longer what it was told.
"""

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Row, exists, func, select, tuple_, update

from accounts.account import AccountKey
from ratingd.store.database import Database
from ratingd.store.rows import OperationRow, first_id, instant_of, shard_of
from ratingd.store.tables import accounts, operations

o: Final = operations.c
FORGOTTEN_TO: Final = "replies_forgotten_to"


class Journal:
    def __init__(self, database: Database) -> None:
        self._database: Final = database

    def page(
        self, key: AccountKey, after_version: int = -1, limit: int = 100, after_id: str = ""
    ) -> list[OperationRow]:
        """Operations of an account after a version (and, within that version, after an operation), oldest first.

        Refusals change nothing and carry the version before them, so several operations may share one.
        """
        place = tuple_(o.version, o.operation_id)
        query = (
            select(operations)
            .where(o.tenant == key.tenant, o.shard == shard_of(key), o.account == key.account)
            .where(place > (after_version, after_id) if after_id else o.version > after_version)
            .order_by(o.version, o.operation_id)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [operation(row) for row in connection.execute(query).all()]

    def page_back(self, key: AccountKey, limit: int = 100, before: tuple[int, str] | None = None) -> list[OperationRow]:
        """Operations of an account, newest first; those before a (version, operation id)."""
        query = (
            select(operations)
            .where(o.tenant == key.tenant, o.shard == shard_of(key), o.account == key.account)
            .order_by(o.version.desc(), o.operation_id.desc())
            .limit(limit)
        )
        if before is not None:
            query = query.where(tuple_(o.version, o.operation_id) < before)
        with self._database.read() as connection:
            return [operation(row) for row in connection.execute(query).all()]

    def changes(self, key: AccountKey) -> Iterator[tuple[int, int, str, str]]:
        """(version, at_ns, operation_id, changes) of all operations that changed the account, oldest first."""
        query = (
            select(o.version, o.at_ns, o.operation_id, o.changes)
            .where(o.tenant == key.tenant, o.shard == shard_of(key), o.account == key.account, o.changes != "[]")
            .order_by(o.version, o.operation_id)
        )
        with (
            self._database.read() as connection,
            connection.execute(query, execution_options={"yield_per": 1000}) as rows,
        ):
            for row in rows:
                yield row.version, row.at_ns, row.operation_id, row.changes

    def orphans(self, tenant: str | None, key: AccountKey | None, limit: int = 1000) -> list[AccountKey]:
        """Accounts that operations have changed, yet that have no row."""
        a = accounts.c
        row = exists(1).where(a.tenant == o.tenant, a.shard == o.shard, a.account == o.account)
        query = select(o.tenant, o.account).where(o.changes != "[]", ~row).distinct().limit(limit)
        if tenant is not None:
            query = query.where(o.tenant == tenant)
        if key is not None:
            query = query.where(o.tenant == key.tenant, o.shard == shard_of(key), o.account == key.account)
        with self._database.read() as connection:
            return [AccountKey(found.tenant, found.account) for found in connection.execute(query).all()]

    def count(self) -> int:
        with self._database.read() as connection:
            return int(connection.execute(select(func.count()).select_from(operations)).scalar_one())

    def forget_some_replies(self, from_ns: int, before_ns: int, chunk: int = 2000) -> tuple[int, int]:
        """Blank the next answers given in [from_ns, before_ns), some `chunk` of them so that nobody waits for it.

        How many were blanked, and the instant to go on from; that is `before_ns` when none is left.
        """
        first, end = first_id(from_ns), first_id(before_ns)
        with self._database.read() as connection:
            ahead = select(o.operation_id).where(o.operation_id >= first, o.operation_id < end)
            beyond = connection.scalar(ahead.order_by(o.operation_id).offset(chunk).limit(1))
        end_ns = before_ns if beyond is None else max(instant_of(beyond), from_ns + 1)
        with self._database.write() as connection:
            old = update(operations).where(o.operation_id >= first, o.operation_id < first_id(end_ns))
            return connection.execute(old.where(o.reply.is_not(None)).values(reply=None)).rowcount, end_ns


def operation(row: Row[Any]) -> OperationRow:
    return OperationRow(
        operation_id=row.operation_id,
        key=AccountKey(row.tenant, row.account),
        shard=row.shard,
        version=row.version,
        kind=row.kind,
        at_ns=row.at_ns,
        idempotency_key=row.idempotency_key,
        fingerprint=bytes(row.fingerprint),
        tariff_version=row.tariff_version,
        changes=row.changes,
        charge=row.charge,
        refunds=row.refunds,
        reply_code=row.reply_code,
        reply=None if row.reply is None else bytes(row.reply),
    )
