"""Bounds: the levels at which a monitor of one account may fire, by what they are about.

Account 1001 has ceilings of 5.00, 10.00 and 20.00 on what it spends a day, of which the first has fired. The counter
stands at 6.40 and falls only when something is refunded, so what a debit may run into is 10.00 and nothing else: of all
ceilings on one counter or balance the lowest, of all floors the highest. A hundred monitors on one counter are looked
at like one, and those on balances that do not pay are not looked at at all.

A bound on neither is reached by every portion that the account takes part in: what holds already fires at the next
evaluation. So does a level that was reached before the portion, though the portion moves something else; these few are
noted when the bounds are drawn up (`holding`).
"""

from collections.abc import Iterable, Set
from typing import Final

from mypy_extensions import mypyc_attr

from accounts.account import Account, Bound, BoundSide, UnitCounter, counter_label
from accounts.balance import DEFAULT_BALANCE_ID, Balance, BalanceKind


@mypyc_attr(acyclic=True)
class Levels:
    """The nearest levels of one counter or balance, from above and from below."""

    __slots__ = ("ceiling", "floor")

    def __init__(self) -> None:
        self.ceiling: int | None = None
        self.floor: int | None = None

    def narrow(self, side: BoundSide, value: int) -> None:
        if side is BoundSide.MIN:
            self.floor = value if self.floor is None else max(self.floor, value)
        else:
            self.ceiling = value if self.ceiling is None else min(self.ceiling, value)

    def hold(self, value: int) -> bool:
        return self.first(value, 0) == 1

    def first(self, value: int, delta: int) -> int:
        """The number of the first step of `delta` after which one of them holds; 0 when none ever does."""
        nearest = 0
        if self.ceiling is not None:
            nearest = _first(self.ceiling - value, delta)
        if self.floor is not None:
            below = _first(value - self.floor, -delta)
            if below and (nearest == 0 or below < nearest):
                nearest = below
        return nearest


@mypyc_attr(acyclic=True)
class Bounds:
    """The bounds of one account. They stay as they are drawn up, whatever moves meanwhile.

    `dirty` are the balances that the operation has changed so far: the others hold nothing before they are changed.
    """

    __slots__ = ("_balances", "_counters", "_default", "always", "holding")

    def __init__(self, account: Account, bounds: Iterable[Bound], dirty: Set[str]) -> None:
        self.always = False
        self._balances: Final[dict[str, Levels]] = {}
        self._counters: Final[dict[str, Levels]] = {}  # by their labels
        for bound in bounds:
            if bound.counter is not None:
                self._counters.setdefault(counter_label(bound.counter), Levels()).narrow(bound.side, bound.value)
            elif bound.balance_uuid:
                self._balances.setdefault(bound.balance_uuid, Levels()).narrow(bound.side, bound.value)
            else:
                self.always = True
        self._default: Final = self._balances.get(DEFAULT_BALANCE_ID)
        self.holding: Final = self._counters_holding(account) | self._balances_holding(account, dirty)

    def of_counter(self, counter: UnitCounter) -> Levels | None:
        return self._counters.get(counter.label)

    def of_balance(self, balance: Balance) -> Levels | None:
        """What bounds a balance; that of an account without a default balance is meant by its id, until it has one."""
        found = self._balances.get(balance.uuid)
        if found is None and self._default is not None and _is_default(balance):
            return self._default
        return found

    def _counters_holding(self, account: Account) -> frozenset[str]:
        if not self._counters:
            return NOTHING
        return NOTHING.union([c.label for c in account.counters if _holds(self.of_counter(c), c.value)])

    def _balances_holding(self, account: Account, dirty: Set[str]) -> frozenset[str]:
        if not dirty:
            return NOTHING
        changed = [balance for balance in account.balances if balance.uuid in dirty]
        return NOTHING.union([balance.uuid for balance in changed if _holds(self.of_balance(balance), balance.value)])


NOTHING: Final[frozenset[str]] = frozenset()


def _holds(levels: Levels | None, value: int) -> bool:
    return levels is not None and levels.hold(value)


def _first(gap: int, step: int) -> int:
    """The number of the first step after which a gap is closed; 0 when it never is."""
    if gap <= step:
        return 1
    return -(-gap // step) if step > 0 else 0


def _is_default(balance: Balance) -> bool:
    return balance.terms.id == DEFAULT_BALANCE_ID and balance.terms.kind is BalanceKind.MONETARY
