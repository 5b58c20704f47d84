"""One batch, one transaction: the way from a lane to the disk.

Sixty debits of forty accounts are two statements: sixty operations inserted, forty accounts updated where their version
is still the one they were read with. Both say how many rows they touched, and that is all the checking there is:
fewer operations than given means that an idempotency key was stored already, fewer accounts that somebody else wrote
one in between. Either way nothing is stored, and which keys it was is asked afterwards, off the usual path.

An operation may write accounts of many shards, and two daemons may do so at once. All lock in one order, the accounts
by (tenant, shard, account) before anything else and the keys of the operations after them, so that one waits for the
other and never both.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from accounts.account import AccountKey
from ratingd.store import cdrs, tables
from ratingd.store.database import Change, Database, Row, deleting, inserting, locking, looking_up, updating
from ratingd.store.faults import LockNotGiven, RepeatedKeys, VersionConflict
from ratingd.store.rows import AccountWrite, Batch, OpenCallWrite, OperationRow, OutboxEntry, receiver_of, shard_of

ACCOUNT: Final = ("tenant", "shard", "account")
CALL: Final = (*ACCOUNT, "switch_id", "call_id")

INSERT_OPERATIONS: Final = inserting(
    tables.operations, "ON CONFLICT (tenant, shard, account, idempotency_key) DO NOTHING"
)
INSERT_ACCOUNTS: Final = inserting(tables.accounts, "ON CONFLICT (tenant, shard, account) DO NOTHING")
WRITTEN: Final = ("version", "document", "disabled", "next_due_ns")
AS_READ: Final = (("tenant", "tenant"), ("shard", "shard"), ("account", "account"), ("version", "expected"))
UPDATE_ACCOUNT: Final = updating(tables.accounts, WRITTEN, AS_READ)
UPDATE_ACCOUNTS: Final = updating(tables.accounts, WRITTEN, AS_READ, locked_by=ACCOUNT)
LOCK_ACCOUNTS: Final = locking(tables.accounts, ACCOUNT)
FREE_ACCOUNTS: Final = locking(tables.accounts, ACCOUNT, "SKIP LOCKED")
HELD_WAIT_MS: Final = 250  # a lane waits meanwhile, and with it whoever has nothing to do with these accounts
DELETE_MEMBERSHIPS: Final = deleting(tables.plan_members, ACCOUNT)
INSERT_MEMBERSHIPS: Final = inserting(tables.plan_members)
DELETE_MONITORED: Final = deleting(tables.monitored_accounts, ACCOUNT)
INSERT_MONITORED: Final = inserting(tables.monitored_accounts, "ON CONFLICT (tenant, shard, account) DO NOTHING")
UPSERT_CALLS: Final = inserting(
    tables.open_calls,
    "ON CONFLICT (tenant, shard, account, switch_id, call_id) DO UPDATE SET"
    " last_seen_ns = excluded.last_seen_ns, expires_ns = excluded.expires_ns, fields = excluded.fields",
)
DELETE_CALLS: Final = deleting(tables.open_calls, CALL)
INSERT_OUTBOX: Final = inserting(tables.outbox)
UPSERT_CURSORS: Final = inserting(tables.cursors, "ON CONFLICT (name) DO UPDATE SET value = excluded.value")
FIND_KEYS: Final = looking_up(tables.operations, (*ACCOUNT, "idempotency_key"), (*ACCOUNT, "idempotency_key"))
FIND_VERSIONS: Final = looking_up(tables.accounts, ("tenant", "account", "version"), ACCOUNT)


class _KeysRepeated(Exception):
    pass


class _VersionsPassed(Exception):
    pass


def commit(database: Database, batch: Batch) -> None:
    changes = changes_of(batch)
    try:
        counts = database.commit(changes)
    except _KeysRepeated:
        raise RepeatedKeys(_repeated(database, batch.operations)) from None
    except _VersionsPassed:
        raise VersionConflict(_passed(database, batch.accounts)) from None
    except LockNotGiven as fault:
        written = [write.key for write in batch.accounts if write.expected_version]
        raise VersionConflict(_locked(database, written), str(fault)) from fault
    _tell(changes, counts)


@contextmanager
def holding(database: Database, keys: Sequence[AccountKey]) -> Iterator[Callable[[Batch], None]]:
    """Nobody else writes these accounts in between. Gives what stores a batch; it is committed at the end.

    Raises LockNotGiven where somebody else keeps one of them to himself.
    """
    batches: list[Batch] = []

    def store(batch: Batch) -> None:
        batches.append(batch)
        changes = changes_of(batch)
        counts = [database.run(connection, change.bulk, change.rows) for change in changes]
        for change, changed in zip(changes, counts, strict=True):
            change.check(changed)
        _tell(changes, counts)

    try:
        with database.write() as connection:
            database.be_patient(connection, HELD_WAIT_MS)
            database.look_up(connection, LOCK_ACCOUNTS, account_rows(keys))
            yield store
    except _KeysRepeated:
        raise RepeatedKeys(_repeated(database, batches[-1].operations)) from None
    except _VersionsPassed:
        raise VersionConflict(_passed(database, batches[-1].accounts)) from None


def versions(database: Database, keys: Sequence[AccountKey]) -> dict[AccountKey, int]:
    """The stored version of each account that has a row."""
    if not keys:
        return {}
    with database.read() as connection:
        found = database.look_up(connection, FIND_VERSIONS, account_rows(keys))
    return {AccountKey(tenant, account): version for tenant, account, version in found}


def account_rows(keys: Sequence[AccountKey]) -> list[Row]:
    return [(key.tenant, shard_of(key), key.account) for key in keys]


def changes_of(batch: Batch) -> list[Change]:
    """The statements that store a batch, in the order in which they lock."""
    changes = _accounts(batch.accounts) if batch.accounts else []
    if batch.operations:
        rows = [_operation(row) for row in sorted(batch.operations, key=_place)]
        changes.append(Change(INSERT_OPERATIONS, rows, _KeysRepeated))
    if batch.open_calls:
        changes += _calls(batch.open_calls)
    if batch.outbox:
        changes.append(Change(INSERT_OUTBOX, _outbox(batch)))
    if batch.cdrs:
        changes.append(cdrs.change(batch.cdrs))
    if batch.cursors:
        newest = {cursor.name: cursor.value for cursor in batch.cursors}
        changes.append(Change(UPSERT_CURSORS, list(newest.items())))
    return changes


def _accounts(writes: Sequence[AccountWrite]) -> list[Change]:
    changes: list[Change] = []
    updates = [_update(write) for write in writes if write.expected_version]
    if updates:
        update = UPDATE_ACCOUNT if len(updates) == 1 else UPDATE_ACCOUNTS
        changes.append(Change(update, updates, _VersionsPassed))
    inserts = sorted([_insert(write) for write in writes if not write.expected_version])
    if inserts:
        changes.append(Change(INSERT_ACCOUNTS, inserts, _VersionsPassed))
    moved = [write for write in writes if write.plans is not None]
    if moved:
        changes.append(Change(DELETE_MEMBERSHIPS, [(w.key.tenant, w.shard, w.key.account) for w in moved]))
    members = [
        (w.key.tenant, w.shard, w.key.account, plan, w.time_zone) for w in moved for plan in sorted(set(w.plans or ()))
    ]
    if members:
        changes.append(Change(INSERT_MEMBERSHIPS, members))
    return [*changes, *_monitored(writes)]


def _monitored(writes: Sequence[AccountWrite]) -> list[Change]:
    """Seldom anything: triggers come and go with plans, not with calls."""
    changed = [write for write in writes if write.monitored is not None]
    if not changed:
        return []
    rows = sorted([(w.key.tenant, w.shard, w.key.account) for w in changed if not w.monitored])
    changes = [Change(DELETE_MONITORED, rows)] if rows else []
    rows = sorted([(w.key.tenant, w.shard, w.key.account) for w in changed if w.monitored])
    return [*changes, Change(INSERT_MONITORED, rows)] if rows else changes


def _calls(writes: Sequence[OpenCallWrite]) -> list[Change]:
    changes: list[Change] = []
    newest = {(w.call.key, w.call.switch_id, w.call.call_id): w for w in writes}
    opened = sorted([_call(w) for w in newest.values() if not w.closed])
    if opened:
        changes.append(Change(UPSERT_CALLS, opened))
    closed = [_call(w)[: len(CALL)] for w in newest.values() if w.closed]
    if closed:
        changes.append(Change(DELETE_CALLS, closed))
    return changes


def _tell(changes: Sequence[Change], counts: Sequence[int]) -> None:
    for change, changed in zip(changes, counts, strict=True):
        if change.bulk is cdrs.INSERT:
            cdrs.tell_left_out(len(change.rows) - changed)


def _operation(row: OperationRow) -> Row:
    return (
        row.key.tenant, row.shard, row.key.account, row.version, row.operation_id, row.kind, row.at_ns,
        row.idempotency_key, row.fingerprint, row.tariff_version, row.changes, row.charge, row.refunds, row.reply_code,
        row.reply,
    )  # fmt: skip


def _place(row: OperationRow) -> str:
    """Where an operation stands in the order of locks: its account, then its key. One text is compared at one go; no
    name has the NUL that keeps them apart."""
    return f"{row.key.tenant}\0{chr(row.shard)}{row.key.account}\0{row.idempotency_key or ''}"


def _update(write: AccountWrite) -> Row:
    key = write.key
    return (
        write.version, write.document, write.disabled, write.next_due_ns,
        key.tenant, write.shard, key.account, write.expected_version,
    )  # fmt: skip


def _insert(write: AccountWrite) -> Row:
    key = write.key
    return (
        key.tenant, write.shard, key.account, write.version, write.document, write.disabled, write.next_due_ns
    )  # fmt: skip


def _call(write: OpenCallWrite) -> Row:
    call = write.call
    return (
        call.key.tenant, shard_of(call.key), call.key.account, call.switch_id, call.call_id,
        call.last_seen_ns, call.expires_ns, json.dumps(dict(call.fields)),
    )  # fmt: skip


def _outbox(batch: Batch) -> list[Row]:
    """The entries with their place in the order of their account: its version, then the place in this batch."""
    reached: dict[AccountKey, int] = {}
    for row in batch.operations:
        reached[row.key] = row.version
    for write in batch.accounts:
        reached[write.key] = write.version
    return [_entry(entry, reached.get(entry.key, 0), place) for place, entry in enumerate(batch.outbox)]


def _entry(entry: OutboxEntry, version: int, place: int) -> Row:
    return (
        entry.key.tenant, entry.shard, entry.key.account, entry.id, version, place, receiver_of(entry.target),
        entry.kind, entry.target, entry.body, entry.created_ns, entry.attempts, entry.due_ns, 0, entry.state,
        entry.last_error,
    )  # fmt: skip


def _repeated(database: Database, rows: Sequence[OperationRow]) -> list[tuple[AccountKey, str]]:
    """The keys that are stored already, or stand twice in the batch itself."""
    given = Counter([(row.key, row.idempotency_key) for row in rows if row.idempotency_key is not None])
    with database.read() as connection:
        found = database.look_up(connection, FIND_KEYS, [(k.tenant, shard_of(k), k.account, i) for k, i in given])
    stored = {(AccountKey(tenant, account), key) for tenant, _, account, key in found}
    return [pair for pair, count in given.items() if count > 1 or pair in stored]


def _passed(database: Database, writes: Sequence[AccountWrite]) -> list[AccountKey]:
    stored = versions(database, [write.key for write in writes])
    return [write.key for write in writes if stored.get(write.key, 0) != write.expected_version]


def _locked(database: Database, keys: Sequence[AccountKey]) -> list[AccountKey]:
    """Those of these accounts, all of which have a row, that somebody else has locked."""
    if not keys:
        return []
    with database.write() as connection:
        free = set(database.look_up(connection, FREE_ACCOUNTS, account_rows(keys)))
    return [key for key in keys if (key.tenant, shard_of(key), key.account) not in free]
