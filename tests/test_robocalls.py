"""Robocalls of simulated traffic."""

from collections import Counter
from itertools import pairwise

from tests.traffic_town import calls_by, share


def test_a_machine_calls_hundreds_of_numbers_briefly() -> None:
    calls = calls_by("robocalls", 2_000)
    assert all(call.label and call.kind == "robocall" for call in calls)
    assert 0.2 < share(calls, lambda call: call.answer_ms) < 0.45
    answered = [call for call in calls if call.answer_ms]
    assert share(answered, lambda call: call.duration_ms < 10_000) > 0.6
    assert len({call.b for call in calls}) > 0.9 * len(calls)
    assert {call.attestation for call in calls} <= {"", "C"}


def test_some_machines_have_a_number_and_some_are_everybodys_neighbour() -> None:
    calls = calls_by("robocalls", 3_000)
    own = [a for a, made in Counter(call.a for call in calls).items() if made > 50]
    assert own
    near = share(calls, lambda call: call.a[:9] == call.b[:9])
    assert 0.2 < near < 0.8


def test_many_numbers_are_called_because_they_are_next() -> None:
    calls = calls_by("robocalls", 1_000)
    in_a_row = sum(1 for one, other in pairwise(calls) if 0 < int(other.b) - int(one.b) < 4)
    assert in_a_row > 0.3 * len(calls)
