"""Operations on the second book: what each is answered, and what it leaves."""

from typing import Any

from tests.simulation.folder import NANO, PLANS, SETS, WATCHES, Act
from tests.simulation.naive_actions import run_set
from tests.simulation.naive_book import Account, Draft, Failed, Hold, Key, OpenCall
from tests.simulation.naive_charge import MAX_USAGE, OPEN_FOR, SEEN_EVERY, Charging, Drawn, Order, Request
from tests.simulation.naive_monitors import (
    Event,
    attach,
    close_call_counters,
    count,
    drop_expired,
    evaluate,
    rebuild,
    roll,
)
from tests.simulation.naive_prices import prices_of

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
        if request.usage:
            Charging(draft, request, "measure", order).rate(request.subject)
        return -1, []
    if request.usage == 0:
        return 0, []
    saved = draft.saved()
    charging = Charging(draft, request, "measure", order)
    charging.run()
    draft.restore(saved)
    if charging.fee_unpaid:
        return 0, []
    total, parts = 0, list[tuple[Key, int, int]]()
    for timespan in charging.out:
        step = None if timespan.piece is None else timespan.piece.step
        if request.max_rate is not None and step is not None and step.price * 60 * NANO > request.max_rate * step.unit:
            break
        total += sum(drawn.duration for drawn in timespan.drawn)
        parts += [part for drawn in timespan.drawn for part in (drawn.unit, drawn.money) if part is not None]
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
        account.holds.append(Hold(request.holder, expires, held.get(key, {}), others))


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


# -- accounts


def run_actions(draft: Draft, key: Key, actions: list[Act], *, create: bool) -> Reply:
    account = draft.create(key) if create else draft.account(key)
    if account is None:
        raise Failed("ACCOUNT_UNKNOWN")
    roll(account, draft.now)
    run_set(draft, key, actions, None)
    return {"done": True}


def execute_set(draft: Draft, key: Key, actions_id: str, *, create: bool) -> Reply:
    if actions_id not in SETS:
        raise Failed("ACTIONS_UNKNOWN")
    return run_actions(draft, key, SETS[actions_id], create=create)


def set_account(draft: Draft, key: Key, given: dict[str, Any]) -> Reply:
    for plan in given.get("plans") or []:
        if plan not in PLANS:
            raise Failed("ACTION_PLAN_UNKNOWN")
    for group in given.get("groups") or []:
        if group not in WATCHES:
            raise Failed("TRIGGERS_UNKNOWN")
    account = draft.create(key)
    roll(account, draft.now)
    if given.get("zone") is not None:
        account.zone = given["zone"]
    new = [plan for plan in dict.fromkeys(given.get("plans") or []) if plan not in account.plans]
    if given.get("plans") is not None:
        kept = [] if given.get("overwrite_plans") else account.plans
        account.plans = [*kept, *(plan for plan in dict.fromkeys(given["plans"]) if plan not in kept)]
    if given.get("groups") is not None:
        attach(account, given["groups"], draft.now, overwrite=bool(given.get("overwrite_triggers")))
    if given.get("allow_negative") is not None:
        account.allow_negative = given["allow_negative"]
    if given.get("disabled") is not None:
        account.disabled = given["disabled"]
    asap = [entry for plan in new for entry in PLANS[plan] if entry[1] == "*asap"]
    for actions_id, _, _ in sorted(asap, key=lambda entry: -entry[2]):
        saved = draft.saved()
        try:
            run_set(draft, key, SETS[actions_id], None)
        except Failed:
            draft.restore(saved)
    return {"done": True}


def on_account(draft: Draft, key: Key) -> Account:
    account = draft.account(key)
    if account is None:
        raise Failed("ACCOUNT_UNKNOWN")
    roll(account, draft.now)
    return account


def remove_account(draft: Draft, key: Key) -> Reply:
    on_account(draft, key)
    draft.accounts[key] = None
    return {"done": True}


def reset_triggers(draft: Draft, key: Key, group: str, uid: str, *, executed: bool) -> Reply:
    account = on_account(draft, key)
    for trigger in account.triggers:
        if group in ("", trigger.group) and uid in ("", trigger.watch.uid):
            trigger.executed = executed
            for counter in account.counters:
                counter.fired.discard((trigger.group, trigger.watch.uid))
    if not executed:
        evaluate(draft, key, None)
    return {"done": True}


def reset_counters(draft: Draft, key: Key, id: str, type: str) -> Reply:
    account = on_account(draft, key)
    for counter in account.counters:
        if id in ("", counter.id) and type in ("", counter.type):
            counter.value = 0
    return {"done": True}


def remove_triggers(draft: Draft, key: Key, group: str, uid: str) -> Reply:
    account = on_account(draft, key)
    kept = [t for t in account.triggers if not (group in ("", t.group) and uid in ("", t.watch.uid))]
    if len(kept) < len(account.triggers):
        account.triggers = kept
        rebuild(account, draft.now)
    return {"done": True}


def set_scores(draft: Draft, key: Key, scores: dict[str, int | None]) -> Reply:
    account = on_account(draft, key)
    for address, value in scores.items():
        account.scores.pop(address, None)
        if value is not None:
            account.scores[address] = value
    evaluate(draft, key, None)
    return {"done": True}


def expire(draft: Draft, key: Key) -> Reply:
    account = draft.account(key)
    if account is not None:
        roll(account, draft.now)
        evaluate(draft, key, None, lambda trigger: trigger.watch.on == "*balance_expired")
        account = draft.account(key)
        assert account is not None
        account.holds = [each for each in account.holds if each.expires > draft.now]
        drop_expired(draft, key)
    return {"done": True}


def overdue(account: Account, now: int) -> bool:
    """Whether the sweep must find this account."""
    return any(balance.expired(now) for balance in account.balances) or any(
        trigger.watch.until is not None and trigger.watch.until < now for trigger in account.triggers
    )
