"""Many callers at once, who mean no harm."""

from collections import Counter

from tests.traffic_town import calls_by, distinct_at_once, of_kind, share

MINUTE_MS, DAY_MS = 60_000, 86_400_000


def test_a_call_centre_is_called_all_day_and_in_rushes() -> None:
    calls = calls_by("call_centres", 4_000)
    assert {call.kind for call in calls} == {"call_centre"}
    assert share(calls, lambda call: call.answer_ms) > 0.85
    assert distinct_at_once(calls) >= 5
    busiest = Counter((call.b, call.start_ms // MINUTE_MS) for call in calls).most_common(1)[0][1]
    assert busiest > 20
    assert len({(call.b, call.start_ms // DAY_MS) for call in calls}) > len({call.b for call in calls})


def test_a_televote_is_over_in_minutes_and_heard_from_everywhere() -> None:
    calls = calls_by("televotes", 3_000)
    for b in {call.b for call in calls}:
        starts = [call.start_ms for call in calls if call.b == b]
        assert max(starts) - min(starts) < 6 * MINUTE_MS
        assert b.startswith("+49137")
    assert distinct_at_once(calls) > 10
    assert len({call.trunk for call in calls}) > 8
    assert 0.1 < 1 - len({(call.a, call.b) for call in calls}) / len(calls) < 0.35


def test_a_conference_meets_each_day_and_stays() -> None:
    calls = calls_by("conferences", 600)
    bridge = [call for call in calls if call.b == calls[0].b]
    days = Counter(call.start_ms // DAY_MS for call in bridge)
    assert len(days) == 3
    assert {call.a for call in bridge if call.start_ms // DAY_MS == min(days)} == {call.a for call in bridge}
    answered = [call.duration_ms for call in calls if call.answer_ms]
    assert sum(answered) / len(answered) > 10 * MINUTE_MS


def test_a_busy_surgery_hears_of_the_same_people_until_they_get_through() -> None:
    calls = calls_by("redials", 800)
    assert share(calls, lambda call: call.disposition == "BUSY") > 0.7
    again = Counter((call.a, call.b) for call in calls)
    assert sum(again.values()) / len(again) > 3
    assert distinct_at_once(calls) >= 3


def test_none_of_them_is_fraud() -> None:
    for name in ("call_centres", "televotes", "conferences", "redials"):
        assert len(of_kind(calls_by(name, 500), name.removesuffix("s"))) == len(calls_by(name, 500))
        assert not any(call.label for call in calls_by(name, 500))
