"""JSON and lines of files as call events: every name and every form of a time, and a wrong one told by its name."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratingd.api.event_message import EventReader
from ratingd.errors import InvalidRequest
from ratingd.ingest.event_fields import KINDS, call_event, duration_of, satark_record, time_of
from ratingd.v1.fraud_pb2 import CallEvent
from tests.table import table
from triggers.numbers.number_reading import NumberReader

NOW_MS = 1_795_280_000_000
INVITE = {"event_type": "INVITE", "a_number": "+4930111", "b_number": "+4930222"}
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=2)
)


@table(
    """
    written                        | ms
    1732161129                     | 1732161129000
    1732161129.4127                | 1732161129412      # floored, as the number is written and not as a double has it
    1732161129.999999999           | 1732161129999
    1732161129412                  | 1732161129412      # beyond 1e11: milliseconds
    1732161129412.9                | 1732161129412
    1732161129412345               | 1732161129412      # beyond 1e14: microseconds
    1732161129412345678            | 1732161129412      # beyond 1e17: nanoseconds
    2024-11-21T03:52:09.4129Z      | 1732161129412
    2024-11-21T04:52:09.412+01:00  | 1732161129412
    2024-11-21t03:52:09z           | 1732161129000
    2024-11-21 03:52:09            | 1732161129000      # no zone is UTC
                                   | 0
    """
)
def test_times(written: str, ms: str) -> None:
    assert time_of("timestamp", written) == int(ms)
    if written.isdecimal():
        assert time_of("timestamp", int(written)) == int(ms)
    elif written.replace(".", "").isdecimal() and len(written) < 16:
        assert time_of("timestamp", float(written)) == int(ms)


@pytest.mark.parametrize(
    "wrong",
    [
        *("yesterday", "Infinity", "1e999999999", "9" * 5000),
        *(-1, -0.001, 1e-9, 1, 10**10, 10**11, 10**14, float("nan"), float("inf"), 10**30, 2.6e20),
        *([1], {}, True),
    ],
)
def test_what_is_no_time_is_named(wrong: object) -> None:
    with pytest.raises(InvalidRequest, match="timestamp: "):
        time_of("timestamp", wrong)


@pytest.mark.parametrize("wrong", [-1, "long", 10**9, float("nan"), True, [], "1e9999"])
def test_what_is_no_duration_is_named(wrong: object) -> None:
    with pytest.raises(InvalidRequest, match="duration: "):
        duration_of("duration", wrong)


@table(
    """
    said       | kind
    INVITE     | INVITE
    CALL_START | INVITE
    setup      | INVITE
    180        | RINGING
    183        | RINGING
    PROGRESS   | RINGING
    200        | ANSWER
    Connect    | ANSWER
    HANGUP     | BYE
    CALL_END   | BYE
    CANCEL     | CANCEL
    REJECT     | REJECT
    UPDATE     | UPDATE
    """
)
def test_kinds_have_many_names(said: str, kind: str) -> None:
    fields = {**INVITE, "call_id": "c-1", "event_type": said}
    assert call_event(fields).kind == CallEvent.Kind.Value(kind)
    if said.isdecimal():
        assert call_event({**fields, "event_type": int(said)}).kind == CallEvent.Kind.Value(kind)


def test_all_fields_arrive() -> None:
    texts = (
        "event_id", "call_id", "trunk", "switch_id", "tenant", "account", "cli", "p_asserted_identity", "source_ip",
        "origin_region", "target_region", "imei", "imsi", "cell_id", "label",
    )  # fmt: skip
    event = call_event(
        {
            **{name: f"the {name}" for name in texts},
            **INVITE,
            "event_type": "CDR",
            "timestamp": 1732161129.5,
            "start_ts": 1732161120,
            "answer_ts": "1732161122.5",
            "end_ts": 1732161129500,
            "duration": "7",
            "attestation": "a",
            "disposition": "answered",
            "sip_code": "200",
            "unheard_of": [1, 2],
        }
    )
    assert [getattr(event, name) for name in texts] == [f"the {name}" for name in texts]
    assert (event.time_ms, event.start_ms, event.answer_ms, event.end_ms) == (
        1732161129500, 1732161120000, 1732161122500, 1732161129500,
    )  # fmt: skip
    assert (event.duration_ms, event.attestation, event.disposition, event.sip_code) == (7000, "A", "ANSWERED", 200)


def test_no_duration_is_not_a_duration_of_zero() -> None:
    assert not call_event(INVITE).HasField("duration_ms")
    assert call_event({**INVITE, "duration": 0}).HasField("duration_ms")


def test_a_withheld_caller_is_one() -> None:
    assert call_event({**INVITE, "a_number": ""}).a_number == ""


@table(
    """
    field        | value          | told
    event_type   | None           | event_type: is missing: one of INVITE, CALL_START
    event_type   | 'RING'         | event_type: one of INVITE, CALL_START
    event_type   | 1.5            | not 1.5
    event_type   | True           | not True
    a_number     | None           | a_number: is missing
    a_number     | 4930111        | a_number: a text is wanted, not 4930111
    b_number     | ''             | b_number: is missing
    b_number     | '1' * 300      | b_number: has 300 characters, and 200 are the most
    call_id      | 'a' + chr(0)   | call_id: has a control character
    call_id      | chr(0xd800)    | call_id: has a control character
    attestation  | 'D'            | attestation: one of A, B, C is wanted
    disposition  | 'LOST'         | disposition: one of ANSWERED, NO_ANSWER
    sip_code     | 700            | sip_code: a whole number from 100 to 699
    sip_code     | 486.5          | sip_code: a whole number
    sip_code     | 'busy'         | sip_code: a whole number
    """
)
def test_a_wrong_field_is_named(field: str, value: str, told: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        call_event({**INVITE, field: eval(value)})
    assert told in str(refused.value)


def test_what_comes_later_says_to_which_call_it_belongs() -> None:
    assert call_event({"event_type": "BYE", "call_id": "c-1"}).call_id == "c-1"
    with pytest.raises(InvalidRequest, match="call_id: is missing: it says to which call this BYE belongs"):
        call_event({**INVITE, "event_type": "BYE"})


@given(st.dictionaries(st.sampled_from([*INVITE, "timestamp", "duration", "sip_code", "call_id", "label"]), anything))
def test_whatever_comes_is_read_or_refused(fields: dict[str, object]) -> None:
    with suppress(InvalidRequest):
        assert call_event({**INVITE, **fields}).SerializeToString()


@table(
    """
    start | answer | end | duration | time | becomes
    10    | 20     | 80  |          |      | 10 20 80
    10    | 5      | 80  |          |      | 10 10 80    # a clock set back
    10    | 20     | 15  |          |      | 10 20 20
    10    |        | 5   |          |      | 10 0 10
    10    | 20     |     |          | 50   | 10 20 50
    10    | 20     |     |          |      | 10 20 99    # over when the record came
    10    | 20     |     | 7        |      | 10 20 0     # the length says it
    """
)
def test_times_of_a_record_are_in_order(
    start: str, answer: str, end: str, duration: str, time: str, becomes: str
) -> None:
    hour = 1732161600
    said = {"start_ts": start, "answer_ts": answer, "end_ts": end, "timestamp": time}
    times = {name: hour + int(text) for name, text in said.items() if text}
    event = call_event({**INVITE, **times, "event_type": "CDR", "duration": duration}, (hour + 99) * 1000)
    read = [event.start_ms, event.answer_ms, event.end_ms]
    assert [at_ms and at_ms // 1000 - hour for at_ms in read] == [int(text) for text in becomes.split()]


def test_a_satark_record_is_one_call() -> None:
    fields = {"caller_id": "9000000001", "destination": "8000000001", "duration": 42, "timestamp": 1732161129}
    event = satark_record({**fields, "origin_region": "Delhi", "target_region": "Mumbai"}, 5)
    assert event.kind == CallEvent.CDR
    assert (event.a_number, event.b_number) == ("9000000001", "8000000001")
    assert (event.start_ms, event.answer_ms, event.end_ms) == (1732161129000, 1732161129000, 1732161171000)
    assert (event.disposition, event.origin_region, event.target_region) == ("ANSWERED", "Delhi", "Mumbai")
    missed = satark_record({"source": "9000000001", "destination": "8000000001"}, 5)
    assert (missed.start_ms, missed.answer_ms, missed.end_ms, missed.disposition) == (5, 0, 5, "NO_ANSWER")


def test_a_satark_record_names_both_parties() -> None:
    with pytest.raises(InvalidRequest, match="caller_id: is missing"):
        satark_record({"destination": "1"}, 5)
    with pytest.raises(InvalidRequest, match="destination: is missing"):
        satark_record({"source": "1"}, 5)


moments = st.sampled_from([None, "", 0, 1732161129, 1732161130.5, 1732161131999, "2260-01-01T00:00:00Z", 100_000_000])
lengths = st.sampled_from([None, 0, 0.5, 31_622_400])


@given(
    st.fixed_dictionaries(
        {
            "event_type": st.sampled_from(list(KINDS)),
            "call_id": st.sampled_from(["", "c-1"]),
            **dict.fromkeys(("timestamp", "start_ts", "answer_ts", "end_ts"), moments),
            "duration": lengths,
            "sip_code": st.sampled_from([None, 200, 486]),
        }
    )
)
def test_what_is_accepted_here_is_read_by_detection(fields: dict[str, object]) -> None:
    reader = EventReader(NumberReader("DE"), default_tenant="cgrates.org")
    if fields["event_type"] not in ("INVITE", "CALL_START", "SETUP", "CDR"):
        fields["call_id"] = "c-1"
    event = reader.read(call_event({**INVITE, **fields}, NOW_MS).SerializeToString(), NOW_MS)
    assert event.at_ms <= NOW_MS + 30_000


@given(moments, lengths)
def test_what_is_accepted_of_a_satark_record_is_read_by_detection(at: object, duration: object) -> None:
    reader = EventReader(NumberReader("DE"), default_tenant="cgrates.org")
    fields = {"source": "1", "destination": "2", "timestamp": at, "duration": duration}
    event = reader.read(satark_record(fields, NOW_MS).SerializeToString(), NOW_MS)
    assert event.at_ms <= NOW_MS + 30_000
