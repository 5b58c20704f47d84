"""Postponed charges: the pieces of a call that is pseudo-prepaid or post-paid are granted and not charged.

Account 1001 has 1.50 at 0.60 a minute and asks for ten minutes. Prepaid, MaxDebit grants two and takes 1.20. Pseudo-
prepaid it grants two as well and takes nothing: a second call is granted two of its own, and the account may end below
zero. Post-paid it grants all ten. In both cases the `final` debit of the call is charged like any other, wholly, and
what the account cannot pay takes its default balance below zero.

Neither rates nor draws anything meanwhile, so no connect fee is taken and no counter moves before the end.
"""

from collections.abc import Callable, Generator, Mapping
from typing import TypeAlias

from accounts.account import Bound
from accounts.book import Page
from accounts.charge import UNLIMITED, CallCost, ChargeRequest, ChargeRules, Reached, Refused, RequestType, Verdict
from accounts.debit import Debiting, debit
from accounts.max_debit import max_debit, not_all
from accounts.selection import NO_SHARED_GROUPS
from accounts.session_time import max_session_time
from accounts.shared_group import SharedGroup
from tariffs.tariff import Tariff

Settle: TypeAlias = Callable[
    [
        Page, Tariff, ChargeRequest, ChargeRules, tuple[Bound, ...], Callable[[], str], Mapping[str, SharedGroup],
        int,
    ],
    Generator[Reached, Verdict, CallCost | Refused],
]  # fmt: skip


def settle_for(request: ChargeRequest, *, whole: bool) -> Settle:
    """How a Debit (`whole`) or MaxDebit is carried out, by the request's type and place in the call."""
    if request.postponed:
        return granting
    if whole or request.request_type is not RequestType.PREPAID:
        return debit
    return max_debit


def granting(
    page: Page,
    tariff: Tariff,
    request: ChargeRequest,
    rules: ChargeRules,
    bounds: tuple[Bound, ...],
    new_id: Callable[[], str],
    shared_groups: Mapping[str, SharedGroup] = NO_SHARED_GROUPS,
    now_ns: int = 0,
) -> Debiting:
    """Answer how much of the usage may be, and take nothing. Never pauses."""
    yield from ()
    most = max_session_time(page, tariff, request, rules, shared_groups, now_ns)
    if isinstance(most, Refused):
        return most
    if most.usage == UNLIMITED:
        return CallCost(0, 0, request.usage)
    if most.usage < request.usage and request.force_duration:
        return not_all(request, most)
    return CallCost(0, 0, most.usage, reason=most.reason)
