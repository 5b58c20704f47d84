"""Debit: book a piece of a call on an account, all of it or, for MaxDebit, as much of it as is covered.

Account 1001 has 1.00 and calls for three minutes at 0.60: one minute is paid by the balance, which keeps 0.40; the
other two take the default balance to -1.20, for the service has been delivered. A switch that wants a limit asks with
MaxDebit, or denies the negative, and then one minute is granted and charged.

A debit changes nothing but its book; a refusal leaves a book that whoever runs the debit throws away. A dry run is this
very code on a copy, without bounds.
"""

from collections.abc import Callable, Mapping

from accounts.account import default_balance
from accounts.book import Page
from accounts.charge import CallCost, ChargeRequest, ChargeRules, Judge, Reason, Refused, Timespan
from accounts.drawn import Drawn
from accounts.final_rounding import correction, joined
from accounts.pricing import priced
from accounts.selection import NO_SHARED_GROUPS
from accounts.settlement import Purpose, Settlement
from accounts.shared_group import SharedGroup
from tariffs.span import Unrated
from tariffs.tariff import Tariff


def debit(
    page: Page,
    tariff: Tariff,
    request: ChargeRequest,
    rules: ChargeRules,
    judge: Judge,
    new_id: Callable[[], str],
    shared_groups: Mapping[str, SharedGroup] = NO_SHARED_GROUPS,
    now_ns: int = 0,
) -> CallCost | Refused:
    """Book all of the usage, asking the judge where a bound holds; the request must have passed `refuse_early`.

    `now_ns` tells which reservations still hold. Raises AccountsNeeded until all members of its groups are in the book.
    """
    return booked(page, tariff, request, rules, judge, new_id, Purpose.BOOK_ALL, shared_groups, now_ns)


def booked(
    page: Page,
    tariff: Tariff,
    request: ChargeRequest,
    rules: ChargeRules,
    judge: Judge,
    new_id: Callable[[], str],
    purpose: Purpose,
    shared_groups: Mapping[str, SharedGroup] = NO_SHARED_GROUPS,
    now_ns: int = 0,
) -> CallCost | Refused:
    """Book usage, beyond what is covered or not, as the purpose says."""
    if request.usage == 0:
        return _nothing_used(tariff, request, rules)
    settlement = Settlement(page, tariff, request, rules, judge, new_id, purpose, shared_groups, now_ns)
    settlement.run()
    refused = _refusal(settlement)
    if refused is not None:
        return refused
    drawn: list[Drawn] = settlement.drawn
    if request.perform_rounding:
        drawn = joined(drawn)
        _rounded(settlement, drawn)
    return _call_cost(settlement, drawn)


def unrated_refusal(unrated: Unrated) -> Refused:
    return Refused(Reason(unrated.reason.value), unrated.detail)


def _refusal(settlement: Settlement) -> Refused | None:
    if settlement.unrated is not None:
        return unrated_refusal(settlement.unrated)
    blocker = settlement.blocked_by
    if blocker is None or settlement.purpose is not Purpose.BOOK_ALL:
        return None
    name = blocker.balance.terms.id or blocker.balance.uuid
    left = settlement.request.end_ns - settlement.start_ns
    return Refused(
        Reason.BALANCE_BLOCKER,
        f"balance {name} of {blocker.payer.key} lets nothing after it pay and covers all but {left} of "
        f"{settlement.request.usage} (ns or units)",
    )


def _rounded(settlement: Settlement, drawn: list[Drawn]) -> None:
    """Take the correction of each timespan from the balance that paid its first increment, below zero if need be."""
    for timespan in drawn:
        amount = correction(timespan)
        if amount:
            settlement.correct(timespan, amount)


def _call_cost(settlement: Settlement, drawn: list[Drawn]) -> CallCost:
    request = settlement.request
    rated = settlement.used
    granted = min(request.usage, rated)
    unserved = granted == 0 and settlement.stopped_by is None
    return CallCost(
        settlement.cost,
        rated,
        granted,
        tuple([timespan.timespan() for timespan in drawn]),
        settlement.stopped_by,
        _overdrawn(settlement) if settlement.overdrew else 0,
        Reason.CREDIT_EXHAUSTED if unserved else None,
    )


def _overdrawn(settlement: Settlement) -> int:
    account = settlement.page.account
    balance = None if account.allow_negative else default_balance(account)
    return 0 if balance is None else max(0, -balance.value)


def _nothing_used(tariff: Tariff, request: ChargeRequest, rules: ChargeRules) -> CallCost:
    """No usage costs nothing. If it would have a price, an empty timespan says whose."""
    start_ns = request.start_ns
    spans = priced(tariff, request, rules, request.subject, start_ns, start_ns + 1)
    if isinstance(spans, Unrated):
        return CallCost(0, 0, 0)
    span = spans[0]
    timing = span.interval.timing.id
    return CallCost(0, 0, 0, (Timespan(start_ns, start_ns, request.duration_index, 0, (), span.match, timing),))
