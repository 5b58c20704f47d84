"""Who is due to be scored: once a minute each, in the order they called, and no more than there is room for."""

import sys
import threading

from ratingd.fraud.due_callers import DueCallers
from tests.fraud_scene import NUMBERS
from triggers.calls.call_event import INVITE, CallEvent

VICTIM = NUMBERS.read("+498912345678")


def call(name: str, at_ms: int = 0) -> CallEvent:
    return CallEvent(INVITE, at_ms, f"{name}-{at_ms}", NUMBERS.caller(f"+49306000{ord(name):03}"), VICTIM)


def offered(due: DueCallers, calls: str, now_ms: int) -> str:
    return "".join([name for name in calls if due.offer(call(name), now_ms)])


def taken(due: DueCallers, now_ms: int) -> str:
    """All who wait have their turn."""
    names = ""
    while (event := due.take()) is not None:
        due.rest(event.a.text, now_ms)
        names += chr(int(event.a.text[-3:]))
    return names


def test_a_caller_waits_once_and_rests_for_a_minute() -> None:
    due = DueCallers(again_ms=60_000)
    assert offered(due, "aabab", 0) == "ab"
    assert taken(due, 5) == "ab"
    assert offered(due, "cab", 60_004) == "c"
    assert offered(due, "bca", 60_005) == "ba"
    assert taken(due, 60_006) == "cba"


def test_who_has_his_turn_is_forgotten_when_it_is_over() -> None:
    due = DueCallers(again_ms=60_000)
    offered(due, "ab", 0)
    taken(due, 0)
    offered(due, "a", 60_000)
    taken(due, 60_000)
    offered(due, "b", 120_000)
    assert (taken(due, 120_000), offered(due, "ba", 120_001)) == ("b", "a")


def test_who_finds_no_room_is_counted_and_offered_again() -> None:
    due = DueCallers(waiting_max=2)
    assert (offered(due, "abcad", 0), due.left_out, len(due)) == ("ab", 2, 2)
    assert (taken(due, 1), offered(due, "c", 2)) == ("ab", "c")


def test_everybody_is_due_where_it_starts_over() -> None:
    due = DueCallers()
    offered(due, "a", 0)
    taken(due, 0)
    assert offered(due, "a", 1) == ""
    due.start_over()
    assert offered(due, "a", 1) == "a"


def test_a_model_that_goes_while_callers_have_their_turn_disturbs_none() -> None:
    due, stopping, names = DueCallers(again_ms=0), threading.Event(), "abcdefghij"

    def start_over() -> None:
        while not stopping.is_set():
            due.start_over()

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    other = threading.Thread(target=start_over)
    other.start()
    try:
        for now_ms in range(2_000):
            offered(due, names, now_ms)
            taken(due, now_ms)
    finally:
        stopping.set()
        other.join()
        sys.setswitchinterval(interval)
    assert len(due) == 0
