"""Refund: give increments of an earlier charge back to the balances that paid them, once.

A call of 90 s took a fee of 0.50, a minute of 0.60 and 30 s at 0.01 from money. Refunding the charge restores all of
it, the fee too; refunding it again changes nothing, because the charge knows how many increments of each run have come
back. What goes back to a balance that is gone goes nowhere else: the answer names it.

Counters move back by the same amounts, and monitors are evaluated after each increment as in a debit; a monitor cannot
stop a refund. A disabled account is refunded too.
"""

from collections.abc import Generator
from typing import Final, TypeAlias

from accounts.account import Bound
from accounts.balance import Balance, BalanceKind
from accounts.book import Page
from accounts.call_name import cgr_id
from accounts.called_number import CalledNumber
from accounts.charge import Charge, Increment, NotRefunded, Reached, RefundCost, Verdict
from accounts.counting import Tally
from accounts.portion import Moves, Portions
from accounts.unit_rating import counted_amount
from tariffs.tariff import Tariff

MONETARY: Final = BalanceKind.MONETARY.value

Refunding: TypeAlias = Generator[Reached, Verdict, RefundCost]


def refund(
    page: Page, tariff: Tariff, charge: Charge, runs: tuple[int, ...] | None, bounds: tuple[Bound, ...]
) -> Refunding:
    """Give back `runs[i]` increments of the charge's run `i`; None is all that is left. Yields where a bound holds."""
    returning = _Returning(page, tariff, charge, bounds)
    for run, increment in enumerate(charge.increments):
        left = increment.count - charge.returned[run]
        asked = left if runs is None else max(0, runs[run]) if run < len(runs) else 0
        if asked > left:
            returning.miss(run, asked - left, increment, "it has been refunded already")
        yield from returning.give(run, increment, min(asked, left))
    for run in range(len(charge.increments), len(runs or ())):
        if runs is not None and runs[run] > 0:
            returning.missed.append(NotRefunded(run, runs[run], "", "the charge has no such run"))
    return RefundCost(tuple(returning.returned), returning.money, tuple(returning.missed))


class _Returning:
    """A refund in progress."""

    __slots__ = ("_page", "_portions", "_tally", "_tor", "missed", "money", "returned", "used")

    def __init__(self, page: Page, tariff: Tariff, charge: Charge, bounds: tuple[Bound, ...]) -> None:
        self._page: Final = page
        request = charge.request
        self._tor: Final = request.tor
        number, call = CalledNumber(tariff, request.destination), cgr_id(request.switch_id, request.call_id)
        self._tally: Final = Tally(page.account, number, request.category, call)
        self._portions: Final = Portions(page, bounds)
        self.returned: Final = [0] * len(charge.increments)
        self.missed: Final[list[NotRefunded]] = []
        self.money = 0
        self.used = 0

    def give(self, run: int, increment: Increment, count: int) -> Generator[Reached, Verdict, None]:
        told = False
        while count > 0:
            moves, found = self._moves(increment)
            if found < _parts(increment) and not told:
                self._miss_parts(run, count, increment)
                told = True
            if found == 0 and _parts(increment):
                return
            taken = self._portions.take(moves, count) if moves else count
            count -= taken
            self.returned[run] += taken
            self.used += taken * increment.duration
            if increment.money is not None and self._balance(increment, increment.money.uuid) is not None:
                self.money += taken * increment.cost
            if moves and self._portions.reached:
                verdict = yield Reached(self.used)
                self._portions.watch(verdict.bounds)
                self._tally.reconsider()

    def miss(self, run: int, count: int, increment: Increment, why: str) -> None:
        unit, money = increment.unit, increment.money
        name = unit.balance_id if unit is not None else money.balance_id if money is not None else ""
        self.missed.append(NotRefunded(run, count, name, why))

    def _moves(self, increment: Increment) -> tuple[Moves, int]:
        """What one increment gives back, and how many of its parts have still a balance to go to."""
        moves: Moves = {}
        found = 0
        unit, money = increment.unit, increment.money
        if unit is not None:
            balance = self._balance(increment, unit.uuid)
            if balance is not None:
                found += 1
                moves[balance] = unit.amount
                for counter in self._tally.moved(self._tor, balance):
                    moves[counter] = -counted_amount(unit.amount, balance, self._tor)
        if money is not None:
            balance = self._balance(increment, money.uuid)
            if balance is not None:
                found += 1
                moves[balance] = moves.get(balance, 0) + increment.cost
                for counter in self._tally.moved(MONETARY, balance):
                    moves[counter] = moves.get(counter, 0) - increment.cost
        return moves, found

    def _miss_parts(self, run: int, count: int, increment: Increment) -> None:
        for part in (increment.unit, increment.money):
            if part is not None and self._balance(increment, part.uuid) is None:
                self.missed.append(NotRefunded(run, count, part.balance_id or part.uuid, "the balance is gone"))

    def _balance(self, increment: Increment, uuid: str) -> Balance | None:
        account = self._page.account
        return account.balance(uuid) if increment.payer == account.key else None


def _parts(increment: Increment) -> int:
    return (increment.unit is not None) + (increment.money is not None)
