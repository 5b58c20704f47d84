"""What calls hold of balances while they go on (accounting 3.7, 3.8)."""

from tests.simulation.naive_account import Account, Hold, Key
from tests.simulation.naive_book import Draft
from tests.simulation.naive_payers import Request


def hold(draft: Draft, request: Request, parts: list[tuple[Key, int, int]], expires: int) -> None:
    """Each account keeps what is held of its own balances; the caller's names the others."""
    held: dict[Key, dict[int, int]] = {}
    for key, number, amount in parts:
        if amount:
            mine = held.setdefault(key, {})
            mine[number] = mine.get(number, 0) + amount
    for key in held.keys() | ({request.key} if held else set()):
        account = draft.account(key)
        assert account is not None
        others = [other for other in held if other != key] if key == request.key else []
        order = list(dict.fromkeys(number for _, number, _ in parts)) if key == request.key else []
        account.holds.append(Hold(request.holder, expires, held.get(key, {}), others, order if len(order) > 1 else []))


def hold_of(draft: Draft, key: Key, request: Request) -> Hold | None:
    account = draft.account(key)
    if account is None or not request.call:
        return None
    return next((each for each in account.holds if each.call == request.holder), None)


def drop_hold(draft: Draft, key: Key, request: Request) -> None:
    account = draft.account(key)
    if account is not None:
        account.holds = [each for each in account.holds if each.call != request.holder]


def release(draft: Draft, request: Request) -> None:
    """The call holds nothing any more, of nobody's."""
    own = hold_of(draft, request.key, request)
    if own is not None:
        for key in (request.key, *own.others):
            drop_hold(draft, key, request)


def release_all(draft: Draft, account: Account) -> None:
    """An account is to be removed: its calls hold nothing of others any more."""
    for hold in account.holds:
        for key in hold.others:
            other = draft.account(key)
            if other is not None:
                other.holds = [each for each in other.holds if each.call != hold.call]


def consume(draft: Draft, request: Request, drew: list[tuple[Key, int, int]]) -> None:
    """What was drawn of a balance is held of it no longer."""
    own = hold_of(draft, request.key, request)
    if own is None or own.expires <= draft.now:
        return
    drawn: dict[int, int] = {}
    for _, number, amount in drew:
        drawn[number] = drawn.get(number, 0) + amount
    for key in (request.key, *own.others):
        held = hold_of(draft, key, request)
        if held is not None:
            held.held = {n: left for n, amount in held.held.items() if (left := amount - max(0, drawn.get(n, 0))) > 0}
            if not held.held and key != request.key:
                drop_hold(draft, key, request)
    own.others = [key for key in own.others if hold_of(draft, key, request) is not None]
    if not own.held and not own.others:
        drop_hold(draft, request.key, request)
