"""A small town of simulated traffic, and what its calls are like."""

from collections.abc import Callable, Iterable, Sequence
from functools import cache

import numpy as np

from ratingd.models.traffic.call_block import calls_of
from ratingd.models.traffic.presets import TRAIN
from ratingd.models.traffic.scenario import Scenario
from ratingd.models.traffic.simulated_call import SimulatedCall
from ratingd.models.traffic.town import Town

PEOPLE = 2_000


@cache
def town() -> Town:
    return Town(TRAIN.streets, PEOPLE, TRAIN.days, np.random.default_rng(1))


def calls_by(name: str, count: int = 2_000, scenario: Scenario = TRAIN, seed: int = 1) -> list[SimulatedCall]:
    """What one population of a scenario does in that town."""
    return calls_of(scenario.others[name].calls(town(), count, np.random.default_rng(seed)), name)


def share(calls: Sequence[SimulatedCall], holds: Callable[[SimulatedCall], object]) -> float:
    return sum(1 for call in calls if holds(call)) / len(calls)


def of_kind(calls: Iterable[SimulatedCall], kind: str) -> list[SimulatedCall]:
    return [call for call in calls if call.kind == kind]


def distinct_at_once(calls: Iterable[SimulatedCall], window_ms: int = 5_000) -> int:
    """The most callers that any called number hears of within the window."""
    most, recent = 0, dict[str, list[SimulatedCall]]()
    for call in calls:
        window = [each for each in recent.get(call.b, []) if each.start_ms > call.start_ms - window_ms] + [call]
        recent[call.b] = window
        most = max(most, len({each.a for each in window}))
    return most


def hour(call: SimulatedCall) -> int:
    return call.start_ms % 86_400_000 // 3_600_000
