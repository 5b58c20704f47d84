"""Monitors: a floor or a ceiling on one balance, counter or score, and what is due when it is reached.

An operator caps a day's spending at 20.00. Account 1001 has spent 19.40; the next minute of 0.60 moves its counter to
20.00, the ceiling is reached and the monitor fires. It is marked executed: the minute after, at 20.60, fires nothing.
At midnight in the account's time zone the counter begins a new day at 0 and the monitor is armed again.

A level is watched, not a crossing: only the mark keeps a monitor quiet. It looks at the balances changed by the
operation that is running (an old balance of 1.50 does not fire a floor of 2 that is attached today, before it moves),
at its counter, and at what others have computed about the account; a score that nobody has told holds nothing. Whatever
matches several balances fires once, for the first of them. A recurrent monitor leaves no mark; MinSleep spaces it. The
evaluation is of one moment: what a fired set changes is seen by the next one.

A monitor on single calls leaves its mark in the call, and looks at no other than the one that is being charged.

`bounds` tells the same conditions to `accounts` beforehand, so that a debit runs by arithmetic up to where one holds;
`arm` puts them on a page, and where nothing but values has changed since the last debit they are those of the last.
"""

from collections.abc import Set
from typing import Final, TypeAlias

from accounts.account import (
    Account,
    AccountKey,
    AccountTrigger,
    Bound,
    BoundSide,
    CounterName,
    ThresholdType,
    UnitCounter,
    Window,
)
from accounts.balance import DEFAULT_BALANCE_ID, Balance, BalanceKind, BalanceTerms
from accounts.book import Page
from accounts.bounds import Bounds
from accounts.counting import counter_name
from accounts.outline import earliest

TriggerKey: TypeAlias = tuple[AccountKey, str, str]  # whose, group, unique id

BALANCE_SIDES: Final = {ThresholdType.MIN_BALANCE: BoundSide.MIN, ThresholdType.MAX_BALANCE: BoundSide.MAX}
COUNTER_SIDES: Final = {
    ThresholdType.MIN_EVENT_COUNTER: BoundSide.MIN,
    ThresholdType.MAX_EVENT_COUNTER: BoundSide.MAX,
    ThresholdType.MIN_BALANCE_COUNTER: BoundSide.MIN,
    ThresholdType.MAX_BALANCE_COUNTER: BoundSide.MAX,
}
SCORE_SIDES: Final = {
    ThresholdType.MIN_SCORE: BoundSide.MIN,
    ThresholdType.MAX_SCORE: BoundSide.MAX,
    ThresholdType.MIN_COUNTER: BoundSide.MIN,
    ThresholdType.MAX_COUNTER: BoundSide.MAX,
}
MONETARY: Final = BalanceKind.MONETARY.value
NEW_DEFAULT: Final = Balance(DEFAULT_BALANCE_ID, BalanceTerms(DEFAULT_BALANCE_ID, BalanceKind.MONETARY), 0)


class Firing:
    """A monitor that is due: which, at what value, and the balance, counter or score that reached it."""

    __slots__ = ("balance_uuid", "counter", "observed", "score", "trigger")

    def __init__(
        self,
        trigger: AccountTrigger,
        observed: int,
        balance_uuid: str = "",
        counter: CounterName | None = None,
        score: str = "",
    ) -> None:
        self.trigger: Final = trigger
        self.observed: Final = observed  # scale of what is watched
        self.balance_uuid: Final = balance_uuid  # one of the three is given
        self.counter: Final = counter
        self.score: Final = score  # its address


def due(page: Page, now_ns: int, tried: Set[TriggerKey], call: str = "") -> tuple[Firing, ...]:
    """The monitors that hold now, heaviest first. `tried` are those whose set failed in this operation.

    `call` names the call that is charged; without one, monitors on single calls hold nothing.
    """
    found = []
    for trigger in page.account.triggers:
        if armed(page.account, trigger, now_ns, tried, call):
            firing = _firing(page, trigger, now_ns, call)
            if firing is not None:
                found.append(firing)
    return tuple(found)


def bounds(account: Account, now_ns: int, tried: Set[TriggerKey], call: str = "") -> tuple[Bound, ...]:
    """The values at which a monitor would fire, whether or not they are reached already.

    A `*default` balance that the operation may still create is named by its id, for it has no uuid yet.
    """
    if not account.triggers:
        return ()
    found: list[Bound] = []
    for trigger in account.triggers:
        if armed(account, trigger, now_ns, tried, call):
            found += _bounds_of(account, trigger, now_ns, call)
    return tuple(found)


def arm(page: Page, now_ns: int, tried: Set[TriggerKey], call: str = "") -> None:
    """Put the bounds in force at this moment on a page."""
    account = page.account
    if not account.triggers:
        page.bounds = None
        return
    outline = account.outlined()
    lasting = not (tried or page.dirty or outline.of_calls or account.disabled)
    if lasting and outline.armed_from_ns <= now_ns < outline.armed_until_ns:
        page.bounds = outline.bounds
        return
    page.bounds = Bounds(account, bounds(account, now_ns, tried, call), page.dirty)
    if lasting:
        outline.bounds = page.bounds
        outline.armed_from_ns, outline.armed_until_ns = now_ns, _armed_until(account, now_ns)


def _armed_until(account: Account, now_ns: int) -> int:
    """The next instant from which on another set of monitors may fire, though nothing happens to the account."""
    instants: list[int | None] = []
    for trigger in account.triggers:
        terms, last_ns = trigger.terms, trigger.last_executed_ns
        if terms.expires_at_ns is not None:
            instants.append(terms.expires_at_ns + 1)
        if terms.recurrent and last_ns is not None:
            instants.append(last_ns + terms.min_sleep_ns)
        instants.append(terms.activates_at_ns)
        if terms.type is ThresholdType.BALANCE_EXPIRED:
            instants += [b.terms.expires_at_ns + 1 for b in account.balances if b.terms.expires_at_ns is not None]
    return earliest([at_ns for at_ns in instants if at_ns is not None and at_ns > now_ns])


def armed(account: Account, trigger: AccountTrigger, now_ns: int, tried: Set[TriggerKey], call: str = "") -> bool:
    """Whether a monitor may fire at all at this moment.

    A disabled account fires nothing, but the attempt is noted (its LastExecutionTime), once per instant.
    """
    terms = trigger.terms
    if trigger.executed or (terms.window is Window.CALL and _fired_in_call(account, trigger, call)):
        return False
    if terms.expires_at_ns is not None and terms.expires_at_ns < now_ns:
        return False
    if terms.activates_at_ns is not None and now_ns < terms.activates_at_ns:
        return False
    if tried and (account.key, terms.group, terms.unique_id) in tried:
        return False
    last_ns = trigger.last_executed_ns
    if last_ns is None:
        return True
    if account.disabled and last_ns == now_ns:
        return False
    return not (terms.recurrent and now_ns - last_ns < terms.min_sleep_ns)


def mark(page: Page, firing: Firing, now_ns: int, *, executed: bool) -> None:
    """Note that a monitor has been tried, and whether it is done: on itself, or in the call it looked at.

    A set may have taken the very trigger away that fired it: then there is nothing to mark.
    """
    trigger = firing.trigger
    if trigger not in page.account.triggers:
        return
    counter = None
    if trigger.terms.window is Window.CALL and firing.counter is not None:
        counter = counter_named(page.account, firing.counter)
    page.mark(trigger, executed=executed and counter is None, last_executed_ns=now_ns)
    if counter is not None and executed != (trigger.name in counter.fired):
        others = tuple([name for name in counter.fired if name != trigger.name])
        page.mark_in_call(counter, (*others, trigger.name) if executed else others)


def counter_named(account: Account, name: CounterName | None) -> UnitCounter | None:
    if name is not None:
        for counter in account.counters:
            if counter.id == name[2] and counter.name == name:
                return counter
    return None


def _fired_in_call(account: Account, trigger: AccountTrigger, call: str) -> bool:
    counter = counter_named(account, counter_name(trigger.terms, call))
    return counter is not None and trigger.name in counter.fired


def _firing(page: Page, trigger: AccountTrigger, now_ns: int, call: str) -> Firing | None:
    kind = trigger.terms.type
    if kind in COUNTER_SIDES:
        return _counter_firing(page.account, trigger, call)
    if kind in SCORE_SIDES:
        return _score_firing(page.account, trigger)
    if kind is ThresholdType.BALANCE_EXPIRED:
        return _expiry_firing(page.account, trigger, now_ns)
    return _balance_firing(page, trigger)


def _balance_firing(page: Page, trigger: AccountTrigger) -> Firing | None:
    side = BALANCE_SIDES[trigger.terms.type]
    for balance in watched(page.account, trigger):
        if balance.uuid in page.dirty and reached(side, trigger.terms.threshold, balance.value):
            return Firing(trigger, balance.value, balance_uuid=balance.uuid)
    return None


def _expiry_firing(account: Account, trigger: AccountTrigger, now_ns: int) -> Firing | None:
    for balance in watched(account, trigger):
        if balance.terms.expired(now_ns):
            return Firing(trigger, balance.value, balance_uuid=balance.uuid)
    return None


def _counter_firing(account: Account, trigger: AccountTrigger, call: str) -> Firing | None:
    terms = trigger.terms
    counter = counter_named(account, counter_name(terms, call))
    if counter is None or not reached(COUNTER_SIDES[terms.type], terms.threshold, counter.value):
        return None
    return Firing(trigger, counter.value, counter=counter.name)


def _score_firing(account: Account, trigger: AccountTrigger) -> Firing | None:
    terms = trigger.terms
    address = terms.filter.id or ""
    score = account.scores.get(address)
    if score is None or not reached(SCORE_SIDES[terms.type], terms.threshold, score):
        return None
    return Firing(trigger, score, score=address)


def reached(side: BoundSide, threshold: int, value: int) -> bool:
    return value <= threshold if side is BoundSide.MIN else value >= threshold


def watched(account: Account, trigger: AccountTrigger) -> list[Balance]:
    """The balances of the monitor's type that it means. No type means none: there is no wildcard."""
    kind, filter = trigger.terms.kind, trigger.terms.filter
    return [b for b in account.balances if b.terms.kind == kind and filter.matches_exactly(b)]


def _bounds_of(account: Account, trigger: AccountTrigger, now_ns: int, call: str) -> list[Bound]:
    terms, key = trigger.terms, account.key
    if terms.type in COUNTER_SIDES:
        name = counter_name(terms, call)
        if counter_named(account, name) is None:
            return []
        return [Bound(key, COUNTER_SIDES[terms.type], terms.threshold, counter=name)]
    if terms.type in SCORE_SIDES:
        return [] if _score_firing(account, trigger) is None else [Bound(key, BoundSide.MIN, 0)]
    if terms.type is ThresholdType.BALANCE_EXPIRED:
        return [] if _expiry_firing(account, trigger, now_ns) is None else [Bound(key, BoundSide.MIN, 0)]
    side = BALANCE_SIDES[terms.type]
    found = [Bound(key, side, terms.threshold, balance.uuid) for balance in watched(account, trigger)]
    if _has_no_default(account) and terms.kind == MONETARY and terms.filter.matches_exactly(NEW_DEFAULT):
        found.append(Bound(key, side, terms.threshold, DEFAULT_BALANCE_ID))
    return found


def _has_no_default(account: Account) -> bool:
    for balance in account.balances:
        if balance.terms.id == DEFAULT_BALANCE_ID and balance.terms.kind is BalanceKind.MONETARY:
            return False
    return True
