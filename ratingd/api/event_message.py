"""Call events from the wire: the bytes of a CallEvent, checked and normalised.

A hundred thousand events a second are read by hand (ratingd.api.wire_reader), and what protobuf writes otherwise is
read through protobuf. What a switch means is one thing however it says it:

    b_number "0049 30 1234567", kind INVITE, time_ms 0, no account
    is an INVITE to +49301234567, of when it came, of account "…a_number as it was sent"

An event that cannot be meant (no called number, a kind that nobody knows, a time in seconds) is an `EventFault` that
names the field; the events beside it are read all the same. One dated further ahead than clocks may differ counts as
of when it came and says so (`clock_skewed`). A CDR always has the times of its call: `details.start_ms` is when the
attempt was made, `at_ms` when the call was over.

Beside each event stand its bytes as they are in a CallEventsRequest, tag and length included: one after the other they
are the log, and reading the log again gives the same events.
"""

import hashlib
from typing import Final

from google.protobuf.message import Message
from librt.strings import BytesWriter
from mypy_extensions import mypyc_attr

from accounts.remembered import remembered
from ratingd import observe
from ratingd.api.call_times import CallTimes, call_times
from ratingd.api.convert import name
from ratingd.api.method import parse
from ratingd.api.wire import delimited, put_number, put_varint, tag_of
from ratingd.api.wire_reader import END, Unusual, WireReader
from ratingd.errors import InvalidRequest
from ratingd.v1.fraud_pb2 import CallEvent as CallEventMessage
from ratingd.v1.fraud_pb2 import CallEventsRequest
from triggers.calls.call_event import (
    ANSWERED,
    BUSY,
    CANCELLED,
    CDR,
    DISCONNECTED_FRAUD,
    FAILED,
    INVITE,
    KIND_NAMES,
    NO_ANSWER,
    NO_DETAILS,
    REJECTED,
    CallEvent,
    EventDetails,
)
from triggers.numbers.number import NO_NUMBER
from triggers.numbers.number_reading import NumberReader

_EVENT_ID: Final = tag_of(CallEventMessage, "event_id")
_CALL_ID: Final = tag_of(CallEventMessage, "call_id")
_KIND: Final = tag_of(CallEventMessage, "kind")
_TIME: Final = tag_of(CallEventMessage, "time_ms")
_A_NUMBER: Final = tag_of(CallEventMessage, "a_number")
_B_NUMBER: Final = tag_of(CallEventMessage, "b_number")
_TRUNK: Final = tag_of(CallEventMessage, "trunk")
_SWITCH_ID: Final = tag_of(CallEventMessage, "switch_id")
_TENANT: Final = tag_of(CallEventMessage, "tenant")
_ACCOUNT: Final = tag_of(CallEventMessage, "account")
_CLI: Final = tag_of(CallEventMessage, "cli")
_ASSERTED: Final = tag_of(CallEventMessage, "p_asserted_identity")
_ATTESTATION: Final = tag_of(CallEventMessage, "attestation")
_SOURCE_IP: Final = tag_of(CallEventMessage, "source_ip")
_START: Final = tag_of(CallEventMessage, "start_ms")
_ANSWER: Final = tag_of(CallEventMessage, "answer_ms")
_END: Final = tag_of(CallEventMessage, "end_ms")
_DURATION: Final = tag_of(CallEventMessage, "duration_ms")
_DISPOSITION: Final = tag_of(CallEventMessage, "disposition")
_SIP_CODE: Final = tag_of(CallEventMessage, "sip_code")
_ORIGIN: Final = tag_of(CallEventMessage, "origin_region")
_TARGET: Final = tag_of(CallEventMessage, "target_region")
_IMEI: Final = tag_of(CallEventMessage, "imei")
_IMSI: Final = tag_of(CallEventMessage, "imsi")
_CELL_ID: Final = tag_of(CallEventMessage, "cell_id")
_LABEL: Final = tag_of(CallEventMessage, "label")

_EVENTS: Final = tag_of(CallEventsRequest, "events")
_EVENTS_FIELD: Final = CallEventsRequest.DESCRIPTOR.fields_by_name["events"].number

EARLIEST_MS: Final = 100_000_000_000  # March 1973: what is before it was said in seconds
LATEST_MS: Final = 9_214_646_400_000  # the year 2262
DURATION_MAX_MS: Final = 366 * 86_400_000
NAMES_MAX: Final = 20_000  # trunks, switches and tenants that are remembered
ATTESTATIONS: Final = frozenset(("", "A", "B", "C"))
DISPOSITIONS: Final = frozenset(("", ANSWERED, NO_ANSWER, BUSY, CANCELLED, FAILED, REJECTED, DISCONNECTED_FRAUD))
BY_SIP_CODE: Final = {486: BUSY, 487: CANCELLED, 480: NO_ANSWER, 408: NO_ANSWER}


class EventFault:
    """Why the event at `index` of a message is none."""

    __slots__ = ("field", "index", "message")

    def __init__(self, index: int, field: str, message: str) -> None:
        self.index: Final = index
        self.field: Final = field
        self.message: Final = message


@mypyc_attr(acyclic=True)
class EventBatch:
    """The events of a message in their order: `events[i]`, whose bytes are `bodies[i]`, is number `places[i]` of it."""

    __slots__ = ("bodies", "count", "events", "faults", "places")

    def __init__(self) -> None:
        self.events: Final[list[CallEvent]] = []
        self.bodies: Final[list[bytes]] = []
        self.places: Final[list[int]] = []
        self.faults: Final[list[EventFault]] = []
        self.count = 0  # of events and faults together


class EventReader:
    """Thread-safe: what it remembers is the same whoever remembers it. `max_future_skew_ms` -1: any future is believed,
    as in a replay.
    """

    def __init__(self, numbers: NumberReader, *, default_tenant: str, max_future_skew_ms: int = 30_000) -> None:
        self._numbers: Final = numbers
        self._default_tenant: Final = default_tenant
        self._max_future_skew_ms: Final = max_future_skew_ms
        self._names: Final[dict[bytes, str]] = {}

    def read(self, body: bytes, received_ms: int) -> CallEvent:
        """One CallEvent. Raises InvalidRequest."""
        try:
            return self._read(WireReader(body), received_ms)
        except Unusual:
            return self._read(WireReader(_usual(CallEventMessage(), body)), received_ms)

    def read_batch(self, message: bytes, received_ms: int) -> EventBatch:
        """The events of a CallEventsRequest. Raises InvalidRequest where it is none."""
        try:
            return self._read_batch(message, received_ms)
        except Unusual:
            return self._read_batch(_usual(CallEventsRequest(), message), received_ms)

    def _read_batch(self, message: bytes, received_ms: int) -> EventBatch:
        batch = EventBatch()
        reader = WireReader(message)
        while reader.tag == _EVENTS:
            framed_at = reader.begun
            within = reader.message()
            begun = within.begun
            try:
                try:
                    event = self._read(within, received_ms)
                except Unusual:
                    event = self.read(message[begun : reader.begun], received_ms)
                batch.events.append(event)
                batch.bodies.append(message[framed_at : reader.begun])
                batch.places.append(batch.count)
            except InvalidRequest as error:
                batch.faults.append(EventFault(batch.count, error.field, error.description))
            batch.count += 1
        reader.finish()
        return batch

    def _read(self, reader: WireReader, received_ms: int) -> CallEvent:
        event_id = name(reader.text(), "event_id") if reader.tag == _EVENT_ID else ""
        call_id = name(reader.text(), "call_id") if reader.tag == _CALL_ID else ""
        kind = reader.small_number() if reader.tag == _KIND else 0
        time_ms = _time(reader, "time_ms") if reader.tag == _TIME else 0
        a_raw = name(reader.text(), "a_number") if reader.tag == _A_NUMBER else ""
        b_raw = name(reader.text(), "b_number") if reader.tag == _B_NUMBER else ""
        trunk = self._name(reader, "trunk") if reader.tag == _TRUNK else ""
        switch_id = self._name(reader, "switch_id") if reader.tag == _SWITCH_ID else ""
        tenant = self._name(reader, "tenant") if reader.tag == _TENANT else self._default_tenant
        account = name(reader.text(), "account") if reader.tag == _ACCOUNT else ""
        more = None if reader.tag == END else _More(reader)
        reader.finish()
        _check(kind, call_id)
        latest_ms = LATEST_MS if self._max_future_skew_ms < 0 else received_ms + self._max_future_skew_ms
        skewed = time_ms > latest_ms
        at_ms = time_ms if time_ms and not skewed else received_ms
        begun_ms, details = at_ms, NO_DETAILS
        if kind == CDR:
            more = more or _NOTHING_MORE
            times = more.times(time_ms, received_ms, latest_ms)
            at_ms, begun_ms, skewed = times.at_ms, times.start_ms, times.skewed
            details = self._details(more, times)
        elif more is not None:
            details = self._details(more, None)
        if skewed:
            observe.count("fraud.clock_skewed")
        if not call_id:
            call_id = self._call_id(a_raw, b_raw, begun_ms, trunk, details.source_ip)
        begins = kind in (INVITE, CDR)
        a = self._numbers.caller(a_raw, details.source_ip, call_id) if a_raw or begins else NO_NUMBER
        b = self._numbers.read(b_raw) if b_raw else NO_NUMBER
        if begins and b is NO_NUMBER:
            raise InvalidRequest("b_number", f"is {b_raw!r}: {_article(kind)} says who is called")
        if not account or account == a_raw:  # who calls pays, and is not written down where numbers are not
            account = a.text if self._numbers.hides else a_raw
        return CallEvent(
            kind, at_ms, call_id, a, b,
            event_id=event_id, trunk=trunk, switch_id=switch_id, tenant=tenant, account=account,
            received_ms=received_ms, clock_skewed=skewed, details=details,
        )  # fmt: skip

    def _name(self, reader: WireReader, field: str) -> str:
        """One of the few that come again and again: the same object each time."""
        content = reader.content()
        known = self._names.get(content)
        if known is not None:
            return known
        try:
            text = content.decode()
        except UnicodeDecodeError:
            raise Unusual from None
        return remembered(self._names, content, name(text, field), NAMES_MAX)

    def _call_id(self, a_raw: str, b_raw: str, begun_ms: int, trunk: str, source_ip: str) -> str:
        """What a call without a name is called: two such events that say the same are one."""
        a, b = self._numbers.caller(a_raw, source_ip, ""), self._numbers.read(b_raw)
        said = f"{a.text}|{b.text}|{begun_ms}|{trunk}"
        return hashlib.sha1(said.encode(), usedforsecurity=False).hexdigest()[:16]

    def _details(self, more: "_More", times: CallTimes | None) -> EventDetails:
        return EventDetails(
            cli=self._numbers.read(more.cli) if more.cli else NO_NUMBER,
            p_asserted_identity=self._numbers.read(more.asserted) if more.asserted else NO_NUMBER,
            attestation=more.attestation,
            source_ip=more.source_ip,
            start_ms=more.start_ms if times is None else times.start_ms,
            answer_ms=more.answer_ms if times is None else times.answer_ms,
            end_ms=more.end_ms if times is None else times.end_ms,
            duration_ms=more.duration_ms if times is None else times.duration_ms,
            disposition=more.disposition or _disposition(more.sip_code, times),
            sip_code=more.sip_code,
            origin_region=more.origin_region,
            target_region=more.target_region,
            imei=more.imei,
            imsi=more.imsi,
            cell_id=more.cell_id,
            label=more.label,
        )


def framed(body: bytes) -> bytes:
    """A CallEvent as it stands in a CallEventsRequest."""
    return delimited(_EVENTS_FIELD, body)


def dated(body: bytes, at_ms: int) -> bytes:
    """The framed bytes of an event, with a time where it says none. Raises Unusual where its place is not found."""
    reader = WireReader(body)
    if reader.tag != _EVENTS:
        raise Unusual
    within = reader.message()
    begun = within.begun
    if within.tag == _EVENT_ID:
        within.content()
    if within.tag != _CALL_ID:
        raise Unusual
    within.content()
    if within.tag == _KIND:
        within.small_number()
    if within.tag == _TIME:
        return body
    time = BytesWriter()
    put_number(time, _TIME, at_ms)
    out = BytesWriter()
    out.append(_EVENTS)
    put_varint(out, len(body) - begun + len(time))
    out.write(body[begun : within.begun])
    out.write(time.getvalue())
    out.write(body[within.begun :])
    return out.getvalue()


def _usual(message: Message, body: bytes) -> bytes:
    """What protobuf understands of a message, as it writes it. Raises InvalidRequest where it is none."""
    parse(message, body)
    message.DiscardUnknownFields()
    return message.SerializeToString(deterministic=True)


@mypyc_attr(acyclic=True)
class _More:
    """The fields that few events have, as they were said."""

    __slots__ = (
        "answer_ms", "asserted", "attestation", "cell_id", "cli", "disposition", "duration_ms", "end_ms", "imei",
        "imsi", "label", "origin_region", "sip_code", "source_ip", "start_ms", "target_region",
    )  # fmt: skip

    def __init__(self, reader: WireReader) -> None:
        self.cli: Final = _text(reader, _CLI, "cli")
        self.asserted: Final = _text(reader, _ASSERTED, "p_asserted_identity")
        self.attestation: Final = _one_of(reader, _ATTESTATION, "attestation", ATTESTATIONS)
        self.source_ip: Final = _text(reader, _SOURCE_IP, "source_ip")
        self.start_ms: Final = _time(reader, "start_ms") if reader.tag == _START else 0
        self.answer_ms: Final = _time(reader, "answer_ms") if reader.tag == _ANSWER else 0
        self.end_ms: Final = _time(reader, "end_ms") if reader.tag == _END else 0
        self.duration_ms: Final = _duration(reader) if reader.tag == _DURATION else -1
        self.disposition: Final = _one_of(reader, _DISPOSITION, "disposition", DISPOSITIONS)
        self.sip_code: Final = _sip_code(reader) if reader.tag == _SIP_CODE else 0
        self.origin_region: Final = _text(reader, _ORIGIN, "origin_region")
        self.target_region: Final = _text(reader, _TARGET, "target_region")
        self.imei: Final = _text(reader, _IMEI, "imei")
        self.imsi: Final = _text(reader, _IMSI, "imsi")
        self.cell_id: Final = _text(reader, _CELL_ID, "cell_id")
        self.label: Final = _text(reader, _LABEL, "label")

    def times(self, time_ms: int, received_ms: int, latest_ms: int) -> CallTimes:
        """Of a CDR."""
        return call_times(self.start_ms, self.answer_ms, self.end_ms, self.duration_ms, time_ms, received_ms, latest_ms)


def _check(kind: int, call_id: str) -> None:
    if not INVITE <= kind <= CDR:
        known = ", ".join(f"{number} {text}" for number, text in enumerate(KIND_NAMES) if text)
        raise InvalidRequest("kind", f"{f'is {kind}' if kind else 'is missing'}; known are {known}")
    if not call_id and kind not in (INVITE, CDR):
        raise InvalidRequest("call_id", f"is empty: {_article(kind)} names the call it is about")


def _article(kind: int) -> str:
    word = KIND_NAMES[kind]
    return f"{'an' if word[0] in 'AIU' else 'a'} {word}"


def _text(reader: WireReader, tag: int, field: str) -> str:
    return name(reader.text(), field) if reader.tag == tag else ""


def _one_of(reader: WireReader, tag: int, field: str, known: frozenset[str]) -> str:
    text = _text(reader, tag, field).upper()
    if text not in known:
        raise InvalidRequest(field, f"is {text!r}; known are {', '.join(sorted(known - {''}))}, or nothing")
    return text


def _time(reader: WireReader, field: str) -> int:
    at_ms = reader.number()
    if not EARLIEST_MS <= at_ms < LATEST_MS:
        raise InvalidRequest(field, f"is {at_ms}, which is no time in milliseconds since 1970")
    return at_ms


def _duration(reader: WireReader) -> int:
    duration_ms = reader.number(zero=True)
    if not 0 <= duration_ms <= DURATION_MAX_MS:
        raise InvalidRequest("duration_ms", f"is {duration_ms}; a call lasts from 0 ms to a year")
    return duration_ms


def _sip_code(reader: WireReader) -> int:
    code = reader.small_number()
    if not 100 <= code <= 699:
        raise InvalidRequest("sip_code", f"is {code}; SIP answers with 100 to 699")
    return code


def _disposition(sip_code: int, times: CallTimes | None) -> str:
    """What a code says of a call, or its times do."""
    if sip_code >= 400:
        return BY_SIP_CODE.get(sip_code, FAILED)
    if 200 <= sip_code < 300 or (times is not None and times.answer_ms):
        return ANSWERED
    return "" if times is None else NO_ANSWER


_NOTHING_MORE: Final = _More(WireReader(b""))
