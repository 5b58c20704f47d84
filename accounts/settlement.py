"""Settlement: how the balances of an account pay for a piece of a call, one after the other.

A call of three minutes at 0.60, an account with 65 s of minutes and 2.00: the minutes pay 65 s without a fee, money
pays two increments of 60 s from there on, and 0.80 are left. All units come before all money, whatever their weights;
within each the order of `accounts.selection` holds. What no balance can pay is free if its price is zero; otherwise it
takes the default balance below zero, or is not served at all where the request or the purpose says so.

The work is done by arithmetic: `n` equal increments are taken at once, as far as the balance, a cap of the price or a
bound of a monitor (`accounts.portion`) allows. After a portion at which a bound holds the settlement pauses: it yields
`Reached`, is sent a `Verdict`, and looks at the balances afresh.

The same code measures how long a call may last, on a copy: it then takes no balance below zero, lets a price of
`*disconnect` end the call, and treats an empty blocker as the end rather than as an error.
"""

from collections.abc import Callable, Generator
from enum import Enum
from typing import Final, TypeAlias

from accounts.account import Bound, default_balance
from accounts.balance import DEFAULT_BALANCE_ID, Balance, BalanceKind, BalanceTerms
from accounts.book import Page
from accounts.call_name import cgr_id
from accounts.called_number import CalledNumber
from accounts.charge import ChargeRequest, ChargeRules, Increment, MoneyPart, Reached, StoppedBy, Verdict
from accounts.counting import ONE_CALL, Tally
from accounts.document import balance_document
from accounts.drawn import Drawn
from accounts.portion import Moves, Portions
from accounts.pricing import Pricing
from accounts.selection import Selection, Usable
from accounts.unit_rating import factor_for, free_increment, unit_amount
from tariffs.span import Span, Unrated
from tariffs.tariff import Tariff

MONETARY: Final = BalanceKind.MONETARY.value
DEFAULT_TERMS: Final = BalanceTerms(DEFAULT_BALANCE_ID, BalanceKind.MONETARY)

Pausing: TypeAlias = Generator[Reached, Verdict, None]


class Purpose(Enum):
    """What a settlement is for: booking all of the usage, booking only what is covered, or measuring what could be."""

    BOOK_ALL = 0
    BOOK_COVERED = 1
    MEASURE = 2


class Settlement:
    """One request on one account. Drive `run` to its end, then read what was drawn and why it ended."""

    __slots__ = (
        "_connected", "_fee_is_due", "_new_id", "_portions", "_pricing", "_rules", "_selection", "_tally", "_turn",
        "blocked_by", "drawn", "ended", "fee_unpaid", "overdrew", "page", "purpose", "request", "start_ns",
        "stopped_by", "unrated",
    )  # fmt: skip

    def __init__(
        self,
        page: Page,
        tariff: Tariff,
        request: ChargeRequest,
        rules: ChargeRules,
        bounds: tuple[Bound, ...],
        new_id: Callable[[], str],
        purpose: Purpose,
    ) -> None:
        self.page: Final = page
        self.request: Final = request
        self.purpose: Final = purpose
        self.start_ns = request.start_ns  # what has not been drawn yet begins here
        self.drawn: Final[list[Drawn]] = []
        self.ended = False
        self.stopped_by: StoppedBy | None = None
        self.blocked_by: Balance | None = None
        self.unrated: Unrated | None = None
        self.fee_unpaid = False
        self.overdrew = False  # the default balance was taken from without asking for credit
        self._rules: Final = rules
        self._pricing: Final = Pricing(tariff, request, rules, measuring=purpose is Purpose.MEASURE)
        self._new_id: Final = new_id
        number = CalledNumber(tariff, request.destination)
        self._selection: Final = Selection(page.account, number, request)
        self._tally: Final = Tally(page.account, number, request.category, cgr_id(request.switch_id, request.call_id))
        self._portions: Final = Portions(page, bounds)
        self._turn = 0  # the timespans drawn before the turn at hand
        self._connected = False
        self._fee_is_due: Final = request.loop_index == 0

    @property
    def cost(self) -> int:
        return self._pricing.charged - self.request.max_cost_so_far

    @property
    def used(self) -> int:
        return self.start_ns - self.request.start_ns

    def run(self) -> Pausing:
        """Draw until nothing remains, nobody can pay more, or something ends it."""
        progressed = True
        while progressed:
            before = len(self.drawn)
            yield from self._rounds(self._selection.units)
            if not self.ended:
                yield from self._rounds(self._selection.money)
            if self.ended:
                return
            progressed = before != len(self.drawn)
        yield from self._remainder()

    def _rounds(self, usables: list[Usable]) -> Pausing:
        """Give each balance its turn, in order, and all of them again while any has paid."""
        before = -1
        while before != len(self.drawn):
            before = len(self.drawn)
            for usable in usables:
                if usable.balance.value > 0 and not usable.gone:
                    self._turn = len(self.drawn)
                    yield from self._turn_of(usable)
                    if self.start_ns >= self.request.end_ns:
                        self.ended = True
                    if self.ended:
                        return
                if usable.balance.terms.blocker and not usable.gone:
                    self.blocked_by = usable.balance
                    self.ended = True
                    return

    # -- turns of one balance

    def _turn_of(self, usable: Usable) -> Pausing:
        terms = usable.balance.terms
        if terms.kind is BalanceKind.MONETARY:
            return self._rated_turn(usable, units=False)
        increment = free_increment(terms, self.request.tor, self._rules)
        if increment is None:
            return self._rated_turn(usable, units=True)
        return self._free_turn(usable, increment)

    def _free_turn(self, usable: Usable, increment: int) -> Pausing:
        """Units without a price: whole increments, and no connect fee now or later in the call."""
        balance, request = usable.balance, self.request
        factor = factor_for(balance.terms, request)
        amount = unit_amount(increment, balance.terms.kind.value, factor)
        left = -(-(request.end_ns - self.start_ns) // increment)
        drawn: Drawn | None = None
        while left > 0 and not usable.gone:
            count = min(left, max(0, balance.value) // amount) if amount else left
            if count == 0:
                return
            if drawn is None:
                drawn = Drawn(self.start_ns, None, usable.free_match(request.destination), None, None)
                self.drawn.append(drawn)
            moves: Moves = {balance: -amount}
            self._count_units(moves, balance, increment)
            count = self._portions.take(moves, count)
            drawn.add(self.page.account.key, increment, 0, count, balance, amount, _text(factor))
            self.start_ns = drawn.end_ns
            left -= count
            if self._portions.reached:
                self._heed((yield Reached(self.used)))
                if self.ended:
                    return

    def _rated_turn(self, usable: Usable, *, units: bool) -> Pausing:
        """A balance that pays a price: money alone, or units of a named subject together with money."""
        spans = self._pricing.rest(usable.balance.terms.rating_subject, self.start_ns)
        if isinstance(spans, Unrated):
            self._fail(spans)
            return
        if self._fee_is_due and not self.drawn:
            fee = self._pricing.fee(spans[0])
            payer = self._fee_payer(fee)
            if payer is not None and payer.value < fee:
                return  # a blocker has not what the fee takes, and nobody after it may pay
            yield from self._connect(spans[0], fee, payer)
        for span in spans:
            left = span.count
            while left > 0 and not self.ended and not usable.gone:
                cost, count = self._pricing.next(span, left)
                if count == 0:
                    self.ended = True  # the cap of the price ends the call
                elif units:
                    count = self._take_units(span, usable.balance, cost, count)
                else:
                    count = self._take_money(span, usable.balance, cost, count)
                if count == 0:
                    return
                left -= count
                if self._portions.reached:
                    self._heed((yield Reached(self.used)))
            if left > 0:
                return

    def _take_money(self, span: Span, balance: Balance, cost: int, count: int) -> int:
        """Take up to `count` increments that cost `cost` from a balance that must have it."""
        value = balance.value
        if cost > 0:
            count = min(count, value // cost) if value > 0 else 0
        elif value < cost:
            count = 0
        return self._take(span, cost, count, balance) if count else 0

    def _take_units(self, span: Span, balance: Balance, cost: int, count: int) -> int:
        """Take units at a price: the units must be there, and the first money balance that has the price pays it."""
        factor = factor_for(balance.terms, self.request)
        amount = unit_amount(span.increment, balance.terms.kind.value, factor)
        if amount:
            count = min(count, max(0, balance.value) // amount)
        if count == 0:
            return 0
        payer: Balance | None = None
        if cost:
            payer = self._payer(cost)
            if payer is not None:
                count = min(count, payer.value // cost) if cost > 0 else count
            elif self.purpose is Purpose.BOOK_ALL:
                payer = self._default()
                self.overdrew = True
            else:
                return 0
        moves: Moves = {balance: -amount}
        self._count_units(moves, balance, span.increment)
        if payer is not None:
            self._count_money(moves, payer, cost)
        count = self._portions.take(moves, count)
        drawn = self._drawn_for(span)
        drawn.add(self.page.account.key, span.increment, cost, count, balance, amount, _text(factor), payer)
        self._advance(drawn, cost * count)
        return count

    def _take(self, span: Span, cost: int, count: int, balance: Balance) -> int:
        moves: Moves = {}
        self._count_money(moves, balance, cost)
        count = self._portions.take(moves, count)
        drawn = self._drawn_for(span)
        drawn.add(self.page.account.key, span.increment, cost, count, money=balance)
        self._advance(drawn, cost * count)
        return count

    # -- the connect fee

    def _fee_payer(self, fee: int) -> Balance | None:
        """The first money balance that has the fee, or a blocker before it that has not."""
        for usable in self._selection.money:
            balance = usable.balance
            can_pay = balance.value >= fee and balance.value > 0
            if (can_pay or balance.terms.blocker) and not usable.gone:
                return balance
        return None

    def _connect(self, span: Span, fee: int, payer: Balance | None) -> Pausing:
        """Take the connect fee, whole; from the default balance if nobody has it. A fee of 0 counts a call as well."""
        if payer is None and fee:
            if self.purpose is Purpose.MEASURE and fee > 0:
                self.fee_unpaid = self.ended = True
                return
            payer = self._default()
            self.overdrew = self.overdrew or fee > 0
        if self._connected and fee == 0:
            return  # made again for another price: nothing is drawn, nothing counted
        moves: Moves = {}
        if payer is not None:
            self._count_money(moves, payer, fee)
        if not self._connected:
            self._connected = True
            for counter in self._tally.connected(payer):
                moves[counter] = ONE_CALL
        self._portions.take(moves, 1)
        if fee:
            self._drawn_for(span).add(self.page.account.key, 0, fee, 1, money=payer)
            self._pricing.charged += fee
        if self._portions.reached:
            self._heed((yield Reached(self.used)))

    def _payer(self, amount: int) -> Balance | None:
        """The first money balance that has this much."""
        for usable in self._selection.money:
            value = usable.balance.value
            if value >= amount and not usable.gone and (value > 0 or usable.balance.terms.blocker):
                return usable.balance
        return None

    # -- what no balance can pay

    def _remainder(self) -> Pausing:
        spans = self._pricing.rest("", self.start_ns)
        if isinstance(spans, Unrated):
            self._fail(spans)
            return
        self._turn = len(self.drawn)
        due = self._fee_is_due and not self.drawn
        if all(self._pricing.is_free(span) for span in spans) and not (due and self._pricing.fee(spans[0])):
            self._serve_free(spans)
        elif self.purpose is Purpose.BOOK_ALL and not self.request.deny_negative:
            yield from self._overdraw(spans, due)

    def _serve_free(self, spans: tuple[Span, ...]) -> None:
        """What costs nothing needs no balance."""
        for span in spans:
            _, count = self._pricing.next(span, span.count)
            if count == 0:
                return
            drawn = self._drawn_for(span)
            drawn.add(self.page.account.key, span.increment, 0, count)
            self._advance(drawn, 0)

    def _overdraw(self, spans: tuple[Span, ...], fee_is_due: bool) -> Pausing:
        """The service was delivered: what is not covered goes to the default balance, below zero."""
        if fee_is_due:
            fee = self._pricing.fee(spans[0])
            yield from self._connect(spans[0], fee, self._fee_payer(fee))
        self.overdrew = True
        for span in spans:
            left = span.count
            while left > 0 and not self.ended:
                cost, count = self._pricing.next(span, left)
                left -= self._take(span, cost, count, self._default())
                if self._portions.reached:
                    self._heed((yield Reached(self.used)))

    def _default(self) -> Balance:
        balance = default_balance(self.page.account)
        if balance is None:
            balance = Balance(self._new_id(), DEFAULT_TERMS, 0)
            self.page.open(balance, balance_document(balance))
            self._portions.opened_default(balance)
        return balance

    # -- final rounding

    def correct(self, timespan: Drawn, amount: int) -> Pausing:
        """Take a correction from the balance that paid the first increment, if it is still there."""
        money = timespan.increments[0].money
        payer = None if money is None else self.page.account.balance(money.uuid)
        if payer is None:
            return
        moves: Moves = {}
        self._count_money(moves, payer, amount)
        self._portions.take(moves, 1)
        part = MoneyPart(payer.uuid, payer.terms.id, payer.value)
        timespan.round_increment = Increment(0, amount, 1, self.page.account.key, None, part)
        timespan.cost += amount
        self._pricing.charged += amount
        if self._portions.reached:
            self._heed((yield Reached(self.used)))

    # -- steps shared by all turns

    def _count_money(self, moves: Moves, payer: Balance, cost: int) -> None:
        moves[payer] = -cost
        if cost and not self._tally.empty:
            for counter in self._tally.moved(MONETARY, payer):
                moves[counter] = cost

    def _count_units(self, moves: Moves, payer: Balance, usage: int) -> None:
        if not self._tally.empty:
            tor = self.request.tor
            counted = unit_amount(usage, tor, factor_for(payer.terms, self.request))
            for counter in self._tally.moved(tor, payer):
                moves[counter] = counted

    def _drawn_for(self, span: Span) -> Drawn:
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

    def _fail(self, unrated: Unrated) -> None:
        self.unrated = unrated
        self.ended = True

    def _heed(self, verdict: Verdict) -> None:
        """Take over what a verdict says; actions may have changed balances and counters meanwhile."""
        self._portions.watch(verdict.bounds)
        self._tally.reconsider()
        self._selection.forget_gone(self.page.account)
        if verdict.stop is not None:
            if self.stopped_by is None:
                self.stopped_by = verdict.stop
            if not self.request.final:
                self.ended = True


def _text(factor: object) -> str:
    return "1" if factor is None else str(factor)
