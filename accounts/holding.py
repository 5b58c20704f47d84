"""Holding: what a call that was granted time keeps from other calls until it is charged.

Account 1001 has 2.00 at 0.60 a minute. Call A asks for two minutes and holds 1.20; call B asks for ten, finds 0.80 and
is granted one. A debits its first minute: the balance falls to 1.40, A holds 0.60, and B's 0.60 are as safe as before.
When A hangs up, its `final` debit lets the other 0.60 go, though nothing more is charged; had the switch forgotten it,
they would go when the reservation expires.

What is held are the increments that the dry run of the grant drew, fee included, from whichever balances and members of
a shared group they came. A price below zero gives money on the way: then a balance is held for the most that it was
down by at any time. A call that asks again holds what the new grant takes and nothing else, which is nothing when it is
granted nothing, needs no money, or is not limited by credit.

A debit of the call takes what it draws from its own reservation first. That is bookkeeping and no order of payment: a
heavier balance that was topped up meanwhile pays, and what was held of another stays held until the end of the call.
Only the balances of one shared group, which stand by their values, keep the order in which they were to pay. Two more
things stay as they were when the call was granted: its minutes of the morning pay for what it holds of them though it
is past noon, and units that need money nobody has are passed over until nothing else is left. A balance that expires
or is taken away meanwhile is gone for the call that holds it too.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final, TypeAlias

from accounts.account import Account, AccountKey
from accounts.book import Page
from accounts.charge import UNLIMITED, CallCost, ChargeRequest, Granted, Increment
from accounts.reservation import Reservation

CallName: TypeAlias = tuple[str, str, str]  # owner, switch, call
Draws: TypeAlias = dict[AccountKey, dict[str, int]]  # amounts by the owner and the uuid of the balance

NO_PAGES: Final[tuple[Page, ...]] = ()


def reservation_of(account: Account, call: CallName | None) -> Reservation | None:
    """What a call holds of the balances of one account."""
    if account.reservations:
        for reservation in account.reservations:
            if reservation.call == call:
                return reservation
    return None


def hold(page: Page, request: ChargeRequest, granted: Granted, expires_at_ns: int) -> tuple[Page, ...]:
    """Hold what a grant takes, in place of what the call held. Returns the pages it holds of, the caller's first."""
    call = request.call
    if call is None:
        return NO_PAGES
    draws = held_draws(granted)
    owner = page.account.key
    others = tuple([key.account for key in draws if key != owner])
    _let_go(page, call, kept=others)
    if not draws:
        release(page, call)
        return NO_PAGES
    pages = [page]
    usage, tor = granted.usage, request.tor
    page.reserve(Reservation(*call, expires_at_ns, draws.get(owner, {}), usage, others, tor, _order(granted)))
    for name in others:
        key = AccountKey(owner.tenant, name)
        other = page.book.page(key)
        if other is not None:
            other.reserve(Reservation(*call, expires_at_ns, draws[key], usage, tor=tor))
            pages.append(other)
    return tuple(pages)


def charged(page: Page, request: ChargeRequest, cost: CallCost, now_ns: int) -> None:
    """After a debit of a call: what it drew is held no longer, and after its last nothing is."""
    call = request.call if page.account.reservations else None
    if call is None:
        return
    if request.final:
        release(page, call)
    else:
        consume(page, call, cost, now_ns)


def consume(page: Page, call: CallName, cost: CallCost, now_ns: int) -> None:
    """Let go, of every balance that a debit drew from, as much as it drew. What has expired holds nothing anyway."""
    own = reservation_of(page.account, call)
    if own is None or own.expires_at_ns <= now_ns:
        return
    draws = _drawn(cost)
    emptied = []
    for name in own.others:
        key = AccountKey(page.account.key.tenant, name)
        if key in draws and _consume_on(page.book.page(key), call, draws[key]):
            emptied.append(name)
    left = _less(own, draws.get(page.account.key, {}))
    others = tuple([name for name in own.others if name not in emptied])
    if not left and not others:
        page.release(own)
    elif left != own.held or others != own.others:
        page.reserve(replace(own, held=left, others=others))


def release(page: Page, call: CallName | None) -> None:
    """Let go of everything a call holds, of other members' balances too."""
    own = reservation_of(page.account, call)
    if own is not None:
        _let_go(page, own.call)
        page.release(own)


def release_all(page: Page) -> None:
    """Let go of everything that the calls of an account hold, of other members' balances too: it is to be removed."""
    for reservation in page.account.reservations:
        if reservation.owner == page.account.key.account:
            release(page, reservation.call)


def expire(page: Page, now_ns: int) -> None:
    """Remove the reservations whose time is over. Those of the same call on other accounts go with theirs."""
    for reservation in page.account.reservations:
        if reservation.expires_at_ns <= now_ns:
            page.release(reservation)


def held_draws(granted: Granted) -> Draws:
    """What a grant takes of each balance; whole increments, though the last may reach beyond what is granted."""
    running: Draws = {}
    most: Draws = {}
    left = 0 if granted.usage == UNLIMITED else granted.usage
    for increment in granted.drawn:
        if left <= 0:
            break
        count = increment.count
        if increment.duration:
            count = min(count, -(-left // increment.duration))
            left -= count * increment.duration
        _add(running, increment, count)
        for key in (increment.payer, increment.money_payer):
            held = most.setdefault(key, {})
            for uuid, amount in running.get(key, {}).items():
                if amount > held.get(uuid, 0):
                    held[uuid] = amount
    return {key: amounts for key, amounts in most.items() if amounts}


def _order(granted: Granted) -> tuple[str, ...]:
    """The balances that pay for a grant, in their order; of one alone there is none to keep.

    A fee says nothing of the order: who comes first may not have all of it.
    """
    found: dict[str, None] = {}
    for increment in sorted(granted.drawn, key=lambda increment: increment.duration == 0):
        for part in (increment.unit, increment.money):
            if part is not None:
                found[part.uuid] = None
    return tuple(found) if len(found) > 1 else ()


def _drawn(cost: CallCost) -> Draws:
    draws: Draws = {}
    for timespan in cost.timespans:
        for increment in timespan.increments:
            _add(draws, increment, increment.count)
        if timespan.round_increment is not None:
            _add(draws, timespan.round_increment, 1)
    return draws


def _add(draws: Draws, increment: Increment, count: int) -> None:
    unit, money = increment.unit, increment.money
    if unit is not None:
        amounts = draws.setdefault(increment.payer, {})
        amounts[unit.uuid] = amounts.get(unit.uuid, 0) + unit.amount * count
    if money is not None:
        amounts = draws.setdefault(increment.money_payer, {})
        amounts[money.uuid] = amounts.get(money.uuid, 0) + increment.cost * count


def _less(reservation: Reservation, drawn: dict[str, int]) -> dict[str, int]:
    """What is left of a reservation; drawn amounts below zero gave something and leave it as it is."""
    left = {uuid: amount - max(0, drawn.get(uuid, 0)) for uuid, amount in reservation.held.items()}
    return {uuid: amount for uuid, amount in left.items() if amount > 0}


def _consume_on(page: Page | None, call: CallName, drawn: dict[str, int]) -> bool:
    """Shrink what a call holds of another account; whether nothing is left of it."""
    reservation = None if page is None else reservation_of(page.account, call)
    if page is None or reservation is None:
        return True
    left = _less(reservation, drawn)
    if not left:
        page.release(reservation)
    elif left != reservation.held:
        page.reserve(replace(reservation, held=left))
    return not left


def _let_go(page: Page, call: CallName, kept: Iterable[str] = ()) -> None:
    """Release what a call holds of other accounts than the caller's and those `kept`."""
    own = reservation_of(page.account, call)
    for name in () if own is None else own.others:
        other = None if name in kept else page.book.page(AccountKey(page.account.key.tenant, name))
        reservation = None if other is None else reservation_of(other.account, call)
        if other is not None and reservation is not None:
            other.release(reservation)
