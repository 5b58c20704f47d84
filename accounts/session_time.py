"""GetMaxSessionTime: how long a call may last before anything is charged.

1.50 at 0.60 a minute, sold whole, last 120 s: the third minute does not fit. Asked for 30 s the answer is 30 s, though
a debit of them will charge a minute. A post-paid account (AllowNegative) may talk without limit, once it is clear that
the whole call has a price. For any other account a call of which only a later part has no price lasts until there.
What is post-paid by its request type is granted as it is asked, whatever the account has.

It measures with the settlement itself, on a copy that is thrown away: nothing is counted, fired or stored.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from accounts.account import Account, AccountKey
from accounts.book import Book, Page
from accounts.charge import (
    UNLIMITED,
    ChargeRequest,
    ChargeRules,
    Granted,
    Increment,
    Reason,
    Refused,
    RequestType,
    no_judge,
)
from accounts.debit import unrated_refusal
from accounts.drawn import Drawn
from accounts.pricing import priced
from accounts.selection import NO_SHARED_GROUPS
from accounts.settlement import Purpose, Settlement
from accounts.shared_group import SharedGroup
from tariffs.money import NANO
from tariffs.span import Unrated, UnratedReason
from tariffs.tariff import Tariff


def max_session_time(
    page: Page,
    tariff: Tariff,
    request: ChargeRequest,
    rules: ChargeRules,
    shared_groups: Mapping[str, SharedGroup] = NO_SHARED_GROUPS,
    now_ns: int = 0,
) -> Granted | Refused:
    """The usage that is covered, at most what is asked. Expects that the request has passed `refuse_early`.

    Changes no page. Raises AccountsNeeded until all members of the account's groups are in the book.
    """
    if request.request_type is RequestType.POSTPAID:
        return Granted(request.usage)
    if page.account.allow_negative:
        hole = _hole(tariff, request, rules)
        return Granted(UNLIMITED) if hole is None else unrated_refusal(hole)
    if request.usage == 0:
        return Granted(0)
    while True:
        scratch, measure = _scratch(page), Purpose.MEASURE
        settlement = Settlement(scratch, tariff, request, rules, no_judge, _no_id, measure, shared_groups, now_ns)
        settlement.run()
        if settlement.unrated is None:
            return _granted(settlement)
        end_ns = _end_of_price(settlement, tariff, rules)
        if end_ns is None:
            return unrated_refusal(settlement.unrated)
        request = request.ending_at(end_ns)


def _granted(settlement: Settlement) -> Granted:
    if settlement.fee_unpaid:
        return Granted(0, Reason.CREDIT_EXHAUSTED)
    request = settlement.request
    usage = 0
    drawn: list[Increment] = []
    for timespan in settlement.drawn:
        if _is_too_dear(timespan, request):
            break
        usage += timespan.end_ns - timespan.start_ns
        drawn += timespan.increments
    usage = min(usage, request.usage)
    return Granted(usage, None, tuple(drawn)) if usage else Granted(0, Reason.CREDIT_EXHAUSTED)


def _is_too_dear(timespan: Drawn, request: ChargeRequest) -> bool:
    """Whether the price exceeds the highest rate the caller accepts, compared as fractions."""
    if request.max_rate is None or not request.max_rate_unit or timespan.slot is None:
        return False
    slot = timespan.slot
    return slot.price * NANO * request.max_rate_unit > request.max_rate * slot.unit * int(10**slot.price_scale)


def _end_of_price(settlement: Settlement, tariff: Tariff, rules: ChargeRules) -> int | None:
    """Where the price of a request ends, if its beginning has one; None when that is missing too."""
    request, unrated = settlement.request, settlement.unrated
    if unrated is None or unrated.reason is not UnratedReason.DESTINATION_UNRATED:
        return None
    if unrated.at_ns > settlement.start_ns:
        return unrated.at_ns
    if settlement.start_ns == request.start_ns:
        return None
    whole = _hole(tariff, request, rules)  # units have paid up to here: does the call have a price before it?
    return None if whole is None or whole.at_ns <= request.start_ns else min(whole.at_ns, unrated.at_ns)


def _hole(tariff: Tariff, request: ChargeRequest, rules: ChargeRules) -> Unrated | None:
    whole = priced(tariff, request, rules, request.subject, request.start_ns)
    return whole if isinstance(whole, Unrated) else None


class _Scratch(Book):
    """Copies of the accounts of another book, made as they are asked for."""

    __slots__ = ("_book",)

    def __init__(self, book: Book) -> None:
        super().__init__()
        self._book: Final = book

    def page(self, key: AccountKey) -> Page | None:
        if key not in self.pages:
            page = self._book.page(key)
            self.pages[key] = None if page is None or page.removed else Page(_paying(page.account), book=self)
        return self.pages[key]

    def need(self, keys: Iterable[AccountKey]) -> None:
        self._book.need(keys)


def _scratch(page: Page) -> Page:
    """A copy that belongs to a book of copies."""
    return Page(_paying(page.account), book=_Scratch(page.book))


def _paying(account: Account) -> Account:
    """A copy with nothing but what pays."""
    return Account(
        account.key,
        [balance.copy() for balance in account.balances],
        allow_negative=account.allow_negative,
        disabled=account.disabled,
        reservations=account.reservations,
        members=account.members,
    )


def _no_id() -> str:
    return ""
