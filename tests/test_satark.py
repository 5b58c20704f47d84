"""The month of calls that caller risk is measured on is as described, and the same each time."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

import pytest

from ratingd.models.traffic.satark import BEGIN_MS, REGIONS, satark_calls
from ratingd.models.traffic.simulated_call import SimulatedCall

DAY_MS, HOUR_MS = 86_400_000, 3_600_000


@pytest.fixture(scope="module")
def calls() -> list[SimulatedCall]:
    return satark_calls()


def test_seed_42_gives_the_published_number_of_calls(calls: Sequence[SimulatedCall]) -> None:
    assert len(calls) == 237_120
    assert len({call.a for call in calls}) == 800
    assert len({call.a for call in calls if call.label}) == 40
    assert len({call.call_id for call in calls}) == len(calls)


def test_each_caller_makes_as_many_calls_each_day(calls: Sequence[SimulatedCall]) -> None:
    by_day: dict[tuple[str, int], Counter[int]] = defaultdict(Counter)
    for call in calls:
        by_day[call.a, call.label][(call.start_ms - BEGIN_MS) // DAY_MS] += 1
    for (_, fraud), days in by_day.items():
        assert set(days) == set(range(30))
        (a_day,) = set(days.values())
        assert 50 <= a_day <= 150 if fraud else 1 <= a_day <= 10


def test_ordinary_callers_talk_for_minutes_by_day_within_their_region(calls: Sequence[SimulatedCall]) -> None:
    ours = [call for call in calls if not call.label]
    seconds = [call.duration_ms / 1000 for call in ours]
    assert min(seconds) == pytest.approx(20, abs=0.01)
    assert sum(seconds) / len(ours) == pytest.approx(180, abs=1)
    assert share(ours, lambda call: hour(call) >= 22) == pytest.approx(0.05, abs=0.003)
    assert min(hour(call) for call in ours) == 8
    assert share(ours, lambda call: call.origin == call.target) == pytest.approx(0.75, abs=0.005)


def test_fraudsters_call_briefly_half_of_the_time_at_night_from_anywhere(calls: Sequence[SimulatedCall]) -> None:
    theirs = [call for call in calls if call.label]
    assert sum(call.duration_ms for call in theirs) / len(theirs) / 1000 == pytest.approx(20, abs=0.3)
    assert min(call.duration_ms for call in theirs) > 0
    assert share(theirs, lambda call: hour(call) in (22, 23, 0, 1, 2, 3, 4, 5)) == pytest.approx(0.5, abs=0.005)
    assert {hour(call) for call in theirs} == set(range(24)) - {6, 7, 8}
    assert share(theirs, lambda call: call.origin == call.target) == pytest.approx(1 / 6, abs=0.005)


def test_numbers_are_of_the_published_ranges(calls: Sequence[SimulatedCall]) -> None:
    assert all(call.a.startswith("+919") and len(call.a) == 13 for call in calls)
    assert all(call.b.startswith("+918") and len(call.b) == 13 for call in calls)
    assert {call.origin for call in calls} == set(REGIONS)


def test_calls_come_in_the_order_of_time_and_the_same_for_the_same_seed(calls: Sequence[SimulatedCall]) -> None:
    starts = [call.start_ms for call in calls]
    assert starts == sorted(starts)
    assert satark_calls(42)[:1000] == calls[:1000]


def hour(call: SimulatedCall) -> int:
    return call.start_ms % DAY_MS // HOUR_MS


def share(calls: Sequence[SimulatedCall], holds: Callable[[SimulatedCall], bool]) -> float:
    return sum(1 for call in calls if holds(call)) / len(calls)
