"""satark: a month of calls of 800 callers, 40 of whom are fraudsters, on which caller risk is measured.

An ordinary caller makes one to ten calls a day of three minutes (180 s, give or take 40, never below 20), by day but
for one in twenty, seven in ten of them within his region. A fraudster makes 50 to 150 a day of 20 s on average, half of
them from 22:00 to 05:59, from anywhere to anywhere. Each makes as many every day for thirty days. Seed 42 gives 237,120
calls.

What the description leaves open is the order in which chance is asked. It is, of numpy's default generator: caller by
caller, the fraudsters first; of each how many calls a day he makes, then of all his calls at once the hours, the
durations, the regions, the receivers. Minutes and callers' numbers, of which no feature knows, come of a second
generator.

Numbers are of India: 9… calls 8…, ten digits, +91 before them in a `SimulatedCall`.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ratingd.models.traffic.simulated_call import ORDINARY, SimulatedCall
from triggers.calls.call_event import ANSWERED

NAME: Final = "satark"
SEED: Final = 42
CALLERS: Final = 800
FRAUDSTERS: Final = 40
DAYS: Final = 30
REGIONS: Final = ("Delhi", "Mumbai", "Kolkata", "Chennai", "Bangalore", "Hyderabad")
BEGIN_MS: Final = 1_767_571_200_000  # 2026-01-05T00:00:00Z, a Monday
FRAUD: Final = "satark_fraud"
COUNTRY: Final = "+91"
NIGHT: Final = (22, 23, 0, 1, 2, 3, 4, 5)
_DAY_MS: Final = 86_400_000
_HOUR_MS: Final = 3_600_000

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Month:
    """The calls of one caller, by column; regions are places in REGIONS."""

    a_day: int
    hours: Ints
    duration_ms: Ints
    origins: Ints
    targets: Ints
    receivers: Ints


def satark_calls(seed: int = SEED) -> list[SimulatedCall]:
    """In the order of time."""
    draw, besides = np.random.default_rng(seed), np.random.default_rng([seed, 1])
    numbers = 9_000_000_000 + besides.choice(1_000_000_000, CALLERS, replace=False)
    found: list[tuple[int, int, int]] = []  # when, whose, which of his
    months: list[_Month] = []
    for caller in range(CALLERS):
        month = _fraudster(draw) if caller < FRAUDSTERS else _ordinary(draw)
        months.append(month)
        starts = _starts(month, besides)
        found += [(start, caller, place) for place, start in enumerate(starts.tolist())]
    found.sort()
    return [
        _call(sequence, start, caller, f"{COUNTRY}{numbers[caller]}", months[caller], place)
        for sequence, (start, caller, place) in enumerate(found, 1)
    ]


def _ordinary(draw: np.random.Generator) -> _Month:
    a_day = int(draw.integers(1, 11))
    calls = a_day * DAYS
    by_day, day, night = draw.random(calls) < 0.95, draw.integers(8, 22, calls), draw.integers(22, 24, calls)
    seconds = np.maximum(draw.normal(180, 40, calls), 20)
    origins = draw.integers(0, len(REGIONS), calls)
    at_home, elsewhere = draw.random(calls) < 0.7, draw.integers(0, len(REGIONS), calls)
    targets = np.where(at_home, origins, elsewhere)
    return _month(a_day, np.where(by_day, day, night), seconds, origins, targets, draw)


def _fraudster(draw: np.random.Generator) -> _Month:
    a_day = int(draw.integers(50, 151))
    calls = a_day * DAYS
    at_night, night, day = draw.random(calls) < 0.5, draw.choice(NIGHT, calls), draw.integers(9, 22, calls)
    seconds = draw.exponential(20, calls)
    origins, targets = draw.integers(0, len(REGIONS), calls), draw.integers(0, len(REGIONS), calls)
    return _month(a_day, np.where(at_night, night, day), seconds, origins, targets, draw)


def _month(
    a_day: int,
    hours: Ints,
    seconds: NDArray[np.float64],
    origins: Ints,
    targets: Ints,
    draw: np.random.Generator,
) -> _Month:
    receivers = draw.integers(8_000_000_000, 9_000_000_000, a_day * DAYS)
    duration_ms = np.ceil(seconds * 1000).astype(np.int64)  # no call of these was not answered
    return _Month(a_day, hours, duration_ms, origins, targets, receivers)


def _starts(month: _Month, besides: np.random.Generator) -> Ints:
    calls = month.a_day * DAYS
    days = np.repeat(np.arange(DAYS, dtype=np.int64), month.a_day)
    return BEGIN_MS + days * _DAY_MS + month.hours * _HOUR_MS + besides.integers(0, _HOUR_MS, calls)


def _call(sequence: int, start_ms: int, caller: int, a: str, month: _Month, place: int) -> SimulatedCall:
    fraud = caller < FRAUDSTERS
    return SimulatedCall(
        call_id=f"satark-{sequence:07}",
        a=a,
        b=f"{COUNTRY}{month.receivers[place]}",
        start_ms=start_ms,
        ring_ms=0,
        answer_ms=start_ms,
        end_ms=start_ms + int(month.duration_ms[place]),
        disposition=ANSWERED,
        trunk="",
        switch_id="",
        cli="",
        pai="",
        attestation="",
        origin=REGIONS[month.origins[place]],
        target=REGIONS[month.targets[place]],
        label=int(fraud),
        kind=FRAUD if fraud else ORDINARY,
    )
