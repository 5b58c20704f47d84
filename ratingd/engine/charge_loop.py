"""The charge loop: settle up to a bound, watch what was reached, act on it, and go on with what remains.

Account 1001 has a monitor at 3.00 spent and debits ten minutes at 0.60. Settling draws five minutes by arithmetic and
pauses, for the counter stands at 3.00; the monitor fires and its actions disable the account; the settlement is told to
stop there, and the other five minutes are neither drawn nor charged. Without a monitor in reach the loop turns once.
"""

from collections.abc import Generator
from dataclasses import replace
from typing import TypeVar

from accounts.book import Page
from accounts.charge import Reached, Verdict
from actions.catalogue import Catalogue
from actions.context import ActionContext
from actions.outside import Outside
from actions.watch import watch
from triggers.monitor import bounds

Result = TypeVar("Result")


def run_charge(
    settlement: Generator[Reached, Verdict, Result], page: Page, catalogue: Catalogue, context: ActionContext
) -> tuple[Result, tuple[Outside, ...], tuple[str, ...]]:
    """Drive a settlement to its end. Returns its result, what is to be done outside, and the failures of fired sets."""
    outside: list[Outside] = []
    failures: list[str] = []
    try:
        reached = next(settlement)
        while True:
            watched = watch(page, catalogue, replace(context, used=reached.used))
            outside.extend(watched.outside)
            failures.extend(watched.failures)
            armed = bounds(page.account, context.now_ns, context.tried)
            reached = settlement.send(Verdict(armed, watched.stop))
    except StopIteration as end:
        return end.value, tuple(outside), tuple(failures)
