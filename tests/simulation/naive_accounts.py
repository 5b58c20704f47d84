"""Operations on accounts that are no charges: what each is answered, and what it leaves."""

from typing import Any

from tests.simulation.folder import PLANS, SETS, WATCHES, Act
from tests.simulation.naive_account import Account, Failed, Key, Trigger
from tests.simulation.naive_actions import run_set
from tests.simulation.naive_book import Draft
from tests.simulation.naive_holds import release_all
from tests.simulation.naive_monitors import attach, drop_expired, evaluate, rebuild
from tests.simulation.naive_windows import roll

Reply = dict[str, Any]


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
    release_all(draft, on_account(draft, key))
    draft.accounts[key] = None
    return {"done": True}


def reset_triggers(draft: Draft, key: Key, group: str, uid: str, *, executed: bool) -> Reply:
    account = on_account(draft, key)
    for trigger in account.triggers:
        if group in ("", trigger.group) and uid in ("", trigger.watch.uid):
            trigger.executed = executed
            for counter in account.counters if not executed else []:
                counter.fired = counter.fired - {(trigger.group, trigger.watch.uid)}
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


def set_triggers(draft: Draft, key: Key, group: str, *, overwrite: bool) -> Reply:
    attach(on_account(draft, key), [group], draft.now, overwrite=overwrite)
    return {"done": True}


def set_trigger(draft: Draft, key: Key, group: str) -> Reply:
    """Give the account the first monitor of a group as its own; one that it has keeps its mark."""
    account = on_account(draft, key)
    watch = WATCHES[group][0]
    if not any((trigger.group, trigger.watch.uid) == (group, watch.uid) for trigger in account.triggers):
        account.triggers.append(Trigger(group, watch))
    account.triggers.sort(key=lambda trigger: -trigger.watch.w)
    rebuild(account, draft.now)
    evaluate(draft, key, None)
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
