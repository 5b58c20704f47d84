"""What is remembered of events, for how long, and how many at most."""

import pytest

from triggers.calls.call_event import BYE, INVITE, CallEvent
from triggers.calls.event_memory import EventMemory, event_key
from triggers.calls.verdict import DISCONNECT, Verdict
from triggers.numbers.number import NO_NUMBER

CUT = Verdict("c-1", DISCONNECT, ("masking",))


def event(kind: int = INVITE, event_id: str = "") -> CallEvent:
    return CallEvent(kind, 1, "c-1", NO_NUMBER, NO_NUMBER, event_id=event_id)


def test_an_event_is_named_by_its_producer_or_by_call_and_kind() -> None:
    assert event_key(event(event_id="e-9")) == "e-9"
    assert event_key(event()) == "c-1:INVITE"
    assert event_key(event(BYE)) == "c-1:BYE"


def test_what_was_answered_is_kept_and_a_plain_allow_is_known_without_one() -> None:
    memory = EventMemory(ttl_ms=1000, keys_max=100)
    memory.keep("a", None, 0)
    memory.keep("b", CUT, 0)
    assert memory.knows("a")
    assert memory.verdict("a") is None
    assert memory.verdict("b") is CUT
    assert not memory.knows("c")


@pytest.mark.parametrize(
    ("later_ms", "known"), [(999, True), (1_000, True), (1_999, True), (2_000, False), (3_000, False), (9_000, False)]
)
def test_an_event_is_remembered_for_one_lifetime_at_least_and_two_at_most(later_ms: int, known: bool) -> None:
    memory = EventMemory(ttl_ms=1000, keys_max=100)
    memory.keep("begin", None, 10_000)
    memory.keep("a", None, 10_000)
    for between_ms in range(1_000, later_ms, 1_000):
        memory.keep(f"between-{between_ms}", None, 10_000 + between_ms)
    memory.keep("later", None, 10_000 + later_ms)
    assert memory.knows("a") == known


def test_after_a_long_silence_all_of_before_is_forgotten() -> None:
    memory = EventMemory(ttl_ms=1000, keys_max=100)
    memory.keep("a", None, 10_000)
    memory.keep("b", None, 12_000)
    assert not memory.knows("a")


def test_as_many_keys_are_kept_as_are_allowed_and_the_oldest_go_first() -> None:
    memory = EventMemory(ttl_ms=10_000, keys_max=10)
    for number in range(1_000):
        memory.keep(f"e-{number}", None, 1)
        assert len(memory) <= 10
    assert memory.knows("e-999")
    assert memory.knows("e-995")
    assert not memory.knows("e-980")


def test_what_is_read_back_after_a_start_takes_only_room_that_is_there() -> None:
    memory = EventMemory(ttl_ms=10_000, keys_max=4)
    for number in range(9):
        memory.keep_older(f"e-{number}")
    assert len(memory) == 2
    memory.keep("new", None, 1)
    assert memory.knows("new")
    assert memory.knows("e-0")
