"""From an operator's words about a balance to an action on it.

"Add 10.00 to MON" is `*topup` with a filter for the monetary balance of that id and 10_000_000_000 units: what a row of
Actions.csv would say. So a top-up by the API and one by a plan do the same, trigger the same and are told in one way.
"""

from collections.abc import Mapping
from decimal import Decimal

from accounts.balance import BalanceKind
from accounts.balance_filter import BalanceFilter
from actions.action import Action, ActionType
from ratingd.api.config import ApiConfig
from ratingd.api.convert import amount_value, decimal_of, name
from ratingd.errors import InvalidRequest
from ratingd.v1.accounts_pb2 import (
    AddBalanceRequest,
    BalanceSelector,
    BalanceSetting,
    DebitBalanceRequest,
    NameSet,
    RemoveBalanceRequest,
    SetBalanceRequest,
    SetBalancesRequest,
)
from tariffs.instant import INSTANT_ALLOWED, parse_instant

KINDS = ", ".join(BalanceKind)
SETTINGS_MAX = 100  # balances in one request


def adding(request: AddBalanceRequest, config: ApiConfig) -> Action:
    kind = _kind(request.balance)
    return Action(
        "",
        ActionType.TOPUP_RESET if request.reset else ActionType.TOPUP,
        filter=filter_of(request.balance, kind),
        units=amount_value(request.amount, kind, "amount", config.currency),
        expiry=_expiry(request.expiry, config),
        factors=_factors(request.factors),
        balance_type=kind.value,
    )


def debiting(request: DebitBalanceRequest, config: ApiConfig) -> Action:
    """The amount is taken whatever its sign: `*debit` of a negative number would add."""
    kind = _kind(request.balance)
    return Action(
        "",
        ActionType.DEBIT_RESET if request.reset else ActionType.DEBIT,
        filter=filter_of(request.balance, kind),
        units=abs(amount_value(request.amount, kind, "amount", config.currency)),
        balance_type=kind.value,
    )


def settings(request: SetBalancesRequest, config: ApiConfig) -> tuple[Action, ...]:
    """Each balance in its turn; an error names which one cannot be meant."""
    if not 1 <= len(request.balances) <= SETTINGS_MAX:
        raise InvalidRequest("balances", f"has {len(request.balances)} balances; 1 to {SETTINGS_MAX} are allowed")
    actions = []
    for place, wanted in enumerate(request.balances):
        try:
            actions.append(setting(wanted, config))
        except InvalidRequest as error:
            raise InvalidRequest(f"balances[{place}].{error.field}", error.description) from None
    return tuple(actions)


def setting(request: SetBalanceRequest | BalanceSetting, config: ApiConfig) -> Action:
    selector = request.balance
    if not selector.uuid and not selector.id:
        raise InvalidRequest("balance.id", "is empty, and so is balance.uuid: one of them says which balance is set")
    kind = _kind(selector)
    given = request.HasField("value")
    return Action(
        "",
        ActionType.SET_BALANCE,
        filter=filter_of(selector, kind),
        units=amount_value(request.value, kind, "value", config.currency) if given else None,
        expiry=_expiry(request.expiry, config),
        factors=_factors(request.factors),
        balance_type=kind.value,
    )


def removing(request: RemoveBalanceRequest) -> Action:
    selector = request.balance
    kind = _kind(selector) if selector.kind else None
    chosen = filter_of(selector, kind)
    if chosen == BalanceFilter():
        raise InvalidRequest("balance", "says nothing: it would remove every balance of the account")
    return Action("", ActionType.REMOVE_BALANCE, filter=chosen, balance_type=kind.value if kind else "")


def _kind(selector: BalanceSelector) -> BalanceKind:
    try:
        return BalanceKind(selector.kind)
    except ValueError:
        found = f"{selector.kind!r} is none" if selector.kind else "is empty; it is one"
        raise InvalidRequest("balance.kind", f"{found} of {KINDS}") from None


def filter_of(selector: BalanceSelector, kind: BalanceKind | None) -> BalanceFilter:
    """What is given of a balance."""
    return BalanceFilter(
        kind=kind,
        uuid=name(selector.uuid, "balance.uuid") or None,
        id=name(selector.id, "balance.id") if selector.HasField("id") else None,
        weight=decimal_of(selector.weight.value, "balance.weight") if selector.HasField("weight") else None,
        destinations=names_of(selector.destinations, "destinations") if selector.HasField("destinations") else None,
        categories=names_of(selector.categories, "categories") if selector.HasField("categories") else None,
        timing_ids=names_of(selector.timing_ids, "timing_ids") if selector.HasField("timing_ids") else None,
        shared_groups=names_of(selector.shared_groups, "shared_groups") if selector.HasField("shared_groups") else None,
        rating_subject=name(selector.rating_subject, "balance.rating_subject")
        if selector.HasField("rating_subject")
        else None,
        blocker=selector.blocker if selector.HasField("blocker") else None,
        disabled=selector.disabled if selector.HasField("disabled") else None,
    )


def names_of(chosen: NameSet, field: str) -> dict[str, bool]:
    return {name(member, f"balance.{field}"): included for member, included in chosen.names.items()}


def _expiry(text: str, config: ApiConfig) -> str:
    """A time text as it is, once it is one: it is evaluated again when the action runs."""
    try:
        parse_instant(text, now_ns=config.clock(), zone=config.default_zone)
    except ValueError:
        raise InvalidRequest("expiry", f"{text[:60]!r} is no time; allowed are {INSTANT_ALLOWED}") from None
    return text


def _factors(given: Mapping[str, str]) -> dict[str, Decimal]:
    factors = {}
    for factor, text in given.items():
        value = decimal_of(text, f"factors[{factor}]")
        if value < 0:
            raise InvalidRequest(f"factors[{factor}]", "is negative")
        factors[name(factor, "factors")] = value
    return factors
