"""Numbers of simulated subscribers: valid ones, each given once, of a home country and some others.

Home is Germany: mobiles +49 151…, lines of Berlin +49 30 …, the numbers of televotes +49 137…, companies +49 69…. They
are kept as whole numbers, 4930123456, and written +4930123456 when a call is told. What a series gives never comes
again, and looks like chance: the next number is a large step further, modulo the size of the series.
"""

from typing import Final

import numpy as np

from ratingd.models.traffic.span import Ints

_STEP: Final = 7_368_787  # a prime: it meets each number of a series of 10^n once

# who is called abroad, and calls from there: calling code and first digits, digits that follow
FRIENDLY: Final = (
    (336, 8), (316, 8), (43664, 7), (48601, 6), (447700, 6), (90532, 7), (39347, 7), (34612, 6),
)  # fmt: skip
# where ring-once calls come from, and calls that pay whoever is called go to
COSTLY: Final = ((3712, 7), (2162, 7), (23276, 6), (25261, 6), (224620, 6), (2376, 8))
PREMIUM: Final = ((371909, 5), (2169, 7), (232990, 5), (252909, 5), (224700, 6))


class Series:
    """Numbers that begin alike."""

    def __init__(self, first: int, digits: int, draw: np.random.Generator) -> None:
        self._size: Final = 10**digits
        self._first: Final = first * self._size
        self._offset: Final = int(draw.integers(self._size))
        self._given = 0

    def next(self, count: int) -> Ints:
        places = np.arange(self._given, self._given + count, dtype=np.int64)
        self._given += count
        found: Ints = self._first + (self._offset + places * _STEP) % self._size
        return found

    def row(self, count: int) -> Ints:
        """Numbers side by side."""
        start = int(self.next(1)[0]) // count * count
        return start + np.arange(count, dtype=np.int64)


class Numbering:
    def __init__(self, draw: np.random.Generator) -> None:
        self._draw: Final = draw
        self.mobiles: Final = Series(49151, 8, draw)
        self.fixed: Final = Series(4930, 8, draw)
        self.companies: Final = Series(4969, 8, draw)
        self.televotes: Final = Series(49137, 7, draw)
        self._friendly: Final = [Series(first, digits, draw) for first, digits in FRIENDLY]
        self._costly: Final = [Series(first, digits, draw) for first, digits in COSTLY]
        self._premium: Final = [Series(first, digits, draw) for first, digits in PREMIUM]

    def home(self, count: int, mobile_share: float) -> Ints:
        mobile = self._draw.random(count) < mobile_share
        return np.where(mobile, self.mobiles.next(count), self.fixed.next(count))

    def abroad(self, count: int) -> Ints:
        """Of many countries."""
        which = self._draw.integers(len(self._friendly), size=count)
        found = np.zeros(count, dtype=np.int64)
        for place, series in enumerate(self._friendly):
            mine = which == place
            found[mine] = series.next(int(mine.sum()))
        return found

    def costly_row(self, count: int) -> Ints:
        """Of a country that is dear to call, side by side."""
        return self._costly[int(self._draw.integers(len(self._costly)))].row(count)

    def premium_row(self, count: int) -> Ints:
        return self._premium[int(self._draw.integers(len(self._premium)))].row(count)
