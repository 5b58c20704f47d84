"""Caller features: a number's own metrics, and what is made of them."""

import pytest

from tests.fraud_scene import MIDNIGHT_MS, NUMBERS, Calls
from triggers.calls.call_event import NO_DETAILS, EventDetails
from triggers.rules.rule_book import RuleBook
from triggers.scores.caller_features import CALLER, caller_row

A = "+49301234567"
HOUR_MS = 3_600_000
WINDOWS = {"1h": 3_600, "24h": 86_400, "7d": 604_800}


def row_at(calls: Calls, hour: float, a: str = A) -> dict[str, float]:
    calls.hits()
    row = caller_row(calls.traffic, a, MIDNIGHT_MS + int(hour * HOUR_MS))
    CALLER.check(row)
    return dict(zip(CALLER.names, row, strict=True))


def robot() -> Calls:
    """Twenty calls number by number from 10:00 on, half of them answered for five seconds; two at 09:00."""
    calls = Calls(RuleBook())
    for number in range(20):
        calls.call(A, f"+49895550{number:03}", 36_000 + 30 * number, ring=4, talk=5 * (number % 2))
    for number in range(2):
        calls.call(A, "+49895550000", 32_400 + 600 * number, talk=60)
    calls.call("+49895550001", A, 36_900, talk=10)
    return calls


def test_all_that_has_a_window_is_the_metric_of_that_name() -> None:
    calls = robot()
    found, compared = row_at(calls, 10.5), 0
    for name, value in found.items():
        metric, _, span = name.rpartition("_")
        if span in WINDOWS and metric not in ("mismatch_share", "hour_share"):
            assert calls.traffic.value("a", A, metric, WINDOWS[span], MIDNIGHT_MS + int(10.5 * HOUR_MS)) == value
            compared += 1
    assert compared == 40


def test_a_robot() -> None:
    found = row_at(robot(), 10.5)
    assert found["attempts_1h"] == 20
    assert found["attempts_24h"] == 22
    assert found["hour_share_24h"] == pytest.approx(20 / 22)
    assert found["sequential_b_ratio_1h"] >= 0.95
    assert found["short_call_ratio_1h"] == 1
    assert found["distinct_b_ratio_1h"] == 1
    assert found["in_out_ratio_24h"] == pytest.approx(1 / 22)
    assert found["asr_1h"] == 50
    assert found["open_calls"] == 0
    assert found["number_age"] == 1.5


def test_a_caller_whom_nobody_has_heard_of_is_all_zeros() -> None:
    assert set(row_at(robot(), 10.5, "+4930999999").values()) == {0.0}


def test_a_number_is_no_older_than_a_week() -> None:
    assert row_at(robot(), 9 + 24 * 6)["number_age"] == 144
    assert row_at(robot(), 9 + 24 * 9)["number_age"] == 168


def test_how_many_calls_present_a_number_that_is_not_theirs() -> None:
    calls = Calls(RuleBook())
    said = EventDetails(cli=NUMBERS.read("+4930111"), p_asserted_identity=NUMBERS.read(A))
    for number in range(4):
        calls.call(A, f"+4989555{number}", 36_000 + number, details=NO_DETAILS if number else said)
    assert row_at(calls, 10.5)["mismatch_share_24h"] == 0.25
