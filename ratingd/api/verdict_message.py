"""Verdicts on the wire by hand: in an attack each of a hundred thousand events a second has one."""

from struct import Struct
from typing import Final

from librt.strings import BytesWriter

from ratingd.api.wire import begin, end, put_flag, put_number, put_text, tag_of
from ratingd.v1.fraud_pb2 import Verdict as VerdictMessage
from triggers.calls.verdict import Verdict

_FIXED64: Final = 1  # how a double is written, as its tag says
_INDEX: Final = tag_of(VerdictMessage, "index")
_CALL_ID: Final = tag_of(VerdictMessage, "call_id")
_ACTION: Final = tag_of(VerdictMessage, "action")
_REASONS: Final = tag_of(VerdictMessage, "reasons")
_PROBABILITY: Final = tag_of(VerdictMessage, "masking_probability") | _FIXED64
_RISK: Final = tag_of(VerdictMessage, "risk_score") | _FIXED64
_INCIDENT_ID: Final = tag_of(VerdictMessage, "incident_id")
_DUPLICATE: Final = tag_of(VerdictMessage, "duplicate")
_VERSION: Final = tag_of(VerdictMessage, "model_version")
_DOUBLE: Final = Struct("<d")


def put_verdict(out: BytesWriter, tag: int, verdict: Verdict, index: int) -> None:
    """A verdict within a message; `index` is the event's place in the message that is answered."""
    begun = begin(out, tag)
    _put_fields(out, verdict, index)
    end(out, begun)


def verdict_body(verdict: Verdict) -> bytes:
    out = BytesWriter()
    _put_fields(out, verdict, 0)
    return out.getvalue()


def _put_fields(out: BytesWriter, verdict: Verdict, index: int) -> None:
    put_number(out, _INDEX, index)
    put_text(out, _CALL_ID, verdict.call_id)
    put_number(out, _ACTION, verdict.action)
    for reason in verdict.reasons:
        put_text(out, _REASONS, reason)
    _put_double(out, _PROBABILITY, verdict.probability)
    _put_double(out, _RISK, verdict.risk)
    put_text(out, _INCIDENT_ID, verdict.incident_id)
    put_flag(out, _DUPLICATE, verdict.duplicate)
    put_number(out, _VERSION, verdict.version)


def _put_double(out: BytesWriter, tag: int, number: float) -> None:
    if number != 0.0:
        out.append(tag)
        out.write(_DOUBLE.pack(number))
