"""The store as the rest of ratingd sees it.

The engine reads accounts and replies, commits batches, and looks up charges; what else is kept has a shelf of its own:
`store.outbox`, `store.tariffs`, `store.schedules`. Every method may raise a `StoreFault`, and the next call connects
again by itself. All methods may be called from any thread.
"""

import json
from collections.abc import Iterable
from typing import Final

from sqlalchemy import ColumnElement, Table, and_, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from accounts.account import AccountKey
from ratingd.store import tables, transaction
from ratingd.store.database import Database, looking_up
from ratingd.store.faults import StoreUnavailable
from ratingd.store.migration import migrate
from ratingd.store.postgres import PostgresDatabase
from ratingd.store.rows import AccountRow, Batch, OpenCall, StoredCharge, StoredReply, shard_of
from ratingd.store.sqlite import SqliteDatabase
from ratingd.store.transaction import ACCOUNT, account_rows

FIND_ACCOUNTS: Final = looking_up(tables.accounts, ("tenant", "account", "version", "document"), ACCOUNT)
FIND_CALLS: Final = looking_up(
    tables.open_calls, ("tenant", "account", "switch_id", "call_id", "last_seen_ns", "expires_ns", "fields"), ACCOUNT
)
FIND_REPLIES: Final = looking_up(
    tables.operations,
    ("tenant", "account", "idempotency_key", "fingerprint", "reply_code", "reply", "at_ns"),
    (*ACCOUNT, "idempotency_key"),
)


def open_store(url: str, *, exclusive: bool = True, connections: int = 8, lock_timeout_ms: int = 3000) -> "Store":
    """The store at `url`: sqlite:///path, or postgresql://user@host/database.

    `exclusive` claims a SQLite file for this process; only who reads beside a daemon does without. `connections` and
    `lock_timeout_ms` concern PostgreSQL.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as fault:
        raise StoreUnavailable(
            f"{url!r} is not the URL of a database: sqlite:///path or postgresql://user@host/name"
        ) from fault
    match parsed.get_backend_name():
        case "sqlite":
            return Store(SqliteDatabase(parsed, exclusive=exclusive))
        case "postgresql":
            return Store(PostgresDatabase(parsed, connections=connections, lock_timeout_ms=lock_timeout_ms))
        case other:
            raise StoreUnavailable(f"no store on {other!r}: sqlite:///path or postgresql://user@host/name")


class Store:
    def __init__(self, database: Database) -> None:
        self.database: Final = database

    def migrate(self) -> None:
        """Bring the schema to the newest version; daemons that start together take turns."""
        migrate(self.database)

    def close(self) -> None:
        self.database.close()

    # What a lane needs.

    def accounts(self, keys: Iterable[AccountKey]) -> dict[AccountKey, AccountRow]:
        """The stored accounts among `keys`, removed ones too (document None), each with its open calls."""
        wanted = account_rows(list(keys))
        if not wanted:
            return {}
        with self.database.read() as connection:
            found = self.database.look_up(connection, FIND_ACCOUNTS, wanted)
            called = self.database.look_up(connection, FIND_CALLS, wanted)
        calls: dict[AccountKey, list[OpenCall]] = {}
        for tenant, account, switch_id, call_id, last_seen_ns, expires_ns, fields in called:
            key = AccountKey(tenant, account)
            call = OpenCall(switch_id, call_id, key, last_seen_ns, expires_ns, json.loads(fields))
            calls.setdefault(key, []).append(call)
        rows = (
            AccountRow(k := AccountKey(t, a), version, doc, tuple(calls.get(k, ()))) for t, a, version, doc in found
        )
        return {row.key: row for row in rows}

    def commit(self, batch: Batch) -> None:
        """Store the batch whole, or raise and store nothing of it."""
        transaction.commit(self.database, batch)

    def replies(self, asked: Iterable[tuple[AccountKey, str]]) -> dict[tuple[AccountKey, str], StoredReply]:
        """The first answers to requests by (account, idempotency key), of those that are known."""
        wanted = [(key.tenant, shard_of(key), key.account, idempotency_key) for key, idempotency_key in asked]
        if not wanted:
            return {}
        with self.database.read() as connection:
            found = self.database.look_up(connection, FIND_REPLIES, wanted)
        return {
            (AccountKey(tenant, account), key): StoredReply(fingerprint, code, reply, at_ns)
            for tenant, account, key, fingerprint, code, reply, at_ns in found
        }

    def charge(self, key: AccountKey, charge_id: str) -> StoredCharge | None:
        """What the debit with this operation id drew, and what its refunds gave back."""
        t = tables.operations.c
        with self.database.read() as connection:
            drawn = connection.execute(
                select(t.at_ns, t.charge).where(of_account(tables.operations, key), t.operation_id == charge_id)
            ).one_or_none()
            refunds = connection.execute(
                select(t.operation_id, t.charge)
                .where(of_account(tables.operations, key), t.refunds == charge_id, t.charge.is_not(None))
                .order_by(t.version, t.at_ns)
            ).all()
        if drawn is None or drawn.charge is None:
            return None
        return StoredCharge(
            charge_id, drawn.at_ns, drawn.charge, {refund.operation_id: refund.charge for refund in refunds}
        )

    def versions(self, keys: Iterable[AccountKey]) -> dict[AccountKey, int]:
        """The stored version of each account that has a row."""
        return transaction.versions(self.database, list(keys))


def of_account(table: Table, key: AccountKey) -> ColumnElement[bool]:
    return and_(table.c.tenant == key.tenant, table.c.shard == shard_of(key), table.c.account == key.account)
