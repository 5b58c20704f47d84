"""Rows for the tests of the store, with what does not matter filled in."""

from accounts.account import AccountKey
from ratingd.store.rows import AccountRow, AccountWrite, OperationRow, shard_of
from ratingd.store.store import Store


def write(
    key: AccountKey,
    expected_version: int,
    version: int,
    document: str | None = "{}",
    *,
    disabled: bool = False,
    next_due_ns: int | None = None,
    plans: tuple[str, ...] | None = None,
    time_zone: str = "",
) -> AccountWrite:
    return AccountWrite(
        key, shard_of(key), expected_version, version, document, disabled, next_due_ns, plans, time_zone
    )


def operation(
    key: AccountKey,
    operation_id: str,
    version: int,
    idempotency_key: str | None,
    *,
    at_ns: int = 1000,
    fingerprint: bytes = b"print",
    changes: str = "[]",
    charge: str | None = None,
    refunds: str | None = None,
) -> OperationRow:
    return OperationRow(
        operation_id=operation_id,
        key=key,
        shard=shard_of(key),
        version=version,
        kind="debit",
        at_ns=at_ns,
        idempotency_key=idempotency_key,
        fingerprint=fingerprint,
        tariff_version=1,
        changes=changes,
        charge=charge,
        refunds=refunds,
        reply_code=0,
        reply=b"reply",
    )


def account(store: Store, key: AccountKey) -> AccountRow:
    return store.accounts([key])[key]
