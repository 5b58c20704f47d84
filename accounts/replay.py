"""Replay: an account rebuilt from the records of its operations alone.

Every operation leaves the list of its changes (`accounts.book`). Applied oldest first they give the account again, with
the very document that is stored: `ratingd verify` compares the two. Movements carry what moved and what it was
afterwards, so a record that is missing in the middle is found where the next movement does not fit: "balance b1: 4.40
was recorded after taking 0.60, but replay stands at 5.60".
"""

from collections.abc import Mapping, Sequence

from accounts.account import Account, AccountTrigger, UnitCounter
from accounts.balance import Balance
from accounts.book import Change
from accounts.document import (
    account_from_document,
    balance_from_document,
    counter_from_document,
    reservation_from_document,
    trigger_from_document,
)
from accounts.reservation import Reservation


class ReplayError(ValueError):
    """A record that does not fit the account as the records before it left it."""


def replay(account: Account | None, changes: Sequence[Change | Sequence[object]], at_ns: int) -> Account | None:
    """Apply one operation's changes (as they were, or read back from JSON) in place; None where it removed the account.

    `account` is what the operations before have left, None before the first.
    """
    removed = account is None
    for change in changes:
        if change[0] == "account":
            account, removed = account_from_document(_mapping(change[1])), False
        elif change[0] == "removed":
            removed = True
        elif account is None:
            raise ReplayError(f"the record {list(change)!r} changes an account that is not there")
        else:
            _apply(account, change)
    if account is None or removed:
        return None
    if changes:
        account.updated_ns = at_ns
    return account


def _apply(account: Account, change: Sequence[object]) -> None:
    match tuple(change):
        case ("value", str(uuid), int(delta), int(after)):
            balance = _balance(account, uuid)
            balance.value = _moved(f"balance {uuid}", balance.value, delta, after)
        case ("count", str(kind), str(of), str(id), str(window), str(call), int(delta), int(after)):
            counter = _counter(account, (kind, of, id, window, call))
            counter.value = _moved(f"{kind} counter {id}", counter.value, delta, after)
        case ("fired", str(kind), str(of), str(id), str(window), str(call), list(fired)):
            _counter(account, (kind, of, id, window, call)).fired = tuple(str(name) for name in fired)
        case ("reserved", document):
            _reserve(account, reservation_from_document(document))
        case ("released", str(owner), str(switch_id), str(call_id)):
            _release(account, (owner, switch_id, call_id))
        case ("score", str(address), value):
            _score(account, address, value)
        case ("balance", document, int(position)):
            _place(account, balance_from_document(document), position)
        case ("gone", str(uuid)):
            account.balances.remove(_balance(account, uuid))
        case ("trigger", str(group), str(unique_id), bool(executed), last_executed_ns):
            trigger = _trigger(account, group, unique_id)
            trigger.executed, trigger.last_executed_ns = executed, _instant(last_executed_ns)
        case ("triggers", list(documents)):
            account.triggers[:] = [trigger_from_document(document) for document in documents]
        case ("counters", list(documents)):
            account.counters[:] = [counter_from_document(document) for document in documents]
        case ("set", str(field), value):
            _set(account, field, value)
        case _:
            raise ReplayError(f"the record {list(change)!r} is of no known form")


def _moved(what: str, before: int, delta: int, after: int) -> int:
    if before + delta != after:
        raise ReplayError(f"{what}: the record moves it by {delta} to {after}, but replay stands at {before}")
    return after


def _place(account: Account, balance: Balance, position: int) -> None:
    """Amend the balance that stands at the position, or put a new one there."""
    balances = account.balances
    if position < len(balances) and balances[position].uuid == balance.uuid:
        balances[position] = balance
    elif position == len(balances):
        balances.append(balance)
    else:
        raise ReplayError(f"balance {balance.uuid} is recorded at place {position} of {len(balances)}")


def _set(account: Account, field: str, value: object) -> None:
    match (field, value):
        case ("allow_negative", bool(flag)):
            account.allow_negative = flag
        case ("disabled", bool(flag)):
            account.disabled = flag
        case ("time_zone", str(text)):
            account.time_zone = text
        case ("plans", list(names)):
            account.plans = tuple(str(name) for name in names)
        case ("members", list(names)):
            account.members = tuple(str(name) for name in names)
        case ("imported", None):
            account.imported = None
        case ("imported", list(cells)):
            account.imported = tuple(str(cell) for cell in cells)
        case _:
            raise ReplayError(f"the record sets {field} to {value!r}")


def _balance(account: Account, uuid: str) -> Balance:
    balance = account.balance(uuid)
    if balance is None:
        raise ReplayError(f"the record names balance {uuid}, which {account.key} does not have")
    return balance


def _counter(account: Account, name: tuple[str, ...]) -> UnitCounter:
    for counter in account.counters:
        if counter.name == name:
            return counter
    raise ReplayError(f"the record names counter {'/'.join(name)}, which {account.key} does not have")


def _reserve(account: Account, reservation: Reservation) -> None:
    others = [other for other in account.reservations if other.call != reservation.call]
    account.reservations = (*others, reservation)


def _release(account: Account, call: tuple[str, str, str]) -> None:
    left = tuple([reservation for reservation in account.reservations if reservation.call != call])
    if len(left) == len(account.reservations):
        raise ReplayError(f"the record releases what call {call} does not hold of {account.key}")
    account.reservations = left


def _score(account: Account, address: str, value: object) -> None:
    scores = {name: score for name, score in account.scores.items() if name != address}
    if isinstance(value, int):
        scores[address] = value
    elif value is not None:
        raise ReplayError(f"the record sets score {address} to {value!r}")
    account.scores = scores


def _trigger(account: Account, group: str, unique_id: str) -> AccountTrigger:
    for trigger in account.triggers:
        if trigger.terms.group == group and trigger.terms.unique_id == unique_id:
            return trigger
    raise ReplayError(f"the record names trigger {group}/{unique_id}, which {account.key} does not have")


def _instant(value: object) -> int | None:
    if value is None or isinstance(value, int):
        return value
    raise ReplayError(f"the record of a trigger holds {value!r} for an instant")


def _mapping(document: object) -> Mapping[str, object]:
    if not isinstance(document, Mapping):
        raise ReplayError(f"the record of an account holds {document!r}")
    return document
