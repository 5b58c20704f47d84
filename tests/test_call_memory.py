"""What is remembered of calls, for how long, and how many at most."""

import pytest

from triggers.calls.call_event import ANSWER, BYE, CDR, INVITE
from triggers.calls.call_memory import CallMemory, SeenCall
from triggers.calls.verdict import DISCONNECT, Verdict

CUT = Verdict("c-1", DISCONNECT, ("masking",))
HOUR_MS = 3_600_000
NOW_MS = 1_795_000_000_000


def memory(ttl_ms: int = 4 * HOUR_MS, repeat_ms: int = 600_000, calls_max: int = 1_000) -> CallMemory:
    return CallMemory(ttl_ms, repeat_ms, calls_max)


def brought(calls: CallMemory, call_id: str, kind: int, at_ms: int, verdict: Verdict | None = None) -> SeenCall:
    """An event, as whoever takes one has it remembered."""
    entered = calls.entered(call_id, calls.get(call_id), at_ms)
    calls.note(entered, kind, verdict, at_ms)
    return entered


def test_each_kind_of_event_is_a_repeat_of_its_own_and_has_its_own_answer() -> None:
    calls = memory()
    brought(calls, "c-1", INVITE, NOW_MS)
    seen = brought(calls, "c-1", BYE, NOW_MS + 1, CUT)
    assert [calls.repeats(seen, kind, NOW_MS + 2) for kind in (INVITE, ANSWER, BYE, CDR)] == [True, False, True, False]
    assert (seen.verdict(INVITE), seen.verdict(BYE)) == (None, CUT)
    assert not calls.repeats(calls.get("c-2"), INVITE, NOW_MS)


@pytest.mark.parametrize(("later_ms", "known"), [(599_999, True), (600_000, False)])
def test_an_event_is_a_repeat_for_as_long_as_is_set_and_its_call_is_known_for_longer(
    later_ms: int, known: bool
) -> None:
    calls = memory()
    brought(calls, "c-1", INVITE, NOW_MS, CUT).begun = True
    seen = calls.get("c-1")
    assert seen is not None
    assert calls.repeats(seen, INVITE, NOW_MS + later_ms) is known
    assert seen.begun
    calls.note(seen, BYE, None, NOW_MS + later_ms)
    assert calls.repeats(seen, INVITE, NOW_MS + later_ms) is known
    assert (seen.verdict(INVITE) is CUT) is known


def test_a_call_is_known_for_one_lifetime_at_least_and_two_at_most() -> None:
    calls = memory(ttl_ms=1_000, repeat_ms=1_000)
    brought(calls, "c-1", INVITE, NOW_MS)
    brought(calls, "c-2", INVITE, NOW_MS + 1_000)
    assert calls.get("c-1") is not None
    brought(calls, "c-3", INVITE, NOW_MS + 2_000)
    assert calls.get("c-1") is None
    brought(calls, "c-4", INVITE, NOW_MS + 9_000)
    assert [calls.get(f"c-{n}") is None for n in (2, 3, 4)] == [True, True, False]


def test_a_call_that_goes_on_stays_known_while_others_are_forgotten() -> None:
    calls = memory(calls_max=10)
    first = brought(calls, "c", INVITE, NOW_MS)
    for number in range(100):
        brought(calls, f"c-{number}", INVITE, NOW_MS + number)
        assert brought(calls, "c", ANSWER, NOW_MS + number) is first
        assert len(calls) <= 11  # a call in both generations counts twice
    assert calls.get("c-99") is not None
    assert calls.get("c-50") is None


def test_what_is_read_back_after_a_start_takes_only_room_that_is_there() -> None:
    calls = memory(calls_max=4)
    kept = [calls.entered_before(f"c-{number}") is not None for number in range(9)]
    assert kept == [True, True] + [False] * 7
    assert calls.entered_before("c-0") is calls.get("c-0")
    brought(calls, "new", INVITE, NOW_MS)
    assert [calls.get(name) is None for name in ("new", "c-0", "c-8")] == [False, False, True]
