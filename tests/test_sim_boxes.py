"""SIM boxes of simulated traffic."""

from collections import Counter

from ratingd.models.traffic.presets import MIMICRY
from tests.traffic_town import calls_by, hour, of_kind, share


def test_each_sim_of_a_box_calls_ever_new_numbers_over_one_trunk() -> None:
    calls = of_kind(calls_by("sim_boxes", 3_000), "sim_box")
    by_sim = Counter(call.a for call in calls)
    assert min(by_sim.values()) > 60
    for sim in by_sim:
        own = [call for call in calls if call.a == sim]
        assert len({call.b for call in own}) > 0.85 * len(own)
        assert len({call.trunk for call in own}) == 1
    assert 0.3 < share(calls, lambda call: call.answer_ms) < 0.65
    assert share(calls, lambda call: call.b in by_sim) == 0
    assert share(calls, lambda call: 0 <= hour(call) < 6) > 0.08


def test_those_that_mimic_people_call_less_by_day_and_one_another() -> None:
    calls = calls_by("sim_boxes", 2_000, MIMICRY)
    assert {call.kind for call in calls} == {"sim_box_mimic"}
    sims = Counter(call.a for call in calls)
    assert max(sims.values()) < 120
    assert 0.05 < share(calls, lambda call: call.b in sims) < 0.25
    assert share(calls, lambda call: 0 <= hour(call) < 6) < 0.05


def test_all_of_it_is_fraud() -> None:
    assert all(call.label for call in calls_by("sim_boxes", 500))
