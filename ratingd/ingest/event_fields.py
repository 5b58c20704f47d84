"""Event fields: what a JSON object or a line of a file says of a call, as the message that gRPC carries.

A switch that posts JSON, a file of last night's calls and a stream of messages are one thing to fraud detection: a
`CallEvent`. This

    {"event_type": "CALL_START", "timestamp": 1732161129.4127, "call_id": "c-17", "a_number": "+4930111", "b_number": …}

is an INVITE at 1732161129412 ms: what is finer than a millisecond is dropped. A time is seconds, or milliseconds where
it is beyond 1e11, microseconds beyond 1e14, nanoseconds beyond 1e17, or RFC 3339; no time is when the event came.
Values of files are texts, so "486" is as good as 486. A field that is empty or null is one that nobody gave; a caller
who withholds the number is one all the same, so a_number may be empty, but has to be there.

A CDR that contradicts itself comes of a clock that was set while the call lasted: an end before the answer is the time
of the answer, and where nobody says when an answered call was over it was when the record was made.

Fields that nobody knows here are left out: a switch may tell more than is asked.
"""

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal, InvalidOperation
from typing import Final

from ratingd.errors import InvalidRequest
from ratingd.v1 import fraud_pb2
from triggers.calls.call_event import (
    ANSWER,
    ANSWERED,
    BUSY,
    BYE,
    CANCEL,
    CANCELLED,
    CDR,
    DISCONNECTED_FRAUD,
    FAILED,
    INVITE,
    NO_ANSWER,
    REJECT,
    REJECTED,
    RINGING,
    UPDATE,
)

KINDS: Final[Mapping[str, int]] = {
    **dict.fromkeys(("INVITE", "CALL_START", "SETUP"), INVITE),
    **dict.fromkeys(("RINGING", "PROGRESS", "180", "183"), RINGING),
    **dict.fromkeys(("ANSWER", "CONNECT", "200"), ANSWER),
    **dict.fromkeys(("BYE", "HANGUP", "CALL_END"), BYE),
    "CANCEL": CANCEL,
    "REJECT": REJECT,
    "UPDATE": UPDATE,
    "CDR": CDR,
}
DISPOSITIONS: Final = (ANSWERED, NO_ANSWER, BUSY, CANCELLED, FAILED, REJECTED, DISCONNECTED_FRAUD)
ATTESTATIONS: Final = ("A", "B", "C")
TEXT_MAX: Final = 200  # characters of any one field
EARLIEST_MS: Final = 100_000_000_000  # March 1973
LATEST_MS: Final = 9_214_646_400_000  # the year 2262
DURATION_MAX_S: Final = 31_622_400  # a leap year
SIP_CODES: Final = (100, 699)
TEXTS: Final = (
    "event_id", "call_id", "trunk", "switch_id", "tenant", "account", "cli", "p_asserted_identity", "source_ip",
    "origin_region", "target_region", "imei", "imsi", "cell_id", "label",
)  # fmt: skip
TIMES: Final = (("timestamp", "time_ms"), ("start_ts", "start_ms"), ("answer_ts", "answer_ms"), ("end_ts", "end_ms"))
FINER: Final = ((10**17, 10**6), (10**14, 10**3), (10**11, 1))  # beyond the first, so many of the unit are 1 ms
NUMBER_SIGNS_MAX: Final = 40  # of a number that is written as a text
NUMBER_MAX: Final = 10**21  # beyond any time in nanoseconds
EXACT: Final = Context(prec=80)
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND: Final = timedelta(milliseconds=1)


def call_event(fields: Mapping[str, object], now_ms: int = 0) -> fraud_pb2.CallEvent:
    """One event, which came at `now_ms` (0: there is no now). InvalidRequest names the field that is wrong."""
    event = fraud_pb2.CallEvent(kind=kind_of(fields.get("event_type")))  # type: ignore[arg-type]
    _name_parties(event, fields)
    for name in TEXTS:
        if said := text_of(name, fields.get(name)):
            setattr(event, name, said)
    for name, target in TIMES:
        if at_ms := time_of(name, fields.get(name)):
            setattr(event, target, at_ms)
    _describe(event, fields)
    if event.kind == CDR:
        _put_in_order(event, now_ms)
    return event


def satark_record(fields: Mapping[str, object], now_ms: int) -> fraud_pb2.CallEvent:
    """The record of a call as `POST /api/cdr` has it: caller_id or source, destination, duration, timestamp, regions.

    A call of 42 s at 10:00:00 was answered at once and ended at 10:00:42; one of 0 s was not answered.
    """
    caller = fields.get("caller_id") if fields.get("caller_id") is not None else fields.get("source")
    if caller is None:
        raise InvalidRequest("caller_id", "is missing: it or source says who called, and may be empty where withheld")
    destination = text_of("destination", fields.get("destination"))
    if not destination:
        raise InvalidRequest("destination", "is missing: it says who was called")
    duration_ms = duration_of("duration", fields.get("duration")) or 0
    start_ms = time_of("timestamp", fields.get("timestamp")) or now_ms
    event = fraud_pb2.CallEvent(
        kind=fraud_pb2.CallEvent.CDR,
        time_ms=start_ms,
        a_number=text_of("caller_id", caller),
        b_number=destination,
        start_ms=start_ms,
        answer_ms=start_ms if duration_ms else 0,
        end_ms=min(start_ms + duration_ms, LATEST_MS - 1),
        duration_ms=duration_ms,
        disposition=ANSWERED if duration_ms else NO_ANSWER,
        origin_region=text_of("origin_region", fields.get("origin_region")),
        target_region=text_of("target_region", fields.get("target_region")),
    )
    event.call_id = text_of("call_id", fields.get("call_id"))
    return event


def kind_of(value: object) -> int:
    """INVITE and the rest, by any name that switches have for them; a SIP code may be a number."""
    if value is None or value == "":
        raise InvalidRequest("event_type", f"is missing: one of {', '.join(KINDS)} is wanted")
    named = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    kind = KINDS.get(named.strip().upper()) if isinstance(named, str) else None
    if kind is None:
        raise InvalidRequest("event_type", f"one of {', '.join(KINDS)} is wanted, not {shown(value)}")
    return kind


def text_of(name: str, value: object) -> str:
    """A text of at most 200 printable characters; "" where nobody gave one."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidRequest(name, f"a text is wanted, not {shown(value)}")
    if len(value) > TEXT_MAX:
        raise InvalidRequest(name, f"has {len(value)} characters, and {TEXT_MAX} are the most")
    if not value.isprintable():
        strange = next(sign for sign in value if not sign.isprintable())
        raise InvalidRequest(name, f"has a control character ({strange!a}), which no text here may have")
    return value


def time_of(name: str, value: object) -> int:
    """Milliseconds since the epoch; 0 where nobody said a time, or said 0."""
    if value is None or value == "":
        return 0
    number = _number(name, value, "a time is wanted: seconds since 1970, or RFC 3339")
    if number == 0:
        return 0
    at_ms = _calendar(name, value) if number is None else _scaled(number)
    if not EARLIEST_MS <= at_ms < LATEST_MS:
        raise InvalidRequest(name, f"{shown(value)} is no time of a call; seconds since 1970 or RFC 3339 are")
    return at_ms


def duration_of(name: str, value: object) -> int | None:
    """Milliseconds of a length in seconds; None where nobody said one."""
    if value is None or value == "":
        return None
    number = _number(name, value, "a number of seconds is wanted")
    if number is None or not 0 <= number <= DURATION_MAX_S:
        raise InvalidRequest(name, f"a number of seconds between 0 and {DURATION_MAX_S} is wanted, not {shown(value)}")
    return _milliseconds(number)


def shown(value: object) -> str:
    """A wrong value, short enough for a message."""
    text = ascii(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _name_parties(event: fraud_pb2.CallEvent, fields: Mapping[str, object]) -> None:
    begins = event.kind in (INVITE, CDR)
    if begins and fields.get("a_number") is None:
        raise InvalidRequest("a_number", "is missing: it says who calls, and is empty where the number is withheld")
    event.a_number = text_of("a_number", fields.get("a_number"))
    event.b_number = text_of("b_number", fields.get("b_number"))
    if begins and not event.b_number:
        raise InvalidRequest("b_number", "is missing: it says who is called")
    if not begins and not fields.get("call_id"):
        kind = fraud_pb2.CallEvent.Kind.Name(event.kind)
        raise InvalidRequest("call_id", f"is missing: it says to which call this {kind} belongs")


def _describe(event: fraud_pb2.CallEvent, fields: Mapping[str, object]) -> None:
    duration_ms = duration_of("duration", fields.get("duration"))
    if duration_ms is not None:
        event.duration_ms = duration_ms
    event.attestation = _one_of("attestation", fields.get("attestation"), ATTESTATIONS)
    event.disposition = _one_of("disposition", fields.get("disposition"), DISPOSITIONS)
    event.sip_code = _sip_code(fields.get("sip_code"))


def _put_in_order(event: fraud_pb2.CallEvent, now_ms: int) -> None:
    """No time of a call before the one that leads to it, and an end where there was an answer."""
    if event.answer_ms:
        event.answer_ms = max(event.answer_ms, event.start_ms)
        if not event.end_ms and not event.HasField("duration_ms"):
            event.end_ms = event.time_ms or now_ms
    if event.end_ms:
        event.end_ms = max(event.end_ms, event.answer_ms, event.start_ms)


def _one_of(name: str, value: object, known: tuple[str, ...]) -> str:
    said = text_of(name, value).strip().upper()
    if said and said not in known:
        raise InvalidRequest(name, f"one of {', '.join(known)} is wanted, or nothing, not {shown(value)}")
    return said


def _sip_code(value: object) -> int:
    if value is None or value == "":
        return 0
    number = _number("sip_code", value, "a SIP code is wanted")
    lowest, highest = SIP_CODES
    if number is None or number % 1 or not lowest <= number <= highest:
        raise InvalidRequest("sip_code", f"a whole number from {lowest} to {highest} is wanted, not {shown(value)}")
    return int(number)


def _number(name: str, value: object, wanted: str) -> int | Decimal | None:
    """A number, exactly as it was written; None where it is a text that is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float):
        number = Decimal(repr(value))
    elif isinstance(value, str):
        try:
            number = Decimal(value) if len(value) <= NUMBER_SIGNS_MAX else Decimal("nan")
        except InvalidOperation:
            return None
    else:
        raise InvalidRequest(name, f"{wanted}, not {shown(value)}")
    if not number.is_finite() or not -NUMBER_MAX <= number <= NUMBER_MAX:
        raise InvalidRequest(name, f"{wanted}, not {shown(value)}")
    return number


def _scaled(number: int | Decimal) -> int:
    for beyond, units in FINER:
        if number > beyond:
            return math.floor(EXACT.divide(number, units)) if isinstance(number, Decimal) else number // units
    return _milliseconds(number)


def _milliseconds(seconds: int | Decimal) -> int:
    return math.floor(EXACT.multiply(seconds, 1000)) if isinstance(seconds, Decimal) else seconds * 1000


def _calendar(name: str, value: object) -> int:
    """RFC 3339; a time without a zone is UTC."""
    try:
        instant = datetime.fromisoformat(str(value).strip().upper())
    except ValueError:
        raise InvalidRequest(
            name, f"a time is wanted: seconds since 1970, or RFC 3339 as 2026-11-21T04:12:09.412Z, not {shown(value)}"
        ) from None
    aware = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return (aware - EPOCH) // MILLISECOND
