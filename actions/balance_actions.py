"""Actions on balances: adding to them, taking from them, setting and removing them.

`*topup` BONUS 1 adds 1 to the balance BONUS, whatever else is written in the row, and creates it with all of the row
when there is none. Without a BalanceId every live balance that agrees with what the row gives gets the amount: after a
top-up of 3 without id and one of 10 called MON, both of weight 10, `*topup_reset` 2 without id makes both 2.

`*default` is nobody's product but where debts go: it takes the amount, and neither weight nor expiry nor destinations.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from accounts.balance import DEFAULT_BALANCE_ID, Balance, BalanceKind, BalanceTerms
from accounts.balance_filter import BalanceFilter
from accounts.book import Page
from accounts.document import balance_document
from actions.action import Action
from actions.context import ActionContext
from actions.failure import ActionFailed, FailureReason
from tariffs.instant import parse_instant
from tariffs.money import round_half

ZERO_SUBJECT: Final = "*zero"


def top_up(page: Page, action: Action, context: ActionContext, *, reset: bool) -> None:
    """Add the units, whatever their sign, to every live balance that is meant; create one where there is none."""
    _change(page, action, context, abs(_units(action, context)), reset=reset)


def debit_units(page: Page, action: Action, context: ActionContext, *, reset: bool) -> None:
    """Take the units (units below zero add) from every live balance that is meant; where there is none, owe them."""
    _change(page, action, context, -_units(action, context), reset=reset)


def set_balance(page: Page, action: Action, context: ActionContext) -> None:
    """Give the first balance that is meant all that is given; create it where there is none."""
    balance = _balance_to_set(page, action)
    value = _units(action, context) if _has_units(action) else None
    expires_at_ns = _expiry(action, context)
    if balance is None:
        _create(page, action, context, expires_at_ns, value or 0)
        return
    if balance.terms.id != DEFAULT_BALANCE_ID:
        terms = _amended(balance.terms, action, expires_at_ns)
        _check_subject(terms.kind, terms.rating_subject, action)
        if terms != balance.terms:
            page.amend(balance, terms, _document_with(balance, terms))
    if value is not None:
        page.move(balance, value - balance.value)


def remove_balance(page: Page, action: Action, context: ActionContext) -> None:
    """Remove every balance that is meant, of any kind that the action allows."""
    meant = _meant(page, action, _expiry(action, context))
    if not meant:
        raise ActionFailed(action, "the account has no such balance", FailureReason.BALANCE_UNKNOWN)
    for balance in meant:
        page.close(balance)


def _change(page: Page, action: Action, context: ActionContext, units: int, *, reset: bool) -> None:
    expires_at_ns = _expiry(action, context)
    _kind(action)
    meant = [b for b in _meant(page, action, expires_at_ns) if not b.terms.expired(context.now_ns)]
    for balance in meant:
        page.move(balance, units - balance.value if reset else units)
    if not meant:
        _create(page, action, context, expires_at_ns, units)


def _meant(page: Page, action: Action, expires_at_ns: int | None) -> list[Balance]:
    wanted = replace(action.filter, expires_at_ns=expires_at_ns)
    return [balance for balance in page.account.balances if wanted.matches(balance)]


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


def _create(page: Page, action: Action, context: ActionContext, expires_at_ns: int | None, value: int) -> None:
    kind, given = _kind(action), action.filter
    if given.id == DEFAULT_BALANCE_ID:
        terms = BalanceTerms(DEFAULT_BALANCE_ID, kind)
    else:
        terms = _amended(BalanceTerms(given.id or "", kind), action, expires_at_ns)
    _check_subject(kind, terms.rating_subject, action)
    balance = Balance(context.new_id(), terms, value)
    page.open(balance, balance_document(balance))


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


def _document_with(balance: Balance, terms: BalanceTerms) -> dict[str, object]:
    return balance_document(Balance(balance.uuid, terms, balance.value))


def _kind(action: Action) -> BalanceKind:
    if action.filter.kind is None:
        found = f"there are no balances of type {action.balance_type!r}" if action.balance_type else "it names no type"
        raise ActionFailed(action, f"{found}; one of {', '.join(BalanceKind)} is needed")
    return action.filter.kind


def _has_units(action: Action) -> bool:
    return action.units is not None or action.formula is not None


def _units(action: Action, context: ActionContext) -> int:
    """What the action moves, brought to the decimals that balances keep. Units that are not given are 0."""
    kind = action.filter.kind
    scale = 1_000_000_000 if kind is None else kind.scale
    units = action.units or 0
    if action.formula is not None:
        today = context.zone.day_of(context.now_ns)
        units = action.formula.value(today.year, today.month, scale=scale)
    return units if scale == 1 else round_half(units, context.decimals)


def _expiry(action: Action, context: ActionContext) -> int | None:
    try:
        return parse_instant(action.expiry, now_ns=context.now_ns, zone=context.zone)
    except ValueError as error:
        raise ActionFailed(action, f"its expiry: {error}") from None


def _check_subject(kind: BalanceKind, subject: str, action: Action) -> None:
    """Free increments are counted in units of usage: money has none, and would pay for nothing."""
    if kind is BalanceKind.MONETARY and subject.startswith(ZERO_SUBJECT):
        cause = f"the rating subject {subject} is for units, not for money"
        raise ActionFailed(action, cause, FailureReason.INVALID_RATING_SUBJECT)
