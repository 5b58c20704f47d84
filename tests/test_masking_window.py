"""The masking window, by worked examples: five callers within five seconds, a cool-down of a minute."""

import pytest

from tests.masking_notation import B, Called, at
from tests.table import table
from triggers.masking.terms import MaskingTerms
from triggers.masking.window import COLD, COLD_MAX, cold


@table("""
    calls                      | flagged                     | late       | runs
    a0 b1 c2 d3 e4             | a0 b1 c2 d3 e4              |            | 4-4:5
    a0 b1 c2 d3 e4.999         | a0 b1 c2 d3 e4.999          |            | 4.999-4.999:5
    a0 b1 c2 d3 e5             |                             |            |           # (0, 5] has no call of 0
    a0 b0 c0 d0 e0             | a0 b0 c0 d0 e0              |            | 0-0:5
    a0 b1 c2 d3 a3 b3 a4       |                             |            |           # seven calls of four people
    a0 a1 b1 c2 c2' d3 e4      | a0 a1 b1 c2 c2' d3 e4       |            | 4-4:5     # repeats are flagged too
    a0 b1 c2 d3 e4 e4.1 f4.5 a5 | a0 b1 c2 d3 e4 e4.1 f4.5 a5 |           | 4-5:6     # as long as it is hot
    a0 b1 c2 d3 e4 f9          | a0 b1 c2 d3 e4              |            | 4-4:5
    a0 b1 c2 d3 f6 e4          | a0 b1 c2 d3 e4              |            | 4-4:5     # b is out of f's window
    a0 b1 c2 d3 f5.9 e4        | a0 b1 c2 d3 e4 f5.9         |            | 4-5.9:5
    b2 c3 d4 e6 a1.5           | b2 c3 d4 e6 a1.5            |            | 6-6:5     # hot through a later one
    a0 b1 c2 d3 f6 e1          | a0 b1 e1 c2 d3              |            | 3-3:5     # late by 5 s is taken
    a0 b1 c2 d3 f6.001 e1      |                             | e1         |           # and a millisecond more is not
    a0 b1 c2 d3 e1 f4 f4' g4   | a0 b1 e1 c2 d3 f4 f4' g4    |            | 3-4:7
    a9 b9 c9 d9 x20 y14.999 e9 |                             | y14.999 e9 |           # too late: nothing changes
""")
def test_what_is_flagged(calls: str, flagged: str, late: str, runs: str) -> None:
    called = Called().calls(calls)
    assert sorted(called.flagged) == sorted(flagged.split())
    assert called.late == late.split()
    assert called.runs() == runs


@table("""
    calls              | flagged
    a0 b1 c2 d3 e5     | a0 b1 c2 d3 e5     # (0, 5] becomes [0, 5]
    a0 b1 c2 d3 e5.001 |
    e5 d3 c2 b1 a0     | a0 b1 c2 d3 e5
""")
def test_a_closed_window_holds_the_call_one_window_ago(calls: str, flagged: str) -> None:
    called = Called(MaskingTerms(closed=True)).calls(calls)
    assert sorted(called.flagged) == sorted(flagged.split())


@table("""
    order
    a0 b1 c2 d3 e4
    e4 d3 c2 b1 a0
    c2 e4 a0 d3 b1
    b1 a0 e4 c2 d3
""")
def test_the_order_of_arrival_decides_nothing(order: str) -> None:
    called = Called().calls(order)
    assert [flagged.call_id for flagged in called.placed[-1].flagged] == ["a0", "b1", "c2", "d3", "e4"]
    assert [placed.hot for placed in called.placed] == [False, False, False, False, True]
    assert called.runs() == "4-4:5"


def test_distinct_counts_the_callers_of_the_window() -> None:
    called = Called().calls("a0 b1 a2 c3 d6")
    assert [placed.distinct for placed in called.placed] == [1, 2, 2, 3, 3]
    assert [called.shard.distinct(B, at(text)) for text in ("0", "3", "4.9", "6", "7.9", "20", "-1")] == [
        1, 3, 3, 3, 2, 0, 0,
    ]  # fmt: skip


def test_a_late_call_is_told_of_the_fullest_window_it_is_in() -> None:
    called = Called().calls("b2 c3 d4")
    assert called.call("a1").distinct == 4  # at 4 s: a b c d
    assert called.call("x0.5").distinct == 5


def test_a_cold_call_makes_nothing_new() -> None:
    called = Called().calls("a0 b1")
    assert called.placed == [COLD[1], COLD[2]]
    assert cold(COLD_MAX + 3).distinct == COLD_MAX + 3


def test_of_one_number_the_newest_calls_are_kept() -> None:
    called = Called(MaskingTerms(calls_max=6)).calls("a0 a0.1 a0.2 a0.3 a0.4 a0.5 a0.6 a0.7")
    assert (called.shard.calls, called.shard.truncated) == (6, 2)
    called.calls("b1 c1 d1 e1")
    assert set(called.flagged) == {"a0.5", "a0.6", "b1", "c1", "d1", "e1", "a0.7"}  # seen before the oldest went
    assert (called.shard.calls, called.shard.truncated) == (6, 6)


def test_a_call_late_behind_all_that_is_kept_is_still_flagged() -> None:
    called = Called(MaskingTerms(calls_max=5)).calls("a1 b1 c1 d1 e1")
    assert called.call("f0.5").hot
    assert (called.shard.calls, called.shard.truncated) == (5, 1)
    assert called.call("g1").distinct == 6


def test_a_number_is_judged_by_terms_of_its_own() -> None:
    televote = MaskingTerms(10_000, 7)
    called = Called()
    for word in ["a0", "b1", "c2", "d3", "e4", "f8"]:
        assert not called.call(word, televote).hot
    assert called.call("g9", televote).hot
    assert len(called.flagged) == 7


def test_other_terms_hold_from_the_next_call_on() -> None:
    called = Called().calls("a0 b1 c2 d3")
    called.shard.set_terms(MaskingTerms(5_000, 4))
    assert called.flagged == []
    assert called.call("a4").hot
    assert called.flagged == ["a0", "b1", "c2", "d3", "a4"]
    called.shard.set_terms(MaskingTerms(5_000, 9))
    assert not called.call("e4").hot


def test_a_wider_window_flags_what_it_holds() -> None:
    called = Called().calls("x0 a1 b4 c4 d4 e4")
    assert called.flagged == ["x0", "a1", "b4", "c4", "d4", "e4"]
    called = Called().calls("x0 a3 b6 c6 d6 e6")
    assert called.flagged == ["a3", "b6", "c6", "d6", "e6"]
    called.shard.set_terms(MaskingTerms(8_000, 5))
    called.call("f7")
    assert called.flagged[-2:] == ["x0", "f7"]


@table("""
    calls         | seconds
    a0 a20        | 20
    a0 b1 a2 a90  | 90
""")
def test_what_is_over_is_forgotten(calls: str, seconds: str) -> None:
    called = Called().calls(calls)
    assert called.shard.calls == 1
    assert called.shard.distinct(B, at(seconds)) == 1


@pytest.mark.parametrize("seed", [1, 7])
def test_the_list_is_cut_at_its_front_without_a_trace(seed: int) -> None:
    called = Called()
    for step in range(400):
        called.call(f"{'abcd'[(step * seed) % 4]}{step / 4}")
    assert called.flagged == []
    assert called.shard.calls == 40  # the 10 s that can still be in a window


def test_what_waits_to_be_forgotten_of_many_calls_is_forgotten_all_the_same() -> None:
    called = Called()
    for step in range(400):
        called.call(f"{'abcd'[step % 4]}{step / 20}")
    called.call("x0.1")  # by now ten seconds and more behind
    assert called.late == ["x0.1"]
    assert 200 <= called.shard.calls <= 200 * 17 // 16
    assert [called.shard.distinct(B, at(text)) for text in ("9.95", "10", "10.05")] == [0, 1, 2]
