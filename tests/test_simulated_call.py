"""Calls of labelled traffic, told as a switch tells them."""

from hypothesis import given
from hypothesis import strategies as st

from ratingd.models.traffic.simulated_call import SimulatedCall, events_of
from triggers.calls.call_event import KIND_NAMES, CallEvent
from triggers.calls.disposition import disposition_of

T = 1_800_000_000_000


def call(
    name: str, start: int, ring: int = 0, answer: int = 0, end: int = 0, disposition: str = "", cli: str = ""
) -> SimulatedCall:
    at = [T + offset if offset else 0 for offset in (ring, answer, end)]
    return SimulatedCall(
        name, "+4930111000", "+4930555000", T + start, at[0], at[1], at[2], disposition, "carrier-7", "s1", cli,
        "+4930111000", "A", "BERLIN", "", 1, "masking",
    )  # fmt: skip


def told(*calls: SimulatedCall) -> list[str]:
    return [f"{event.at_ms - T} {KIND_NAMES[event.kind]} {event.call_id}" for event in events_of(calls)]


def test_an_answered_call_is_told_by_four_events() -> None:
    assert told(call("x", 1, 1500, 5000, 9000, "ANSWERED")) == [
        "1 INVITE x",
        "1500 RINGING x",
        "5000 ANSWER x",
        "9000 BYE x",
    ]


def test_a_call_that_nobody_answers_ends_as_its_disposition_says() -> None:
    for disposition, word in (
        ("CANCEL", "CANCEL"),
        ("BUSY", "REJECT"),
        ("NO_ANSWER", "REJECT"),
        ("REJECTED", "REJECT"),
    ):
        events = list(events_of([call("x", 1, 0, 0, 900, disposition)]))
        assert [KIND_NAMES[event.kind] for event in events] == ["INVITE", word]
        assert disposition_of(events[-1], answered=False) == disposition


def test_a_call_that_is_still_up_has_no_end() -> None:
    assert told(call("x", 1, 2, 3)) == ["1 INVITE x", "2 RINGING x", "3 ANSWER x"]


def test_events_of_many_calls_come_in_the_order_of_time() -> None:
    assert told(call("late", 50, 60), call("early", 10, 50, 70)) == [
        "10 INVITE early", "50 RINGING early", "50 INVITE late", "60 RINGING late", "70 ANSWER early",
    ]  # fmt: skip


def test_the_invite_says_who_is_presented_and_who_is_asserted() -> None:
    (event,) = events_of([call("x", 1, cli="030 999")])
    assert event.details.cli_mismatch
    assert (event.details.attestation, event.details.origin_region) == ("A", "BERLIN")
    assert (event.trunk, event.switch_id, event.account) == ("carrier-7", "s1", "+4930111000")


def test_one_number_is_one_object_in_all_events() -> None:
    events = list(events_of([call("x", 1, 2), call("y", 3, 4)]))
    assert len({id(event.a) for event in events}) == len({id(event.b) for event in events}) == 1


spans = st.tuples(st.integers(0, 100), st.integers(0, 20), st.integers(0, 20), st.integers(0, 20))


@given(st.lists(spans, max_size=20))
def test_no_event_comes_before_one_of_an_earlier_time_nor_a_call_before_its_invite(
    drawn: list[tuple[int, ...]],
) -> None:
    calls = [
        call(str(i), 1 + s, 1 + s + r, 1 + s + r + a, 1 + s + r + a + e, "ANSWERED")
        for i, (s, r, a, e) in enumerate(drawn)
    ]
    events = list(events_of(calls))
    assert [event.at_ms for event in events] == sorted(event.at_ms for event in events)
    of_call: dict[str, list[CallEvent]] = {}
    for event in events:
        of_call.setdefault(event.call_id, []).append(event)
    assert all([event.kind for event in own] == [1, 2, 3, 4] for own in of_call.values())
    assert len(of_call) == len(calls)
