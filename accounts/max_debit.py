"""MaxDebit: ask how long the call may last and book exactly that, as one step.

1.50 at 0.60 a minute, asked for ten minutes: two are granted and charged. A second call finds 0.30, which is less than
a minute: nothing is charged and nothing is wrong, the grant is 0 with the reason CREDIT_EXHAUSTED. A post-paid account
(AllowNegative) is not asked: its debit is booked whole.

The booking takes nothing below zero: should a monitor have emptied a balance meanwhile, the grant is cut there.
"""

from collections.abc import Callable, Mapping

from accounts.book import Page
from accounts.charge import CallCost, ChargeRequest, ChargeRules, Granted, Judge, Reason, Refused
from accounts.debit import booked
from accounts.selection import NO_SHARED_GROUPS
from accounts.session_time import max_session_time
from accounts.settlement import Purpose
from accounts.shared_group import SharedGroup
from tariffs.tariff import Tariff


def max_debit(
    page: Page,
    tariff: Tariff,
    request: ChargeRequest,
    rules: ChargeRules,
    judge: Judge,
    new_id: Callable[[], str],
    shared_groups: Mapping[str, SharedGroup] = NO_SHARED_GROUPS,
    now_ns: int = 0,
) -> CallCost | Refused:
    """Book what is covered, asking the judge where a bound holds; the request must have passed `refuse_early`."""
    if page.account.allow_negative or request.usage == 0:
        whole = Purpose.BOOK_ALL
        return booked(page, tariff, request, rules, judge, new_id, whole, shared_groups, now_ns)
    most = max_session_time(page, tariff, request, rules, shared_groups, now_ns)
    if isinstance(most, Refused):
        return most
    if most.usage < request.usage and request.force_duration:
        return not_all(request, most)
    if most.usage == 0:
        return CallCost(0, 0, 0, reason=most.reason)
    covered = request.ending_at(request.start_ns + most.usage)
    part = Purpose.BOOK_COVERED
    return booked(page, tariff, covered, rules, judge, new_id, part, shared_groups, now_ns)


def not_all(request: ChargeRequest, most: Granted) -> Refused:
    """Less than everything is granted, and that is not wanted."""
    return Refused(
        Reason.CREDIT_EXHAUSTED,
        f"account {request.key} covers {most.usage} of {request.usage} (ns or units), and only all of it is wanted",
    )
