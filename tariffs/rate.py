"""Rates: the ladder of prices a call climbs, and the fee for being connected.

`RT,0.4,0.2,60s,60s,0s` and `RT,0,0.1,60s,1s,60s`: 0.40 to connect, the first minute whole for 0.20, then by the second
at 0.10 a minute. The position in the ladder is the position in the call, however it is cut into debits.
"""

from dataclasses import dataclass, field
from math import gcd


@dataclass(frozen=True, slots=True)
class RateSlot:
    """One step of a rate ladder: from `group_start` of the call on, usage is sold in whole increments.

    `price` × 10^-`price_scale` of a currency unit is the price of one `unit`. Usage is nanoseconds for voice, else
    units. 0.06 a minute sold by the second: RateSlot(0, 6, 2, 60_000_000_000, 1_000_000_000).
    """

    group_start: int
    price: int
    price_scale: int
    unit: int
    increment: int
    parts: int = field(init=False, repr=False, compare=False)  # an increment is `parts` of the `whole` that a unit is,
    whole: int = field(init=False, repr=False, compare=False)  # in lowest terms: a second is 1 of 60 of a minute

    def __post_init__(self) -> None:
        common = gcd(self.increment, self.unit)
        object.__setattr__(self, "parts", self.increment // common)
        object.__setattr__(self, "whole", self.unit // common)


@dataclass(frozen=True, slots=True)
class Rate:
    """The rows of Rates.csv with one id. Slots ascend by `group_start`, and the first counts from position 0."""

    id: str
    connect_fee: int  # nano-units, of the first row of the id
    slots: tuple[RateSlot, ...]

    def slot_at(self, position: int) -> RateSlot:
        """The slot in force at a position in the call (ns or units from its begin)."""
        slot = self.slots[0]
        for later in self.slots[1:]:
            if later.group_start > position:
                break
            slot = later
        return slot

    def next_start(self, position: int) -> int | None:
        """The nearest group start behind `position`, if there is one."""
        for slot in self.slots[1:]:
            if slot.group_start > position:
                return slot.group_start
        return None
