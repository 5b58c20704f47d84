"""Steps and accounts in words that both sides can be told in."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from accounts.account import Account as EngineAccount
from accounts.account import AccountKey, ThresholdType, TriggerTerms, Window
from accounts.balance import BalanceKind
from accounts.balance_filter import BalanceFilter
from accounts.charge import CallCost, ChargeRequest, Granted, Refused, RequestType
from actions.action import Action, ActionType
from ratingd.engine.operation import Answer, Charged, Refunded, Reserved
from ratingd.errors import BalanceUnknown, RatingdError
from tariffs.zone import zone
from tests.simulation.folder import MINUTE, Act, Watch, transfer_text
from tests.simulation.naive_account import Account, Key
from tests.simulation.naive_payers import Request

Words = dict[str, Any]


def engine_key(key: Key) -> AccountKey:
    return AccountKey(*key)


def action(given: Act) -> Action:
    """One action of a request, as the API would make it."""
    extra, type = given.get("extra", ""), given.get("type", "")
    if given["do"] == "*transfer_balance":
        extra = transfer_text(given)
    flags = {name: given.get(name) for name in ("blocker", "disabled")}
    return Action(
        "",
        ActionType(given["do"]),
        weight=Decimal(given.get("w", 0)),
        extra=extra,
        filters=tuple(given.get("filters", ())),
        balance_type=type,
        filter=BalanceFilter(
            kind=BalanceKind(type) if type else None,
            id=given.get("id") or None,
            weight=None if given.get("weight") is None else Decimal(given["weight"]),
            destinations=given.get("dests") or None,
            rating_subject=given.get("subject") or None,
            categories=given.get("cats") or None,
            shared_groups=dict.fromkeys(given["groups"], True) if given.get("groups") else None,
            timing_ids=given.get("timings") or None,
            blocker=flags["blocker"],
            disabled=flags["disabled"],
        ),
        units=given.get("units"),
        expiry=f"+{given['expiry']}s" if given.get("expiry") else "",
        factors={name: Decimal(factor) for name, factor in (given.get("factors") or {}).items()},
    )


def terms(group: str, watch: Watch) -> TriggerTerms:
    return TriggerTerms(
        group=group,
        unique_id=watch.uid,
        type=ThresholdType(watch.on),
        threshold=watch.at,
        actions_id=watch.run,
        kind=watch.type,
        filter=BalanceFilter(
            kind=BalanceKind(watch.type) if watch.type in list(BalanceKind) else None,
            id=watch.id,
            weight=None if watch.weight is None else Decimal(watch.weight),
            destinations=dict.fromkeys(watch.dests, True) if watch.dests else None,
        ),
        recurrent=watch.recurrent,
        min_sleep_ns=watch.sleep,
        expires_at_ns=watch.until,
        activates_at_ns=watch.since,
        weight=Decimal(watch.w),
        window=Window(watch.window),
    )


def request(wanted: Request) -> ChargeRequest:
    """The descriptor of a switch. A rate is refused above `max_rate` a minute."""
    return ChargeRequest(
        engine_key(wanted.key), wanted.category, wanted.subject, wanted.number, wanted.tor, wanted.start,
        wanted.start + wanted.usage, zone(wanted.zone or "UTC"),
        duration_index=wanted.duration_index, loop_index=wanted.loop_index, max_cost_so_far=wanted.so_far,
        max_rate=wanted.max_rate, max_rate_unit=None if wanted.max_rate is None else MINUTE,
        force_duration=wanted.force_duration, perform_rounding=wanted.perform_rounding,
        deny_negative=wanted.deny_negative, final=wanted.final,
        extra_fields={"BalanceFactorID": wanted.factor} if wanted.factor else None,
        switch_id=wanted.switch, call_id=wanted.call, request_type=RequestType(wanted.type),
    )  # fmt: skip


def words(answer: Answer | RatingdError) -> Words:
    """An answer of the engine, in the words of the model; `runs` and `id` are what a refund needs."""
    match answer:
        case Charged():
            cost = answer.cost
            return {**cost_words(cost, answer.account.key.account), "id": answer.charge_id}
        case Refunded():
            return {"returned": list(answer.cost.returned), "money": answer.cost.money}
        case Reserved():
            return words(answer.granted)
        case Granted():
            return {"granted": answer.usage, "reason": "" if answer.reason is None else answer.reason.value}
        case Refused():
            return {"refused": answer.reason.value}
        case RatingdError():
            reason = "ACTIONS_FAILED" if isinstance(answer, BalanceUnknown) else answer.reason
            return {"refused": reason}
        case _:
            return {"done": True}


def cost_words(cost: CallCost, caller: str) -> Words:
    stopped = cost.stopped_by
    runs = [increment for timespan in cost.timespans for increment in timespan.increments]
    drawn = []
    for run in runs:
        unit, money = run.unit, run.money
        one = [
            run.duration, run.cost, run.payer.account, "" if unit is None else unit.balance_id,
            0 if unit is None else unit.amount, "" if money is None else money.balance_id,
        ]  # fmt: skip
        drawn += [one] * run.count
    return {
        "cost": cost.cost,
        "rated": cost.rated_usage,
        "granted": cost.granted,
        "stopped": ""
        if stopped is None
        else f"{stopped.reason} {stopped.trigger_group}/{stopped.trigger_id} {stopped.actions_id}",
        "reason": "" if cost.reason is None else cost.reason.value,
        "drawn": drawn,
        "rounded": sorted(timespan.round_cost for timespan in cost.timespans if timespan.round_cost),
        "runs": [run.count for run in runs],
        "refundable": bool(cost.timespans),
    }


def engine_account(account: EngineAccount, now: int) -> Words:
    """An account of the engine as plain words. Counters and holds of a call that is over mean nothing,
    there or not."""
    names = {balance.uuid: number for number, balance in enumerate(account.balances)}
    return {
        "balances": [
            [
                b.terms.id, b.terms.kind.value, b.value, float(b.terms.weight), b.terms.expires_at_ns,
                sorted(b.terms.destinations.items()), b.terms.rating_subject, sorted(b.terms.categories.items()),
                sorted(b.terms.shared_groups), sorted(b.terms.timing_ids.items()),
                sorted((name, str(factor)) for name, factor in b.terms.factors.items()), b.terms.blocker,
                b.terms.disabled,
            ]
            for b in account.balances
        ],
        "counters": sorted(
            [c.id, c.kind, c.of.value.strip("*"), c.value, c.window.value,
             c.since_ns if c.window and c.value else 0, bool(c.call), len(c.fired)]
            for c in account.counters
            if c.expires_at_ns is None or c.expires_at_ns > now
        ),
        "triggers": [[t.terms.group, t.terms.unique_id, t.executed, t.last_executed_ns] for t in account.triggers],
        "flags": [account.allow_negative, account.disabled, account.time_zone, list(account.plans)],
        "scores": sorted(account.scores.items()),
        "holds": sorted(
            [r.owner, r.switch_id, r.call_id, r.expires_at_ns,
             sorted((names.get(uuid, -1), amount) for uuid, amount in r.held.items())]
            for r in account.reservations
            if r.held and r.expires_at_ns > now
        ),
    }  # fmt: skip


def naive_account(account: Account, now: int) -> Words:
    """The same of an account of the model."""
    names = {balance.number: place for place, balance in enumerate(account.balances)}
    return {
        "balances": [
            [
                b.id, b.type, b.value, float(b.weight), b.expires, sorted(b.dests.items()), b.subject,
                sorted(b.cats.items()), sorted(b.groups), sorted(b.timings.items()), sorted(b.factors.items()),
                b.blocker, b.disabled,
            ]
            for b in account.balances
        ],
        "counters": sorted(
            [c.id, c.type, c.of, c.value, c.window, c.since if c.value else 0, bool(c.call), len(c.fired)]
            for c in account.counters
        ),
        "triggers": [[t.group, t.watch.uid, t.executed, t.last] for t in account.triggers],
        "flags": [account.allow_negative, account.disabled, account.zone, list(account.plans)],
        "scores": sorted(account.scores.items()),
        "holds": sorted(
            [*hold.call, hold.expires, sorted((names.get(n, -1), amount) for n, amount in hold.held.items())]
            for hold in account.holds
            if hold.held and hold.expires > now
        ),
    }  # fmt: skip


def differing(engine: Mapping[str, Any] | None, model: Mapping[str, Any] | None) -> list[str]:
    """Where the two disagree, a line for each field."""
    if engine is None or model is None:
        return [] if engine is model else [f"engine {_short(engine)} | model {_short(model)}"]
    found = []
    for name in sorted(engine.keys() | model.keys()):
        one, other = engine.get(name), model.get(name)
        if one != other:
            if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
                pairs = [(a, b) for a, b in zip(one, other, strict=True) if a != b]
                found += [f"{name}: engine {a} | model {b}" for a, b in pairs[:3]]
            else:
                found.append(f"{name}: engine {_short(one)} | model {_short(other)}")
    return found


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) < 700 else text[:700] + "…"
