"""The town that simulated traffic happens in."""

import numpy as np
import pytest

from ratingd.models.traffic.call_block import INTERCONNECTS, INTERNATIONAL, TRUNKS, WHOLESALE
from ratingd.models.traffic.town import AT_NIGHT, BEGIN_MS, DAY_MS, HOUR_MS, LEVEL_A, NONE, WORKING
from tests.traffic_town import PEOPLE, town


def test_people_have_numbers_of_their_own_and_a_trunk_that_fits() -> None:
    people = town().people
    assert len(people) == len(set(people.number.tolist())) == PEOPLE
    assert {TRUNKS[trunk].split("-")[0] for trunk in people.trunk.tolist()} == {"mobile", "fixed"}
    assert 0.85 < (people.attestation == LEVEL_A).mean() < 0.96
    assert (people.pai == people.number).all()


def test_a_crowd_is_of_people_and_of_strangers_each_of_them_once() -> None:
    draw = np.random.default_rng(1)
    crowd = town().crowd(draw, 400, 0.25)
    known = np.isin(crowd.number, town().people.number)
    assert len(set(crowd.number.tolist())) == 400
    assert known.sum() == 300
    assert set(crowd.trunk[~known].tolist()) == {*INTERCONNECTS, *WHOLESALE}


def test_strangers_are_always_others() -> None:
    draw = np.random.default_rng(2)
    some, others = town().strangers(draw, 100), town().strangers(draw, 100)
    assert not set(some.number.tolist()) & set(others.number.tolist())


def test_a_foreigner_keeps_his_trunk_and_nobody_asserts_him() -> None:
    numbers = town().numbers.abroad(200)
    one, other = (town().foreigners(np.random.default_rng(seed), numbers) for seed in (1, 2))
    assert (one.trunk == other.trunk).all()
    assert set(one.trunk.tolist()) == {*INTERNATIONAL, *WHOLESALE}
    assert (one.pai == NONE).all()


@pytest.mark.parametrize(("hours", "wanted"), [(WORKING, range(6, 20)), (AT_NIGHT, [22, 23, 0, 1, 2, 3, 4, 5])])
def test_calls_begin_in_the_hours_that_were_asked_for(
    hours: np.ndarray[tuple[int], np.dtype[np.float64]], wanted: list[int]
) -> None:
    moments = town().moments(np.random.default_rng(3), 2_000, hours)
    assert set((moments % DAY_MS // HOUR_MS).tolist()) <= set(wanted)
    assert set(((moments - BEGIN_MS) // DAY_MS).tolist()) == {0, 1, 2}


def test_some_days_in_a_row_are_in_a_row() -> None:
    for seed in range(20):
        moments = town().moments(np.random.default_rng(seed), 200, WORKING, 2)
        days = sorted(set(((moments - BEGIN_MS) // DAY_MS).tolist()))
        assert days in ([0, 1], [1, 2])
