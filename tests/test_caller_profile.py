"""What a suspect caller did within a day, read from what is counted of him."""

from random import Random

import pytest

from tests.fraud_scene import MIDNIGHT_MS, Calls
from triggers.campaigns.active_callers import profile_of
from triggers.campaigns.caller_profile import CallerProfile
from triggers.numbers.calling_code import CallingCodes
from triggers.rules.rule_book import RuleBook

CODES = CallingCodes()
NOON_S = 12 * 3_600
CALLER = "+37120000001"


def profiled(calls: Calls, number: str = CALLER, at_s: float = NOON_S) -> CallerProfile:
    calls.hits()
    found = profile_of(calls.traffic, number, MIDNIGHT_MS + int(1000 * at_s), CODES)
    assert found is not None
    return found


def test_a_wangiri_of_half_an_hour() -> None:
    calls = Calls(RuleBook())
    for each in range(62):
        calls.call(CALLER, f"+4930{1000000 + max(1, each)}", NOON_S - 1_860 + 30 * each, ring=3, trunk="t-9")
    one = profiled(calls)
    assert (one.calls, one.called_total, one.country, one.range, one.trunks) == (62, 61, 371, "+3712000", {"t-9": 62})
    assert (one.asr, one.intl_ratio, one.avg_duration_s, one.recent_calls) == (0, 1, 0, 9)
    assert one.distinct_b_ratio == pytest.approx(61 / 62)
    assert one.cancel_ratio == 1
    assert one.gap_s == pytest.approx(30, rel=0.05)
    assert one.regions == pytest.approx({"DE": 62})
    assert sum(each.calls for each in one.called.values()) == pytest.approx(62)
    assert len(one.called_since(MIDNIGHT_MS + 1000 * (NOON_S - 300))) == 10


def test_a_single_call_has_a_day_before_the_next() -> None:
    calls = Calls(RuleBook())
    calls.call("+4930111", "+49895550001", NOON_S - 60, talk=30)
    one = profiled(calls, "+4930111")
    assert (one.calls, one.gap_s, one.asr, one.avg_duration_s) == (1, 86_400, 100, 30)
    assert list(one.called) == ["+49895550001"]


def test_whoever_did_nothing_for_a_day_has_no_profile() -> None:
    calls = Calls(RuleBook())
    calls.call(CALLER, "+4930111", 10)
    calls.hits()
    assert profile_of(calls.traffic, CALLER, MIDNIGHT_MS + 3 * 86_400_000, CODES) is None
    assert profile_of(calls.traffic, "+4930999", MIDNIGHT_MS, CODES) is None


def test_calls_of_hours_ago_are_shared_evenly_and_whom_too_many_went_to_is_only_counted() -> None:
    calls, random = Calls(RuleBook()), Random(1)
    for each in range(90):
        calls.call(CALLER, f"+493055500{each % 30:02}", 3_600 + each, ring=2)
    for each in range(400):
        calls.call(CALLER, f"+4989{2000000 + each}", 4 * 3_600 + 8 * each + random.random(), ring=2)
    for each in range(100):
        calls.call(CALLER, "+4989555", NOON_S - 900 + 8 * each, ring=2)
    one = profiled(calls)
    assert one.calls == 590
    assert one.called["+4989555"].calls == pytest.approx(100)
    early = [contact for number, contact in one.called.items() if number.startswith("+4930")]
    assert [round(contact.calls, 6) for contact in early] == [3] * 30
    assert {contact.last_ms for contact in early} == {MIDNIGHT_MS + 3_600_000}
    assert len(one.called) == 31, "more than 256 in an hour"
    assert one.called_total == pytest.approx(431, rel=0.05)
