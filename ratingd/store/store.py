"""The store as the rest of ratingd sees it.

The engine reads accounts and replies, commits batches, and looks up charges. What else is kept has a shelf of its own:
`store.directory` of accounts, `store.journal` of operations, `store.cdrs`, `store.outbox`, `store.tariffs`,
`store.schedules`, `store.fraud` of call events and what was detected in them, `store.models`, `store.labels`,
`store.number_reports`, `store.campaigns`. Every method may raise a `StoreFault`, and the next call connects again by
itself. All may be called from any thread.
"""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Final

from sqlalchemy import ColumnElement, Table, and_, delete, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from accounts.account import AccountKey
from ratingd.store import tables, transaction
from ratingd.store.account_reading import FIND_ACCOUNTS, accounts_found
from ratingd.store.campaigns import Campaigns
from ratingd.store.cdrs import Cdrs
from ratingd.store.database import Database, looking_up
from ratingd.store.directory import Directory
from ratingd.store.faults import StoreUnavailable
from ratingd.store.fraud_shelf import FraudShelf
from ratingd.store.journal import FORGOTTEN_TO, Journal
from ratingd.store.labels import Labels
from ratingd.store.migration import migrate
from ratingd.store.models import Models
from ratingd.store.number_reports import NumberReports
from ratingd.store.outbox import Outbox
from ratingd.store.rows import (
    FIRST_KEY,
    AccountRow,
    Batch,
    CursorWrite,
    OperationRow,
    StoredCharge,
    StoredReply,
    StoredTariff,
    shard_of,
)
from ratingd.store.schedules import Schedules
from ratingd.store.sqlite import SqliteDatabase
from ratingd.store.tariff_versions import TariffVersions
from ratingd.store.transaction import ACCOUNT

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
    except ArgumentError as fault:  # not quoted: it may hold a password
        raise StoreUnavailable("not the URL of a database: sqlite:///path or postgresql://user@host/name") from fault
    match parsed.get_backend_name():
        case "sqlite":
            return Store(SqliteDatabase(parsed, exclusive=exclusive))
        case "postgresql":
            from ratingd.store.postgres import PostgresDatabase  # with its driver, which SQLite can start without

            return Store(PostgresDatabase(parsed, connections=connections, lock_timeout_ms=lock_timeout_ms))
        case other:
            raise StoreUnavailable(f"no store on {other!r}: sqlite:///path or postgresql://user@host/name")


class Store:
    def __init__(self, database: Database) -> None:
        self.database: Final = database
        self.campaigns: Final = Campaigns(database)
        self.cdrs: Final = Cdrs(database)
        self.directory: Final = Directory(database)
        self.fraud: Final = FraudShelf(database)
        self.journal: Final = Journal(database)
        self.labels: Final = Labels(database)
        self.models: Final = Models(database)
        self.number_reports: Final = NumberReports(database)
        self.outbox: Final = Outbox(database)
        self.schedules: Final = Schedules(database)
        self.tariffs: Final = TariffVersions(database)

    @property
    def shared(self) -> bool:
        """Whether other daemons may write to it too."""
        return self.database.name != "sqlite"

    def migrate(self) -> None:
        """Bring the schema to the newest version; daemons that start together take turns."""
        migrate(self.database)

    def close(self) -> None:
        self.database.close()

    # What a lane needs.

    def accounts(self, keys: Iterable[AccountKey]) -> dict[AccountKey, AccountRow]:
        """The stored accounts among `keys`, removed ones too (document None), each with its open calls."""
        wanted = list(dict.fromkeys(keys))
        if not wanted:
            return {}
        answer = self.database.find(FIND_ACCOUNTS, transaction.account_rows(wanted))
        return accounts_found(wanted, answer)

    def commit(self, batch: Batch) -> None:
        """Store the batch whole, or raise and store nothing of it."""
        transaction.commit(self.database, batch)

    def holding(self, keys: Iterable[AccountKey]) -> AbstractContextManager[Callable[[Batch], None]]:
        """Keep all others from writing these accounts; gives what stores a batch, committed where the context ends."""
        return transaction.holding(self.database, list(keys))

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

    # What the scheduler and the services need.

    def operations(self, key: AccountKey, after_version: int = -1, limit: int = 100) -> list[OperationRow]:
        """Operations of an account after a version, oldest first; `journal.page` also goes on within a version."""
        return self.journal.page(key, after_version, limit)

    def members(self, plan_id: str, after: AccountKey = FIRST_KEY, limit: int = 1000) -> list[AccountKey]:
        """Accounts of an action plan in the order of their keys."""
        return self.directory.members(plan_id, after=after, limit=limit)

    def due_accounts(self, now_ns: int, limit: int = 1000) -> list[AccountKey]:
        """Accounts of which something has expired, the longest overdue first."""
        return self.directory.due(now_ns, limit)

    def tariff_version(self, number: int) -> StoredTariff | None:
        return self.tariffs.get(number)

    def versions_to_serve(self, now_ns: int) -> list[StoredTariff]:
        """The tariff in force, if there is one, and those that will be, in the order in which they come into force."""
        return self.tariffs.to_serve(now_ns)

    def cursor(self, name: str) -> str | None:
        """A place that was kept under a name (`Batch.cursors`)."""
        with self.database.read() as connection:
            return connection.scalar(select(tables.cursors.c.value).where(tables.cursors.c.name == name))

    def keep_cursor(self, name: str, value: str) -> None:
        self.commit(Batch(cursors=[CursorWrite(name, value)]))

    def forget_replies(self, before_ns: int, stopping: Callable[[], bool] = lambda: False) -> int:
        """Blank the stored answers given before an instant; how many. Their keys remain used.

        Goes in chunks and keeps its place after each, so that one who is `stopping` waits for a chunk at most.
        """
        place_ns = int(self.cursor(FORGOTTEN_TO) or 0)
        blanked = 0
        while place_ns < before_ns and not stopping():
            some, place_ns = self.journal.forget_some_replies(place_ns, before_ns)
            self.keep_cursor(FORGOTTEN_TO, str(place_ns))
            blanked += some
        return blanked

    def forget_calls(self, before_ns: int) -> int:
        """Delete the open calls that have expired before an instant; how many."""
        expired = delete(tables.open_calls).where(tables.open_calls.c.expires_ns < before_ns)
        with self.database.write() as connection:
            return connection.execute(expired).rowcount


def of_account(table: Table, key: AccountKey) -> ColumnElement[bool]:
    return and_(table.c.tenant == key.tenant, table.c.shard == shard_of(key), table.c.account == key.account)
