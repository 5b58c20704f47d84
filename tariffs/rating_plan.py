"""Rating plans: for each destination the prices that hold at different times.

A plan row joins destination rates with a timing and a weight; each gives one rating interval under each destination.
Intervals keep the order of the files, because among equals the first written wins.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from tariffs.money import RoundingMethod
from tariffs.rate import Rate
from tariffs.timing import Timing


class MaxCostStrategy(Enum):
    """What happens when a call has cost `max_cost`: it goes on free, or may not go on. `NONE`: nothing happens."""

    NONE = ""
    FREE = "*free"
    DISCONNECT = "*disconnect"


@dataclass(frozen=True, slots=True)
class Rating:
    """One row of DestinationRates.csv: a rate, how its total is rounded, and how much a call may cost."""

    rate: Rate
    rounding: RoundingMethod = RoundingMethod.NONE
    decimals: int = 0  # 0: no final rounding
    max_cost: int = 0  # nano-units; 0: no cap
    max_cost_strategy: MaxCostStrategy = MaxCostStrategy.NONE


@dataclass(frozen=True, slots=True)
class RatingInterval:
    """A price and when it holds. The heavier active one wins, then the later StartTime, then the earlier row."""

    timing: Timing
    rating: Rating
    weight: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class RatingPlan:
    """Destination id (or `*any`) to its intervals. Both orders are those of the files."""

    id: str
    destinations: dict[str, tuple[RatingInterval, ...]]
