"""Settlement: how balances pay for a piece of a call, one after the other.

A call of three minutes at 0.60, an account with 65 s of minutes and 2.00: the minutes pay 65 s without a fee, money
pays two increments of 60 s from there on, and 0.80 are left. All units come before all money, whatever their weights;
within each the order of `accounts.selection` holds, which a shared group fills with balances of its other members. What
no balance can pay is free if its price is zero; otherwise it takes the caller's default balance below zero, or is not
served at all where the request or the purpose says so.

The work is done by arithmetic: `n` equal increments are taken at once, as far as the balance, a cap of the price or a
bound of a monitor (`accounts.portion`) allows. After a portion at which a bound holds the settlement pauses: it asks
the judge it was given to have the monitors evaluated, and looks at the balances afresh.

The same code measures how long a call may last, on a copy: it then takes no balance below zero, lets a price of
`*disconnect` end the call, and treats an empty blocker as the end rather than as an error.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Final

from mypy_extensions import mypyc_attr

from accounts.balance import BalanceKind
from accounts.balance_timing import is_active
from accounts.book import Page
from accounts.called_number import CalledNumber
from accounts.charge import ChargeRequest, ChargeRules, Judge, StoppedBy
from accounts.drawing import Drawing
from accounts.drawn import Drawn
from accounts.payer import Payers
from accounts.pricing import Pricing
from accounts.selection import NO_SHARED_GROUPS, Selection
from accounts.shared_group import SharedGroup
from accounts.unit_rating import factor_for, free_increment, unit_amount, unit_subject
from accounts.usable import Usable
from tariffs.span import Span, Unrated
from tariffs.tariff import Tariff


class Purpose(Enum):
    """What a settlement is for: booking all of the usage, booking only what is covered, or measuring what could be."""

    BOOK_ALL = 0
    BOOK_COVERED = 1
    MEASURE = 2


@mypyc_attr(acyclic=True, free_list_len=1)
class Settlement:
    """One request on one account. Call `run`, then read what was drawn and why it ended.

    Units of a named subject whose price nobody has take the default balance below zero where the usage is booked; those
    of a call that reserved are passed over first, as they were when it was granted.
    """

    __slots__ = (
        "_drawing", "_fee_is_due", "_in_turn", "_judge", "_may_overdraw", "_pricing", "_rules", "_selection", "_tariff",
        "_units_overdraw", "blocked_by", "drawn", "ended", "fee_unpaid", "overdrew", "page", "purpose", "request",
        "stopped_by", "unrated",
    )  # fmt: skip

    def __init__(
        self,
        page: Page,
        tariff: Tariff,
        request: ChargeRequest,
        rules: ChargeRules,
        judge: Judge,
        new_id: Callable[[], str],
        purpose: Purpose,
        shared_groups: Mapping[str, SharedGroup] = NO_SHARED_GROUPS,
        now_ns: int = 0,
    ) -> None:
        """`now_ns` tells which reservations still hold; raises AccountsNeeded until all members are in the book."""
        payers = Payers(page, CalledNumber(tariff, request.destination), request, now_ns)
        self.page: Final = page
        self.request: Final = request
        self.purpose: Final = purpose
        self.ended = False
        self.stopped_by: StoppedBy | None = None
        self.blocked_by: Usable | None = None
        self.unrated: Unrated | None = None
        self.fee_unpaid = False
        self.overdrew = False  # the default balance was taken from without asking for credit
        self._tariff: Final = tariff
        self._rules: Final = rules
        self._judge: Final = judge
        self._pricing: Final = Pricing(tariff, request, rules, measuring=purpose is Purpose.MEASURE)
        self._selection: Final = Selection(payers, request, shared_groups)
        self._drawing: Final = Drawing(payers, request, self._pricing, new_id)
        self.drawn: Final[list[Drawn]] = self._drawing.drawn
        self._in_turn = False  # what a judge may end before the charge itself
        self._fee_is_due: Final = request.loop_index == 0
        prepaid = not page.account.allow_negative
        self._may_overdraw: Final = purpose is Purpose.BOOK_ALL and not (prepaid and request.deny_negative)
        self._units_overdraw = self._may_overdraw and not (prepaid and payers.reserved is not None)

    @property
    def start_ns(self) -> int:
        """What has not been drawn yet begins here."""
        return self._drawing.start_ns

    @property
    def cost(self) -> int:
        return self._pricing.charged - self.request.max_cost_so_far

    @property
    def used(self) -> int:
        return self._drawing.start_ns - self.request.start_ns

    def run(self) -> None:
        """Draw until nothing remains, nobody can pay more, or something ends it."""
        self._covered()
        if not self.ended and self._may_overdraw and not self._units_overdraw:
            self._units_overdraw = True
            self._covered()
        if not self.ended:
            self._remainder()

    def _covered(self) -> None:
        """What balances pay, until none of them can pay any more."""
        progressed = True
        while progressed:
            before = len(self.drawn)
            if self._selection.units:
                self._rounds(self._selection.units)
            if not self.ended:
                self._rounds(self._selection.money)
            if self.ended:
                return
            progressed = before != len(self.drawn)

    def _rounds(self, usables: list[Usable]) -> None:
        """Give each balance its turn, in order, and all of them again while any has paid."""
        before = -1
        while before != len(self.drawn):
            before = len(self.drawn)
            for usable in usables:
                if usable.balance.value > usable.held and self._may_pay(usable):
                    self._in_turn = True
                    self._drawing.begin_turn()
                    self._turn_of(usable)
                    if self._drawing.start_ns >= self.request.end_ns:
                        self.ended = True
                    if self.ended:
                        return
                if usable.balance.terms.blocker and not usable.gone:
                    self.blocked_by = usable
                    self.ended = True
                    return

    def _may_pay(self, usable: Usable) -> bool:
        """Whether a balance is there, and may be used at the point reached.

        What a call holds of one was agreed when it was granted: to book it the clock is not asked again.
        """
        if usable.gone:
            return False
        timing_ids = usable.balance.terms.timing_ids
        if not timing_ids or (self.purpose is Purpose.BOOK_ALL and usable.balance.uuid in usable.payer.reserved):
            return True
        return is_active(timing_ids, self._tariff.timings, self._drawing.start_ns, self.request.zone)

    # -- turns of one balance

    def _turn_of(self, usable: Usable) -> None:
        terms = usable.balance.terms
        if terms.kind is BalanceKind.MONETARY:
            self._rated_turn(usable, terms.rating_subject, units=False)
            return
        subject = unit_subject(terms, self.request.tor, self._rules)
        increment = free_increment(subject)
        if increment is None:
            self._rated_turn(usable, subject, units=True)
        else:
            self._free_turn(usable, increment)

    def _free_turn(self, usable: Usable, increment: int) -> None:
        """Units without a price: whole increments, and no connect fee now or later in the call."""
        terms, drawing = usable.balance.terms, self._drawing
        amount = unit_amount(increment, terms.kind.value, factor_for(terms, self.request))
        left = -(-(self.request.end_ns - drawing.start_ns) // increment)
        while left > 0 and self._in_turn and not usable.gone:
            count = min(left, max(0, usable.spendable) // amount) if amount else left
            if count == 0:
                return
            left -= drawing.take_free(usable, increment, amount, count)
            if drawing.portions.reached:
                self._pause()

    def _rated_turn(self, usable: Usable, subject: str, *, units: bool) -> None:
        """A balance that pays a price: money alone, or units of a named subject together with money."""
        spans = self._pricing.rest(subject, self._drawing.start_ns)
        if isinstance(spans, Unrated):
            self._fail(spans)
            return
        if self._fee_is_due and not self.drawn:
            fee = self._pricing.fee(spans[0])
            payer = self._fee_payer(fee)
            if payer is not None and payer.spendable < fee:
                return  # a blocker has not what the fee takes, and nobody after it may pay
            self._connect(spans[0], fee, payer)
        for span in spans:
            left = span.count
            while left > 0 and self._in_turn and not self.ended and not usable.gone:
                cost, count = self._pricing.next(span, left)
                if count == 0:
                    self.ended = True  # the cap of the price ends the call
                elif units:
                    count = self._take_units(span, usable, cost, count)
                else:
                    count = self._take_money(span, usable, cost, count)
                if count == 0:
                    return
                left -= count
                if self._drawing.portions.reached:
                    self._pause()
            if left > 0:
                return

    def _take_money(self, span: Span, usable: Usable, cost: int, count: int) -> int:
        """Take up to `count` increments that cost `cost` from a balance that must have it."""
        value = usable.balance.value - usable.held
        if cost > 0:
            count = min(count, value // cost) if value > 0 else 0
        elif value < cost:
            count = 0
        return self._drawing.take_money(span, usable, cost, count) if count else 0

    def _take_units(self, span: Span, usable: Usable, cost: int, count: int) -> int:
        """Take units at a price: the units must be there, and the first money balance that has the price pays it."""
        terms = usable.balance.terms
        amount = unit_amount(span.increment, terms.kind.value, factor_for(terms, self.request))
        if amount:
            count = min(count, max(0, usable.spendable) // amount)
        if count == 0:
            return 0
        money: Usable | None = None
        if cost:
            money = self._money_for(cost)
            if money is not None:
                count = min(count, money.spendable // cost) if cost > 0 else count
            elif self._units_overdraw:
                money = self._drawing.default()
                self.overdrew = True
            else:
                return 0
        return self._drawing.take_units(span, usable, amount, cost, money, count)

    def _money_for(self, cost: int) -> Usable | None:
        """The first money balance that has this much."""
        for usable in self._selection.money:
            if usable.spendable >= cost and usable.listed and self._may_pay(usable):
                return usable
        return None

    # -- the connect fee

    def _fee_payer(self, fee: int) -> Usable | None:
        """The first money balance that has the fee, or a blocker before it that has not."""
        for usable in self._selection.money:
            can_pay = usable.spendable >= fee and usable.listed
            if (can_pay or usable.balance.terms.blocker) and self._may_pay(usable):
                return usable
        return None

    def _connect(self, span: Span, fee: int, payer: Usable | None) -> None:
        """Take the connect fee, whole; from the default balance if nobody has it and it may go below zero."""
        if payer is None and fee:
            if fee > 0 and not self._may_overdraw:
                self.fee_unpaid = self.ended = True
                return
            payer = self._drawing.default()
            self.overdrew = self.overdrew or fee > 0
        if self._drawing.connect(span, fee, payer) and self._drawing.portions.reached:
            self._pause()

    # -- what no balance can pay

    def _remainder(self) -> None:
        spans = self._pricing.rest("", self._drawing.start_ns)
        if isinstance(spans, Unrated):
            self._fail(spans)
            return
        self._drawing.begin_turn()
        due = self._fee_is_due and not self.drawn
        if all(self._pricing.is_free(span) for span in spans) and not (due and self._pricing.fee(spans[0])):
            self._serve_free(spans)
        elif self.purpose is Purpose.BOOK_ALL and not self.request.deny_negative:
            self._overdraw(spans, due)

    def _serve_free(self, spans: tuple[Span, ...]) -> None:
        for span in spans:
            _, count = self._pricing.next(span, span.count)
            if count == 0:
                return
            self._drawing.serve_free(span, count)

    def _overdraw(self, spans: tuple[Span, ...], fee_is_due: bool) -> None:
        """The service was delivered: what is not covered goes to the default balance, below zero."""
        if fee_is_due:
            fee = self._pricing.fee(spans[0])
            self._connect(spans[0], fee, self._fee_payer(fee))
        self.overdrew = True
        for span in spans:
            left = span.count
            while left > 0 and not self.ended:
                cost, count = self._pricing.next(span, left)
                left -= self._drawing.take_money(span, self._drawing.default(), cost, count)
                if self._drawing.portions.reached:
                    self._pause()

    # -- final rounding

    def correct(self, timespan: Drawn, amount: int) -> None:
        """Take a correction from the balance that paid the first increment, below zero if need be."""
        if self._drawing.correct(timespan, amount) and self._drawing.portions.reached:
            self._pause()

    # -- what ends it

    def _fail(self, unrated: Unrated) -> None:
        self.unrated = unrated
        self.ended = True

    def _pause(self) -> None:
        """Have the monitors evaluated. A member that may not pay any more ends the turn, a stop the charge."""
        stop = self._judge(self._drawing.pause())
        self._drawing.reconsider()
        if self._selection.forget_gone():
            self._in_turn = False
        if stop is not None:
            if self.stopped_by is None:
                self.stopped_by = stop
            if not self.request.final:
                self.ended = True
                self._in_turn = False
