"""Verify: every account rebuilt from its operations alone, and compared with the document that is stored.

Account 1001 was created, topped up by 10.00 and debited four times by 0.60. Replaying those six records must give 7.60
on balance M and every counter, mark and flag as the document has them. Where it does not, the difference is named field
by field; where a record does not even fit the ones before it, that is the difference.

A daemon may be charging meanwhile. Document and version are read first, and then the operations up to that version.

The rows that keep the members of shared groups are rebuilt like accounts, and are no accounts to count. Beyond that a
group has the members whose balances carry it, and nobody else; both are written together, so whatever looks otherwise
is looked at once more, both sides at one instant.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from accounts.account import Account, AccountKey
from accounts.document import account_document, account_from_text
from accounts.replay import ReplayError, replay
from accounts.shared_group import group_key, groups_of, is_group
from ratingd.store.rows import AccountRow
from ratingd.store.store import Store

CHUNK = 500

Membership = tuple[AccountKey, str]  # the row of a group, and the name of a member


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
    carried: set[Membership] = set()
    listed: set[Membership] = set()
    for chunk in _chunks(_keys(store, tenant, key)):
        rows = store.accounts(chunk)
        for each in chunk:
            row = rows.get(each)
            document = None if row is None or row.document is None else json.loads(row.document)
            account, replayed, found = _verify_one(store, each, 0 if row is None else row.version, document)
            operations += replayed
            differences += found
            if account is not None:
                listed.update((each, member) for member in account.members)
                carried.update((group_key(each.tenant, group), each.account) for group in groups_of(account))
        accounts += sum(not is_group(each) for each in chunk)
        progress(accounts)
    differences += [
        Difference(orphan, "account", "null", "operations") for orphan in store.journal.orphans(tenant, key)
    ]
    differences += _wrong_members(store, sorted(carried ^ listed))
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
) -> tuple[Account | None, int, list[Difference]]:
    try:
        account, replayed = rebuilt(store, key, version)
    except ReplayError as error:
        return None, 0, [Difference(key, "operations", "", str(error))]
    if replayed != version:
        return account, replayed, [Difference(key, "version", str(version), str(replayed))]
    again = None if account is None else json.loads(json.dumps(account_document(account)))
    return account, replayed, [Difference(key, *wrong) for wrong in _differences("", document, again)]


def _wrong_members(store: Store, doubtful: Iterable[Membership]) -> Iterator[Difference]:
    """Members that carry a group which does not list them, or the other way round, both as stored at one instant."""
    for group, name in doubtful:
        member = AccountKey(group.tenant, name)
        rows = store.accounts([group, member])
        row, account = (_account(rows.get(key)) for key in (group, member))
        lists = row is not None and name in row.members
        carries = account is not None and any(group == group_key(group.tenant, each) for each in groups_of(account))
        if lists != carries:
            said = {True: f"{name} is a member", False: f"{name} is none"}
            yield Difference(group, "members", said[lists], said[carries])


def _account(row: AccountRow | None) -> Account | None:
    return None if row is None or row.document is None else account_from_text(row.document)


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
