"""Portions: equal steps taken at once, as far as the first bound that holds after one of them.

Ten minutes at 0.60 are ten portions. A monitor that fires at 3.00 spent holds after the fifth, so five are taken by
arithmetic and the settlement pauses to have it evaluated; with no monitor in reach all ten are one multiplication.

A bound is a level and not a crossing. One that a balance or counter has reached already holds after the next portion
too, so a portion is taken alone until the monitor is marked as fired. A bound on a balance counts only when the
operation has changed that balance, this portion included.
"""

from collections.abc import Sequence
from typing import Final

from accounts.account import Bound, BoundSide, UnitCounter, default_balance
from accounts.balance import DEFAULT_BALANCE_ID, Balance
from accounts.book import Page

Moves = dict[Balance | UnitCounter, int]  # what one portion adds to each; negative takes


class Watched:
    """A bound on the very object it is about."""

    __slots__ = ("balance", "counter", "is_min", "value")

    def __init__(self, bound: Bound, balance: Balance | None, counter: UnitCounter | None) -> None:
        self.is_min: Final = bound.side is BoundSide.MIN
        self.value: Final = bound.value
        self.balance: Final = balance  # one of the two is given
        self.counter: Final = counter


class Portions:
    """Takes portions from one page. `reached` tells whether a bound holds after the last that was taken."""

    __slots__ = ("_bounds", "_page", "_watched", "reached")

    def __init__(self, page: Page, bounds: Sequence[Bound]) -> None:
        self._page: Final = page
        self._bounds: Sequence[Bound] = bounds
        self._watched: list[Watched] = []
        self.reached = False
        if bounds:
            self.watch(bounds)

    def watch(self, bounds: Sequence[Bound]) -> None:
        """Put other bounds in force; all objects are looked up afresh."""
        self._bounds = bounds
        account = self._page.account
        watched: list[Watched] = []
        for bound in bounds:
            if bound.counter is not None:
                for counter in account.counters:
                    if counter.name == bound.counter:
                        watched.append(Watched(bound, None, counter))
                continue
            balance = account.balance(bound.balance_uuid)
            if balance is None and bound.balance_uuid == DEFAULT_BALANCE_ID:
                balance = default_balance(account)
            if balance is not None:
                watched.append(Watched(bound, balance, None))
        self._watched = watched

    def opened_default(self, balance: Balance) -> None:
        """A default balance has come into being: bounds that meant it by its id mean it now."""
        for bound in self._bounds:
            if bound.balance_uuid == DEFAULT_BALANCE_ID:
                self._watched.append(Watched(bound, balance, None))

    def take(self, moves: Moves, count: int) -> int:
        """Take up to `count` portions, no further than the first bound that is reached. Returns how many were taken."""
        self.reached = False
        if self._watched:
            nearest = self._nearest(moves)
            if 0 < nearest <= count:
                self.reached = True
                count = nearest
        page = self._page
        for moved, delta in moves.items():
            if isinstance(moved, Balance):
                page.dirty.add(moved.uuid)
                if delta:
                    page.move(moved, count * delta)
            elif delta:
                page.count(moved, count * delta)
        return count

    def _nearest(self, moves: Moves) -> int:
        """The number of the first portion after which a bound holds; 0 when none ever does."""
        nearest = 0
        for watched in self._watched:
            balance = watched.balance
            if balance is not None:
                delta = moves.get(balance)
                if delta is None:
                    if balance.uuid not in self._page.dirty:
                        continue
                    delta = 0
                value = balance.value
            else:
                counter = watched.counter
                if counter is None:
                    continue
                delta = moves.get(counter, 0)
                value = counter.value
            if watched.is_min:
                gap, step = value - watched.value, -delta
            else:
                gap, step = watched.value - value, delta
            if gap <= step:  # after one portion gap - step is 0 or less
                return 1
            if step > 0:
                portion = -(-gap // step)
                if nearest == 0 or portion < nearest:
                    nearest = portion
        return nearest
