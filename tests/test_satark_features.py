"""Features of the Isolation Forest: seven days at most, scaled to those of the training."""

import pytest

from tests.fraud_scene import MIDNIGHT_MS, Calls
from tests.table import table
from triggers.rules.rule_book import RuleBook
from triggers.scores.satark_features import SATARK, satark_row

A = "+919000000001"
DAY_S = 86_400


def caller(days: int, a_day: int) -> Calls:
    """From noon on, a call of 100 s every minute, and one that nobody answers at 23:00."""
    calls = Calls(RuleBook())
    for day in range(days):
        for number in range(a_day - 1):
            at_s = DAY_S * day + 43_200 + 60 * number
            calls.record(A, "+918000000000", at_s, 100, regions=("Delhi", "Mumbai" if day else "Delhi"))
        calls.record(A, "+918000000000", DAY_S * day + 82_800, 0, regions=("Delhi", "Delhi"))
    calls.hits()
    return calls


def test_a_caller_of_three_days_is_scaled_to_thirty() -> None:
    calls = caller(3, 10)
    at_ms = MIDNIGHT_MS + 1000 * (DAY_S * 3 + 43_200)  # three days after the first call
    row = satark_row(calls.traffic, A, at_ms, 30)
    assert dict(zip(SATARK.names, row, strict=True)) == {
        "avg_call_duration": 90,
        "total_calls": pytest.approx(300),
        "night_call_ratio": 0.1,
        "unique_origin_regions": 1,
        "unique_target_regions": 2,
    }


@table("""
    known_h | window_days | total
    0.5     | 30          | 30      # known for less than a day: as if for a day
    24      | 30          | 30
    48      | 30          | 15
    48      | 7           | 3.5
    144     | 30          | 5
""")
def test_how_a_single_call_is_scaled(known_h: str, window_days: str, total: str) -> None:
    calls = Calls(RuleBook())
    calls.record(A, "+918000000000", 3_600, 60, regions=("Delhi", "Delhi"))
    calls.hits()
    at_ms = MIDNIGHT_MS + int(3_600_000 * (1 + float(known_h)))
    assert satark_row(calls.traffic, A, at_ms, float(window_days))[1] == pytest.approx(float(total))


def test_a_caller_whom_nobody_has_heard_of_is_all_zeros() -> None:
    assert satark_row(caller(1, 2).traffic, "+919000000009", MIDNIGHT_MS) == [0.0] * 5
