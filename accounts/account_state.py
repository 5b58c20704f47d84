"""The account as people and webhooks see it: CGRateS's words, money and units as decimal text.

A receiver of alerts that was written for CGRateS finds `BalanceMap`, `UnitCounters` and `ActionTriggers` where it looks
for them; amounts are text ("4.4", minutes as "60000000000" ns), because a JSON number is a float to most readers. A
time that is not set is the year 1, as there. Beside CGRateS's words a counter of a window, and its trigger, have
`Window`; the counter also tells when that began (`Since`), or whose call it counts (`CgrID`). This form is only
written; what is stored is `accounts.document`.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from accounts.account import Account, AccountTrigger, UnitCounter, Window
from accounts.balance import Balance, kind_scale
from accounts.balance_filter import BalanceFilter
from tariffs.instant import instant_text
from tariffs.money import decimal_text

NEVER: Final = "0001-01-01T00:00:00Z"

State = dict[str, object]


def account_state(account: Account) -> State:
    return {
        "ID": str(account.key),
        "BalanceMap": _balance_map(account),
        "UnitCounters": _unit_counters(account),
        "ActionTriggers": [_trigger_state(trigger) for trigger in account.triggers],
        "AllowNegative": account.allow_negative,
        "Disabled": account.disabled,
        "UpdateTime": _time(account.updated_ns or None),
    }


def amount_text(value: int, kind: str) -> str:
    """A value of a balance or counter of this kind: nanoseconds for voice, else units or currency."""
    return str(value) if kind_scale(kind) == 1 else decimal_text(value)


def _balance_map(account: Account) -> dict[str, list[State]]:
    found: dict[str, list[State]] = {}
    for balance in account.balances:
        found.setdefault(balance.terms.kind.value, []).append(_balance_state(balance))
    return found


def _balance_state(balance: Balance) -> State:
    terms = balance.terms
    return {
        "Uuid": balance.uuid,
        "ID": terms.id,
        "Value": amount_text(balance.value, terms.kind.value),
        "ExpirationDate": _time(terms.expires_at_ns),
        "Weight": plain_number(terms.weight),
        "DestinationIDs": dict(terms.destinations),
        "RatingSubject": terms.rating_subject,
        "Categories": dict(terms.categories),
        "SharedGroups": dict.fromkeys(sorted(terms.shared_groups), True),
        "Timings": None,  # CGRateS puts the windows themselves here; they stay in the tariff
        "TimingIDs": dict(terms.timing_ids),
        "Disabled": terms.disabled,
        "Factors": {name: plain_number(factor) for name, factor in terms.factors.items()},
        "Blocker": terms.blocker,
    }


def _unit_counters(account: Account) -> dict[str, list[State]]:
    """Per kind of list, one entry for event counters and one for balance counters, as far as there are any."""
    found: dict[str, dict[str, list[State]]] = {}
    for counter in account.counters:
        found.setdefault(counter.kind, {}).setdefault(counter.of.value, []).append(_counter_state(counter))
    return {
        kind: [{"CounterType": of, "Counters": counters} for of, counters in lists.items()]
        for kind, lists in found.items()
    }


def _counter_state(counter: UnitCounter) -> State:
    named = {"ID": counter.id, "Type": counter.kind}
    state: State = {"Value": amount_text(counter.value, counter.kind), "Filter": _filter_state(counter.filter) | named}
    if counter.window is Window.CALL:
        return state | {"Window": counter.window.value, "CgrID": counter.call}
    if counter.window is not Window.NONE:
        return state | {"Window": counter.window.value, "Since": _time(counter.since_ns or None)}
    return state


def _trigger_state(trigger: AccountTrigger) -> State:
    terms = trigger.terms
    window: State = {"Window": terms.window.value} if terms.window is not Window.NONE else {}
    return {
        "ID": terms.group,
        "UniqueID": terms.unique_id,
        "ThresholdType": terms.type.value,
        "ThresholdValue": amount_text(terms.threshold, terms.kind),
        "Recurrent": terms.recurrent,
        "MinSleep": terms.min_sleep_ns,
        "ExpirationDate": _time(terms.expires_at_ns),
        "ActivationDate": _time(terms.activates_at_ns),
        "Balance": _filter_state(terms.filter) | {"Type": terms.kind or None},
        "Weight": plain_number(terms.weight),
        "ActionsID": terms.actions_id,
        "MinQueuedItems": 0,
        "Executed": trigger.executed,
        "LastExecutionTime": _time(trigger.last_executed_ns),
    } | window


def _filter_state(filter: BalanceFilter) -> State:
    """What is given of a filter; null is not given."""
    return {
        "Uuid": filter.uuid,
        "ID": filter.id,
        "Type": None if filter.kind is None else filter.kind.value,
        "ExpirationDate": None if filter.expires_at_ns is None else instant_text(filter.expires_at_ns),
        "Weight": None if filter.weight is None else plain_number(filter.weight),
        "DestinationIDs": _members(filter.destinations),
        "RatingSubject": filter.rating_subject,
        "Categories": _members(filter.categories),
        "SharedGroups": _members(filter.shared_groups),
        "TimingIDs": _members(filter.timing_ids),
        "Disabled": filter.disabled,
        "Blocker": filter.blocker,
    }


def _members(members: Mapping[str, bool] | None) -> dict[str, bool] | None:
    return None if members is None else dict(members)


def _time(at_ns: int | None) -> str:
    return NEVER if at_ns is None else instant_text(at_ns)


def plain_number(value: Decimal) -> int | float:
    """A weight or factor as a JSON number; neither is money."""
    return int(value) if value == value.to_integral_value() else float(value)
