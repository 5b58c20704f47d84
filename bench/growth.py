"""How a debit's cost grows: with accounts, destinations, balances of an account, monitors of it, length of the call.

    python -m bench.growth AXIS FOLDER SECONDS [STORE]      # in a process of its own, interpreted or compiled

One thing grows, all others stay as small as they are in the sample. The cost is CPU of everything but the commit, as in
`debit_in_process`. What it should be: flat in the number of destinations (a lookup tries the lengths of the number, not
the prefixes) and in the length of the call (increments are counted, not walked); each further monitor is looked at by
every debit, and each further balance might pay.

Accounts are picked uniformly, with a cache of 10,000: up to there all are at hand, beyond it a debit reads its account
from the store. STORE is one with a million accounts, if it was made before.
"""

import math
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from typing import Final

from bench.build import report
from bench.figure import Figure
from bench.in_process import Desk, pace
from bench.million_accounts import fill
from bench.sample import Sample

NAME: Final = "growth"
ROUNDS: Final = 3
CACHE: Final = 10_000
FILL_S: Final = 2.0
REQUESTS: Final = 16_384
FLAT: Final = 0.2  # of the mean cost: what the fitted line may rise over all of the axis
STEP: Final = 1.3  # times the median: what the last value may be where the line is flat
BEND: Final = 0.25  # above this power of x, at the far end, a cost is more than logarithmic
SMALL: Final = Sample(prefixes=1_000, accounts=128)
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Axis:
    label: str
    values: tuple[int, ...]
    sample: Callable[[int], Sample]


AXES: Final = {
    "accounts": Axis("accounts in the store", (100, 1_000, 10_000, 100_000, 1_000_000),
                     lambda n: Sample(prefixes=1_000, accounts=n)),
    "destinations": Axis("destinations of the tariff", (100, 1_000, 10_000, 100_000),
                         lambda n: Sample(prefixes=n, accounts=128)),
    "balances": Axis("balances of each account", (1, 3, 10, 30, 100),
                     lambda n: Sample(prefixes=1_000, accounts=128, balances=n)),
    "monitors": Axis("monitors of each account", (1, 3, 10, 30, 100),
                     lambda n: Sample(prefixes=1_000, accounts=128, monitors=n)),
    "call_length": Axis("seconds of the call debited at once", (1, 10, 60, 600, 3_600, 36_000),
                        lambda n: Sample(prefixes=1_000, accounts=128, usage_s=n)),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Trend:
    """A cost over its axis: µs more for ten times as much, and in a word."""

    per_tenfold: float
    at_one: float  # where the fitted line begins, at x = 1
    word: str


def trend(points: Sequence[Point]) -> Trend:
    """Least squares of the cost over the logarithm of x, and what the last piece of the curve says of its shape."""
    places, costs = [math.log10(x) for x, _ in points], [y for _, y in points]
    centre = mean(places)
    slope = sum((x - centre) * y for x, y in zip(places, costs, strict=True)) / sum((x - centre) ** 2 for x in places)
    begin = mean(costs) - slope * centre
    if abs(slope) * (places[-1] - places[0]) <= FLAT * mean(costs) and costs[-1] <= STEP * median(costs):
        return Trend(slope, begin, "flat")
    power = (math.log10(costs[-1]) - math.log10(costs[-2])) / (places[-1] - places[-2])
    word = (
        "no more than logarithmic"
        if power <= BEND
        else f"more than logarithmic: x to the power of {power:.2f} at its end"
    )
    return Trend(slope, begin, word)


def measure(axis: Axis, folder: Path, seconds: float, store: Path | None) -> list[tuple[int, float]]:
    """The cost at each value of the axis; rounds are interleaved, their median counts."""
    with ExitStack() as stack:
        desks = {x: stack.enter_context(_desk(axis, x, folder, store)) for x in axis.values}
        bodies = {x: desk.debits(REQUESTS, "uniform") for x, desk in desks.items()}
        taken: dict[int, list[float]] = {x: [] for x in desks}
        for x, desk in desks.items():
            pace(desk.answering(desk.debit), bodies[x], _warm_s(desk.sample, seconds))
        for number in range(ROUNDS):
            for x, desk in desks.items():
                offset = (number + 1) * REQUESTS // (ROUNDS + 1)
                found = pace(desk.answering(desk.debit), bodies[x][offset:] + bodies[x][:offset], seconds)
                taken[x].append(1e6 / found.per_second)
        return [(x, median(costs)) for x, costs in taken.items()]


def _warm_s(sample: Sample, seconds: float) -> float:
    """Long enough to fill the cache."""
    return seconds + FILL_S * min(1.0, sample.accounts / CACHE)


def _desk(axis: Axis, x: int, folder: Path, store: Path | None) -> Desk:
    sample = axis.sample(x)
    if sample.accounts <= SMALL.accounts * 8:
        return Desk(f"sqlite:///{folder / f'{x}.db'}", sample, cache=CACHE)
    if store is not None and x == max(axis.values):
        return Desk(f"sqlite:///{store}", sample, cache=CACHE, load=False)
    url = f"sqlite:///{folder / f'{x}.db'}"
    with Desk(url, SMALL, cache=CACHE) as desk:
        desk.store.landing = True
    fill(url, sample, x)
    return Desk(url, sample, cache=CACHE, load=False)


def main() -> None:
    name, folder, seconds, *store = sys.argv[1:]
    found = measure(AXES[name], Path(folder), float(seconds), Path(store[0]) if store else None)
    report([Figure(NAME, cost, "µs", {"axis": name, "x": x}) for x, cost in found])


if __name__ == "__main__":
    main()
