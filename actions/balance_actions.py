"""Actions on balances: adding to them, taking from them, setting and removing them.

`*topup` BONUS 1 adds 1 to the balance BONUS, whatever else is written in the row, and creates it with all of the row
when there is none. Without a BalanceId every live balance that agrees with what the row gives gets the amount: after a
top-up of 3 without id and one of 10 called MON, both of weight 10, `*topup_reset` 2 without id makes both 2.

`*default` is nobody's product but where debts go: it takes the amount, and neither weight nor expiry nor destinations.

A balance never holds more than a reply can tell: what would pass 2^63 - 1 units of it, or ns, fails its set.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from accounts.balance import DEFAULT_BALANCE_ID, Balance, BalanceKind, BalanceTerms, kind_scale
from accounts.balance_filter import BalanceFilter
from accounts.book import Page
from accounts.document import balance_document
from actions.action import Action
from actions.context import ActionContext
from actions.failure import ActionFailed, FailureReason
from tariffs.instant import parse_instant
from tariffs.money import round_half

ZERO_SUBJECT: Final = "*zero"
UNITS_MAX: Final = 2**63 - 1


def top_up(page: Page, action: Action, context: ActionContext, *, reset: bool) -> int:
    """Add the units, whatever their sign, to every live balance that is meant; create one where there is none.

    Like the others it tells the value of the balance it changed last.
    """
    units = abs(action_units(action, context))
    return _change(page, action, context, lambda value: units if reset else value + units)


def top_up_from_zero(page: Page, action: Action, context: ActionContext) -> int:
    """Add the units, whatever their sign, but forgive what every balance that is meant owes."""
    units = abs(action_units(action, context))
    return _change(page, action, context, lambda value: max(value, 0) + units)


def debit_units(page: Page, action: Action, context: ActionContext, *, reset: bool) -> int:
    """Take the units (units below zero add) from every live balance that is meant; where there is none, owe them."""
    units = action_units(action, context)
    return _change(page, action, context, lambda value: -units if reset else value - units)


def set_balance(page: Page, action: Action, context: ActionContext) -> int:
    """Give the first balance that is meant all that is given; create it where there is none."""
    check_type(action)
    balance = _balance_to_set(page, action)
    value = action_units(action, context) if _has_units(action) else None
    expires_at_ns = _expiry(action, context)
    if balance is None:
        return _create(page, action, context, expires_at_ns, value or 0)
    if DEFAULT_BALANCE_ID not in (balance.terms.id, action.filter.id):
        terms = _amended(balance.terms, action, expires_at_ns)
        _check_terms(terms, action)
        if terms != balance.terms:
            amend(page, balance, terms)
    if value is not None:
        move(page, balance, value - balance.value, action)
    return balance.value


def set_expiry(page: Page, action: Action, context: ActionContext) -> None:
    """Let every balance that is meant, live or not, expire when the action says; a blank expiry is never."""
    check_type(action)
    expires_at_ns = _expiry(action, context)
    for balance in page.account.balances:
        if action.filter.matches(balance) and balance.terms.expires_at_ns != expires_at_ns:
            amend(page, balance, replace(balance.terms, expires_at_ns=expires_at_ns))


def remove_balance(page: Page, action: Action, context: ActionContext) -> None:
    """Remove every balance that is meant, of any kind that the action allows."""
    _remove(page, action, _meant(page, action, _expiry(action, context)), "the account has no such balance")


def remove_expired(page: Page, action: Action, context: ActionContext) -> None:
    """Remove every balance that is meant and has expired."""
    meant = _meant(page, action, _expiry(action, context))
    expired = [balance for balance in meant if balance.terms.expired(context.now_ns)]
    _remove(page, action, expired, "the account has no such balance that has expired")


def move(page: Page, balance: Balance, delta: int, action: Action) -> None:
    """Change the value of a balance, within what a reply can tell."""
    _check_value(balance.value + delta, balance.terms, action)
    page.move(balance, delta)


def open_balance(page: Page, action: Action, context: ActionContext, terms: BalanceTerms, value: int) -> Balance:
    _check_value(value, terms, action)
    balance = Balance(context.new_id(), terms, value)
    page.open(balance, balance_document(balance))
    return balance


def amend(page: Page, balance: Balance, terms: BalanceTerms) -> None:
    page.amend(balance, terms, balance_document(Balance(balance.uuid, terms, balance.value)))


def action_units(action: Action, context: ActionContext) -> int:
    """What the action moves, brought to the decimals that balances keep. Units that are not given are 0."""
    kind = action.filter.kind
    scale = 1_000_000_000 if kind is None else kind.scale
    units = action.units or 0
    if action.formula is not None:
        today = context.zone.day_of(context.now_ns)
        units = action.formula.value(today.year, today.month, scale=scale)
    return units if scale == 1 else round_half(units, context.decimals)


def check_type(action: Action) -> None:
    """No type means every balance, but a type that there is none of means no balance."""
    if action.filter.kind is None and action.balance_type:
        _kind(action)


def _change(page: Page, action: Action, context: ActionContext, changed: Callable[[int], int]) -> int:
    """Bring every live balance that is meant to `changed` of its value, or a new one to that of 0."""
    expires_at_ns = _expiry(action, context)
    _kind(action)
    meant = [b for b in _meant(page, action, expires_at_ns) if not b.terms.expired(context.now_ns)]
    for balance in meant:
        move(page, balance, changed(balance.value) - balance.value, action)
    return meant[-1].value if meant else _create(page, action, context, expires_at_ns, changed(0))


def _meant(page: Page, action: Action, expires_at_ns: int | None) -> list[Balance]:
    check_type(action)
    wanted = replace(action.filter, expires_at_ns=expires_at_ns)
    return [balance for balance in page.account.balances if wanted.matches(balance)]


def _remove(page: Page, action: Action, balances: list[Balance], cause: str) -> None:
    if not balances:
        raise ActionFailed(action, cause, FailureReason.BALANCE_UNKNOWN)
    for balance in balances:
        page.close(balance)


def _balance_to_set(page: Page, action: Action) -> Balance | None:
    given = action.filter
    if given.uuid is not None:
        wanted = BalanceFilter(kind=given.kind, uuid=given.uuid)
    else:
        wanted = BalanceFilter(kind=given.kind, id=given.id or "")
    found = next((balance for balance in page.account.balances if wanted.matches(balance)), None)
    if found is None and given.uuid is not None:
        raise ActionFailed(action, f"the account has no balance with uuid {given.uuid}", FailureReason.BALANCE_UNKNOWN)
    return found


def _create(page: Page, action: Action, context: ActionContext, expires_at_ns: int | None, value: int) -> int:
    kind, given = _kind(action), action.filter
    if given.id == DEFAULT_BALANCE_ID:
        terms = BalanceTerms(DEFAULT_BALANCE_ID, kind)
    else:
        terms = _amended(BalanceTerms(given.id or "", kind), action, expires_at_ns)
    _check_terms(terms, action)
    return open_balance(page, action, context, terms, value).value


def _amended(terms: BalanceTerms, action: Action, expires_at_ns: int | None) -> BalanceTerms:
    """The terms with all that the action gives."""
    given = action.filter
    return BalanceTerms(
        id=terms.id if given.id is None else given.id,
        kind=terms.kind,
        weight=terms.weight if given.weight is None else given.weight,
        expires_at_ns=expires_at_ns if action.expiry else terms.expires_at_ns,
        destinations=terms.destinations if given.destinations is None else given.destinations,
        rating_subject=terms.rating_subject if given.rating_subject is None else given.rating_subject,
        categories=terms.categories if given.categories is None else given.categories,
        shared_groups=terms.shared_groups if given.shared_groups is None else _members(given.shared_groups),
        timing_ids=terms.timing_ids if given.timing_ids is None else given.timing_ids,
        factors=action.factors or terms.factors,
        blocker=terms.blocker if given.blocker is None else given.blocker,
        disabled=terms.disabled if given.disabled is None else given.disabled,
    )


def _members(groups: Mapping[str, bool]) -> frozenset[str]:
    return frozenset(name for name, member in groups.items() if member)


def _kind(action: Action) -> BalanceKind:
    if action.filter.kind is None:
        found = f"there are no balances of type {action.balance_type!r}" if action.balance_type else "it names no type"
        raise ActionFailed(action, f"{found}; one of {', '.join(BalanceKind)} is needed")
    return action.filter.kind


def _has_units(action: Action) -> bool:
    return action.units is not None or action.formula is not None


def _expiry(action: Action, context: ActionContext) -> int | None:
    try:
        return parse_instant(action.expiry, now_ns=context.now_ns, zone=context.zone)
    except ValueError as error:
        raise ActionFailed(action, f"its expiry: {error}") from None


def _check_value(value: int, terms: BalanceTerms, action: Action) -> None:
    if abs(value) > UNITS_MAX * kind_scale(terms.kind.value):
        unit = "ns" if terms.kind is BalanceKind.VOICE else "units"
        cause = f"balance {terms.id or 'without id'} would hold more than 2^63 - 1 {unit}, which no reply can tell"
        raise ActionFailed(action, cause)


def _check_terms(terms: BalanceTerms, action: Action) -> None:
    """Free increments are counted in units of usage: money has none, and would pay for nothing. A factor below zero
    would give units for calling."""
    if terms.kind is BalanceKind.MONETARY and terms.rating_subject.startswith(ZERO_SUBJECT):
        cause = f"the rating subject {terms.rating_subject} is for units, not for money"
        raise ActionFailed(action, cause, FailureReason.INVALID_RATING_SUBJECT)
    if any(factor < 0 for factor in terms.factors.values()):
        raise ActionFailed(action, "a factor is below zero")
