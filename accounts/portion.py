"""Portions: equal steps taken at once, as far as the first bound that holds after one of them.

Ten minutes at 0.60 are ten portions. A monitor that fires at 3.00 spent holds after the fifth, so five are taken by
arithmetic and the settlement pauses to have it evaluated; with no monitor in reach all ten are one multiplication.

A bound is a level and not a crossing. One that a balance or counter has reached already holds after the next portion
too, so a portion is taken alone until the monitor is marked as fired. A bound on a balance counts only when the
operation has changed that balance, this portion included.

A portion may move two accounts: the minutes of one member of a shared group, and the money of another. The monitors of
both are looked at then, and those of no third.
"""

from typing import Final, TypeAlias

from mypy_extensions import mypyc_attr

from accounts.account import AccountKey, UnitCounter
from accounts.balance import Balance
from accounts.book import Page
from accounts.bounds import Bounds

Moves: TypeAlias = dict[Balance | UnitCounter, int]  # what one portion adds to each; negative takes
Portion: TypeAlias = list[tuple[Page, Moves]]  # each page once

NOBODY: Final[tuple[AccountKey, ...]] = ()


@mypyc_attr(acyclic=True, free_list_len=1)
class Portions:
    """Takes portions. `reached` are the accounts that took part in the last one, if a bound of any holds after it."""

    __slots__ = ("reached",)

    def __init__(self) -> None:
        self.reached: tuple[AccountKey, ...] = NOBODY

    def take(self, portion: Portion, count: int) -> int:
        """Take up to `count` portions, no further than the first bound that is reached. Returns how many were taken."""
        nearest = _nearest(portion)
        if 0 < nearest <= count:
            count = nearest
            self.reached = tuple([page.account.key for page, _ in portion])
            for page, _ in portion:
                page.forget_outline()  # which of its bounds hold will have to be looked at again
        else:
            self.reached = NOBODY
        for page, moves in portion:
            for moved, delta in moves.items():
                if isinstance(moved, UnitCounter):
                    if delta:
                        page.count(moved, count * delta)
                elif delta:
                    page.move(moved, count * delta)
                else:
                    page.dirty.add(moved.uuid)  # it took part with nothing
        return count


def moves_of(portion: Portion, page: Page) -> Moves:
    """What a portion in the making moves on a page."""
    for each, moves in portion:
        if each is page:
            return moves
    added: Moves = {}
    portion.append((page, added))
    return added


def _nearest(portion: Portion) -> int:
    """The number of the first portion after which a bound holds; 0 when none ever does."""
    nearest = 0
    for page, moves in portion:
        bounds = page.bounds
        if bounds is None:
            continue
        if bounds.always or (bounds.holding and _holds_beside(page, bounds, moves)):
            return 1
        for moved, delta in moves.items():
            levels = bounds.of_counter(moved) if isinstance(moved, UnitCounter) else bounds.of_balance(moved)
            if levels is not None:
                first = levels.first(moved.value, delta)
                if first and (nearest == 0 or first < nearest):
                    nearest = first
    return nearest


def _holds_beside(page: Page, bounds: Bounds, moves: Moves) -> bool:
    """Whether a bound holds of what the portion does not move."""
    for counter in page.account.counters:
        if counter.label in bounds.holding and counter not in moves:
            levels = bounds.of_counter(counter)
            if levels is not None and levels.hold(counter.value):
                return True
    for balance in page.account.balances:
        if balance.uuid in bounds.holding and balance not in moves:
            levels = bounds.of_balance(balance)
            if levels is not None and levels.hold(balance.value):
                return True
    return False
