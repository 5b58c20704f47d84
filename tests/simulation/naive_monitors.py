"""Counters and monitors, from accounting 5: looked at after every single portion, by walking through all of them."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.simulation.folder import DESTINATIONS, HOUR, NANO, SETS, WATCHES, Watch
from tests.simulation.naive_account import (
    Account,
    Balance,
    Counter,
    Failed,
    Key,
    Trigger,
    scale,
)
from tests.simulation.naive_book import Draft
from tests.simulation.naive_windows import counter_name, counters_of, counts

if TYPE_CHECKING:
    from tests.simulation.naive_payers import Request


@dataclass
class Event:
    """What is being charged or refunded, for monitors: `call` is (switch, call id)."""

    request: "Request"
    stopped: dict[str, str] | None = None
    final: bool = False
    touched: set[Key] = field(default_factory=set)


def rebuild(account: Account, now: int) -> None:
    """The counters that the triggers need, with the values they had."""
    old = account.counters
    account.counters = []
    for trigger in account.triggers:
        watch = trigger.watch
        of = counts(watch)
        if of is None:
            continue
        name = (watch.type, of, counter_name(watch), watch.window)
        if any((c.type, c.of, c.id, c.window) == name for c in account.counters):
            continue
        same = [c for c in old if (c.type, c.of, c.id, c.window) == name]
        if watch.window == "*call":
            account.counters += same
        elif same:
            same[0].watch = watch
            account.counters.append(same[0])
        else:
            account.counters.append(Counter(counter_name(watch), watch.type, of, watch, window=watch.window))


def close_call_counters(draft: Draft, call: str, *, over: bool) -> None:
    """Drop the counters of a call that is over, or has no name, and those of a call of which nothing was counted."""
    until = draft.now + 4 * HOUR
    for account in draft.accounts.values():
        for counter in [] if account is None else account.counters:
            if counter.window == "*call" and counter.call == call and until - (counter.expires or 0) >= 60 * NANO:
                counter.expires = until
    for account in draft.accounts.values():
        mine = [] if account is None else [c for c in account.counters if c.window == "*call" and c.call == call]
        if account is not None and mine and (over or not call or not any(c.value or c.fired for c in mine)):
            account.counters = [c for c in account.counters if c not in mine]


def names_number(dests: tuple[str, ...], number: str) -> bool:
    return any(number.startswith(prefix) for id, prefix in DESTINATIONS.items() if id in dests)


def count(draft: Draft, key: Key, type: str, amount: int, number: str, payer: Balance | None, call: str) -> None:
    """Add to every counter of the account that this is to be counted by."""
    account = draft.account(key)
    if account is None:
        return
    for counter in account.counters:
        watch = counter.watch
        if counter.type != type or (counter.window == "*call" and counter.call != call):
            continue
        if counter.of == "balance":
            if payer is None or (watch.id is not None and payer.id != watch.id):
                continue
            if watch.weight is not None and payer.weight != watch.weight:
                continue
            if watch.dests and not all(payer.dests.get(name, False) for name in watch.dests):
                continue
        elif watch.dests and not names_number(watch.dests, number):
            continue
        counter.value += amount


def open_call_counters(draft: Draft, key: Key, call: str, expires: int) -> None:
    """A call has counters of its own from when it is first counted."""
    account = draft.account(key)
    if account is None:
        return
    for trigger in account.triggers:
        watch = trigger.watch
        of = counts(watch)
        if of is not None and watch.window == "*call":
            name = (watch.type, of, counter_name(watch), call)
            if not any((c.type, c.of, c.id, c.call) == name for c in account.counters):
                new = Counter(counter_name(watch), watch.type, of, watch, window="*call", call=call, expires=expires)
                account.counters.append(new)


def watched(account: Account, watch: Watch) -> list[Balance]:
    """The balances that a monitor means: an id decides alone, else all that is given is equal."""
    found = [b for b in account.balances if b.type == watch.type]
    if watch.id is not None:
        return [b for b in found if b.id == watch.id]
    if watch.weight is not None:
        found = [b for b in found if b.weight == watch.weight]
    if watch.dests:
        found = [b for b in found if b.dests == dict.fromkeys(watch.dests, True)]
    return found


def holds(draft: Draft, account: Account, trigger: Trigger, call: str) -> tuple[bool, int]:
    """Whether the condition of a monitor holds now, and the value that was looked at."""
    watch = trigger.watch
    low = watch.on.startswith("*min")
    values: list[int] = []
    if counts(watch):
        values = [counter.value for counter in counters_of(account, watch, call)]
    elif watch.on == "*balance_expired":
        for balance in watched(account, watch):
            if balance.expired(draft.now):
                return True, balance.value
    elif watch.on in ("*min_balance", "*max_balance"):
        values = [b.value for b in watched(account, watch) if b.number in draft.dirty]
    elif watch.id in account.scores:
        values = [account.scores[watch.id]]
    for value in values:
        if (value <= watch.at) if low else (value >= watch.at):
            return True, value
    return False, 0


def evaluate(draft: Draft, key: Key, event: Event | None, only: Any = None) -> None:
    """One evaluation of one account. What holds is found first; what the fired sets change is seen by the next."""
    account = draft.account(key)
    if account is None:
        return
    call = "" if event is None else event.request.cgr
    due = []
    for trigger in sorted(account.triggers, key=lambda trigger: -trigger.watch.w):
        watch = trigger.watch
        if (watch.until is not None and watch.until < draft.now) or (
            watch.since is not None and draft.now < watch.since
        ):
            continue
        if trigger.executed or (key, trigger.group, watch.uid) in draft.tried or (only and not only(trigger)):
            continue
        if watch.window == "*call" and any(
            (trigger.group, watch.uid) in c.fired for c in counters_of(account, watch, call)
        ):
            continue
        if watch.recurrent and trigger.last is not None and draft.now - trigger.last < watch.sleep:
            continue
        held, value = holds(draft, account, trigger, call)
        if held:
            due.append((trigger.group, watch.uid, value))
    for group, uid, value in due:
        fire(draft, key, group, uid, value, event)
    drop_expired(draft, key, balances=event is None)


def fire(draft: Draft, key: Key, group: str, uid: str, value: int, event: Event | None) -> None:
    from tests.simulation.naive_actions import run_set

    account = draft.account(key)
    trigger = find(account, group, uid)
    if account is None or trigger is None:
        return
    trigger.last = draft.now
    if account.disabled:
        return
    watch = trigger.watch
    saved = draft.saved()
    before = draft.evaluating
    draft.evaluating = before | {key}
    mark(account, trigger, True, event)
    sent = len(draft.outside)
    try:
        run_set(draft, key, SETS[watch.run], event, cause=(group, uid, observed(watch.type, value)))
    except Failed:
        draft.restore(saved)
        draft.tried.add((key, group, uid))
        return
    finally:
        draft.evaluating = before
    account = draft.account(key)
    trigger = find(account, group, uid)
    if account is not None and trigger is not None and trigger.watch.recurrent:
        mark(account, trigger, False, event)
    if event is not None and event.stopped is None:
        request = event.request
        call = ("disconnect", request.key, request.switch, request.call)
        if request.key == key and (account is None or account.disabled):
            event.stopped = {"reason": "ACCOUNT_DISABLED", "trigger": f"{group}/{uid}", "set": watch.run}
        elif request.call and call in draft.outside[sent:]:
            event.stopped = {"reason": "DISCONNECT", "trigger": f"{group}/{uid}", "set": watch.run}


def observed(type: str, value: int) -> str:
    """A value as an alert tells it."""
    if type == "*voice":
        return str(value)
    whole, fraction = divmod(abs(value), NANO)
    text = f"{whole}.{fraction:09d}".rstrip("0").rstrip(".")
    return f"-{text}" if value < 0 else text


def mark(account: Account, trigger: Trigger, executed: bool, event: Event | None) -> None:
    """A monitor on single calls leaves its mark in the call."""
    name = (trigger.group, trigger.watch.uid)
    if trigger.watch.window != "*call":
        trigger.executed = executed
        return
    for counter in [] if event is None else counters_of(account, trigger.watch, event.request.cgr):
        counter.fired = counter.fired | {name} if executed else counter.fired - {name}


def find(account: Account | None, group: str, uid: str) -> Trigger | None:
    if account is None:
        return None
    return next((t for t in account.triggers if (t.group, t.watch.uid) == (group, uid)), None)


def drop_expired(draft: Draft, key: Key, *, balances: bool = True) -> None:
    """What has expired by the clock goes. In a charge balances stay to its end: by the call's time they may live."""
    account = draft.account(key)
    if account is None:
        return
    if balances:
        account.balances = [balance for balance in account.balances if not balance.expired(draft.now)]
    kept = [t for t in account.triggers if t.watch.until is None or t.watch.until >= draft.now]
    account.triggers = kept


def attach(account: Account, groups: list[str], now: int, *, overwrite: bool = False) -> None:
    """Give the account the monitors of groups, armed; those it has keep their marks unless overwritten."""
    for group in groups:
        if group not in WATCHES:
            raise Failed("TRIGGERS_UNKNOWN")
    kept = [] if overwrite else account.triggers
    known = {(trigger.group, trigger.watch.uid) for trigger in kept}
    added = [Trigger(g, watch) for g in groups for watch in WATCHES[g] if (g, watch.uid) not in known]
    if overwrite:
        for counter in account.counters:
            counter.fired = set()
    if added or overwrite:
        account.triggers = sorted([*kept, *added], key=lambda trigger: -trigger.watch.w)
        rebuild(account, now)


def unit_count(usage: int, tor: str) -> int:
    return usage * scale(tor)
