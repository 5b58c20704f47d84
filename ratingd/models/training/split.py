"""Splits: what is learned from and what a model is judged by, with no number in both.

A model that has seen the first half of an attack knows its other half, and one that has seen the 3rd of March knows
what was usual on it. So a number is in one part only, by the hash of it, and what is judged is also later than all that
was learned:

                    before the cut      from the cut on
    80 of 100       learned from        left out
    20 of 100       left out            judged by

The cut lies where 70 of 100 rows are before it. What is left out is the price; the simulators can make more. What is
learned from is again divided by number, into folds, each of which is held out once.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

LEARNED: Final = 80  # of 100
EARLIER: Final = 0.7

Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Split:
    """Places of rows."""

    learned: Places
    judged: Places

    @classmethod
    def of(cls, groups: Sequence[str], times_ms: NDArray[np.int64]) -> Self:
        hundredths = hundredths_of(groups)
        cut = np.quantile(times_ms, EARLIER) if len(times_ms) else 0
        early = times_ms < cut
        if not early.any():  # all of one instant: only numbers tell the parts apart
            early, late = np.ones(len(times_ms), bool), np.ones(len(times_ms), bool)
        else:
            late = ~early
        return cls(
            np.flatnonzero(early & (hundredths < LEARNED)),
            np.flatnonzero(late & (hundredths >= LEARNED)),
        )


def hundredths_of(groups: Sequence[str], salt: str = "") -> NDArray[np.int64]:
    """Where each group falls, 0 to 99; the same on every machine."""
    known = {group: _hundredth(salt + group) for group in set(groups)}
    return np.array([known[group] for group in groups], np.int64)


def _hundredth(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) % 100


def folds_by_number(groups: Sequence[str], folds: int) -> list[tuple[Places, Places]]:
    """Learned from and judged by, once for each fold; no number is in both."""
    part = hundredths_of(groups, "fold ") * folds // 100
    return [(np.flatnonzero(part != fold), np.flatnonzero(part == fold)) for fold in range(folds)]


def folds_by_time(groups: Sequence[str], times_ms: NDArray[np.int64], folds: int) -> list[tuple[Places, Places]]:
    """From more and more of the past to what comes next: the time in folds + 1 spans of as many rows each.

    Numbers are kept apart too: three in four are learned from, the fourth is judged by.
    """
    cuts = np.quantile(times_ms, np.arange(1, folds + 1) / (folds + 1))
    span = np.searchsorted(cuts, times_ms, side="right")
    known = hundredths_of(groups, "time ") < 75
    return [
        (np.flatnonzero((span < place) & known), np.flatnonzero((span == place) & ~known))
        for place in range(1, folds + 1)
    ]
