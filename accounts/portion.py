"""Portions: equal steps taken at once, as far as the first bound that holds after one of them.

Ten minutes at 0.60 are ten portions. A monitor that fires at 3.00 spent holds after the fifth, so five are taken by
arithmetic and the settlement pauses to have it evaluated; with no monitor in reach all ten are one multiplication.

A bound is a level and not a crossing. One that a balance or counter has reached already holds after the next portion
too, so a portion is taken alone until the monitor is marked as fired. A bound on a balance counts only when the
operation has changed that balance, this portion included.

A portion may move two accounts: the minutes of one member of a shared group, and the money of another. The monitors of
both are looked at then, and those of no third.
"""

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from accounts.account import AccountKey, Bound, BoundSide, UnitCounter, default_balance
from accounts.balance import DEFAULT_BALANCE_ID, Balance
from accounts.book import Book, Page

Moves = dict[Balance | UnitCounter, int]  # what one portion adds to each; negative takes
Portion: TypeAlias = dict[Page, Moves]


class Watched:
    """A bound on the very object it is about."""

    __slots__ = ("balance", "counter", "is_min", "page", "value")

    def __init__(self, bound: Bound, page: Page, balance: Balance | None, counter: UnitCounter | None) -> None:
        self.is_min: Final = bound.side is BoundSide.MIN
        self.value: Final = bound.value
        self.page: Final = page
        self.balance: Final = balance  # one of the two is given, or neither: every portion is meant
        self.counter: Final = counter


class Portions:
    """Takes portions from the pages of a book.

    `reached` are the accounts that took part in the last one, if a bound of any of them holds after it.
    """

    __slots__ = ("_book", "_bounds", "_watched", "reached")

    def __init__(self, book: Book, bounds: Sequence[Bound]) -> None:
        self._book: Final = book
        self._bounds: Sequence[Bound] = bounds
        self._watched: list[Watched] = []
        self.reached: tuple[AccountKey, ...] = ()
        if bounds:
            self.watch(bounds)

    def watch(self, bounds: Sequence[Bound]) -> None:
        """Put other bounds in force; all objects are looked up afresh."""
        self._bounds = bounds
        watched: list[Watched] = []
        pages = self._book.pages
        key, page = None, None
        for bound in bounds:
            if bound.key is not key:
                key = bound.key
                page = pages.get(key)
            if page is None:
                continue
            account = page.account
            if bound.counter is not None:
                for counter in account.counters:
                    if counter.id == bound.counter[2] and counter.name == bound.counter:
                        watched.append(Watched(bound, page, None, counter))
                continue
            if not bound.balance_uuid:
                watched.append(Watched(bound, page, None, None))
                continue
            balance = account.balance(bound.balance_uuid)
            if balance is None and bound.balance_uuid == DEFAULT_BALANCE_ID:
                balance = default_balance(account)
            if balance is not None:
                watched.append(Watched(bound, page, balance, None))
        self._watched = watched

    def opened_default(self, page: Page, balance: Balance) -> None:
        """A default balance has come into being: bounds that meant it by its id mean it now."""
        for bound in self._bounds:
            if bound.balance_uuid == DEFAULT_BALANCE_ID and bound.key == page.account.key:
                self._watched.append(Watched(bound, page, balance, None))

    def take(self, portion: Portion, count: int) -> int:
        """Take up to `count` portions, no further than the first bound that is reached. Returns how many were taken."""
        self.reached = ()
        if self._watched:
            nearest = self._nearest(portion)
            if 0 < nearest <= count:
                self.reached = tuple([page.account.key for page in portion])
                count = nearest
        for page, moves in portion.items():
            for moved, delta in moves.items():
                if isinstance(moved, Balance):
                    page.dirty.add(moved.uuid)  # though it took part with nothing
                    if delta:
                        page.move(moved, count * delta)
                elif delta:
                    page.count(moved, count * delta)
        return count

    def _nearest(self, portion: Mapping[Page, Moves]) -> int:
        """The number of the first portion after which a bound holds; 0 when none ever does."""
        nearest = 0
        for watched in self._watched:
            moves = portion.get(watched.page)
            if moves is None:
                continue
            balance = watched.balance
            if balance is not None:
                delta = moves.get(balance)
                if delta is None:
                    if balance.uuid not in watched.page.dirty:
                        continue
                    delta = 0
                value = balance.value
            else:
                counter = watched.counter
                if counter is None:
                    return 1
                delta = moves.get(counter, 0)
                value = counter.value
            if watched.is_min:
                gap, step = value - watched.value, -delta
            else:
                gap, step = watched.value - value, delta
            if gap <= step:  # after one portion gap - step is 0 or less
                return 1
            if step > 0:
                steps = -(-gap // step)
                if nearest == 0 or steps < nearest:
                    nearest = steps
        return nearest
