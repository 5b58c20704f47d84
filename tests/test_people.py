"""Ordinary people of simulated traffic."""

from collections import Counter

import numpy as np

from ratingd.models.traffic.call_block import calls_of
from ratingd.models.traffic.presets import TRAIN
from ratingd.models.traffic.simulated_call import SimulatedCall
from tests.traffic_town import distinct_at_once, hour, share, town


def calls() -> list[SimulatedCall]:
    return calls_of(TRAIN.people.calls(town(), 20_000, np.random.default_rng(3)), "people")


def test_there_are_as_many_people_as_make_the_calls() -> None:
    assert TRAIN.people.population(120_000, 3) == 10_000
    assert TRAIN.people.population(10, 3) == 100


def test_people_call_by_day_and_are_mostly_answered() -> None:
    made = calls()
    assert 19_000 < len(made) < 21_500
    assert 0.55 < share(made, lambda call: call.answer_ms) < 0.75
    assert share(made, lambda call: 2 <= hour(call) < 6) < 0.03
    assert not any(call.label for call in made)


def test_people_call_those_whom_they_know_again_and_again() -> None:
    pairs = Counter((call.a, call.b) for call in calls())
    assert share(calls(), lambda call: pairs[call.a, call.b] > 1) > 0.3


def test_some_places_are_called_by_many_but_not_at_once() -> None:
    made = calls()
    called = Counter(call.b for call in made)
    assert called.most_common(1)[0][1] > 30
    assert distinct_at_once(made) <= 3


def test_a_few_calls_cross_the_border_both_ways() -> None:
    made = calls()
    assert 0.01 < share(made, lambda call: not call.a.startswith("+49")) < 0.04
    assert 0.005 < share(made, lambda call: not call.b.startswith("+49")) < 0.04
    assert all(call.pai == "" for call in made if not call.a.startswith("+49"))


def test_whoever_sits_behind_a_switchboard_presents_its_number() -> None:
    assert 0.005 < share(calls(), lambda call: call.pai and call.cli != call.pai) < 0.08
