"""From an operator's words about a trigger, a transfer or a score to what the account is told.

"Tell me when the account of 1001 falls to 5.00" is a trigger of the group OPS: `*min_balance` on `*monetary`, threshold
5_000_000_000, what a row of ActionTriggers.csv would say. The threshold is written as what is watched is counted:
money, a duration, or units; a score is units ("70").
"""

import json
from dataclasses import replace
from typing import Final

from accounts.account import ThresholdType, TriggerTerms, Window
from accounts.balance import BalanceKind
from accounts.balance_filter import BalanceFilter
from actions.action import Action, ActionType
from ratingd.api.balance_request import filter_of
from ratingd.api.config import ApiConfig
from ratingd.api.convert import (
    amount_value,
    decimal_of,
    duration_ns,
    instant_ns,
    name,
    nano_of,
    required,
    units_text,
)
from ratingd.errors import InvalidRequest
from ratingd.v1.account_pb2 import Trigger
from ratingd.v1.accounts_pb2 import BalanceSelector, SetScoresRequest, SetTriggerRequest, TransferBalanceRequest
from ratingd.v1.amount_pb2 import Amount
from triggers.monitor import COUNTER_SIDES, SCORE_SIDES
from triggers.score_address import ADDRESS_ALLOWED, is_score_address
from triggers.trigger_files import CONNECTS

SCORES_MAX: Final = 100
KINDS: Final = frozenset(kind.value for kind in BalanceKind)


def trigger_terms(request: SetTriggerRequest, config: ApiConfig) -> TriggerTerms:
    given = request.trigger
    type, kind = _type(given), _kind(given)
    return TriggerTerms(
        group=required(given.group, "trigger.group"),
        unique_id=required(given.unique_id, "trigger.unique_id"),
        type=type,
        threshold=_threshold(given, type, kind, config),
        actions_id=required(given.actions_id, "trigger.actions_id"),
        kind=kind,
        filter=_filter(given, request.balance, type, kind),
        recurrent=given.recurrent,
        min_sleep_ns=_min_sleep(given),
        expires_at_ns=_instant(given, "expire_time"),
        activates_at_ns=_instant(given, "activation_time"),
        weight=decimal_of(given.weight.value, "trigger.weight"),
        window=_window(given, type),
    )


def scores_of(request: SetScoresRequest) -> dict[str, int | None]:
    """Values by address; None for those to forget."""
    if not request.scores and not request.forget:
        raise InvalidRequest("scores", "is empty, and so is `forget`: nothing would change")
    if len(request.scores) + len(request.forget) > SCORES_MAX:
        raise InvalidRequest("scores", f"at most {SCORES_MAX} addresses are allowed in one request")
    found: dict[str, int | None] = {}
    for address, text in request.scores.items():
        found[_address(address, "scores")] = nano_of(text, f"scores[{address}]")
    for place, address in enumerate(request.forget):
        if address in found:
            raise InvalidRequest(f"forget[{place}]", f"{address!r} is given a value in the same request")
        found[_address(address, f"forget[{place}]")] = None
    return found


def transferring(request: TransferBalanceRequest, config: ApiConfig) -> Action:
    """A `*transfer_balance` to another account of the same tenant."""
    given = [field for field in ("amount", "reference_value") if request.HasField(field)]
    if len(given) != 1:
        found = "both are given" if given else "is missing, and so is reference_value"
        raise InvalidRequest("amount", f"{found}: give the amount, or what the balance that gets shall hold")
    told: Amount = getattr(request, given[0])
    kind = _amount_kind(told, given[0])
    value = amount_value(told, kind, given[0], config.currency)
    tenant = name(request.tenant, "tenant") or config.default_tenant
    target = {
        "DestinationAccountID": f"{tenant}:{required(request.to_account, 'to_account')}",
        "DestinationBalanceID": required(request.to_balance_id, "to_balance_id"),
    }
    extra = json.dumps(target)
    if given[0] == "reference_value":
        number = str(value) if kind is BalanceKind.VOICE else units_text(value)
        extra = f'{extra[:-1]}, "DestinationReferenceValue": {number}}}'
    counted = kind if kind in (BalanceKind.MONETARY, BalanceKind.VOICE) else None
    return Action(
        "",
        ActionType.TRANSFER_BALANCE,
        filter=BalanceFilter(kind=counted, id=required(request.balance_id, "balance_id")),
        units=value if given[0] == "amount" else None,
        extra=extra,
        balance_type="" if counted is None else counted.value,
    )


def _type(given: Trigger) -> ThresholdType:
    try:
        return ThresholdType(given.type)
    except ValueError:
        found = f"{given.type!r} is none" if given.type else "is empty; it is one"
        raise InvalidRequest("trigger.type", f"{found} of {', '.join(ThresholdType)}") from None


def _kind(given: Trigger) -> str:
    """The list that is watched, or none: then a score is."""
    kind = given.kind
    type = _type(given)
    if type in SCORE_SIDES:
        if kind:
            raise InvalidRequest("trigger.kind", "is for balances and counters; a score has its address in balance_id")
        return ""
    allowed = KINDS | {CONNECTS} if type in COUNTER_SIDES else KINDS
    if kind not in allowed:
        found = f"{kind!r} is none" if kind else "is empty; it is one"
        raise InvalidRequest("trigger.kind", f"{found} of {', '.join(sorted(allowed))}")
    return kind


def _threshold(given: Trigger, type: ThresholdType, kind: str, config: ApiConfig) -> int:
    if type is ThresholdType.BALANCE_EXPIRED and not given.HasField("threshold"):
        return 0
    if kind in KINDS:
        return amount_value(given.threshold, BalanceKind(kind), "trigger.threshold", config.currency)
    return amount_value(given.threshold, BalanceKind.GENERIC, "trigger.threshold", config.currency)


def _filter(given: Trigger, balance: BalanceSelector, type: ThresholdType, kind: str) -> BalanceFilter:
    id = name(given.balance_id, "trigger.balance_id") or None
    if type in SCORE_SIDES:
        id = _address(given.balance_id, "trigger.balance_id")
    for field in ("kind", "uuid", "id"):
        if getattr(balance, field):
            raise InvalidRequest(f"balance.{field}", "stands in the trigger: its kind and balance_id")
    return replace(filter_of(balance, BalanceKind(kind) if kind in KINDS else None), id=id)


def _window(given: Trigger, type: ThresholdType) -> Window:
    try:
        window = Window(given.window)
    except ValueError:
        allowed = ", ".join(window for window in Window if window)
        raise InvalidRequest("trigger.window", f"{given.window!r} is none of {allowed}") from None
    if window and type not in COUNTER_SIDES:
        raise InvalidRequest("trigger.window", f"{type} counts nothing: only counter monitors have a window")
    return window


def _min_sleep(given: Trigger) -> int:
    length = duration_ns(given.min_sleep, "trigger.min_sleep")
    if length < 0:
        raise InvalidRequest("trigger.min_sleep", "is negative")
    return length


def _instant(given: Trigger, field: str) -> int | None:
    return instant_ns(getattr(given, field), f"trigger.{field}") if given.HasField(field) else None


def _address(text: str, field: str) -> str:
    if not is_score_address(required(text, field)):
        raise InvalidRequest(field, f"{text[:60]!r} is not {ADDRESS_ALLOWED}")
    return text


def _amount_kind(told: Amount, field: str) -> BalanceKind:
    match told.WhichOneof("kind"):
        case "money":
            return BalanceKind.MONETARY
        case "duration":
            return BalanceKind.VOICE
        case "units":
            return BalanceKind.GENERIC
        case _:
            raise InvalidRequest(field, "is empty: give money, a duration or units")
