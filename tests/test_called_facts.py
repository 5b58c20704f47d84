"""Facts of called numbers: exact for those that are seldom called, a second old at most for the others."""

from tests.watch_scene import NOON_MS, B, burst, invite, taken, watch
from triggers.calls.call_event import ANSWER
from triggers.scores.called_facts import BUSY, CalledFacts, CalledLooks, busy
from triggers.traffic.key import TrafficKey
from triggers.watch.fraud_watch import FraudWatch

SECOND_MS = 1_000


def key_of(one: FraudWatch) -> TrafficKey:
    key = one.traffic.heard(invite("asked", "+4930111")).keys[1]
    assert key is not None
    return key


def test_facts_are_the_metrics_of_five_minutes() -> None:
    one = watch()
    taken(one, [*burst(4, every_ms=40_000), invite("c-0", "+49301230000", 121_000, kind=ANSWER)])
    at_ms = NOON_MS + 122_000
    facts = CalledFacts(key_of(one), at_ms)
    shown = one.traffic.report("b", B, 300, at_ms)
    assert facts.callers == shown["distinct_a"] == 4
    assert [facts.asr, facts.aloc, facts.short, facts.overlap, facts.open] == [
        shown[name] for name in ("asr", "aloc", "short_call_ratio", "overlap_ratio", "open_calls")
    ]
    assert facts.asr == 25


def test_a_number_is_busy_with_more_than_64_calls_in_five_minutes() -> None:
    one = watch()
    taken(one, burst(BUSY, every_ms=4_000))
    assert not busy(key_of(one), NOON_MS + 4_000 * BUSY)
    taken(one, [invite("more", "+4930111", 4_000 * BUSY)])
    assert busy(key_of(one), NOON_MS + 4_000 * BUSY)
    assert not busy(key_of(one), NOON_MS + 301_000)  # the first is no longer in


def test_what_was_found_of_a_busy_number_is_good_for_some_seconds() -> None:
    one, looks = watch(), CalledLooks()
    taken(one, burst(100, every_ms=30))  # until 2.970
    key = key_of(one)
    facts = looks.facts(key, NOON_MS + 2_980)
    assert (facts.at_ms, facts.callers, facts.good_ms) == (NOON_MS + 2_000, 67, 2_010)
    taken(one, burst(20, first=100, at_ms=3_000, every_ms=10))
    assert looks.facts(key, NOON_MS + 4_009) is facts
    newer = looks.facts(key, NOON_MS + 4_010)
    assert (newer.at_ms, newer.callers) == (NOON_MS + 4_000, 120)
    assert looks.facts(key, NOON_MS + 2_999) is newer  # a late call takes what is there
    assert looks.facts(key, NOON_MS + 8_000).at_ms == NOON_MS + 8_000


def test_it_is_no_older_than_ten_seconds() -> None:
    one, looks = watch(), CalledLooks()
    taken(one, burst(1_000, every_ms=10))
    assert looks.facts(key_of(one), NOON_MS + 10_000).good_ms == 10_000


def test_a_number_that_is_busy_no_longer_is_looked_at_anew() -> None:
    one, looks = watch(), CalledLooks()
    taken(one, burst(100, every_ms=10))
    assert looks.facts(key_of(one), NOON_MS + 1_500).callers == 100
    assert looks.facts(key_of(one), NOON_MS + 301_500).callers == 0
