"""Event intake: a JSON body as call events, all of them or none.

A batch of 300 events, of which numbers 17 and 240 name no called number, is refused whole: 422, with both places.
Nothing was counted then, so the producer mends the two and sends the batch again.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic_core import from_json

from ratingd.api.event_message import EventReader, framed
from ratingd.errors import InvalidRequest
from ratingd.http.event_schema import BATCH_MAX, FIELDS
from ratingd.http.field_schema import TEXT_SIGNS
from ratingd.http.refusal import FAULTS_MAX, Refused, fault
from ratingd.ingest.event_fields import call_event, satark_record, shown
from ratingd.v1.fraud_pb2 import CallEvent as CallEventMessage
from triggers.calls.call_event import CallEvent

Place = tuple[str | int, ...]
Reading = Callable[[Mapping[str, object], int], CallEventMessage]
BODY: Final[Place] = ("body",)


class Intake:
    """The events of one body and their bytes, in order."""

    def __init__(self) -> None:
        self.events: Final[list[CallEvent]] = []
        self.bodies: Final[list[bytes]] = []
        self.faults: Final[list[dict[str, Any]]] = []
        self.batch = False


def taken_in(body: bytes, reader: EventReader, now_ms: int) -> Intake:
    """The events of a body of /event: one object, or an array of them. Raises Refused."""
    said = json_of(body)
    intake = Intake()
    intake.batch = isinstance(said, list)
    if isinstance(said, list):
        if len(said) > BATCH_MAX:
            raise Refused(413, f"a batch has at most {BATCH_MAX} events, and this one has {len(said)}")
        if not said:
            raise Refused(422, [fault(BODY, "an event is wanted, or an array of them; this one is empty")])
        for place, fields in enumerate(said):
            _take(intake, fields, (*BODY, place), call_event, reader, now_ms)
    else:
        _take(intake, said, BODY, call_event, reader, now_ms)
    return _whole(intake)


def record_taken_in(body: bytes, reader: EventReader, now_ms: int) -> Intake:
    """The one record of a body of /api/cdr. Raises Refused."""
    intake = Intake()
    _take(intake, json_of(body), BODY, satark_record, reader, now_ms)
    return _whole(intake)


def json_of(body: bytes) -> object:
    try:
        return from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise Refused(400, f"the body is no JSON: {error}") from None


def _take(intake: Intake, fields: object, place: Place, read: Reading, reader: EventReader, now_ms: int) -> None:
    if len(intake.faults) >= FAULTS_MAX:
        return
    if not isinstance(fields, dict):
        intake.faults.append(fault(place, f"an object is wanted, not {shown(fields)}"))
        return
    try:
        _check_texts(fields)
        content = read(fields, now_ms).SerializeToString()
        intake.events.append(reader.read(content, now_ms))
        intake.bodies.append(framed(content))
    except InvalidRequest as error:
        intake.faults.append(fault((*place, error.field), error.description))


def _check_texts(fields: Mapping[str, object]) -> None:
    """What JSON may say is less than what may be printed: see `ratingd.http.field_schema`."""
    for name, value in fields.items():
        if name in FIELDS and isinstance(value, str) and not TEXT_SIGNS.fullmatch(value):
            strange = next(sign for sign in value if not TEXT_SIGNS.fullmatch(sign))
            raise InvalidRequest(name, f"has {strange!a}, which no text here may have")


def _whole(intake: Intake) -> Intake:
    if intake.faults:
        raise Refused(422, intake.faults)
    return intake
