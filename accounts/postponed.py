"""Postponed charges: the pieces of a call that is pseudo-prepaid or post-paid are granted and not charged.

Account 1001 has 1.50 at 0.60 a minute and asks for ten minutes. Prepaid, MaxDebit grants two and takes 1.20. Pseudo-
prepaid it grants two as well and takes nothing: a second call is granted two of its own, and the account may end below
zero. Post-paid it grants all ten. In both cases the `final` debit of the call is charged like any other, wholly, and
what the account cannot pay takes its default balance below zero.

Neither rates nor draws anything meanwhile, so no connect fee is taken and no counter moves before the end.
"""

from collections.abc import Callable, Mapping

from accounts.book import Page
from accounts.charge import UNLIMITED, CallCost, ChargeRequest, ChargeRules, Judge, Refused, RequestType
from accounts.debit import debit
from accounts.max_debit import max_debit, not_all
from accounts.selection import NO_SHARED_GROUPS
from accounts.session_time import max_session_time
from accounts.shared_group import SharedGroup
from tariffs.tariff import Tariff


def settle(
    page: Page,
    tariff: Tariff,
    request: ChargeRequest,
    rules: ChargeRules,
    judge: Judge,
    new_id: Callable[[], str],
    shared_groups: Mapping[str, SharedGroup] = NO_SHARED_GROUPS,
    now_ns: int = 0,
    *,
    whole: bool,
) -> CallCost | Refused:
    """Carry out a Debit (`whole`) or MaxDebit, by the request's type and place in the call."""
    if request.postponed:
        return granting(page, tariff, request, rules, shared_groups, now_ns)
    if whole or request.request_type is not RequestType.PREPAID:
        return debit(page, tariff, request, rules, judge, new_id, shared_groups, now_ns)
    return max_debit(page, tariff, request, rules, judge, new_id, shared_groups, now_ns)


def granting(
    page: Page,
    tariff: Tariff,
    request: ChargeRequest,
    rules: ChargeRules,
    shared_groups: Mapping[str, SharedGroup] = NO_SHARED_GROUPS,
    now_ns: int = 0,
) -> CallCost | Refused:
    """Answer how much of the usage may be, and take nothing. Never pauses."""
    most = max_session_time(page, tariff, request, rules, shared_groups, now_ns)
    if isinstance(most, Refused):
        return most
    if most.usage == UNLIMITED:
        return CallCost(0, 0, request.usage)
    if most.usage < request.usage and request.force_duration:
        return not_all(request, most)
    return CallCost(0, 0, most.usage, reason=most.reason)
