"""Ring-once calls of simulated traffic."""

from tests.traffic_town import calls_by, of_kind, share


def test_foreign_numbers_side_by_side_ring_once_and_hang_up() -> None:
    calls = of_kind(calls_by("ring_once", 1_000), "wangiri")
    assert all(call.label for call in calls)
    assert share(calls, lambda call: call.disposition == "CANCEL") > 0.8
    assert not any(call.a.startswith("+49") for call in calls)
    rings = [(call.end_ms - call.ring_ms) / 1000 for call in calls if call.disposition == "CANCEL"]
    assert sum(rings) / len(rings) < 5
    assert len({call.a[:8] for call in calls}) <= 6
    assert len({(call.a, call.b) for call in calls}) > 0.95 * len(calls)


def test_some_of_those_who_were_called_call_back_which_is_no_fraud_of_theirs() -> None:
    calls = calls_by("ring_once", 2_000)
    rung = of_kind(calls, "wangiri")
    back = of_kind(calls, "call_back")
    assert not any(call.label for call in back)
    assert 0.01 < len(back) / len(rung) < 0.12
    first = {(call.b, call.a): call.start_ms for call in rung}
    assert all(call.start_ms > first[call.a, call.b] for call in back)
