"""The event log: call events as they came, in chunks, each of which is one protobuf CallEventsRequest.

300 events of gRPC and 20 of HTTP wait for the writer: two rows, of 300 and of 20 events. An event is written so that it
is the same when it is read again. One that said no time gets the time at which it came, one that was dated too far
ahead gets what it was counted as, one without a name the name that it was given. Where numbers are not to be stored,
their pseudonyms stand in their place.
"""

from collections.abc import Sequence
from typing import Final

from google.protobuf.message import DecodeError

from ratingd.api.event_message import dated, framed
from ratingd.api.wire_reader import Unusual
from ratingd.errors import InvariantBroken
from ratingd.fraud.taken import Taken
from ratingd.store.fraud_rows import EventRow
from ratingd.v1.fraud_pb2 import CallEvent as CallEventMessage
from ratingd.v1.fraud_pb2 import CallEventsRequest
from triggers.calls.call_event import CDR, CallEvent
from triggers.numbers.number import Number

CHUNK_EVENTS_MAX: Final = 4_096


def as_taken(event: CallEvent, body: bytes, *, pseudonyms: bool) -> bytes:
    """The framed bytes of an event, such that reading them again gives the event that was taken."""
    if pseudonyms or event.clock_skewed:
        return framed(_written_out(event, body, pseudonyms).SerializeToString())
    if event.at_ms != event.received_ms:
        return body
    if event.kind != CDR:
        try:
            return dated(body, event.at_ms)
        except Unusual:
            pass
    return framed(_written_out(event, body, pseudonyms).SerializeToString())


def _written_out(event: CallEvent, body: bytes, pseudonyms: bool) -> CallEventMessage:
    message = _message(body)
    details = event.details
    message.time_ms = event.at_ms
    message.call_id = event.call_id
    if event.kind == CDR:
        message.start_ms, message.answer_ms, message.end_ms = details.start_ms, details.answer_ms, details.end_ms
        message.time_ms = details.start_ms
    if pseudonyms:
        if message.account == message.a_number:
            message.account = ""
        message.a_number, message.b_number = as_logged(event.a, message.a_number), as_logged(event.b, message.b_number)
        message.cli = as_logged(details.cli, message.cli)
        message.p_asserted_identity = as_logged(details.p_asserted_identity, message.p_asserted_identity)
    return message


def as_logged(number: Number, raw: str) -> str:
    """The pseudonym of a number; an emergency number is nobody's secret."""
    return raw if number.emergency else number.text


def _message(body: bytes) -> CallEventMessage:
    try:
        request = CallEventsRequest.FromString(body)
    except DecodeError as fault:
        raise InvariantBroken(f"an event that was read is no CallEvent: {fault}") from fault
    if len(request.events) != 1:
        raise InvariantBroken(f"the bytes of one event hold {len(request.events)}")
    return request.events[0]


def rows_of(batch: Sequence[Taken]) -> list[EventRow]:
    """The rows in which these events are stored: of each source, in the order in which they came."""
    sources: dict[str, list[Taken]] = {}
    for taken in batch:
        if taken.count:
            sources.setdefault(taken.source, []).append(taken)
    rows: list[EventRow] = []
    for source, parts in sources.items():
        rows += _chunks(source, parts)
    return rows


def _chunks(source: str, parts: Sequence[Taken]) -> list[EventRow]:
    rows: list[EventRow] = []
    chunk: list[Taken] = []
    events = 0
    for taken in parts:
        if chunk and events + taken.count > CHUNK_EVENTS_MAX:
            rows.append(_row(source, chunk))
            chunk, events = [], 0
        chunk.append(taken)
        events += taken.count
    rows.append(_row(source, chunk))
    return rows


def _row(source: str, parts: Sequence[Taken]) -> EventRow:
    return EventRow(
        max([taken.received_ms for taken in parts]),
        min([taken.first_ms for taken in parts]),
        max([taken.last_ms for taken in parts]),
        sum([taken.count for taken in parts]),
        source,
        b"".join([body for taken in parts for body in taken.bodies]),
    )
