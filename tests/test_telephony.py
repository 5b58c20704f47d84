"""The traffic of a town, with fraud in it."""

from collections import Counter
from collections.abc import Sequence

import pytest

from ratingd.models.traffic.presets import PRESETS, SHIFTED, TRAIN
from ratingd.models.traffic.scenario import Scenario
from ratingd.models.traffic.simulated_call import SimulatedCall
from ratingd.models.traffic.telephony import telephony_calls
from ratingd.models.traffic.town import BEGIN_MS, DAY_MS
from tests.traffic_town import share

INNOCENT = {"ordinary", "call_centre", "televote", "conference", "redial", "notifier", "courier", "call_back"}
FRAUD = {"sim_box", "sim_box_mimic", "wangiri", "irsf", "robocall", "masking", "masking_low"}


@pytest.fixture(scope="module")
def calls() -> list[SimulatedCall]:
    return telephony_calls(TRAIN, seed=1, calls=20_000)


@pytest.mark.parametrize("scenario", PRESETS.values(), ids=PRESETS)
def test_there_are_about_as_many_calls_as_asked_for(scenario: Scenario) -> None:
    assert 20_000 <= len(telephony_calls(scenario, seed=3, calls=20_000)) <= 23_000


def test_all_kinds_are_there_and_labelled(calls: Sequence[SimulatedCall]) -> None:
    assert {call.kind for call in calls if call.label} == FRAUD
    assert {call.kind for call in calls if not call.label} == INNOCENT
    assert 0.08 < share(calls, lambda call: call.label) < 0.2
    assert 0.5 < share(calls, lambda call: call.kind == "ordinary") < 0.65


def test_the_same_seed_gives_the_same_calls_and_another_one_others(calls: Sequence[SimulatedCall]) -> None:
    assert telephony_calls(TRAIN, seed=1, calls=20_000) == calls
    other = telephony_calls(TRAIN, seed=2, calls=2_000)
    assert not {call.b for call in other} & {call.b for call in telephony_calls(SHIFTED, seed=2, calls=2_000)}


def test_calls_come_in_the_order_of_time_under_names_of_their_own(calls: Sequence[SimulatedCall]) -> None:
    starts = [call.start_ms for call in calls]
    assert starts == sorted(starts)
    assert len({call.call_id for call in calls}) == len(calls)
    assert calls[0].call_id == "train-1-0000001"
    assert starts[0] > BEGIN_MS - 3_600_000
    assert starts[-1] < BEGIN_MS + (TRAIN.days + 1) * DAY_MS


def test_a_call_is_told_in_order_and_nobody_calls_himself(calls: Sequence[SimulatedCall]) -> None:
    for call in calls:
        told = [at for at in (call.start_ms, call.ring_ms, call.answer_ms, call.end_ms) if at]
        assert told == sorted(told)
        assert bool(call.answer_ms) == (call.disposition == "ANSWERED")
        assert call.a != call.b


def test_numbers_come_again(calls: Sequence[SimulatedCall]) -> None:
    callers = Counter(call.a for call in calls if call.kind == "ordinary")
    assert callers.most_common(1)[0][1] > 10
    assert len({call.trunk for call in calls}) == 13


def test_too_few_calls_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 1000 calls, not 10"):
        telephony_calls(TRAIN, seed=1, calls=10)
