"""Charging, from accounting 3: balance after balance, increment after increment, as the text has it."""

from contextlib import suppress
from dataclasses import dataclass, field, replace
from fractions import Fraction

from tests.simulation.folder import HOUR, NANO, SECOND
from tests.simulation.naive_account import Balance, Failed, Key, scale
from tests.simulation.naive_book import Draft
from tests.simulation.naive_monitors import Event, count, evaluate, open_call_counters
from tests.simulation.naive_payers import Order, Payers, Request
from tests.simulation.naive_prices import Piece, in_last_place, pieces, rounded

MAX_USAGE = {"*voice": 72 * HOUR, "*data": 107_374_182_400, "*sms": 10_000, "*any": 189 * HOUR}
OPEN_FOR = 4 * HOUR
SEEN_EVERY = 60 * SECOND


@dataclass
class Drawn:
    """One increment and who paid it: (account, number of the balance, amount) of units and of money."""

    duration: int
    cost: int
    unit: tuple[Key, int, int] | None = None
    money: tuple[Key, int, int] | None = None
    names: tuple[str, str] = ("", "")


@dataclass
class Timespan:
    turn: int
    piece: Piece | None
    payer: Key | None
    drawn: list[Drawn] = field(default_factory=list)

    @property
    def cost(self) -> int:
        return sum(each.cost for each in self.drawn)


class Stopped(Exception):
    """A monitor has ended the debit."""


class Enough(Exception):
    """Nothing more is asked, or nobody may pay more."""


class Charging(Payers):
    """One request. `purpose` is "all" (Debit), "covered" (the booking of a MaxDebit) or "measure"."""

    def __init__(self, draft: Draft, request: Request, purpose: str, order: Order, *, dry: bool = False) -> None:
        super().__init__(draft, request, order)
        self.purpose = purpose
        self.quiet = dry or purpose == "measure"
        account = draft.account(request.key)
        prepaid = account is None or not account.allow_negative
        self.may_owe = purpose == "all" and not (prepaid and request.deny_negative)
        self.units_may_owe = self.may_owe and not (prepaid and self.reserved())  # what was granted owed nothing
        self.event = Event(request, final=request.final)
        self.at, self.end = request.start, request.start + request.usage
        self.out: list[Timespan] = []
        self.turns = 0
        self.spent = request.so_far
        self.connected = False
        self.fee_unpaid = False
        self.rounding = False
        self.in_turn = False
        self.evaluated: set[Key] = set()
        self.drew: list[tuple[Key, int, int]] = []

    # -- the main loop

    def run(self) -> None:
        units = (self.request.tor, "*generic")
        self.units = self.choose(units)
        self.money = self.choose(("*monetary",))
        try:
            self.covered()
            if self.may_owe and not self.units_may_owe:
                self.units_may_owe = True
                self.covered()
            self.remainder()
        except (Stopped, Enough):
            pass

    def covered(self) -> None:
        progressed = True
        while progressed:
            progressed = self.rounds(self.units, unit=True)
            progressed = self.rounds(self.money, unit=False) or progressed

    def rounds(self, balances: list[tuple[Key, int]], *, unit: bool) -> bool:
        progressed = False
        again = True
        while again:
            again = False
            for at in balances:
                before = self.progress()
                self.turn_at = self.at
                balance = self.present(at)
                if balance is None:
                    continue
                if self.spendable(at) > 0 and self.active(balance):
                    self.turns += 1
                    self.in_turn = True
                    self.turn(at, balance, unit=unit)
                if self.progress() != before:
                    again = progressed = True
                if self.at >= self.end:
                    raise Enough
                balance = self.present(at)
                if balance is not None and balance.blocker:
                    if self.purpose == "all":
                        raise Failed("BALANCE_BLOCKER")
                    raise Enough
        return progressed

    def active(self, balance: Balance) -> bool:
        """What the call was granted of a balance may be booked, though its time has passed meanwhile."""
        return (self.purpose == "all" and self.holds_of(balance.number)) or super().active(balance)

    def progress(self) -> int:
        return sum(len(timespan.drawn) for timespan in self.out)

    def turn(self, at: tuple[Key, int], balance: Balance, *, unit: bool) -> None:
        subject = balance.subject
        if unit and subject in ("", "*any"):
            subject = "*zero1s" if self.request.tor == "*voice" else "*zero1"
        if unit and subject.startswith("*zero"):
            self.free_turn(at, zero(subject))
        else:
            self.rated_turn(at, self.request.subject if subject in ("", "*any") else subject, unit=unit)

    def factor(self, balance: Balance) -> Fraction:
        return Fraction(balance.factors.get(self.request.factor, "1"))

    def free_turn(self, at: tuple[Key, int], increment: int) -> None:
        while self.at < self.end:
            balance = self.present(at)
            if balance is None or not self.in_turn:
                return
            amount = up(increment * scale(balance.type) * self.factor(balance), balance.type)
            if self.spendable(at) < amount:
                return
            self.draw(None, increment, 0, unit=(at, amount))

    def rated_turn(self, at: tuple[Key, int], subject: str, *, unit: bool) -> None:
        rest = self.rate(subject)
        if not self.out and self.request.loop_index == 0 and not self.connect(rest[0]):
            return
        for piece in rest:
            for _ in range(piece.count):
                balance = self.present(at)
                if balance is None or not self.in_turn:
                    return
                cost = self.capped(piece)
                if unit:
                    amount = up(piece.step.increment * scale(balance.type) * self.factor(balance), balance.type)
                    if self.spendable(at) < amount:
                        return
                    payer = None
                    if cost:
                        payer = next((m for m in self.money if self.can_pay(m, cost)), None)
                        if payer is None and not self.units_may_owe:
                            return
                        payer = payer or self.default()
                    self.draw(piece, piece.step.increment, cost, unit=(at, amount), money=payer)
                else:
                    if self.spendable(at) < cost:
                        return
                    self.draw(piece, piece.step.increment, cost, money=at)

    def can_pay(self, at: tuple[Key, int], cost: int) -> bool:
        balance = self.present(at)
        return balance is not None and self.active(balance) and self.spendable(at) >= cost

    def capped(self, piece: Piece) -> int:
        """The cost of the next increment; the end where the cap of a price ends the call."""
        price = piece.price
        if price.max_cost and price.strategy == "*free":
            return min(piece.cost, max(0, price.max_cost - self.spent))
        measured = self.purpose == "measure" and price.strategy == "*disconnect"
        if measured and price.max_cost and self.spent >= price.max_cost:
            raise Enough
        return piece.cost

    def rate(self, subject: str) -> list[Piece]:
        request = self.request
        index = max(request.duration_index, request.usage)
        position = self.at - request.start + index - request.usage
        return pieces(request.category, subject, request.number, request.tor, self.at, self.end, position, request.zone)

    # -- the connect fee

    def fee(self, piece: Piece) -> int:
        fee = in_last_place(Fraction(piece.price.fee))
        if piece.price.max_cost and piece.price.strategy == "*free":
            fee = min(fee, max(0, piece.price.max_cost - self.spent))
        return fee

    def connect(self, piece: Piece) -> bool:
        """The connect step. False where a blocker has not the fee: then the turn draws nothing."""
        fee = self.fee(piece)
        payer = None
        for at in self.money:
            balance = self.present(at)
            if balance is None or not self.active(balance):
                continue
            if self.spendable(at) >= fee and (self.spendable(at) > 0 or balance.blocker or balance.groups):
                payer = at
                break
            if balance.blocker:
                return False
        if payer is None and fee > 0:
            if not self.may_owe:
                self.fee_unpaid = True
                raise Enough
            payer = self.default()
        if self.connected and fee == 0:
            return True
        first, self.connected = not self.connected, True
        if fee:
            self.draw(piece, 0, fee, money=payer, connects=first)
        else:
            self.book(None, payer, 0, 0, connects=first)
        return True

    def default(self) -> tuple[Key, int]:
        account = self.draft.account(self.request.key)
        assert account is not None
        balance = account.default()
        if balance is None:
            balance = Balance("*default", "*monetary", 0)
            account.balances.append(balance)
        return self.request.key, balance.number

    # -- what nobody can pay

    def remainder(self) -> None:
        self.turn_at = self.at
        self.turns += 1
        rest = self.rate(self.request.subject)
        due = not self.out and self.request.loop_index == 0
        if self.is_free(rest, due):
            for piece in rest:
                for _ in range(piece.count):
                    self.capped(piece)
                    self.add(piece, Drawn(piece.step.increment, 0), self.request.key)
                    self.at += piece.step.increment
        elif self.purpose == "all" and not self.request.deny_negative:
            if due:
                self.connect(rest[0])
            for piece in rest:
                for _ in range(piece.count):
                    self.draw(piece, piece.step.increment, self.capped(piece), money=self.default())

    def is_free(self, rest: list[Piece], due: bool) -> bool:
        spent = self.spent + (self.fee(rest[0]) if due else 0)
        if spent != self.spent:
            return False
        for piece in rest:
            capped = piece.price.max_cost and piece.price.strategy == "*free" and spent >= piece.price.max_cost
            if piece.cost and not capped:
                return False
        return True

    # -- drawing

    def draw(
        self, piece: Piece | None, duration: int, cost: int, unit: tuple[tuple[Key, int], int] | None = None,
        money: tuple[Key, int] | None = None, *, connects: bool = False,
    ) -> None:  # fmt: skip
        drawn = Drawn(duration, cost)
        if unit is not None:
            drawn.unit = (*unit[0], unit[1])
        if money is not None:
            drawn.money = (*money, cost)
        drawn.names = (self.name(drawn.unit), self.name(drawn.money))
        owner = drawn.unit or drawn.money
        assert owner is not None
        self.add(piece, drawn, owner[0])
        self.at += duration
        self.spent += cost
        self.book(drawn.unit, money, cost, duration, connects=connects)

    def add(self, piece: Piece | None, drawn: Drawn, payer: Key) -> None:
        last = self.out[-1] if self.out else None
        if last is None or last.turn != self.turns or last.piece is not piece:
            last = Timespan(self.turns, piece, payer)
            self.out.append(last)
        last.drawn.append(drawn)

    def book(
        self, unit: tuple[Key, int, int] | None, money: tuple[Key, int] | None, cost: int, duration: int, *,
        connects: bool = False,
    ) -> None:  # fmt: skip
        """Take, count, and look at the monitors of whoever paid: one portion."""
        draft, request = self.draft, self.request
        owners: list[Key] = []
        for key in {part[0] for part in (unit, money) if part is not None} | ({request.key} if connects else set()):
            if not self.quiet:
                open_call_counters(draft, key, request.cgr, draft.now + OPEN_FOR)
        if unit is not None:
            balance = self.take(unit[0], unit[1], unit[2])
            owners.append(unit[0])
            units = up(duration * scale(request.tor) * self.factor(balance), request.tor)
            self.count(unit[0], request.tor, units, balance)
        if money is not None:
            balance = self.take(money[0], money[1], cost)
            owners.append(money[0])
            self.count(money[0], "*monetary", cost, balance)
        if connects:
            owner = request.key if money is None else money[0]
            payer = None if money is None else draft.balance(*money)
            self.count(owner, "*event_connect", NANO, payer)
            owners.append(owner)
        if self.quiet:
            return
        for owner in dict.fromkeys(owners):
            self.evaluated.add(owner)
            evaluate(draft, owner, self.event)
        self.pass_over()
        if self.event.stopped is not None and not request.final:
            raise Stopped

    def pass_over(self) -> None:
        """Another member that has been disabled or removed pays no more, and the turn at hand is over."""
        for key in {at[0] for at in [*self.units, *self.money]} - {self.request.key} - self.passed_over:
            account = self.draft.account(key)
            if account is None or account.disabled:
                self.passed_over.add(key)
                self.in_turn = False

    def take(self, key: Key, number: int, amount: int) -> Balance:
        balance = self.draft.balance(key, number)
        assert balance is not None
        if not self.may_owe and not self.rounding:
            assert amount <= 0 or self.spendable((key, number)) >= amount, "who may not owe has taken what is not there"
        balance.value -= amount
        self.draft.dirty.add(number)
        self.drew.append((key, number, amount))
        return balance

    def count(self, key: Key, type: str, amount: int, payer: Balance | None) -> None:
        if not self.quiet:
            count(self.draft, key, type, amount, self.request.number, payer, self.request.cgr)

    # -- the final rounding

    def round_all(self) -> dict[int, int]:
        """Bring each timespan to the decimals of its price; neighbours that are alike are one."""
        self.rounding = True
        joined: list[Timespan] = []
        first: Timespan | None = None
        for timespan in self.out:
            if first is not None and alike(first, timespan):
                joined[-1].drawn.extend(timespan.drawn)
            else:
                first = replace(timespan, drawn=list(timespan.drawn))
                joined.append(replace(timespan, drawn=list(timespan.drawn)))
        self.out = joined
        corrections: dict[int, int] = {}
        for number, timespan in enumerate(joined):
            head = timespan.drawn[0]
            if timespan.piece is None or head.money is None:
                continue
            price = timespan.piece.price
            amount = rounded(timespan.cost, price.rounding, price.decimals) - timespan.cost
            if amount and self.draft.balance(*head.money[:2]) is not None:
                corrections[number] = amount
                self.spent += amount
                with suppress(Stopped):
                    self.book(None, head.money[:2], amount, 0)
        return corrections


def alike(one: Timespan, other: Timespan) -> bool:
    if one.piece is None or other.piece is None or one.piece.price != other.piece.price:
        return False
    return [(d.duration, d.cost, d.unit, d.money) for d in one.drawn] == [
        (d.duration, d.cost, d.unit, d.money) for d in other.drawn
    ]


def zero(subject: str) -> int:
    text = subject.removeprefix("*zero")
    if text.endswith("m"):
        return int(text[:-1]) * 60 * SECOND
    return int(text[:-1]) * SECOND if text.endswith("s") else int(text)


def up(amount: Fraction, type: str) -> int:
    """A fraction that a factor makes is rounded up: whole nanoseconds, else five decimals of a unit."""
    place = 1 if type == "*voice" else NANO // 100_000
    return -(-amount // place) * place
