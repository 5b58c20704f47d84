"""One number that calls many, for good reasons."""

from collections import Counter

from tests.traffic_town import calls_by, hour, share


def test_a_notifier_calls_one_after_the_other_and_is_vouched_for() -> None:
    calls = calls_by("notifiers", 1_500)
    (line, out), *_ = Counter(call.a for call in calls).most_common()
    called = [call.b for call in calls if call.a == line]
    assert out >= 120
    assert len(set(called)) > 0.6 * out
    assert {call.attestation for call in calls if call.a == line} == {"A"}
    assert any(call.b == line for call in calls)


def test_a_courier_calls_by_day_and_is_called_back() -> None:
    calls = calls_by("couriers", 1_500)
    couriers = [a for a, made in Counter(call.a for call in calls).items() if made > 100]
    assert couriers
    back = share(calls, lambda call: call.b in couriers)
    assert 0.05 < back < 0.25
    own = [call for call in calls if call.a in couriers]
    assert all(6 <= hour(call) < 20 for call in own)
    talk = [call.duration_ms for call in own if call.answer_ms]
    assert sum(talk) / len(talk) < 60_000


def test_neither_is_fraud() -> None:
    assert not any(call.label for call in calls_by("notifiers", 500) + calls_by("couriers", 500))
