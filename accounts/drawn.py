"""What has been drawn so far: timespans while they grow.

Increments that follow each other alike (duration, cost, balances) are one run with a count, so a call of a day sold by
the second stays one entry. A run remembers what its balances held after its last increment.
"""

from typing import Final

from mypy_extensions import mypyc_attr

from accounts.account import AccountKey
from accounts.balance import Balance
from accounts.charge import Increment, MoneyPart, Timespan, UnitPart
from tariffs.rate import RateSlot
from tariffs.rating_plan import RatingInterval
from tariffs.span import Match


@mypyc_attr(acyclic=True, free_list_len=1)
class Drawn:
    """A timespan in the making. `interval` is None where only units paid; `position` is its begin within the call."""

    __slots__ = (
        "cost", "end_ns", "increments", "interval", "match", "position", "round_increment", "slot", "start_ns",
    )  # fmt: skip

    def __init__(
        self, start_ns: int, position: int | None, match: Match, interval: RatingInterval | None, slot: RateSlot | None
    ) -> None:
        self.start_ns: Final = start_ns
        self.end_ns = start_ns
        self.position: Final = position
        self.match: Final = match
        self.interval: Final = interval
        self.slot: Final = slot
        self.cost = 0
        self.increments: Final[list[Increment]] = []
        self.round_increment: Increment | None = None

    def add(
        self, payer: AccountKey, duration: int, cost: int, count: int,
        unit: Balance | None = None, amount: int = 0, factor: str = "1", money: Balance | None = None,
        money_payer: AccountKey | None = None,
    ) -> None:  # fmt: skip
        """Append `count` increments that have just been taken from these balances."""
        self.end_ns += duration * count
        self.cost += cost * count
        unit_part: UnitPart | None = None
        if unit is not None:
            terms = unit.terms
            unit_part = UnitPart(unit.uuid, terms.id, amount, factor, unit.value, terms.kind)
        money_part = None if money is None else MoneyPart(money.uuid, money.terms.id, money.value, money_payer)
        self.append(Increment(duration, cost, count, payer, unit_part, money_part))

    def append(self, run: Increment) -> None:
        """Append a run of increments, as one with the last run if they are alike."""
        increments = self.increments
        if increments and _alike(increments[-1], run):
            count = increments.pop().count + run.count
            run = Increment(run.duration, run.cost, count, run.payer, run.unit, run.money)
        increments.append(run)

    def timespan(self) -> Timespan:
        extra = self.round_increment
        length, interval = self.end_ns - self.start_ns, self.interval
        return Timespan(
            self.start_ns,
            self.end_ns,
            0 if self.position is None else self.position + length,
            self.cost,
            tuple(self.increments),
            self.match,
            "" if interval is None else interval.timing.id,
            0 if extra is None else extra.cost,
            extra,
        )


def _alike(last: Increment, run: Increment) -> bool:
    """Whether increments continue the run before them. A fee never does."""
    if last.duration != run.duration or last.cost != run.cost or run.duration == 0:
        return False
    if last.unit is None or run.unit is None:
        if last.unit is not run.unit:
            return False
    elif last.unit.uuid != run.unit.uuid or last.unit.amount != run.unit.amount:
        return False
    if last.money is None or run.money is None:
        return last.money is run.money
    return last.money.uuid == run.money.uuid
