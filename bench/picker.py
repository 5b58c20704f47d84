"""Which account is debited next: the load generator's three ways, for the generator in Python and for the growth plots.

Few subscribers make most calls. Zipf says so with one number: the account of rank k is picked in proportion to
(1+k)^-s; with s = 1.1 and a million accounts the busiest one makes 1 call in 8, the busiest 1,000 two thirds, and half
of all accounts are next to never heard of. `uniform` is the other end, where no cache helps.

Ranks come by rejection from an envelope that can be inverted (Hörmann and Derflinger, 1996), so that a million accounts
need no table. A prime scatters them, lest the busiest lie side by side in the store. Go's `math/rand` does the same.
"""

import math
import random
from collections.abc import Callable
from typing import Final, Literal

Pick = Literal["turn", "uniform", "zipf"]
EXPONENT: Final = 1.1
SCATTER: Final = 7_368_787


def picker(pick: Pick, accounts: int, seed: int = 1) -> Callable[[], int]:
    """A function that gives the number of an account whenever it is called."""
    chance = random.Random(seed)
    if pick == "turn":
        return _turn(accounts)
    if pick == "uniform":
        return lambda: chance.randrange(accounts)
    ranks = Zipf(accounts, EXPONENT, chance.random)
    return lambda: ranks.rank() * SCATTER % accounts


def _turn(accounts: int) -> Callable[[], int]:
    """Numbers from 0 on; `next` of a counter is whole even when threads share it."""
    numbers = iter(range(1 << 62))
    return lambda: next(numbers) % accounts


class Zipf:
    """Ranks from 0 to `count` - 1, rank k in proportion to (1+k)^-exponent; the exponent is above 1."""

    def __init__(self, count: int, exponent: float, uniform: Callable[[], float]) -> None:
        if exponent <= 1:
            raise ValueError(f"an exponent above 1 is needed, not {exponent}")
        self._exponent: Final = exponent
        self._uniform: Final = uniform
        self._top: Final = self._area(count - 0.5)
        self._span: Final = self._area(0.5) - 1.0 - self._top
        self._sure: Final = 1 - self._inverse(self._area(1.5) - math.exp(-exponent * math.log(2)))

    def rank(self) -> int:
        while True:
            area = self._top + self._uniform() * self._span
            x = self._inverse(area)
            k = math.floor(x + 0.5)
            if k - x <= self._sure or area >= self._area(k + 0.5) - (k + 1) ** -self._exponent:
                return k

    def _area(self, x: float) -> float:
        """The integral of (1+x)^-exponent, up to a constant."""
        return math.exp((1 - self._exponent) * math.log(1 + x)) / (1 - self._exponent)

    def _inverse(self, area: float) -> float:
        return math.exp(math.log((1 - self._exponent) * area) / (1 - self._exponent)) - 1
