"""Counting: which counters a drawn portion moves, and which counters an account has at all.

A monitor `*max_event_counter` on `*monetary` for DST_49 keeps a counter of what calls to Germany cost, whoever paid;
one `*max_balance_counter` with the BalanceTag MINUTES counts only what the balances of that id paid. Units are
counted under the type of the event, though a generic balance paid, and a call that is connected counts one under
`*event_connect`. What a refund gives back is counted with the opposite sign, so a counter may fall below zero.

Counters belong to triggers: they come and go with them, and what has been counted stays as long as one with the same
id, window and kind does. Two triggers that name the same counter share it, with the filter of the first. Counters of
single calls come with their call (`accounts.call_counting`); each moves with the debits of its own call only.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from mypy_extensions import mypyc_attr

from accounts.account import (
    Account,
    AccountTrigger,
    CounterKind,
    CounterName,
    ThresholdType,
    TriggerTerms,
    UnitCounter,
    Window,
)
from accounts.balance import Balance
from accounts.balance_filter import BalanceFilter
from accounts.book import Page
from accounts.called_number import CalledNumber
from accounts.document import counter_document

EVENT_CONNECT: Final = "*event_connect"
ONE_CALL: Final = 1_000_000_000
COUNTED: Final = {
    ThresholdType.MIN_EVENT_COUNTER: CounterKind.EVENT,
    ThresholdType.MAX_EVENT_COUNTER: CounterKind.EVENT,
    ThresholdType.MIN_BALANCE_COUNTER: CounterKind.BALANCE,
    ThresholdType.MAX_BALANCE_COUNTER: CounterKind.BALANCE,
}

NO_COUNTERS: Final[tuple[UnitCounter, ...]] = ()


def counter_name(terms: TriggerTerms, call: str = "") -> CounterName | None:
    """The counter that a trigger looks at: of its BalanceTag, else of its own unique id. None where it counts nothing.

    `call` is the call that is asked about, if the counter is one of single calls.
    """
    of = COUNTED.get(terms.type)
    if of is None:
        return None
    of_call = call if terms.window is Window.CALL else ""
    return terms.kind, of.value, terms.filter.id or terms.unique_id, terms.window.value, of_call


def counters_for(triggers: Iterable[AccountTrigger], kept: Sequence[UnitCounter] = ()) -> list[UnitCounter]:
    """The counters these triggers need, with the values of those that were there already."""
    held: dict[CounterName, list[UnitCounter]] = {}
    for counter in kept:
        held.setdefault((*counter.name[:4], ""), []).append(counter)
    found: dict[CounterName, list[UnitCounter]] = {}
    for trigger in triggers:
        name = counter_name(trigger.terms)
        if name is not None and name not in found:
            found[name] = [_refiltered(counter, trigger.terms.filter) for counter in held.get(name, ())]
            if not found[name] and trigger.terms.window is not Window.CALL:
                found[name] = [new_counter(name, trigger.terms.filter)]
    return [counter for counters in found.values() for counter in counters]


def new_counter(name: CounterName, filter: BalanceFilter, expires_at_ns: int | None = None) -> UnitCounter:
    kind, of, id, window, call = name
    return UnitCounter(id, kind, CounterKind(of), filter, window=Window(window), call=call, expires_at_ns=expires_at_ns)


def rebuild_counters(page: Page) -> None:
    """Bring an account's counters to its triggers. Leaves no record when they agree already."""
    account = page.account
    if account.counters or account.triggers:
        replace_counters(page, counters_for(account.triggers, account.counters))


def replace_counters(page: Page, counters: list[UnitCounter]) -> None:
    """Give the account other counters. Leaves no record when they are those it has."""
    if counters != page.account.counters:
        page.replace_counters(counters, [counter_document(counter) for counter in counters])


def _refiltered(counter: UnitCounter, filter: BalanceFilter) -> UnitCounter:
    if counter.filter == filter:
        return counter
    return UnitCounter(
        counter.id, counter.kind, counter.of, filter, counter.value, counter.window, counter.since_ns, counter.call,
        counter.fired, counter.expires_at_ns,
    )  # fmt: skip


@mypyc_attr(acyclic=True, free_list_len=1)
class Tally:
    """The counters that one event moves. `call` is the name of its call.

    The last answer is kept: a balance pays one portion after the other.
    """

    __slots__ = ("_account", "_call", "_category", "_found", "_kind", "_number", "_payer")

    def __init__(self, account: Account, number: CalledNumber, category: str, call: str = "") -> None:
        self._account: Final = account
        self._number: Final = number
        self._category: Final = category
        self._call: Final = call
        self._payer: Balance | None = None
        self._kind = ""
        self._found = NO_COUNTERS

    def moved(self, kind: str, payer: Balance) -> tuple[UnitCounter, ...]:
        """The counters of a kind that move when this balance pays."""
        counters = self._account.counters
        if not counters:
            return NO_COUNTERS
        if self._payer is not payer or self._kind != kind:
            self._found = tuple([c for c in counters if c.kind == kind and self._counts(c, payer)])
            self._payer, self._kind = payer, kind
        return self._found

    @property
    def empty(self) -> bool:
        return not self._account.counters

    def connected(self, payer: Balance | None) -> tuple[UnitCounter, ...]:
        """The counters of connected calls."""
        counters = self._account.counters
        if not counters:
            return NO_COUNTERS
        return tuple([c for c in counters if c.kind == EVENT_CONNECT and self._counts(c, payer)])

    def reconsider(self) -> None:
        """Forget what was looked up: actions may have changed counters and balances."""
        self._payer = None

    def _counts(self, counter: UnitCounter, payer: Balance | None) -> bool:
        if counter.window is Window.CALL and counter.call != self._call:
            return False
        if counter.of is CounterKind.BALANCE:
            return payer is not None and counter.filter.counts(payer)
        return self._is_about(counter.filter)

    def _is_about(self, filter: BalanceFilter) -> bool:
        """Whether an event counter means this event: its category, and any destination of the number."""
        if filter.categories is not None and not filter.categories.get(self._category, False):
            return False
        return filter.destinations is None or not self._number.destination_ids.isdisjoint(filter.destinations)
