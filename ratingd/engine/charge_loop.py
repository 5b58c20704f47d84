"""The charge loop: settle up to a bound, watch what was reached, act on it, and go on with what remains.

Account 1001 has a monitor at 3.00 spent and debits ten minutes at 0.60. Settling draws five minutes by arithmetic and
pauses, for the counter stands at 3.00; the monitor fires and its actions disable the account; the settlement is told to
stop there, and the other five minutes are neither drawn nor charged. Without a monitor in reach nobody asks the loop.

Where balances of several members of a shared group took part in what was drawn last, the monitors of each are
evaluated, by the counters and the balances of their own account.
"""

from collections.abc import Callable
from typing import Final, TypeAlias

from mypy_extensions import mypyc_attr

from accounts.book import Book, Page
from accounts.charge import Reached, StoppedBy
from actions.catalogue import Catalogue
from actions.context import ActionContext
from actions.outside import Outside
from actions.watch import watch
from triggers.monitor import TriggerKey, arm

# The context in which an account's monitors are evaluated: its time zone, its open calls and the one that is charged.
# It is told how much of the call has been drawn and, of all accounts together, which monitors' sets have failed.
ContextOf: TypeAlias = Callable[[Page, int, set[TriggerKey]], ActionContext]


@mypyc_attr(acyclic=True, free_list_len=1)
class ChargeLoop:
    """What the evaluations of one charge have come to. `call` is the name of the call that is charged."""

    __slots__ = ("_book", "_call", "_catalogue", "_context_of", "_now_ns", "_tried", "failures", "fired", "outside")

    def __init__(self, book: Book, catalogue: Catalogue, context_of: ContextOf, now_ns: int, call: str) -> None:
        self._book: Final = book
        self._catalogue: Final = catalogue
        self._context_of: Final = context_of
        self._now_ns: Final = now_ns
        self._call: Final = call
        self._tried: Final[set[TriggerKey]] = set()
        self.outside: Final[list[Outside]] = []
        self.failures: Final[list[str]] = []
        self.fired: Final[list[str]] = []  # names of monitors

    def arm(self) -> None:
        """Put the bounds in force, those of the members of its groups included."""
        for page in self._book.there:
            arm(page, self._now_ns, self._tried, self._call)

    def judge(self, reached: Reached) -> StoppedBy | None:
        """Evaluate the accounts that took part, in the order in which they did; the first that stops it is named."""
        stop: StoppedBy | None = None
        for key in reached.accounts:
            page = self._book.page(key)
            if page is None:
                continue
            watched = watch(page, self._catalogue, self._context_of(page, reached.used, self._tried))
            self.outside.extend(watched.outside)
            self.failures.extend(watched.failures)
            self.fired.extend([firing.trigger.name for firing in watched.fired])
            stop = stop or watched.stop
        self.arm()
        return stop
