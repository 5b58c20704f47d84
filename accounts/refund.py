"""Refund: give increments of an earlier charge back to the balances that paid them, once.

A call of 90 s took a fee of 0.50, a minute of 0.60 and 30 s at 0.01 from money. Refunding the charge restores all of
it, the fee too; refunding it again changes nothing, because the charge knows how many increments of each run have come
back. What another member of a shared group paid goes back to that member. What goes back to a balance or an account
that is gone goes nowhere else: the answer names it.

Counters move back by the same amounts, and monitors are evaluated after each increment as in a debit; a monitor cannot
stop a refund. A disabled account is refunded too.
"""

from typing import Final

from accounts.account import AccountKey
from accounts.balance import Balance, BalanceKind
from accounts.book import Page
from accounts.called_number import CalledNumber
from accounts.charge import Charge, Increment, Judge, NotRefunded, Reached, RefundCost
from accounts.payer import Payer, Payers
from accounts.portion import Portion, Portions, moves_of
from accounts.unit_rating import counted_amount
from tariffs.tariff import Tariff

MONETARY: Final = BalanceKind.MONETARY.value


def refund(page: Page, tariff: Tariff, charge: Charge, runs: tuple[int, ...] | None, judge: Judge) -> RefundCost:
    """Give back `runs[i]` increments of the charge's run `i`; None is all that is left.

    Where a bound holds the judge is asked, who cannot stop it. Raises AccountsNeeded until all payers are in the book.
    """
    returning = _Returning(page, tariff, charge, judge)
    for run, increment in enumerate(charge.increments):
        left = increment.count - charge.returned[run]
        asked = left if runs is None else max(0, runs[run]) if run < len(runs) else 0
        if asked > left:
            returning.miss(run, asked - left, increment, "it has been refunded already")
        returning.give(run, increment, min(asked, left))
    for run in range(len(charge.increments), len(runs or ())):
        if runs is not None and runs[run] > 0:
            returning.missed.append(NotRefunded(run, runs[run], "", "the charge has no such run"))
    return RefundCost(tuple(returning.returned), returning.money, tuple(returning.missed))


class _Returning:
    """A refund in progress."""

    __slots__ = ("_judge", "_page", "_payers", "_portions", "_tor", "missed", "money", "returned", "used")

    def __init__(self, page: Page, tariff: Tariff, charge: Charge, judge: Judge) -> None:
        self._page: Final = page
        request = charge.request
        page.book.need(sorted({key for run in charge.increments for key in (run.payer, run.money_payer)}))
        self._tor: Final = request.tor
        self._payers: Final = Payers(page, CalledNumber(tariff, request.destination), request, 0)
        self._judge: Final = judge
        self._portions: Final = Portions()
        self.returned: Final = [0] * len(charge.increments)
        self.missed: Final[list[NotRefunded]] = []
        self.money = 0
        self.used = 0

    def give(self, run: int, increment: Increment, count: int) -> None:
        told = False
        while count > 0:
            portion, found = self._portion(increment)
            if found < _parts(increment) and not told:
                self._miss_parts(run, count, increment)
                told = True
            if found == 0 and _parts(increment):
                return
            taken = self._portions.take(portion, count) if portion else count
            count -= taken
            self.returned[run] += taken
            self.used += taken * increment.duration
            if self._money_balance(increment) is not None:
                self.money += taken * increment.cost
            if portion and self._portions.reached:
                self._judge(Reached(self.used, self._portions.reached))
                self._payers.reconsider()

    def miss(self, run: int, count: int, increment: Increment, why: str) -> None:
        unit, money = increment.unit, increment.money
        name = unit.balance_id if unit is not None else money.balance_id if money is not None else ""
        self.missed.append(NotRefunded(run, count, name, why))

    def _portion(self, increment: Increment) -> tuple[Portion, int]:
        """What one increment gives back, and how many of its parts have still a balance to go to."""
        portion: Portion = []
        found = 0
        unit = increment.unit
        if unit is not None:
            balance = self._balance(increment.payer, unit.uuid)
            payer = self._payer(increment.payer)
            if balance is not None and payer is not None:
                found += 1
                moves = moves_of(portion, payer.page)
                moves[balance] = unit.amount
                for counter in payer.tally.moved(self._tor, balance):
                    moves[counter] = -counted_amount(unit.amount, balance, self._tor)
        balance = self._money_balance(increment)
        payer = self._payer(increment.money_payer)
        if balance is not None and payer is not None:
            found += 1
            moves = moves_of(portion, payer.page)
            moves[balance] = moves.get(balance, 0) + increment.cost
            for counter in payer.tally.moved(MONETARY, balance):
                moves[counter] = moves.get(counter, 0) - increment.cost
        return portion, found

    def _miss_parts(self, run: int, count: int, increment: Increment) -> None:
        unit, money = increment.unit, increment.money
        if unit is not None and self._balance(increment.payer, unit.uuid) is None:
            self._miss_part(run, count, unit.balance_id or unit.uuid, increment.payer)
        if money is not None and self._money_balance(increment) is None:
            self._miss_part(run, count, money.balance_id or money.uuid, increment.money_payer)

    def _miss_part(self, run: int, count: int, name: str, owner: AccountKey) -> None:
        why = "the balance is gone" if self._payer(owner) is not None else f"account {owner} is gone"
        self.missed.append(NotRefunded(run, count, name, why))

    def _money_balance(self, increment: Increment) -> Balance | None:
        money = increment.money
        return None if money is None else self._balance(increment.money_payer, money.uuid)

    def _balance(self, owner: AccountKey, uuid: str) -> Balance | None:
        payer = self._payer(owner)
        return None if payer is None else payer.page.account.balance(uuid)

    def _payer(self, owner: AccountKey) -> Payer | None:
        page = self._page.book.page(owner)
        return None if page is None or page.removed else self._payers.of(page)


def _parts(increment: Increment) -> int:
    return (increment.unit is not None) + (increment.money is not None)
