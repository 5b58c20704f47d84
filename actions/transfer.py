"""Transfers: money or units moved from one balance to another, of this account or of another one of the tenant.

Account a8 has MON=10, XD has DB=1. `*transfer_balance` of MON with 3 units and

    {"DestinationAccountID": "cgrates.org:XD", "DestinationBalanceID": "DB"}

leaves MON=7 and DB=4; three times, and a8 has 1 left: a fourth transfer fails, and neither side has changed. A balance
that XD does not have is created there, with that id and no other terms. `"DestinationReferenceValue": 5` in place of
units brings DB to 5, whichever way that is: from DB=7 it takes 2 back. What calls hold of a balance does not leave it;
only `*default` may give what it has not got.

`*transfer_monetary_default` sweeps what is left of an account's own money balances into its `*default`.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from accounts.account import AccountKey, TriggerTerms, default_balance
from accounts.balance import DEFAULT_BALANCE_ID, Balance, BalanceKind, BalanceTerms, kind_scale
from accounts.book import Page
from accounts.reservation import held_by_others
from accounts.shared_group import is_group
from actions.action import Action
from actions.balance_actions import action_units, check_type, move, open_balance
from actions.context import ActionContext
from actions.failure import ActionFailed, FailureReason
from actions.json_object import number_of, parse_object
from tariffs.money import decimal_text, half, round_half

ACCOUNT: Final = "DestinationAccountID"
BALANCE: Final = "DestinationBalanceID"
REFERENCE: Final = "DestinationReferenceValue"
ALLOWED: Final[str] = (
    f'{{"{ACCOUNT}":"tenant:account","{BALANCE}":"id"}}, and "{REFERENCE}" with a number in place of Units'
)


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a transfer goes. `reference` is what the balance there shall hold afterwards, in its units."""

    key: AccountKey
    balance_id: str
    reference: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Transferred:
    """What a transfer moved. `source_value` is what the source holds now."""

    source: BalanceTerms
    destination: BalanceTerms
    page: Page  # of the destination
    source_value: int

    def concerns_source(self, trigger: TriggerTerms) -> bool:
        return _concerns(trigger, self.source)

    def concerns_destination(self, trigger: TriggerTerms) -> bool:
        return _concerns(trigger, self.destination)


def transfer_balance(page: Page, action: Action, context: ActionContext) -> Transferred:
    """Move the units of the action, or what the reference asks for, between two balances of one kind."""
    try:
        wanted = parse_destination(action.extra)
    except ValueError as error:
        raise ActionFailed(action, str(error)) from None
    source = _source(page, action, context)
    other = _destination_page(page, wanted.key, action)
    target = _destination(other, wanted, source.terms.kind, action, context)
    value = 0 if target is None else target.value
    amount = _amount(action, context, source.terms, wanted, value)
    if amount == 0:
        raise ActionFailed(action, "there is nothing to transfer: its amount is missing or 0")
    _check_credit(page, source, amount, action, context)
    move(page, source, -amount, action)
    if target is None:
        terms = BalanceTerms(wanted.balance_id, source.terms.kind)
        target = open_balance(other, action, context, terms, amount)
    else:
        move(other, target, amount, action)
    return Transferred(source.terms, target.terms, other, source.value)


def transfer_to_default(page: Page, action: Action, context: ActionContext) -> None:
    """Empty every live money balance that is meant into `*default`, but for what calls hold."""
    check_type(action)
    held = held_by_others(page.account.reservations, None, context.now_ns)
    total = 0
    for balance in page.account.balances_of(BalanceKind.MONETARY):
        spare = balance.value - held.get(balance.uuid, 0)
        live = not balance.terms.expired(context.now_ns) and balance.terms.id != DEFAULT_BALANCE_ID
        if live and spare > 0 and action.filter.matches(balance):
            move(page, balance, -spare, action)
            total += spare
    default = default_balance(page.account)
    if default is not None and total:
        move(page, default, total, action)
    elif total:
        open_balance(page, action, context, BalanceTerms(DEFAULT_BALANCE_ID, BalanceKind.MONETARY), total)


def parse_destination(text: str) -> Destination:
    """Read the JSON of a transfer; ValueError says what is wrong with it."""
    if not text.strip():
        raise ValueError("names no destination")
    document = parse_object(text)
    unknown = [name for name in document if name not in (ACCOUNT, BALANCE, REFERENCE)]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is none of {ACCOUNT}, {BALANCE}, {REFERENCE}")
    account, balance = document.get(ACCOUNT), document.get(BALANCE)
    if not isinstance(account, str) or not isinstance(balance, str) or not balance:
        raise ValueError(f"{ACCOUNT} and {BALANCE} are texts, and neither is empty")
    tenant, separator, name = account.partition(":")
    key = AccountKey(tenant, name)
    if not (tenant and separator and name) or is_group(key):
        raise ValueError(f"{ACCOUNT} {account!r} is not tenant:account")
    return Destination(key, balance, number_of(document, REFERENCE))


def _source(page: Page, action: Action, context: ActionContext) -> Balance:
    check_type(action)
    wanted = action.filter
    if wanted.id is None and wanted.uuid is None:
        raise ActionFailed(action, "it names no balance to take from")
    found = [balance for balance in page.account.balances if wanted.matches(balance)]
    return _first_live(found, f"the account has no balance {wanted.id or wanted.uuid} to take from", action, context)


def _destination_page(page: Page, key: AccountKey, action: Action) -> Page:
    own = page.account.key
    if key.tenant != own.tenant:
        raise ActionFailed(action, f"account {key} is another tenant's; a transfer stays within {own.tenant}")
    other = page.book.page(key)
    if other is None or other.removed:
        raise ActionFailed(action, f"there is no account {key} to transfer to")
    return other


def _destination(
    page: Page, wanted: Destination, kind: BalanceKind, action: Action, context: ActionContext
) -> Balance | None:
    found = [balance for balance in page.account.balances_of(kind) if balance.terms.id == wanted.balance_id]
    return _first_live(found, "", action, context) if found else None


def _first_live(found: list[Balance], unknown: str, action: Action, context: ActionContext) -> Balance:
    if not found:
        raise ActionFailed(action, unknown, FailureReason.BALANCE_UNKNOWN)
    for balance in found:
        if not balance.terms.expired(context.now_ns):
            return balance
    raise ActionFailed(action, f"balance {found[0].terms.id or found[0].uuid} has expired")


def _amount(
    action: Action, context: ActionContext, source: BalanceTerms, wanted: Destination, destination_value: int
) -> int:
    """What goes from the source to the destination, in the scale of their kind; below zero it comes back."""
    scale = kind_scale(source.kind.value)
    if wanted.reference is not None:
        numerator, denominator = wanted.reference.as_integer_ratio()
        value = half(numerator * scale, denominator)
        return (value if scale == 1 else round_half(value, context.decimals)) - destination_value
    given = 1_000_000_000 if action.filter.kind is None else action.filter.kind.scale
    return half(action_units(action, context) * scale, given)


def _check_credit(page: Page, source: Balance, amount: int, action: Action, context: ActionContext) -> None:
    spare = source.value - held_by_others(page.account.reservations, None, context.now_ns).get(source.uuid, 0)
    if source.terms.id != DEFAULT_BALANCE_ID and amount > spare:
        voice = source.terms.kind is BalanceKind.VOICE
        has, wants = (f"{spare} ns", f"{amount} ns") if voice else (decimal_text(spare), decimal_text(amount))
        name = source.terms.id or source.uuid
        raise ActionFailed(action, f"balance {name} has {has} to give, and {wants} are to be transferred")


def _concerns(trigger: TriggerTerms, terms: BalanceTerms) -> bool:
    """Whether a monitor may mean the balance that was moved: it names no other kind and no other balance."""
    return trigger.kind == terms.kind and trigger.filter.id in (None, terms.id)
