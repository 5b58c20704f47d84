"""Telephony: the labelled traffic of a town, in which fraud is a small part and much that is innocent looks like it.

    telephony_calls(TRAIN, seed=1, calls=200_000)

are three days of some 200,000 calls: six in ten are people's; call centres, televotes, conferences, busy surgeries,
notifiers and couriers make a quarter; the rest are SIM boxes, ring-once calls, revenue share fraud, robocalls and
masking runs, from a few callers at once to thirty. What every one of them is like is drawn from the spans of a
scenario, so no two call centres are alike. The same scenario and seed give the same calls; a scenario whose spans lie
apart from those of training shows what a model knows of attacks that it has not seen.
"""

from typing import Final

import numpy as np

from ratingd.models.traffic.call_block import calls_of
from ratingd.models.traffic.scenario import Scenario
from ratingd.models.traffic.simulated_call import SimulatedCall
from ratingd.models.traffic.town import Town

CALLS: Final = 200_000
CALLS_LEAST: Final = 1_000


def telephony_calls(scenario: Scenario, *, seed: int, calls: int = CALLS) -> list[SimulatedCall]:
    """About as many as asked for, in the order of time: who calls is never cut off in the middle of what he does."""
    if calls < CALLS_LEAST:
        raise ValueError(f"a town makes at least {CALLS_LEAST} calls, not {calls}")
    others = {name: round(calls * share) for name, share in scenario.shares.items()}
    own = calls - sum(others.values())
    people = scenario.people.population(own, scenario.days)
    town = Town(scenario.streets, people, scenario.days, _draw(scenario, seed, 0))
    blocks = scenario.people.calls(town, own, _draw(scenario, seed, 1))
    for place, (name, population) in enumerate(scenario.others.items(), 2):
        if others.get(name):
            blocks += population.calls(town, others[name], _draw(scenario, seed, place))
    return calls_of([block for block in blocks if len(block)], f"{scenario.name}-{seed}")


def _draw(scenario: Scenario, seed: int, place: int) -> np.random.Generator:
    """Each population has chance of its own: another share of one changes nothing of what another is like."""
    return np.random.default_rng([seed, scenario.stream, place])
