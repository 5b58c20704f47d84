"""Verify: every account rebuilt from its operations alone, and compared with the document that is stored.

Account 1001 was created, topped up by 10.00 and debited four times by 0.60. Replaying those six records must give 7.60
on balance M and every counter, mark and flag as the document has them. Where it does not, the difference is named field
by field; where a record does not even fit the ones before it, that is the difference.

A daemon may be charging meanwhile. Document and version are read first, and then the operations up to that version.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from accounts.account import Account, AccountKey
from accounts.document import account_document
from accounts.replay import ReplayError, replay
from ratingd.store.store import Store

CHUNK = 500


@dataclass(frozen=True, slots=True)
class Difference:
    """A field of an account (a path such as "balances[0].value") that its operations make otherwise."""

    key: AccountKey
    field: str
    stored: str
    rebuilt: str


@dataclass(frozen=True, slots=True)
class Report:
    accounts: int
    operations: int
    differences: tuple[Difference, ...]


def verify(
    store: Store,
    *,
    tenant: str | None = None,
    key: AccountKey | None = None,
    progress: Callable[[int], None] = lambda accounts: None,
) -> Report:
    """Verify one account, those of a tenant, or all. `progress` is told how many accounts are done."""
    accounts = operations = 0
    differences: list[Difference] = []
    for chunk in _chunks(_keys(store, tenant, key)):
        rows = store.accounts(chunk)
        for each in chunk:
            row = rows.get(each)
            document = None if row is None or row.document is None else json.loads(row.document)
            replayed, found = _verify_one(store, each, 0 if row is None else row.version, document)
            operations += replayed
            differences += found
        accounts += len(chunk)
        progress(accounts)
    differences += [
        Difference(orphan, "account", "null", "operations") for orphan in store.journal.orphans(tenant, key)
    ]
    return Report(accounts, operations, tuple(differences))


def rebuilt(store: Store, key: AccountKey, version: int) -> tuple[Account | None, int]:
    """The account as its operations up to a version make it, and how many of them changed it. Raises ReplayError."""
    account: Account | None = None
    replayed = 0
    for at_version, at_ns, operation_id, changes in store.journal.changes(key):
        if at_version > version:
            break
        if at_version != replayed + 1:
            raise ReplayError(f"operation {operation_id} is number {at_version}; number {replayed + 1} is missing")
        account = replay(account, json.loads(changes), at_ns)
        replayed += 1
    return account, replayed


def _verify_one(
    store: Store, key: AccountKey, version: int, document: Mapping[str, object] | None
) -> tuple[int, list[Difference]]:
    try:
        account, replayed = rebuilt(store, key, version)
    except ReplayError as error:
        return 0, [Difference(key, "operations", "", str(error))]
    if replayed != version:
        return replayed, [Difference(key, "version", str(version), str(replayed))]
    again = None if account is None else json.loads(json.dumps(account_document(account)))
    return replayed, [Difference(key, *wrong) for wrong in _differences("", document, again)]


def _differences(path: str, stored: object, again: object) -> Iterator[tuple[str, str, str]]:
    """The leaves in which two documents differ."""
    if stored == again:
        return
    if isinstance(stored, dict) and isinstance(again, dict):
        for name in sorted(stored.keys() | again.keys()):
            yield from _differences(f"{path}.{name}" if path else name, stored.get(name), again.get(name))
    elif isinstance(stored, list) and isinstance(again, list) and len(stored) == len(again):
        for place, (one, other) in enumerate(zip(stored, again, strict=True)):
            yield from _differences(f"{path}[{place}]", one, other)
    else:
        yield path or "account", json.dumps(stored), json.dumps(again)


def _keys(store: Store, tenant: str | None, key: AccountKey | None) -> Iterator[AccountKey]:
    if key is not None:
        yield key
    else:
        yield from (found for found in store.directory.every_key() if tenant is None or found.tenant == tenant)


def _chunks(keys: Iterable[AccountKey]) -> Iterator[list[AccountKey]]:
    chunk: list[AccountKey] = []
    for key in keys:
        chunk.append(key)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
