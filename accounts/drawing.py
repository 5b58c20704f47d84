"""Drawing: what a charge has taken so far, and the only place where it takes.

A minute at 0.60 paid by 60 s of units and by money is one portion: two balances fall, the counters of whoever owns
them move, an increment names both, the timespan grows by a minute and the charge has cost 0.60 more. Who is asked for
it, and in which order, is decided elsewhere (`accounts.settlement`).
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Final

from mypy_extensions import mypyc_attr

from accounts.account import default_balance
from accounts.balance import DEFAULT_BALANCE_ID, Balance, BalanceKind, BalanceTerms
from accounts.charge import ChargeRequest, Increment, MoneyPart, Reached
from accounts.counting import ONE_CALL
from accounts.document import balance_document
from accounts.drawn import Drawn
from accounts.payer import Payers
from accounts.portion import Moves, Portion, Portions, moves_of
from accounts.pricing import Pricing
from accounts.unit_rating import factor_for, unit_amount
from accounts.usable import Usable
from tariffs.span import Span

MONETARY: Final = BalanceKind.MONETARY.value
DEFAULT_TERMS: Final = BalanceTerms(DEFAULT_BALANCE_ID, BalanceKind.MONETARY)


@mypyc_attr(acyclic=True, free_list_len=1)
class Drawing:
    """Timespans in the making. What has not been drawn yet begins at `start_ns`."""

    __slots__ = ("_connected", "_new_id", "_payers", "_pricing", "_request", "_turn", "drawn", "portions", "start_ns")

    def __init__(self, payers: Payers, request: ChargeRequest, pricing: Pricing, new_id: Callable[[], str]) -> None:
        self._payers: Final = payers
        self._request: Final = request
        self._pricing: Final = pricing
        self.portions: Final = Portions()
        self._new_id: Final = new_id
        self._turn = 0  # the timespans drawn before the turn at hand
        self._connected = False
        self.drawn: Final[list[Drawn]] = []
        self.start_ns = request.start_ns

    def pause(self) -> Reached:
        return Reached(self.start_ns - self._request.start_ns, self.portions.reached)

    def reconsider(self) -> None:
        """Actions may have changed balances and counters meanwhile."""
        self._payers.reconsider()

    def begin_turn(self) -> None:
        """From here on timespans are new ones."""
        self._turn = len(self.drawn)

    def take_free(self, units: Usable, increment: int, amount: int, count: int) -> int:
        """Take up to `count` increments of units without a price. Returns how many, as all that take do."""
        balance, request = units.balance, self._request
        factor = factor_for(balance.terms, request)
        moves = self._units_moved(units, increment, amount, factor)
        count = self.portions.take([(units.payer.page, moves)], count)
        if len(self.drawn) == self._turn:
            self.drawn.append(Drawn(self.start_ns, None, units.free_match(request.destination), None, None))
        drawn = self.drawn[-1]
        drawn.add(units.payer.key, increment, 0, count, balance, amount, _text(factor))
        self.start_ns = drawn.end_ns
        return count

    def take_units(self, span: Span, units: Usable, amount: int, cost: int, money: Usable | None, count: int) -> int:
        """Take units at a price together with the money for it."""
        factor = factor_for(units.balance.terms, self._request)
        portion: Portion = [(units.payer.page, self._units_moved(units, span.increment, amount, factor))]
        if money is not None:
            moves_of(portion, money.payer.page).update(self._money_moved(money, cost))
        count = self.portions.take(portion, count)
        owner = units.payer.key
        other = None if money is None or money.payer is units.payer else money.payer.key
        drawn = self._timespan(span)
        drawn.add(
            owner, span.increment, cost, count, units.balance, amount, _text(factor),
            None if money is None else money.balance, other,
        )  # fmt: skip
        self._advance(drawn, cost * count)
        return count

    def take_money(self, span: Span, money: Usable, cost: int, count: int) -> int:
        count = self.portions.take([(money.payer.page, self._money_moved(money, cost))], count)
        drawn = self._timespan(span)
        drawn.add(money.payer.key, span.increment, cost, count, money=money.balance)
        self._advance(drawn, cost * count)
        return count

    def serve_free(self, span: Span, count: int) -> None:
        """What costs nothing needs no balance."""
        drawn = self._timespan(span)
        drawn.add(self._payers.caller.key, span.increment, 0, count)
        self._advance(drawn, 0)

    def connect(self, span: Span, fee: int, money: Usable | None) -> bool:
        """The connect step: take the fee, count the call; a fee of 0 counts it as well. Tells whether it was made.

        It is made again for another price only if that has a fee, and counts no second call.
        """
        if self._connected and fee == 0:
            return False
        payer = self._payers.caller if money is None else money.payer
        moves: Moves = {} if money is None else self._money_moved(money, fee)
        if not self._connected:
            self._connected = True
            for counter in payer.tally.connected(None if money is None else money.balance):
                moves[counter] = ONE_CALL
        self.portions.take([(payer.page, moves)], 1)
        if fee:
            self._timespan(span).add(payer.key, 0, fee, 1, money=None if money is None else money.balance)
            self._pricing.charged += fee
        return True

    def correct(self, timespan: Drawn, amount: int) -> bool:
        """Take a correction of a rounding from the balance that paid the first increment, if it is still there."""
        first = timespan.increments[0]
        page = self._payers.caller.page.book.page(first.money_payer)
        balance = None if page is None or first.money is None else page.account.balance(first.money.uuid)
        if page is None or balance is None:
            return False
        payer = self._payers.of(page)
        money = Usable(balance, payer)
        self.portions.take([(page, self._money_moved(money, amount))], 1)
        part = MoneyPart(balance.uuid, balance.terms.id, money.balance.value)
        timespan.round_increment = Increment(0, amount, 1, payer.key, None, part)
        timespan.cost += amount
        self._pricing.charged += amount
        return True

    def default(self) -> Usable:
        """The caller's own default balance, which alone may go below zero; it is opened when it is first needed."""
        caller = self._payers.caller
        balance = default_balance(caller.page.account)
        if balance is None:
            balance = Balance(self._new_id(), DEFAULT_TERMS, 0)
            caller.page.open(balance, balance_document(balance))
        return Usable(balance, caller)

    def _money_moved(self, money: Usable, cost: int) -> Moves:
        moves: Moves = {money.balance: -cost}
        if cost:
            for counter in money.payer.tally.moved(MONETARY, money.balance):
                moves[counter] = cost
        return moves

    def _units_moved(self, units: Usable, usage: int, amount: int, factor: Decimal | None) -> Moves:
        moves: Moves = {units.balance: -amount}
        tally = units.payer.tally
        if not tally.empty:
            tor = self._request.tor
            counted = unit_amount(usage, tor, factor)
            for counter in tally.moved(tor, units.balance):
                moves[counter] = counted
        return moves

    def _timespan(self, span: Span) -> Drawn:
        """The timespan at the point reached: a new one for each turn, and within it for each piece of a price."""
        if len(self.drawn) > self._turn:
            last = self.drawn[-1]
            if last.position == span.group_start:
                return last
        drawn = Drawn(self.start_ns, span.group_start, span.match, span.interval, span.slot)
        self.drawn.append(drawn)
        return drawn

    def _advance(self, drawn: Drawn, cost: int) -> None:
        self.start_ns = drawn.end_ns
        self._pricing.charged += cost


def _text(factor: Decimal | None) -> str:
    return "1" if factor is None else str(factor)
