"""Monitors: a floor or a ceiling on one balance or counter, and what is due when it is reached.

An operator caps a day's spending at 20.00. Account 1001 has spent 19.40; the next minute of 0.60 moves its counter to
20.00, the ceiling is reached and the monitor fires. It is marked executed: the minute after, at 20.60, fires nothing.

A level is watched, not a crossing: only the mark keeps a monitor quiet. It looks at the balances changed by the
operation that is running (an old balance of 1.50 does not fire a floor of 2 that is attached today, before it moves)
and at every counter. Whatever matches several balances fires once, for the first of them. A recurrent monitor leaves no
mark; MinSleep spaces it. The evaluation is of one moment: what a fired set changes is seen by the next one.

`bounds` tells the same conditions to `accounts` beforehand, so that a debit runs by arithmetic up to where one holds.
"""

from collections.abc import Set
from typing import Final

from accounts.account import Account, AccountTrigger, Bound, BoundSide, CounterKind, ThresholdType, UnitCounter
from accounts.balance import DEFAULT_BALANCE_ID, Balance, BalanceKind, BalanceTerms
from accounts.book import Page

TriggerKey = tuple[str, str]  # group, unique id

BALANCE_SIDES: Final = {ThresholdType.MIN_BALANCE: BoundSide.MIN, ThresholdType.MAX_BALANCE: BoundSide.MAX}
COUNTER_SIDES: Final = {
    ThresholdType.MIN_EVENT_COUNTER: (CounterKind.EVENT, BoundSide.MIN),
    ThresholdType.MAX_EVENT_COUNTER: (CounterKind.EVENT, BoundSide.MAX),
    ThresholdType.MIN_BALANCE_COUNTER: (CounterKind.BALANCE, BoundSide.MIN),
    ThresholdType.MAX_BALANCE_COUNTER: (CounterKind.BALANCE, BoundSide.MAX),
}
# What nothing computes yet: a monitor of such a type is kept, and never holds.
UNWATCHED: Final = frozenset(
    {ThresholdType.MIN_SCORE, ThresholdType.MAX_SCORE, ThresholdType.MIN_COUNTER, ThresholdType.MAX_COUNTER}
)
ANY_VALUE: Final = 1 << 200  # a floor that every value has reached
MONETARY: Final = BalanceKind.MONETARY.value
NEW_DEFAULT: Final = Balance(DEFAULT_BALANCE_ID, BalanceTerms(DEFAULT_BALANCE_ID, BalanceKind.MONETARY), 0)


class Firing:
    """A monitor that is due: which, at what value, and the balance or counter that reached it."""

    __slots__ = ("balance_uuid", "counter_id", "observed", "trigger")

    def __init__(self, trigger: AccountTrigger, observed: int, balance_uuid: str = "", counter_id: str = "") -> None:
        self.trigger: Final = trigger
        self.observed: Final = observed  # scale of what is watched
        self.balance_uuid: Final = balance_uuid  # one of the two is given
        self.counter_id: Final = counter_id


def due(page: Page, now_ns: int, tried: Set[TriggerKey]) -> tuple[Firing, ...]:
    """The monitors that hold now, heaviest first. `tried` are those whose set failed in this operation."""
    account = page.account
    found = []
    for trigger in account.triggers:
        if armed(account, trigger, now_ns, tried):
            firing = _firing(page, trigger, now_ns)
            if firing is not None:
                found.append(firing)
    return tuple(found)


def bounds(account: Account, now_ns: int, tried: Set[TriggerKey]) -> tuple[Bound, ...]:
    """The values at which a monitor would fire, whether or not they are reached already.

    A `*default` balance that the operation may still create is named by its id, for it has no uuid yet.
    """
    if not account.triggers:
        return ()
    found: list[Bound] = []
    for trigger in account.triggers:
        if armed(account, trigger, now_ns, tried):
            found += _bounds_of(account, trigger, now_ns)
    return tuple(found)


def armed(account: Account, trigger: AccountTrigger, now_ns: int, tried: Set[TriggerKey]) -> bool:
    """Whether a monitor may fire at all at this moment.

    A disabled account fires nothing, but the attempt is noted (its LastExecutionTime), once per instant.
    """
    terms = trigger.terms
    if trigger.executed or terms.type in UNWATCHED:
        return False
    if terms.expires_at_ns is not None and terms.expires_at_ns < now_ns:
        return False
    if terms.activates_at_ns is not None and now_ns < terms.activates_at_ns:
        return False
    if (terms.group, terms.unique_id) in tried:
        return False
    last_ns = trigger.last_executed_ns
    if last_ns is None:
        return True
    if account.disabled and last_ns == now_ns:
        return False
    return not (terms.recurrent and now_ns - last_ns < terms.min_sleep_ns)


def counter_id(trigger: AccountTrigger) -> str:
    """The id of the counter that belongs to a counter monitor: its BalanceTag, or its own unique id."""
    return trigger.terms.filter.id or trigger.terms.unique_id


def _firing(page: Page, trigger: AccountTrigger, now_ns: int) -> Firing | None:
    kind = trigger.terms.type
    if kind in COUNTER_SIDES:
        return _counter_firing(page.account, trigger)
    if kind is ThresholdType.BALANCE_EXPIRED:
        return _expiry_firing(page.account, trigger, now_ns)
    return _balance_firing(page, trigger)


def _balance_firing(page: Page, trigger: AccountTrigger) -> Firing | None:
    side = BALANCE_SIDES[trigger.terms.type]
    for balance in _watched(page.account, trigger):
        if balance.uuid in page.dirty and reached(side, trigger.terms.threshold, balance.value):
            return Firing(trigger, balance.value, balance_uuid=balance.uuid)
    return None


def _expiry_firing(account: Account, trigger: AccountTrigger, now_ns: int) -> Firing | None:
    for balance in _watched(account, trigger):
        if balance.terms.expired(now_ns):
            return Firing(trigger, balance.value, balance_uuid=balance.uuid)
    return None


def _counter_firing(account: Account, trigger: AccountTrigger) -> Firing | None:
    _, side = COUNTER_SIDES[trigger.terms.type]
    counter = _counter(account, trigger)
    if counter is None or not reached(side, trigger.terms.threshold, counter.value):
        return None
    return Firing(trigger, counter.value, counter_id=counter.id)


def reached(side: BoundSide, threshold: int, value: int) -> bool:
    return value <= threshold if side is BoundSide.MIN else value >= threshold


def _watched(account: Account, trigger: AccountTrigger) -> list[Balance]:
    """The balances of the monitor's type that it means. No type means none: there is no wildcard."""
    kind, filter = trigger.terms.kind, trigger.terms.filter
    return [b for b in account.balances if b.terms.kind == kind and filter.matches_exactly(b)]


def _counter(account: Account, trigger: AccountTrigger) -> UnitCounter | None:
    of, _ = COUNTER_SIDES[trigger.terms.type]
    wanted, kind = counter_id(trigger), trigger.terms.kind
    for counter in account.counters:
        if counter.id == wanted and counter.kind == kind and counter.of is of:
            return counter
    return None


def _bounds_of(account: Account, trigger: AccountTrigger, now_ns: int) -> list[Bound]:
    terms = trigger.terms
    if terms.type in COUNTER_SIDES:
        _, side = COUNTER_SIDES[terms.type]
        counter = _counter(account, trigger)
        return [] if counter is None else [Bound(account.key, side, terms.threshold, counter=counter.name)]
    if terms.type is ThresholdType.BALANCE_EXPIRED:
        if _expiry_firing(account, trigger, now_ns) is None:
            return []
        return [Bound(account.key, BoundSide.MIN, ANY_VALUE, balance.uuid) for balance in account.balances]
    side = BALANCE_SIDES[terms.type]
    found = [Bound(account.key, side, terms.threshold, balance.uuid) for balance in _watched(account, trigger)]
    if _means_new_default(account, trigger):
        found.append(Bound(account.key, side, terms.threshold, DEFAULT_BALANCE_ID))
    return found


def _means_new_default(account: Account, trigger: AccountTrigger) -> bool:
    terms = trigger.terms
    if terms.kind != MONETARY or not terms.filter.matches_exactly(NEW_DEFAULT):
        return False
    for balance in account.balances:
        if balance.terms.id == DEFAULT_BALANCE_ID and balance.terms.kind is BalanceKind.MONETARY:
            return False
    return True
