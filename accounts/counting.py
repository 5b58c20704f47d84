"""Counting: which counters a drawn portion moves, and which counters an account has at all.

A monitor `*max_event_counter` on `*monetary` for DST_49 keeps a counter of what calls to Germany cost, whoever paid;
one `*max_balance_counter` with the BalanceTag MINUTES counts only what the balances of that id paid. Units are
counted under the type of the event, though a generic balance paid, and a call that is connected counts one under
`*event_connect`. What a refund gives back is counted with the opposite sign, so a counter may fall below zero.

Counters belong to triggers: they come and go with them, and what has been counted stays as long as one with the same id
does. Two triggers that name the same counter (kind and BalanceTag) share it, with the filter of the first.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from accounts.account import Account, AccountTrigger, CounterKind, ThresholdType, UnitCounter
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


def counters_for(triggers: Iterable[AccountTrigger], kept: Sequence[UnitCounter] = ()) -> list[UnitCounter]:
    """The counters these triggers need, with the values of those that were there already."""
    values = {(counter.kind, counter.of, counter.id): counter for counter in kept}
    found: dict[tuple[str, CounterKind, str], UnitCounter] = {}
    for trigger in triggers:
        terms = trigger.terms
        of = COUNTED.get(terms.type)
        if of is None:
            continue
        name = (terms.kind, of, terms.filter.id or terms.unique_id)
        if name not in found:
            old = values.get(name)
            same = old is not None and old.filter == terms.filter
            value = 0 if old is None else old.value
            found[name] = old if old is not None and same else UnitCounter(name[2], terms.kind, of, terms.filter, value)
    return list(found.values())


def rebuild_counters(page: Page) -> None:
    """Bring an account's counters to its triggers. Leaves no record when they agree already."""
    account = page.account
    counters = counters_for(account.triggers, account.counters)
    if counters != account.counters:
        page.replace_counters(counters, [counter_document(counter) for counter in counters])


class Tally:
    """The counters that one event moves, looked up once for each payer."""

    __slots__ = ("_account", "_by_payer", "_category", "_number")

    def __init__(self, account: Account, number: CalledNumber, category: str) -> None:
        self._account: Final = account
        self._number: Final = number
        self._category: Final = category
        self._by_payer: Final[dict[tuple[str, str], tuple[UnitCounter, ...]]] = {}

    def moved(self, kind: str, payer: Balance) -> tuple[UnitCounter, ...]:
        """The counters of a kind that move when this balance pays."""
        counters = self._account.counters
        if not counters:
            return NO_COUNTERS
        found = self._by_payer.get((kind, payer.uuid))
        if found is None:
            found = tuple([c for c in counters if c.kind == kind and self._counts(c, payer)])
            self._by_payer[kind, payer.uuid] = found
        return found

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
        self._by_payer.clear()

    def _counts(self, counter: UnitCounter, payer: Balance | None) -> bool:
        if counter.of is CounterKind.BALANCE:
            return payer is not None and counter.filter.counts(payer)
        return self._is_about(counter.filter)

    def _is_about(self, filter: BalanceFilter) -> bool:
        """Whether an event counter means this event: its category, and any destination of the number."""
        if filter.categories is not None and not filter.categories.get(self._category, False):
            return False
        return filter.destinations is None or not self._number.destination_ids.isdisjoint(filter.destinations)
