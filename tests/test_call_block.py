"""Calls by column become calls one by one."""

import numpy as np

from ratingd.models.traffic.call_block import CallBlock, Course, Lines, all_lines, calls_of
from ratingd.models.traffic.simulated_call import SimulatedCall


def block(kind: str, *starts: int) -> CallBlock:
    count = len(starts)
    numbers = np.arange(count, dtype=np.int64) + 4_930_111
    zeros, ones = np.zeros(count, dtype=np.int64), np.ones(count, dtype=np.int64)
    lines = Lines(numbers, ones * 4, ones * 2, numbers, zeros)
    at = np.array(starts, dtype=np.int64)
    return CallBlock(kind, 1, lines, numbers + 1000, at, Course(at + 5, zeros, at + 9, ones * 2))


def test_blocks_are_mixed_in_the_order_of_time() -> None:
    calls = calls_of([block("a", 30, 10), block("b", 20)], "x")
    assert [(call.call_id, call.kind, call.start_ms) for call in calls] == [
        ("x-0000001", "a", 10), ("x-0000002", "b", 20), ("x-0000003", "a", 30),
    ]  # fmt: skip


def test_columns_become_words() -> None:
    (call,) = calls_of([block("a", 10)], "x")
    assert call == SimulatedCall(
        "x-0000001", "+4930111", "+4931111", 10, 15, 0, 19, "BUSY", "interconnect-1", "switch-1", "+4930111", "", "B",
        "", "", 1, "a",
    )  # fmt: skip


def test_lines_are_put_together_and_taken_apart() -> None:
    one, other = block("a", 1, 2).lines, block("b", 3).lines
    both = all_lines([one, other])
    assert len(both) == 3
    assert both.take(np.array([2, 0])).number.tolist() == [4_930_111, 4_930_111]
