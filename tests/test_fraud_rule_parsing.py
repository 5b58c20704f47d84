"""Conditions as they are written: what they mean, and to the character what is wrong with one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.table import table
from triggers.calls.call_event import INVITE, CallEvent
from triggers.numbers.number import NO_NUMBER, Number
from triggers.rules.rule_condition import Compared, Condition, Measured
from triggers.rules.rule_parsing import ConditionFault, parse_condition
from triggers.rules.scene import Scene
from triggers.traffic.terms import TrafficTerms
from triggers.traffic.traffic import Traffic

EMPTY = Traffic(TrafficTerms())
NOBODY = Scene(EMPTY, CallEvent(INVITE, 0, "c-1", Number("+49301"), NO_NUMBER), 0)  # nobody has heard of him: all is 0


@table("""
    condition                                                  | holds
    attempts.60 == 0                                           | yes
    attempts.60 >= 1                                           | no
    attempts.60 < 0.5                                          | yes
    attempts.60 != 0                                           | no
    0 <= attempts.60 <= 5                                      | yes
    1 <= attempts.60 <= 5                                      | no
    -1 < attempts.60                                           | fault    # there are no signs
    0 - 1 < attempts.60                                        | yes
    attempts.60 + 2 * 3 == 6                                   | yes
    (attempts.60 + 2) * 3 == 6                                 | yes
    10 - 3 - 2 == 5 + attempts.60                              | yes      # from the left
    12 / 3 / 2 == 2 + attempts.60                              | yes
    1 / attempts.60 > 0                                        | no       # divided by nothing: compares with nothing
    1 / attempts.60 <= 0                                       | no
    not attempts.60 > 0                                        | yes
    not attempts.60 == 0 or asr.60 == 0                        | yes      # not, then and, then or
    asr.60 == 1 and asr.60 == 1 or asr.60 == 0                 | yes
    asr.60 == 1 and (asr.60 == 1 or asr.60 == 0)               | no
    ((asr.60 == 0))                                            | yes
    trunk.attempts.60 == 0                                     | no       # the call names no trunk
    not trunk.attempts.60 == 0                                 | yes
    b.attempts.60 <= 0                                         | no       # nor a called number
    concurrent_calls == 0                                      | yes
""")
def test_meaning(condition: str, holds: str) -> None:
    if holds == "fault":
        with pytest.raises(ConditionFault):
            parse_condition(condition, "a")
    else:
        assert parse_condition(condition, "a").holds(NOBODY) == (holds == "yes")


@table("""
    condition                                  | at | message
    attempts.3600 >= 50 and distinct_b_ration.3600 >= 0.9 | 25 | did you mean distinct_b_ratio?
    trunk.atempts.60 > 3                       | 7  | did you mean attempts?
    tunk.attempts.60 > 3                       | 1  | did you mean trunk?
    xyzzy.60 > 3                               | 1  | no metric is called 'xyzzy'
    overlap_ratio.60 > 0.5                     | 1  | overlap_ratio is not counted of a
    attempts > 5                               | 1  | attempts has no window
    attempts.301 > 5                           | 10 | '301' is no window
    attempts.0 > 5                             | 10 | '0' is no window
    attempts_ewma.60 > 5                       | 15 | '60' is no window
    attempts.1h > 5                            | 10 | '1h' is no window
    attempts. > 5                              | 10 | '' is no window
    attempts.60.60 > 5                         | 10 | '60.60' is no window
    minutes_p99.3600 > 5                       | 13 | minutes_p99 has no windows
    attempts.60 = 5                            | 13 | '=' means nothing here
    attempts.60 > 5 && asr.60 > 1              | 17 | '&&' means nothing here
    attempts.60 > 5 ! asr.60 > 1               | 17 | '!' means nothing here
    attempts.60 > 5 $                          | 17 | '$' means nothing here
    attempts.60                                | 12 | the condition ends where a comparison is wanted
    attempts.60 and asr.60 > 1                 | 13 | 'and' stands where a comparison is wanted
    attempts.60 >                              | 14 | the condition ends where a value is wanted
    attempts.60 > and                          | 15 | 'and' stands where a value is wanted
    attempts.60 > 5 asr.60 > 1                 | 17 | 'asr.60' is too much
    attempts.60 > 5)                           | 16 | ')' is too much
    (attempts.60 > 5                           | 1  | the bracket is not closed
    attempts.60 > (5 + 2                       | 15 | the bracket is not closed
    and                                        | 1  | 'and' stands where a value is wanted
""")
def test_faults(condition: str, at: str, message: str) -> None:
    with pytest.raises(ConditionFault) as fault:
        parse_condition(condition, "a")
    assert message in fault.value.message
    assert fault.value.at == int(at)
    assert fault.value.allowed


def test_an_empty_condition_ends_where_a_value_is_wanted() -> None:
    with pytest.raises(ConditionFault, match="at character 1: the condition ends"):
        parse_condition("", "a")


@pytest.mark.parametrize("text", ["(" * 200, "not " * 200 + "asr.60 > 1", "(" * 60 + "asr.60" + ")" * 60 + " > 1"])
def test_what_is_nested_too_deeply_is_refused(text: str) -> None:
    with pytest.raises(ConditionFault):
        parse_condition(text, "a")


def test_what_is_too_long_is_refused() -> None:
    with pytest.raises(ConditionFault, match="too long"):
        parse_condition("asr.60 > 1 and " * 1_000, "a")


@table("""
    condition                                                          | least
    attempts.3600 >= 50                                                | 50
    attempts.3600 > 50                                                 | 51
    attempts.3600 > 49.5                                               | 50
    attempts.3600 == 7                                                 | 7
    50 <= attempts.3600                                                | 50
    attempts.3600 <= 50                                                | 1
    not attempts.3600 >= 50                                            | 1
    attempts.3600 >= 50 and spoofed_callers.60 >= 60                   | 60
    attempts.3600 >= 50 or spoofed_callers.60 >= 3                     | 3
    attempts.3600 >= 50 or asr.60 > 3                                  | 1
    asr.60 >= 50                                                       | 1
    received_calls.3600 >= 50                                          | 1      # calls to it are not its attempts
    b.attempts.3600 >= 50                                              | 1      # of somebody else
    attempts.3600 >= 50 * minutes.3600                                 | 1
    20 <= attempts.3600 <= 70                                          | 20
""")
def test_how_much_traffic_it_takes(condition: str, least: str) -> None:
    assert parse_condition(condition, "a").least() == int(least)


def test_metrics_are_named_as_they_are_written() -> None:
    condition = parse_condition("a.attempts.60 > 5 and attempts.60 > trunk.minutes_p99 * 2", "a")
    measured = list[Measured]()
    condition.measures(measured)
    assert [each.text() for each in measured] == ["a.attempts.60", "attempts.60", "trunk.minutes_p99"]


WORDS = ["attempts.60", "asr.60", "b.asr.300", "is_night", "and", "or", "not", "(", ")", "<", ">=", "+", "*", "/", "5"]


def read(text: str) -> Condition | ConditionFault:
    try:
        return parse_condition(text, "a")
    except ConditionFault as fault:
        return fault


@given(st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join) | st.text(max_size=60))
def test_whatever_is_written_is_a_condition_or_a_fault_in_it(text: str) -> None:
    found = read(text)
    if isinstance(found, ConditionFault):
        assert 1 <= found.at <= len(text) + 1
    else:
        assert found.holds(NOBODY) in (True, False)
        assert found.least() >= 1


def test_a_comparison_reads_as_it_is_written() -> None:
    condition = parse_condition("asr.60 > 2 * (asr.300 + 1)", "trunk")
    assert isinstance(condition, Compared)
    assert (condition.left.text(), condition.right.text()) == ("asr.60", "2 * (asr.300 + 1)")
