from random import Random

import pytest

from triggers.traffic.counted_call import CountedCall
from triggers.traffic.key import FEW, KeyKind, TrafficKey, TrafficKeys
from triggers.traffic.metric_names import CALLED, NUMBER
from triggers.traffic.terms import TrafficTerms

NOON = 1_700_049_600_000


def call(start_ms: int, b: str = "+2") -> CountedCall:
    return CountedCall(start_ms, "+1", b, "", "", "", 0, None)


def key(kind: str = CALLED, recent_max: int = 4_096) -> TrafficKey:
    return TrafficKey("+1", KeyKind(kind, 1, recent_max), NOON + 86_400_000)


def heard(keys: TrafficKeys, name: str, at_ms: int) -> TrafficKey:
    return keys.heard(keys.keys.get(name), name, at_ms)


def test_a_few_calls_are_kept_whatever_their_age() -> None:
    subject = key()
    for n in range(FEW - 1):
        subject.add(call(NOON + n * 6_000_000))
    assert (len(subject.calls), subject.history, subject.attempts) == (FEW - 1, None, FEW - 1)


def test_of_many_those_of_the_last_six_minutes_are_kept() -> None:
    subject = key()
    for n in range(1_000):
        subject.add(call(NOON + n * 10_000))
    first = subject.calls[0]
    assert subject.attempts == 1_000
    assert NOON + 9_990_000 - 360_000 - first.start_ms < 600_000
    assert not any(each.folded for each in subject.calls)


@pytest.mark.parametrize("recent_max", [4, 100])
def test_of_very_many_the_newest_are_kept(recent_max: int) -> None:
    subject = key(recent_max=recent_max)
    for n in range(2_000):
        subject.add(call(NOON + n))
    assert recent_max <= len(subject.calls) <= recent_max + max(FEW, recent_max // 4) + 1
    assert subject.attempts == 2_000


def test_late_calls_find_their_place() -> None:
    random, subject = Random(1), key()
    starts = [NOON + random.randint(0, 4_000_000) for _ in range(500)]
    for start in starts:
        subject.add(call(start))
    kept = [each.start_ms for each in subject.calls]
    assert kept == sorted(kept)
    assert (subject.attempts, subject.first_ms, subject.last_ms) == (500, min(starts), max(starts))


def test_whom_a_caller_has_called_before() -> None:
    subject = key(NUMBER)
    for n in range(100):
        b = f"+{n % 40}"
        assert subject.called_before(b, NOON + n) == (n >= 40)
        subject.add(call(NOON + n, b))
    assert not subject.called_before("+0", NOON + 8 * 86_400_000)


def test_keys_beyond_the_most_or_silent_for_long_are_dropped() -> None:
    keys = TrafficKeys(KeyKind(CALLED, 1, 10), TrafficTerms(keys_max=3, idle_ms=10_000_000))
    for n in range(3):
        heard(keys, f"+{n}", n * 1_000_000)
    heard(keys, "+0", 3_000_000)
    heard(keys, "+3", 3_000_001)
    assert (sorted(keys.keys), keys.dropped) == (["+0", "+2", "+3"], 1)
    heard(keys, "+4", 13_000_002)
    heard(keys, "+5", 13_000_002)
    assert (sorted(keys.keys), keys.dropped) == (["+4", "+5"], 2)


def test_one_call_is_kept_as_several_are() -> None:
    subject, late = key(NUMBER), call(NOON - 1, "+3")
    assert (subject.calls, subject.attempts) == ([], 0)
    only = call(NOON)
    subject.add(only)
    assert (subject.calls, subject.attempts, subject.last_ms) == ([only], 1, NOON)
    subject.add(late)
    assert (subject.calls, subject.attempts, subject.last_ms) == ([late, only], 2, NOON)
    assert [subject.called_before(b, NOON + 1) for b in ("+2", "+3", "+4")] == [True, True, False]
