"""Features of a single call, from a board's message and from a call that was counted."""

from math import nan

import pytest

from tests.fraud_scene import MIDNIGHT_MS, Calls
from tests.table import table
from triggers.calls.call_record import CallRecord
from triggers.rules.rule_book import RuleBook
from triggers.scores.call_features import KNN, call_row, digits_of, message_row

A = "+49301234567"


def test_a_message_of_a_board() -> None:
    message = {"call_duration": 12.5, "num_digits": 11, "hour_of_day": 23, "freq_calls": 4, "caller": "0171", "ts": 1}
    assert message_row(message) == [12.5, 11, 23, 4]


def test_what_a_message_does_not_say_is_0() -> None:
    assert message_row({"hour_of_day": 3, "freq_calls": None}) == [0, 0, 3, 0]


@pytest.mark.parametrize("bad", ["12", True, [1]])
def test_a_field_that_is_no_number_is_refused_by_its_name(bad: object) -> None:
    with pytest.raises(ValueError, match=r"num_digits is .*; it must be a number, or be left out to count as 0"):
        message_row({"num_digits": bad})


def test_nan_in_a_message_is_refused_by_the_name_of_the_feature() -> None:
    with pytest.raises(ValueError, match="feature 'call_duration' of knn v1 is nan"):
        KNN.check(message_row({"call_duration": nan}))


@table("""
    received          | digits
    0171 2345678      | 11
    +49 171 2345678   | 12
    911               | 3
    anonymous         | 0
                      | 0
""")
def test_digits_are_those_received(received: str, digits: str) -> None:
    assert digits_of(received) == int(digits)


def test_a_call_that_was_counted() -> None:
    calls = Calls(RuleBook())
    for number in range(3):
        calls.call(A, "+498955500", 36_000 + 600 * number, talk=30)
    calls.hits()
    start_ms, end_ms = MIDNIGHT_MS + 37_200_000, MIDNIGHT_MS + 37_235_500
    record = CallRecord("c-3", A, "+498955500", start_ms, a_raw="030 1234567", answer_ms=end_ms - 30_500, end_ms=end_ms)
    assert call_row(calls.traffic, record, end_ms) == [30.5, 10, 10, 3]
    as_read = CallRecord("c-3", A, "+498955500", start_ms, end_ms=end_ms)
    assert call_row(calls.traffic, as_read, end_ms + 3_600_000) == [0, 11, 10, 0]
