"""Masking runs of simulated traffic."""

from collections import Counter, defaultdict

import pytest

from ratingd.models.traffic.presets import LOW_AND_SLOW, MIMICRY, SHIFTED, TRAIN
from ratingd.models.traffic.scenario import Scenario
from ratingd.models.traffic.simulated_call import SimulatedCall
from tests.traffic_town import calls_by, distinct_at_once, of_kind, share


def test_there_are_runs_of_each_intensity_in_equal_parts() -> None:
    calls = calls_by("masking", 6_000)
    assert all(call.label for call in calls)
    most = Counter(intensity(run) for run in runs(calls).values())
    assert most["low"]
    assert most["plain"]
    assert most["hard"]
    assert 0.25 < len(of_kind(calls, "masking_low")) / len(calls) < 0.42


@pytest.mark.parametrize(
    ("scenario", "least", "most"),
    [(LOW_AND_SLOW, 3, 4), (SHIFTED, 9, 30)],
    ids=lambda value: getattr(value, "name", ""),
)
def test_so_many_callers_come_at_once_as_the_scenario_says(scenario: Scenario, least: int, most: int) -> None:
    for run in runs(calls_by("masking", 2_000, scenario)).values():
        assert least <= distinct_at_once(run) <= most


def test_the_low_ones_are_labelled_so() -> None:
    calls = calls_by("masking", 3_000, LOW_AND_SLOW)
    assert {call.kind for call in calls} == {"masking_low"}
    assert {call.kind for call in calls_by("masking", 3_000, SHIFTED)} == {"masking"}


def test_a_run_comes_over_a_few_trunks_and_is_hardly_answered() -> None:
    calls = calls_by("masking", 3_000)
    for run in runs(calls).values():
        assert len({call.trunk for call in run}) <= 3
    assert share(calls, lambda call: call.answer_ms) < 0.5
    assert 0.05 < share(calls, lambda call: call.pai) < 0.6


def test_those_that_mimic_people_borrow_their_numbers_and_are_answered() -> None:
    calls = calls_by("masking", 3_000, MIMICRY)
    assert share(calls, lambda call: call.answer_ms) > 0.55
    assert share(calls, lambda call: call.a.startswith("+49")) > 0.9
    assert share(calls_by("masking", 3_000, TRAIN), lambda call: call.a.startswith("+49")) < 0.9


def runs(calls: list[SimulatedCall]) -> dict[str, list[SimulatedCall]]:
    """By the number that is called."""
    found = defaultdict[str, list[SimulatedCall]](list)
    for call in calls:
        found[call.b].append(call)
    return found


def intensity(run: list[SimulatedCall]) -> str:
    most = distinct_at_once(run)
    return "low" if most <= 4 else "plain" if most <= 8 else "hard"
