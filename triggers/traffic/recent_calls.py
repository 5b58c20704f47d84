"""Calls in the order they began: where a window starts, which of them overlap, which numbers follow each other.

Three people call +4989222. The first speaks from 10:00:00 to 10:01:00, the second tries at 10:00:30 and gives up at
10:00:45, the third calls at 10:02:00: two of three attempts overlap, overlap_ratio 0.67. A call that ends at the very
moment at which another begins does not overlap it, and neither does a call of no length.
"""

from typing import Final

from triggers.traffic.counted_call import CountedCall

NEAR: Final = 10
_TAIL_DIGITS: Final = 9


def first_after(calls: list[CountedCall], at_ms: int) -> int:
    """Where the first call is that began after `at_ms`."""
    low, high = 0, len(calls)
    while low < high:
        middle = (low + high) // 2
        if calls[middle].start_ms <= at_ms:
            low = middle + 1
        else:
            high = middle
    return low


def insert(calls: list[CountedCall], call: CountedCall) -> None:
    """Behind those that began at the same time."""
    calls.insert(first_after(calls, call.start_ms), call)


def overlaps(calls: list[CountedCall], at_ms: int) -> list[bool]:
    """Which calls have another from a different caller beside them. All began by `at_ms`, in order."""
    found = [False] * len(calls)
    _beside_earlier(calls, at_ms, found)
    _beside_later(calls, at_ms, found)
    return found


def _beside_earlier(calls: list[CountedCall], at_ms: int, found: list[bool]) -> None:
    """The two latest ends among earlier calls, of different callers, tell it."""
    latest_ms, caller, other_ms = 0, "", 0
    for index in range(len(calls)):
        call = calls[index]
        until_ms = call.until_ms(at_ms)
        if until_ms <= call.start_ms:
            continue
        if (latest_ms if caller != call.a else other_ms) > call.start_ms:
            found[index] = True
        if call.a == caller:
            latest_ms = max(latest_ms, until_ms)
        elif until_ms > latest_ms:
            latest_ms, caller, other_ms = until_ms, call.a, latest_ms
        elif until_ms > other_ms:
            other_ms = until_ms


def _beside_later(calls: list[CountedCall], at_ms: int, found: list[bool]) -> None:
    """The next two starts among later calls, of different callers, tell it."""
    never = at_ms + 1
    next_ms, caller, other_ms = never, "", never
    for index in range(len(calls) - 1, -1, -1):
        call = calls[index]
        until_ms = call.until_ms(at_ms)
        if until_ms <= call.start_ms:
            continue
        if (next_ms if caller != call.a else other_ms) < until_ms:
            found[index] = True
        if call.a != caller:
            caller, other_ms = call.a, next_ms
        next_ms = call.start_ms


def near(one: str, other: str) -> bool:
    """Whether two numbers are within ten of each other, and not the same: ...198 and ...203."""
    if one == other or len(one) != len(other) or len(one) < 2:
        return False
    if one[-2] != "9" and other[-2] != "9" and one[:-2] != other[:-2]:
        return False  # most are told apart so: only from ...90 on the next hundred is within ten
    cut = min(_TAIL_DIGITS, len(one) - 1)
    if one[:-cut] != other[:-cut]:
        return False
    tail, other_tail = one[-cut:], other[-cut:]
    return tail.isdecimal() and other_tail.isdecimal() and abs(int(tail) - int(other_tail)) <= NEAR
