"""Rounds: everything is measured three times, one after the other and not thrice in a row, and the median counts.

A neighbour on the machine takes a core for ten seconds: three measurements in a row would all be wrong, of three rounds
one is. So a round measures every row once, the ceilings among them, and what is published of a row are the medians of
its rounds. `spread` says how far they lay apart: 0.20 is 20 % of the median between the slowest and the fastest.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from statistics import median
from typing import Any, Final

from bench.figure import NUMBERS, Figure

Key = tuple[str, str, str]
ROUNDS: Final = 3


class Rounds:
    """The figures of all rounds, in the order in which they first came."""

    def __init__(self) -> None:
        self._taken: Final[dict[Key, list[Figure]]] = {}

    def add(self, figure: Figure) -> None:
        self._taken.setdefault(_key(figure), []).append(figure)

    def medians(self) -> list[Figure]:
        return [middle(figures) for figures in self._taken.values()]


def middle(figures: Sequence[Figure]) -> Figure:
    """One figure for those of several rounds. Those that failed count only when all did; what they said is kept."""
    good = [figure for figure in figures if figure.value is not None]
    trouble = "; ".join(dict.fromkeys(figure.trouble for figure in figures if figure.trouble))
    if not good:
        return replace(figures[0], trouble=trouble)
    numbers: dict[str, Any] = {name: _median(getattr(figure, name) for figure in good) for name in NUMBERS}
    numbers["spread"] = spread([figure.value for figure in good if figure.value is not None])
    return replace(good[0], trouble=trouble, **numbers)


def spread(values: Sequence[float]) -> float | None:
    if len(values) < 2 or not median(values):
        return None
    return (max(values) - min(values)) / median(values)


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _key(figure: Figure) -> Key:
    return figure.name, figure.unit, repr(sorted(figure.params.items()))
