"""The charge loop: settle up to a bound, watch what was reached, act on it, and go on with what remains.

Account 1001 has a monitor at 3.00 spent and debits ten minutes at 0.60. Settling draws five minutes by arithmetic and
pauses, for the counter stands at 3.00; the monitor fires and its actions disable the account; the settlement is told to
stop there, and the other five minutes are neither drawn nor charged. Without a monitor in reach the loop turns once.

Where balances of several members of a shared group took part in what was drawn last, the monitors of each are
evaluated, by the counters and the balances of their own account.
"""

from collections.abc import Callable, Generator
from dataclasses import replace
from typing import TypeAlias, TypeVar

from accounts.account import Bound
from accounts.book import Book, Page
from accounts.charge import Reached, StoppedBy, Verdict
from actions.catalogue import Catalogue
from actions.context import ActionContext
from actions.outside import Outside
from actions.watch import watch
from triggers.monitor import bounds

Result = TypeVar("Result")
ContextOf: TypeAlias = Callable[[Page], ActionContext]


def all_bounds(book: Book, context: ActionContext) -> tuple[Bound, ...]:
    """The bounds in force for an operation, those of the members of its groups included."""
    found: list[Bound] = []
    for page in book.pages.values():
        if page is not None:
            found += bounds(page.account, context.now_ns, context.tried, context.call_name)
    return tuple(found)


def run_charge(
    settlement: Generator[Reached, Verdict, Result],
    page: Page,
    catalogue: Catalogue,
    context: ActionContext,
    context_of: ContextOf | None = None,
) -> tuple[Result, tuple[Outside, ...], tuple[str, ...]]:
    """Drive a settlement to its end. Returns its result, what is to be done outside, and the failures of fired sets.

    `context` is for the account of the page; `context_of` makes those for other members of its groups.
    """
    loop = _Loop(page, catalogue, context, context_of)
    try:
        reached = next(settlement)
        while True:
            reached = settlement.send(loop.verdict(reached))
    except StopIteration as end:
        return end.value, tuple(loop.outside), tuple(loop.failures)


class _Loop:
    """What the evaluations of one charge have come to."""

    __slots__ = ("_catalogue", "_context", "_context_of", "_page", "failures", "outside")

    def __init__(self, page: Page, catalogue: Catalogue, context: ActionContext, context_of: ContextOf | None) -> None:
        self._page = page
        self._catalogue = catalogue
        self._context_of = context_of
        self._context = context
        self.outside: list[Outside] = []
        self.failures: list[str] = []

    def verdict(self, reached: Reached) -> Verdict:
        """Evaluate the accounts that took part, in the order in which they did; the first that stops it is named."""
        stop: StoppedBy | None = None
        for key in reached.accounts:
            page = self._page.book.page(key)
            if page is None:
                continue
            watched = watch(page, self._catalogue, replace(self._context_for(page), used=reached.used))
            self.outside.extend(watched.outside)
            self.failures.extend(watched.failures)
            stop = stop or watched.stop
        return Verdict(all_bounds(self._page.book, self._context), stop)

    def _context_for(self, page: Page) -> ActionContext:
        """One member's time zone and open calls are not another's; which sets have failed is known of all together."""
        if page is self._page:
            return self._context
        if self._context_of is None:
            return replace(self._context, open_calls=())
        return replace(self._context_of(page), tried=self._context.tried)
