"""Charges on the second book: what each request is answered, and what it leaves."""

from typing import Any

from tests.simulation.folder import NANO
from tests.simulation.naive_account import Account, Failed, Key, OpenCall
from tests.simulation.naive_book import Draft
from tests.simulation.naive_charge import MAX_USAGE, OPEN_FOR, SEEN_EVERY, Charging, Drawn
from tests.simulation.naive_holds import consume, hold, release
from tests.simulation.naive_monitors import Event, close_call_counters, count, drop_expired, evaluate
from tests.simulation.naive_payers import Order, Request
from tests.simulation.naive_prices import prices_of
from tests.simulation.naive_windows import roll

Reply = dict[str, Any]


def refuse(draft: Draft, request: Request, *, known: bool) -> Account:
    if request.usage < 0:
        raise Failed("INVALID_USAGE")
    if request.usage > MAX_USAGE.get(request.tor, MAX_USAGE["*any"]):
        raise Failed("USAGE_TOO_LONG")
    account = draft.account(request.key)
    if account is None:
        raise Failed("ACCOUNT_UNKNOWN")
    if account.disabled and not (known and request.final):
        raise Failed("ACCOUNT_DISABLED")
    return account


def measure(draft: Draft, request: Request, order: Order) -> tuple[int, list[tuple[Key, int, int]]]:
    """GetMaxSessionTime: how much is covered (-1: unlimited), and what that takes of which balances."""
    account = draft.account(request.key)
    assert account is not None
    if request.type == "*postpaid":
        return request.usage, []
    if account.allow_negative:
        prices_of(request.category, request.subject, request.number)
        return -1, []
    if request.usage == 0:
        return 0, []
    saved = draft.saved()
    charging = Charging(draft, request, "measure", order)
    charging.run()
    draft.restore(saved)
    if charging.fee_unpaid:
        return 0, []
    total, drawn = 0, list[Drawn]()
    for timespan in charging.out:
        step = None if timespan.piece is None else timespan.piece.step
        if request.max_rate is not None and step is not None and step.price * 60 * NANO > request.max_rate * step.unit:
            break
        total += sum(each.duration for each in timespan.drawn)
        drawn += timespan.drawn
    drawn.sort(key=lambda each: each.duration == 0)  # who pays a fee says nothing of the order
    parts = [part for each in drawn for part in (each.unit, each.money) if part is not None]
    granted = min(total, request.usage)
    return granted, parts if granted else []


def max_session_time(draft: Draft, request: Request, order: Order, reserve: int | None) -> Reply:
    refuse(draft, request, known=False)
    granted, parts = measure(draft, request, order)
    if reserve is not None:
        release(draft, request)
        hold(draft, request, parts, draft.now + reserve)
        settle_call(draft, request, nothing=granted == 0, dry=False)
    return {"granted": granted, "reason": "" if granted or not request.usage else "CREDIT_EXHAUSTED"}


def known_call(draft: Draft, request: Request) -> OpenCall | None:
    found = draft.world.open_calls.get(request.key, {}).get((request.switch, request.call)) if request.call else None
    return found if found is not None and found.expires > draft.now else None


def debit(draft: Draft, request: Request, order: Order, *, whole: bool, dry: bool = False) -> Reply:
    """Debit (`whole`) or MaxDebit. The reply, with what was drawn increment by increment."""
    account = refuse(draft, request, known=known_call(draft, request) is not None)
    if request.type != "*prepaid" and not request.final:
        granted = request.usage if request.type == "*postpaid" else measure(draft, request, order)[0]
        granted = request.usage if granted < 0 else granted
        if request.force_duration and granted < request.usage:
            raise Failed("CREDIT_EXHAUSTED")
        close_call_counters(draft, request.cgr, over=False)
        settle_call(draft, request, nothing=granted == 0, dry=dry)
        return charged(request, None, {}, granted=granted)
    roll(account, draft.now)
    if request.final:  # the call ends for all who may have paid for it
        for group in account.groups():
            for member in draft.world.groups.get((request.key[0], group), []):
                draft.account((request.key[0], member))
    whole = whole or request.type != "*prepaid"
    purpose, asked = "all", request
    if not whole and not account.allow_negative and request.usage:
        granted, _ = measure(draft, request, order)
        if request.force_duration and granted < request.usage:
            raise Failed("CREDIT_EXHAUSTED")
        if granted == 0:
            close_call_counters(draft, request.cgr, over=request.final and not dry)
            settle_call(draft, request, nothing=True, dry=dry)
            return charged(request, None, {})
        index = max(request.duration_index, request.usage) - (request.usage - granted)
        asked = Request(**{**request.__dict__, "usage": granted, "duration_index": index})
        purpose = "covered"
    charging = Charging(draft, asked, purpose, order, dry=dry)
    corrections: dict[int, int] = {}
    if asked.usage:
        charging.run()
        if asked.perform_rounding:
            corrections = charging.round_all()
    drop_past(draft)
    if not dry:
        consume(draft, request, charging.drew)
        close_call_counters(draft, request.cgr, over=request.final)
        served = bool(charging.out) if request.usage else priced(request)
        settle_call(draft, request, nothing=not served, dry=dry)
    return charged(request, charging, corrections)


def priced(request: Request) -> bool:
    """Whether the request would have a price, were anything used."""
    try:
        prices_of(request.category, request.subject, request.number)
    except Failed:
        return False
    return True


def drop_past(draft: Draft) -> None:
    """What has expired goes from the accounts whose balances took part, once their monitors have seen it."""
    for key, account in draft.accounts.items():
        if account is not None and any(balance.number in draft.dirty for balance in account.balances):
            drop_expired(draft, key)


def settle_call(draft: Draft, request: Request, *, nothing: bool, dry: bool) -> None:
    """Open the call, keep it open, or close it."""
    if not request.call or dry:
        return
    calls = draft.calls.setdefault(request.key, dict(draft.world.open_calls.get(request.key, {})))
    name, known = (request.switch, request.call), known_call(draft, request)
    if request.final:
        release(draft, request)
        if known is not None:
            calls.pop(name, None)
    elif known is not None and draft.now - known.seen < SEEN_EVERY:
        return
    elif known is not None or not nothing:
        calls[name] = OpenCall(draft.now, draft.now + OPEN_FOR)


def charged(request: Request, charging: Charging | None, corrections: dict[int, int], granted: int = 0) -> Reply:
    if charging is None:
        reason = "" if granted or not request.usage else "CREDIT_EXHAUSTED"
        return {
            "cost": 0,
            "rated": 0,
            "granted": granted,
            "stopped": "",
            "reason": reason,
            "drawn": [],
            "rounded": [],
            "increments": [],
            "corrections": [],
        }
    rated = sum(drawn.duration for timespan in charging.out for drawn in timespan.drawn)
    stopped = charging.event.stopped
    granted = min(charging.request.usage, rated)
    return {
        "cost": sum(timespan.cost for timespan in charging.out) + sum(corrections.values()),
        "rated": rated,
        "granted": granted,
        "stopped": "" if stopped is None else f"{stopped['reason']} {stopped['trigger']} {stopped['set']}",
        "reason": "CREDIT_EXHAUSTED" if granted == 0 and stopped is None and request.usage else "",
        "drawn": [told(drawn, request.key) for timespan in charging.out for drawn in timespan.drawn],
        "rounded": sorted(corrections.values()),
        "increments": [drawn for timespan in charging.out for drawn in timespan.drawn],
        "corrections": [
            Drawn(0, amount, None, (*head[:2], amount))
            for number, amount in corrections.items()
            if (head := charging.out[number].drawn[0].money) is not None
        ],
    }


def told(drawn: Drawn, caller: Key) -> list[Any]:
    owner = drawn.unit or drawn.money
    return [
        drawn.duration, drawn.cost, caller[1] if owner is None else owner[0][1], drawn.names[0],
        0 if drawn.unit is None else drawn.unit[2], drawn.names[1],
    ]  # fmt: skip


class Charge:
    """What a debit drew, in the runs in which it was answered, and how many of each have come back."""

    def __init__(self, request: Request, drawn: list[Drawn], corrections: list[Drawn], runs: list[int]) -> None:
        self.request = request
        self.runs: list[list[Drawn]] = []
        at = 0
        for length in runs:
            self.runs.append(drawn[at : at + length])
            at += length
        assert at == len(drawn), "the runs of the answer are not what was drawn"
        self.runs += [[correction] for correction in corrections]
        self.returned = [0] * len(self.runs)


def refund(draft: Draft, key: Key, charge: Charge | None, asked: list[int] | None) -> Reply:
    account = draft.account(key)
    if account is None:
        raise Failed("ACCOUNT_UNKNOWN")
    if charge is None:
        raise Failed("CHARGE_UNKNOWN")
    roll(account, draft.now)
    event = Event(charge.request)
    returned, money = [0] * len(charge.runs), 0
    for run, increments in enumerate(charge.runs):
        left = len(increments) - charge.returned[run]
        wanted = left if asked is None else min(left, asked[run] if run < len(asked) else 0)
        for drawn in increments[charge.returned[run] : charge.returned[run] + wanted]:
            given = give_back(draft, charge.request, drawn, event)
            if given is not None:
                returned[run] += 1
                money += given
    drop_past(draft)
    release(draft, charge.request)
    return {"returned": returned, "money": money}


def give_back(draft: Draft, request: Request, drawn: Drawn, event: Event) -> int | None:
    """One increment; None where no balance of it is left to give to."""
    owners: list[Key] = []
    money = 0
    if drawn.unit is not None:
        key, number, amount = drawn.unit
        balance = draft.balance(key, number)
        if balance is not None:
            balance.value += amount
            units = amount if request.tor != "*voice" or balance.type == "*voice" else -(-amount // NANO)
            count(draft, key, request.tor, -units, request.number, balance, request.cgr)
            draft.dirty.add(number)
            owners.append(key)
    if drawn.money is not None:
        key, number, amount = drawn.money
        balance = draft.balance(key, number)
        if balance is not None:
            balance.value += amount
            count(draft, key, "*monetary", -amount, request.number, balance, request.cgr)
            draft.dirty.add(number)
            owners.append(key)
            money = amount
    if not owners and (drawn.unit is not None or drawn.money is not None):
        return None
    for owner in dict.fromkeys(owners):
        evaluate(draft, owner, event)
    return money
