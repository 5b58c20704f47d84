"""Spans: between what and what a parameter of simulated traffic lies.

SIM boxes place 90 to 300 calls a day with each SIM. Each SIM draws its own rate from Span(90, 300). A model that has
learnt from such boxes is tested on others, of Span(310, 600): spans that lie apart have no value in common.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Span:
    """From `low` to `high`, both of which belong to it."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise ValueError(f"a span goes from the lower end to the upper one, not from {self.low} to {self.high}")

    def one(self, draw: np.random.Generator) -> float:
        return float(draw.uniform(self.low, self.high))

    def many(self, draw: np.random.Generator, count: int) -> Floats:
        return draw.uniform(self.low, self.high, count)

    def whole(self, draw: np.random.Generator) -> int:
        """A whole number of it."""
        return int(draw.integers(round(self.low), round(self.high) + 1))

    def apart(self, other: "Span") -> bool:
        return self.high < other.low or other.high < self.low
