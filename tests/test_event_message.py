"""Call events are read from their bytes as protobuf reads them, and one that cannot be meant is named by its field."""

from hashlib import sha1

import pytest
from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st

from ratingd import observe
from ratingd.api.event_message import EventBatch, EventReader, dated, framed
from ratingd.api.wire_reader import Unusual
from ratingd.errors import InvalidRequest
from ratingd.v1 import fraud_pb2
from ratingd.v1.fraud_pb2 import CallEventsRequest
from tests.table import table
from tests.wire_numbers import varint
from triggers.calls.call_event import NO_DETAILS, CallEvent
from triggers.numbers.number import NO_NUMBER, Number
from triggers.numbers.number_reading import NumberReader

NOW = 1_795_262_400_000  # 2026-11-21T12:00:00Z
PARTS = (
    "a", "account", "at_ms", "b", "call_id", "clock_skewed", "event_id", "kind", "received_ms", "switch_id", "tenant",
    "trunk",
)  # fmt: skip
DETAILS = (
    "answer_ms", "attestation", "cell_id", "cli", "disposition", "duration_ms", "end_ms", "imei", "imsi", "label",
    "origin_region", "p_asserted_identity", "sip_code", "source_ip", "start_ms", "target_region",
)  # fmt: skip


def reader(**terms: int) -> EventReader:
    return EventReader(NumberReader(), default_tenant="example.org", **terms)


def message(kind: str = "INVITE", **fields: object) -> fraud_pb2.CallEvent:
    given = {"call_id": "c1", "a_number": "4930123456", "b_number": "4930654321", "time_ms": NOW - 5, **fields}
    event = fraud_pb2.CallEvent(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    event.kind = fraud_pb2.CallEvent.Kind.Value(kind)  # type: ignore[assignment]
    return event


def read(kind: str = "INVITE", **fields: object) -> CallEvent:
    return reader().read(message(kind, **fields).SerializeToString(), NOW)


def fault(kind: str = "INVITE", **fields: object) -> str:
    with pytest.raises(InvalidRequest) as error:
        read(kind, **fields)
    return str(error.value)


def shown(event: CallEvent) -> dict[str, object]:
    """All that is said of an event."""
    parts = {name: getattr(event, name) for name in PARTS}
    parts |= {f"details.{name}": getattr(event.details, name) for name in DETAILS}
    return {name: part.text if isinstance(part, Number) else part for name, part in parts.items()}


def test_an_invite_of_eight_fields() -> None:
    event = read(event_id="e1", trunk="T1", switch_id="sbc-1")
    assert (event.event_id, event.call_id, event.kind, event.at_ms) == ("e1", "c1", 1, NOW - 5)
    assert (event.a.text, event.b.text, event.trunk, event.switch_id) == ("+4930123456", "+4930654321", "T1", "sbc-1")
    assert (event.tenant, event.account, event.received_ms) == ("example.org", "4930123456", NOW)
    assert event.details is NO_DETAILS
    assert not event.clock_skewed


def test_where_numbers_are_hidden_the_account_of_a_caller_is_hidden_too() -> None:
    hiding = EventReader(NumberReader(pseudonym=lambda text: f"h:{len(text)}"), default_tenant="example.org")
    for account in (None, "4930123456"):
        event = hiding.read(message(account=account).SerializeToString(), NOW)
        assert (event.a.text, event.account) == ("h:11", "h:11")
    assert hiding.read(message(account="1001").SerializeToString(), NOW).account == "1001"


def test_a_tenant_and_an_account_are_taken_where_they_are_given() -> None:
    event = read(tenant="other.org", account="1001")
    assert (event.tenant, event.account) == ("other.org", "1001")


def test_trunks_and_switches_are_one_object_for_all_their_events() -> None:
    desk = reader()
    first, second = [desk.read(message(trunk="T1", switch_id="s").SerializeToString(), NOW) for _ in range(2)]
    assert first.trunk is second.trunk
    assert first.switch_id is second.switch_id


def test_a_withheld_caller_is_one_and_a_later_event_need_not_repeat_the_numbers() -> None:
    assert read(a_number="").a.text == read(a_number="Anonymous").a.text == "anonymous"
    later = read("ANSWER", a_number=None, b_number=None)
    assert (later.a, later.b) == (NO_NUMBER, NO_NUMBER)


def test_details_are_read_where_there_are_any() -> None:
    details = read(
        cli="+49 30 111111", p_asserted_identity="49302222222", attestation="a", source_ip="10.0.0.1",
        origin_region="Berlin", target_region="Bonn", imei="i", imsi="s", cell_id="c", label="fraud",
    ).details  # fmt: skip
    assert (details.cli.text, details.p_asserted_identity.text, details.cli_mismatch) == (
        "+4930111111",
        "+49302222222",
        True,
    )
    assert (details.attestation, details.source_ip) == ("A", "10.0.0.1")
    assert (details.origin_region, details.target_region) == ("Berlin", "Bonn")
    assert (details.imei, details.imsi, details.cell_id, details.label) == ("i", "s", "c", "fraud")
    assert (details.duration_ms, details.disposition) == (-1, "")


def test_a_cdr_has_the_times_of_its_call() -> None:
    event = read("CDR", time_ms=None, start_ms=NOW - 90_000, duration_ms=60_000)
    details = event.details
    assert (details.start_ms, details.answer_ms, details.end_ms) == (NOW - 90_000, NOW - 90_000, NOW - 30_000)
    assert (details.duration_ms, details.disposition, event.at_ms) == (60_000, "ANSWERED", NOW - 30_000)
    alone = read("CDR", time_ms=None)
    assert (alone.details.start_ms, alone.details.disposition, alone.at_ms) == (NOW, "NO_ANSWER", NOW)


@table("""
    said                                  | disposition
    sip_code=486                          | BUSY
    sip_code=487                          | CANCEL
    sip_code=480                          | NO_ANSWER
    sip_code=408                          | NO_ANSWER
    sip_code=404                          | FAILED
    sip_code=503                          | FAILED
    sip_code=603                          | FAILED
    sip_code=200                          | ANSWERED
    sip_code=302                          | NO_ANSWER
    disposition=REJECTED sip_code=486     | REJECTED
    disposition=DISCONNECTED_FRAUD        | DISCONNECTED_FRAUD
    disposition=busy                      | BUSY
    duration_ms=1000                      | ANSWERED
    duration_ms=0                         | NO_ANSWER
""")
def test_what_became_of_a_call(said: str, disposition: str) -> None:
    given = dict(part.split("=") for part in said.split())
    fields = {name: int(value) if value.isdigit() else value for name, value in given.items()}
    assert read("CDR", **fields).details.disposition == disposition


def test_a_code_alone_says_what_became_of_a_call_and_nothing_says_nothing() -> None:
    assert read("REJECT", sip_code=486).details.disposition == "BUSY"
    assert read("RINGING", sip_code=180).details.disposition == ""


@table("""
    kind             | fields               | fault
    INVITE           | b_number=            | b_number: is '': an INVITE says who is called
    INVITE           | b_number=anonymous   | b_number: is 'anonymous': an INVITE says who is called
    CDR              | b_number=            | b_number: is '': a CDR says who is called
    ANSWER           | call_id=             | call_id: is empty: an ANSWER names the call it is about
    BYE              | call_id=             | call_id: is empty: a BYE names the call it is about
    INVITE           | time_ms=1795262400   | time_ms: is 1795262400, which is no time in milliseconds since 1970
    INVITE           | time_ms=-1           | time_ms: is -1, which is no time in milliseconds since 1970
    INVITE           | time_ms=9999999999999 | time_ms: is 9999999999999, which is no time in milliseconds since 1970
    CDR              | start_ms=17          | start_ms: is 17, which is no time in milliseconds since 1970
    CDR              | duration_ms=-1       | duration_ms: is -1; a call lasts from 0 ms to a year
    CDR              | duration_ms=99999999999 | duration_ms: is 99999999999; a call lasts from 0 ms to a year
    INVITE           | sip_code=42          | sip_code: is 42; SIP answers with 100 to 699
    INVITE           | attestation=D        | attestation: is 'D'; known are A, B, C, or nothing
""", split=" |")  # fmt: skip
def test_an_event_that_cannot_be_meant_is_named_by_its_field(kind: str, fields: str, fault: str) -> None:
    given = dict(part.split("=") for part in fields.split())
    said = {name: int(value) if value.lstrip("-").isdigit() else value for name, value in given.items()}
    with pytest.raises(InvalidRequest) as error:
        read(kind, **said)
    assert str(error.value) == fault


TEXTS = (
    "event_id", "call_id", "a_number", "b_number", "trunk", "switch_id", "tenant", "account", "cli",
    "p_asserted_identity", "source_ip", "origin_region", "target_region", "imei", "imsi", "cell_id", "label",
)  # fmt: skip


@pytest.mark.parametrize("field", TEXTS)
def test_texts_are_bounded_and_printable(field: str) -> None:
    assert fault(**{field: "x" * 201}) == f"{field}: 201 characters; at most 200 are allowed"
    assert fault(**{field: "a\x00b"}) == f"{field}: contains a control character"


def test_what_is_none_of_the_words_there_are_is_told_with_them() -> None:
    kinds = "known are 1 INVITE, 2 RINGING, 3 ANSWER, 4 BYE, 5 CANCEL, 6 REJECT, 7 UPDATE, 8 CDR"
    assert fault("KIND_UNSPECIFIED") == f"kind: is missing; {kinds}"
    with pytest.raises(InvalidRequest, match=f"kind: is 9; {kinds}"):
        reader().read(message().SerializeToString().replace(b"\x18\x01", b"\x18\x09"), NOW)
    assert fault("CDR", disposition="LOST") == (
        "disposition: is 'LOST'; known are ANSWERED, BUSY, CANCEL, DISCONNECTED_FRAUD, FAILED, NO_ANSWER, REJECTED, "
        "or nothing"
    )


@table("""
    ahead  | at     | skewed
    0      | 0      | no
    30000  | 30000  | no
    30001  | 0      | yes
    99999  | 0      | yes
""")
def test_an_event_of_the_future_is_one_of_now(ahead: str, at: str, skewed: str) -> None:
    before = observe.counters().get("fraud.clock_skewed", 0)
    event = read(time_ms=NOW + int(ahead))
    assert (event.at_ms, event.clock_skewed) == (NOW + int(at), skewed == "yes")
    assert observe.counters().get("fraud.clock_skewed", 0) - before == (skewed == "yes")


def test_a_replay_believes_every_time() -> None:
    body = message(time_ms=NOW + 10**9).SerializeToString()
    event = reader(max_future_skew_ms=-1).read(body, NOW)
    assert (event.at_ms, event.clock_skewed) == (NOW + 10**9, False)


def test_no_time_is_when_it_came() -> None:
    assert read(time_ms=0).at_ms == NOW


def test_a_call_without_a_name_has_one_made_of_what_was_said() -> None:
    event = read(call_id="", trunk="T1")
    assert event.call_id == sha1(f"+4930123456|+4930654321|{NOW - 5}|T1".encode()).hexdigest()[:16]
    assert read("CDR", call_id="", trunk="T1", start_ms=NOW - 5, end_ms=NOW - 1).call_id == event.call_id
    assert read(call_id="", trunk="T2").call_id != event.call_id


# -- many in a message


def batch(*events: fraud_pb2.CallEvent) -> EventBatch:
    return reader().read_batch(CallEventsRequest(events=events).SerializeToString(), NOW)


def test_a_wrong_event_leaves_those_beside_it_alone() -> None:
    found = batch(message(call_id="c1"), message(b_number=""), message(call_id="c3"), message("BYE", call_id=""))
    assert [event.call_id for event in found.events] == ["c1", "c3"]
    assert (found.places, found.count) == ([0, 2], 4)
    assert [(fault.index, fault.field) for fault in found.faults] == [(1, "b_number"), (3, "call_id")]


def test_the_bytes_beside_the_events_are_the_message() -> None:
    whole = CallEventsRequest(events=[message(call_id=f"c{n}") for n in range(5)]).SerializeToString()
    found = reader().read_batch(whole, NOW)
    assert b"".join(found.bodies) == whole
    assert found.bodies[0] == framed(message(call_id="c0").SerializeToString())


def test_an_event_of_bytes_that_are_none_is_a_fault_of_its_own() -> None:
    good = framed(message().SerializeToString())
    found = reader().read_batch(good + framed(b"\x0a\x01\xff") + framed(b"\x0a\x09") + good, NOW)
    assert (len(found.events), found.places) == (2, [0, 3])
    assert [(fault.index, fault.field, fault.message) for fault in found.faults] == [
        (1, "request", "is not a ratingd.v1.CallEvent"),
        (2, "request", "is not a ratingd.v1.CallEvent"),
    ]


def test_a_message_that_is_none_is_refused_whole() -> None:
    with pytest.raises(InvalidRequest, match=r"request: is not a ratingd\.v1\.CallEventsRequest"):
        reader().read_batch(b"\x0a\xff", NOW)


def test_no_events_are_no_events() -> None:
    assert (batch().events, batch().count) == ([], 0)


# -- however it is written

NUMBERS = st.sampled_from(["", "4930123456", "0049 30", "anonymous"])
MOMENTS = st.sampled_from([0, NOW, NOW - 60_000, NOW + 29_999, NOW + 10**7])
EVENTS = st.fixed_dictionaries(
    {"kind": st.integers(1, 8), "call_id": st.sampled_from(["c", "Ä" * 100]), "b_number": st.just("4930654321")},
    optional={
        **dict.fromkeys(("a_number", "cli", "p_asserted_identity"), NUMBERS),
        **dict.fromkeys(
            ("event_id", "trunk", "switch_id", "tenant", "account", "imei", "label"), st.text("aÄ9", max_size=3)
        ),
        "time_ms": MOMENTS,
        "start_ms": st.sampled_from([0, NOW - 300_000]),
        "answer_ms": st.sampled_from([0, NOW - 200_000]),
        "end_ms": st.sampled_from([NOW - 100_000]),
        "duration_ms": st.integers(0, 10**6),
        "sip_code": st.sampled_from([0, 180, 486, 503]),
        "attestation": st.sampled_from(["", "A", "b"]),
    },
).map(lambda fields: fraud_pb2.CallEvent(**fields))  # type: ignore[arg-type]


def unusual(event: Message) -> bytes:
    """The same event as protobuf would not write it: its fields backwards, and one that nobody knows."""
    parts = []
    for field, value in event.ListFields():
        alone = type(event)(**{field.name: value})
        parts.append(alone.SerializeToString())
    return b"".join(reversed(parts)) + varint(99 << 3) + b"\x01"


@given(EVENTS)
def test_an_event_is_the_same_however_it_is_written(event: fraud_pb2.CallEvent) -> None:
    usual = shown(reader().read(event.SerializeToString(), NOW))
    assert shown(reader().read(unusual(event), NOW)) == usual
    (found,) = reader().read_batch(framed(unusual(event)), NOW).events
    assert shown(found) == usual


@given(EVENTS)
def test_what_is_logged_reads_as_what_came(event: fraud_pb2.CallEvent) -> None:
    found = batch(event, event)
    again = reader().read_batch(b"".join(found.bodies), NOW)
    assert [*map(shown, again.events)] == [*map(shown, found.events)]


@given(EVENTS)
def test_an_event_that_says_no_time_is_dated_as_protobuf_would(event: fraud_pb2.CallEvent) -> None:
    event.ClearField("time_ms")
    body = framed(event.SerializeToString())
    if not event.call_id:
        with pytest.raises(Unusual):
            dated(body, NOW)
        return
    event.time_ms = NOW
    assert dated(body, NOW) == framed(event.SerializeToString())
    assert dated(framed(event.SerializeToString()), NOW + 1) == framed(event.SerializeToString())
