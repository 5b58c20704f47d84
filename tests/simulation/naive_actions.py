"""What action sets do to accounts, from accounting 6."""

import json
from dataclasses import replace
from typing import Any

from tests.simulation.folder import NANO, Act
from tests.simulation.naive_account import Account, Balance, Failed, Key
from tests.simulation.naive_book import Draft
from tests.simulation.naive_holds import release_all
from tests.simulation.naive_monitors import Event, evaluate, rebuild

TYPES = ("*monetary", "*voice", "*sms", "*data", "*mms", "*generic")
EVALUATED = (
    "*topup", "*topup_reset", "*debit", "*debit_reset", "*topup_zero_negative", "*set_balance", "*reset_triggers",
    "*transfer_balance", "*reset_account",
)  # fmt: skip
CHANGES_BALANCES = (*EVALUATED[:6], "*remove_balance", "*reset_account")


def run_set(draft: Draft, key: Key, actions: list[Act], event: Event | None, cause: Any = None) -> None:
    """All of it, heaviest first, or Failed; whoever calls puts the draft back."""
    for action in sorted(actions, key=lambda action: -action.get("w", 0)):
        account = draft.account(key)
        if account is None:
            raise Failed("ACTIONS_FAILED")
        if action.get("filters") and not rich_enough(account, action["filters"]):
            continue
        only = perform(draft, account, action, event, cause)
        account = draft.account(key)
        if account is not None and action["do"] in CHANGES_BALANCES:
            rebuild(account, draft.now)
        if account is not None and action["do"] in EVALUATED and key not in draft.evaluating:
            evaluate(draft, key, event, only)


def rich_enough(account: Account, filters: list[str]) -> bool:
    """The one filter that is used: the money of the account is at least so much."""
    limit = int(filters[0].rsplit(":", 1)[1]) * NANO
    return sum(balance.value for balance in account.balances if balance.type == "*monetary") >= limit


def perform(draft: Draft, account: Account, action: Act, event: Event | None, cause: Any) -> Any:
    """One action. The answer says which triggers the evaluation after it is about; None: all."""
    do, units = action["do"], action.get("units", 0)
    if do in ("*topup", "*topup_reset"):
        change(draft, account, action, abs(units), reset=do == "*topup_reset")
    elif do in ("*debit", "*debit_reset"):
        change(draft, account, action, -units, reset=do == "*debit_reset")
    elif do == "*topup_zero_negative":
        change(draft, account, action, abs(units), floor=True)
    elif do == "*set_balance":
        set_balance(draft, account, action)
    elif do == "*remove_balance":
        remove(account, balances_meant(draft, account, action))
    elif do == "*remove_expired":
        remove(account, [b for b in balances_meant(draft, account, action, expiry=False) if b.expired(draft.now)])
    elif do == "*set_expiry":
        for balance in balances_meant(draft, account, action, expiry=False):
            balance.expires = expiry_of(draft, action)
            draft.dirty.add(balance.number)
    elif do in ("*enable_account", "*disable_account"):
        account.disabled = do == "*disable_account"
        draft.noted.add(account.key)
    elif do in ("*allow_negative", "*deny_negative"):
        account.allow_negative = do == "*allow_negative"
        draft.noted.add(account.key)
    elif do == "*reset_counters":
        for counter in account.counters:
            if action.get("id", "") in ("", counter.id) and action.get("type", "") in ("", counter.type):
                counter.value = 0
    elif do == "*reset_triggers":
        meant = triggers_meant(action)
        arm(account, meant)
        return meant
    elif do in ("*set_recurrent", "*unset_recurrent"):
        for trigger in account.triggers:
            if triggers_meant(action)(trigger):
                trigger.watch = replace(trigger.watch, recurrent=do == "*set_recurrent")
    elif do == "*transfer_balance":
        return transfer(draft, account, action, event)
    elif do == "*transfer_monetary_default":
        empty_into_default(draft, account, action)
    elif do == "*reset_account":
        types = list(dict.fromkeys(balance.type for balance in account.balances))
        account.balances = [Balance("", type, 0) for type in types]
        draft.dirty |= {balance.number for balance in account.balances}
        arm(account)
    elif do == "*remove_account":
        release_all(draft, account)
        draft.accounts[account.key] = None
    elif do == "*cdrlog":
        draft.outside.append(("cdr", account.key, "*topup", NANO))
    elif do == "*http_post_async":
        draft.outside.append(("webhook", account.key, action["extra"], cause))
    elif do == "*force_disconnect_sessions":
        disconnect(draft, account, event)
    elif do != "*log":
        raise AssertionError(do)
    return None


def triggers_meant(action: Act) -> Any:
    """Which triggers an action on triggers is about: the group alone decides, else the unique id; neither: all."""
    chosen = json.loads(action.get("extra") or "{}")
    if "GroupID" in chosen:
        return lambda trigger: trigger.group == chosen["GroupID"]
    if "UniqueID" in chosen:
        return lambda trigger: trigger.watch.uid == chosen["UniqueID"]
    return lambda trigger: True


def arm(account: Account, meant: Any = lambda trigger: True) -> None:
    for trigger in account.triggers:
        if meant(trigger):
            trigger.executed = False
            for counter in account.counters:
                counter.fired = counter.fired - {(trigger.group, trigger.watch.uid)}


def matches(balance: Balance, action: Act, expires: int | None) -> bool:
    """Whether an action means a balance: the id alone decides, else all that is given holds."""
    if action.get("type") and balance.type != action["type"]:
        return False
    if action.get("id"):
        return balance.id == str(action["id"])
    given = action.get
    return bool(
        (given("weight") is None or balance.weight == given("weight"))
        and (expires is None or balance.expires == expires)
        and (given("blocker") is None or balance.blocker == given("blocker"))
        and (given("disabled") is None or balance.disabled == given("disabled"))
        and (not given("subject") or balance.subject == given("subject"))
        and all(balance.dests.get(name, False) for name in given("dests") or {})
        and all(balance.cats.get(name, False) for name in given("cats") or {})
        and all(balance.timings.get(name, False) for name in given("timings") or {})
        and all(name in balance.groups for name in given("groups") or [])
    )


def expiry_of(draft: Draft, action: Act) -> int | None:
    seconds = action.get("expiry")
    return None if not seconds else draft.now + seconds * NANO


def balances_meant(draft: Draft, account: Account, action: Act, *, expiry: bool = True) -> list[Balance]:
    expires = expiry_of(draft, action) if expiry else None
    return [balance for balance in account.balances if matches(balance, action, expires)]


def remove(account: Account, found: list[Balance]) -> None:
    if not found:
        raise Failed("ACTIONS_FAILED")
    account.balances = [balance for balance in account.balances if balance not in found]


def change(
    draft: Draft, account: Account, action: Act, units: int, *, reset: bool = False, floor: bool = False
) -> None:
    if action.get("type") not in TYPES:
        raise Failed("ACTIONS_FAILED")
    found = [balance for balance in balances_meant(draft, account, action) if not balance.expired(draft.now)]
    for balance in found:
        if reset:
            balance.value = 0
        if floor:
            balance.value = max(0, balance.value)
        balance.value += units
        draft.dirty.add(balance.number)
        draft.noted.add(account.key)
    if not found:
        create(draft, account, action, units)


def create(draft: Draft, account: Account, action: Act, value: int) -> Balance:
    if action.get("type") not in TYPES:
        raise Failed("ACTIONS_FAILED")
    balance = Balance(action.get("id") or "", action["type"], value)
    if balance.id != "*default":
        amend(draft, balance, action)
    check_subject(balance)
    account.balances.append(balance)
    draft.dirty.add(balance.number)
    return balance


def amend(draft: Draft, balance: Balance, action: Act) -> None:
    """Give the balance all that is given of it."""
    if action.get("expiry"):
        balance.expires = expiry_of(draft, action)
    for name in ("weight", "blocker", "disabled"):
        if action.get(name) is not None:
            setattr(balance, name, action[name])
    for name in ("dests", "subject", "cats", "timings", "factors"):
        if action.get(name):
            setattr(balance, name, action[name])
    if action.get("groups"):
        balance.groups = tuple(sorted(action["groups"]))


def check_subject(balance: Balance) -> None:
    if balance.type == "*monetary" and balance.subject.startswith("*zero"):
        raise Failed("INVALID_REQUEST")


def set_balance(draft: Draft, account: Account, action: Act) -> None:
    found = [b for b in account.balances if b.id == (action.get("id") or "") and b.type == action.get("type", b.type)]
    if not found:
        create(draft, account, action, action.get("units") or 0)
        return
    balance = found[0]
    if balance.id != "*default":
        amend(draft, balance, action)
        check_subject(balance)
    if action.get("units") is not None:
        balance.value = action["units"]
        draft.noted.add(account.key)
    draft.dirty.add(balance.number)


def transfer(draft: Draft, account: Account, action: Act, event: Event | None) -> Any:
    """From this account's balance to another account's; both sides or neither. Calls keep what they hold."""
    source = live(draft, [balance for balance in account.balances if balance.id == action["id"]])
    tenant, name = action["to"].split(":")
    other = draft.account((tenant, name))
    amount = action.get("units", 0)
    if source is None or other is None or tenant != account.key[0] or amount == 0:
        raise Failed("ACTIONS_FAILED")
    named = [b for b in other.balances if b.id == action["to_id"] and b.type == source.type]
    target = live(draft, named)
    if target is None and named:
        raise Failed("ACTIONS_FAILED")
    if source.value - held(account, source, draft.now) < amount and source.id != "*default":
        raise Failed("ACTIONS_FAILED")
    if target is None:
        target = Balance(action["to_id"], source.type, 0)
        other.balances.append(target)
    source.value -= amount
    target.value += amount
    draft.dirty |= {source.number, target.number}
    rebuild(account, draft.now)
    rebuild(other, draft.now)
    ends = {other.key: [target]}
    ends.setdefault(account.key, []).append(source)

    def concerns(key: Key) -> Any:
        return lambda trigger: any(
            trigger.watch.type == end.type and trigger.watch.id in (None, end.id) for end in ends[key]
        )

    if other.key != account.key and other.key not in draft.evaluating:
        evaluate(draft, other.key, event, concerns(other.key))
    return concerns(account.key)


def live(draft: Draft, found: list[Balance]) -> Balance | None:
    return next((balance for balance in found if not balance.expired(draft.now)), None)


def held(account: Account, balance: Balance, now: int) -> int:
    return sum(hold.held.get(balance.number, 0) for hold in account.holds if hold.expires > now)


def empty_into_default(draft: Draft, account: Account, action: Act) -> None:
    found = [
        b
        for b in balances_meant(draft, account, action)
        if b.type == "*monetary"
        and b.id != "*default"
        and not b.expired(draft.now)
        and b.value - held(account, b, draft.now) > 0
    ]
    default = account.default()
    if found and default is None:
        default = Balance("*default", "*monetary", 0)
        account.balances.append(default)
    for balance in found:
        assert default is not None
        spare = balance.value - held(account, balance, draft.now)
        default.value += spare
        balance.value -= spare
        draft.dirty |= {balance.number, default.number}


def disconnect(draft: Draft, account: Account, event: Event | None) -> None:
    """All open calls of the account, and the one that is being debited, though another account of a group makes it."""
    calls = {name for name, call in draft.world.open_calls.get(account.key, {}).items() if call.expires > draft.now}
    found = {("disconnect", account.key, switch, call) for switch, call in calls}
    if event is not None and event.request.call and not event.final:
        found.add(("disconnect", event.request.key, event.request.switch, event.request.call))
    draft.outside += sorted(found)
