"""The call event that a charged call is: detection learns of it from the first request that charging sees.

Account 1001 asks how long it may call +4930111; switch sbc-1 names the call c-17. That is an INVITE from 1001, or from
the number that the switch gives as `a_number` among the extra fields, to +4930111, at the beginning of the call:

    extra field   a_number  trunk  cli  p_asserted_identity  attestation  source_ip
    otherwise     account   none   none none                 none         none

In charging numbers are E.164 without "+": a destination 4930111 is +4930111, as it is on the event stream, whatever the
default region. So is every text here of seven digits or more, without a 0 in front, that is such a number with "+";
what is none is read as anywhere else. A shorter destination is dialled as it is, unless it is help behind a calling
code: 49112 is +49112.

It is logged in the bytes that a switch would have sent, so that whoever reads the log reads nothing else.
"""

from collections.abc import Mapping
from typing import Final

from librt.strings import BytesWriter

from accounts.charge import ChargeRequest
from ratingd.api.event_message import framed
from ratingd.api.wire import put_number, put_text, tag_of
from ratingd.fraud.event_log import as_logged
from ratingd.v1.fraud_pb2 import CallEvent as CallEventMessage
from triggers.calls.call_event import INVITE, NO_DETAILS, CallEvent, EventDetails
from triggers.numbers.emergency import CODE_DIGITS_MAX
from triggers.numbers.number import NO_NUMBER
from triggers.numbers.number_reading import NumberReader
from triggers.numbers.number_spelling import all_digits

MS: Final = 1_000_000
CALL_ID: Final = tag_of(CallEventMessage, "call_id")
KIND: Final = tag_of(CallEventMessage, "kind")
TIME: Final = tag_of(CallEventMessage, "time_ms")
A_NUMBER: Final = tag_of(CallEventMessage, "a_number")
B_NUMBER: Final = tag_of(CallEventMessage, "b_number")
TRUNK: Final = tag_of(CallEventMessage, "trunk")
SWITCH_ID: Final = tag_of(CallEventMessage, "switch_id")
TENANT: Final = tag_of(CallEventMessage, "tenant")
ACCOUNT: Final = tag_of(CallEventMessage, "account")
CLI: Final = tag_of(CallEventMessage, "cli")
ASSERTED: Final = tag_of(CallEventMessage, "p_asserted_identity")
ATTESTATION: Final = tag_of(CallEventMessage, "attestation")


def caller_of(request: ChargeRequest, numbers: NumberReader) -> str:
    """The caller as the switch says, else the account."""
    return international(request.extra_fields.get("a_number") or request.key.account, numbers)


def international(text: str, numbers: NumberReader) -> str:
    """A number of charging with its "+"; anything else as it is."""
    if len(text) <= CODE_DIGITS_MAX or text[0] in "+0" or not all_digits(text):
        return text
    return "+" + text if numbers.international(text) else text


def called(destination: str, numbers: NumberReader) -> str:
    """A destination of charging with its "+", where it is an international one."""
    text = international(destination, numbers)
    written = "+" + text
    return written if all_digits(text) and numbers.read(written).emergency else text


def charged_event(request: ChargeRequest, numbers: NumberReader, now_ms: int, max_skew_ms: int) -> CallEvent:
    """The INVITE of a call. One that begins too far ahead counts as of now."""
    begun_ms = (request.end_ns - request.duration_index) // MS
    skewed = begun_ms > now_ms + max_skew_ms
    extra = request.extra_fields
    details = NO_DETAILS
    source_ip = ""
    if extra:
        source_ip = extra.get("source_ip", "")
        details = _details(request, numbers, source_ip)
    return CallEvent(
        INVITE,
        now_ms if skewed else begun_ms,
        request.call_id,
        numbers.caller(caller_of(request, numbers), source_ip, request.call_id),
        numbers.read(called(request.destination, numbers)),
        trunk=extra.get("trunk", ""),
        switch_id=request.switch_id,
        tenant=request.key.tenant,
        account=request.key.account,
        received_ms=now_ms,
        clock_skewed=skewed,
        details=details,
    )


def charged_body(event: CallEvent, request: ChargeRequest, numbers: NumberReader, *, pseudonyms: bool) -> bytes:
    """The event as a switch would have sent it, framed."""
    a, b = event.a.text, event.b.text  # E.164 is read as what it is
    caller = a if a.startswith("+") else caller_of(request, numbers)
    destination = b if b.startswith("+") else called(request.destination, numbers)
    out = BytesWriter()
    put_text(out, CALL_ID, event.call_id)
    put_number(out, KIND, INVITE)
    put_number(out, TIME, event.at_ms)
    put_text(out, A_NUMBER, as_logged(event.a, caller) if pseudonyms else caller)
    put_text(out, B_NUMBER, as_logged(event.b, destination) if pseudonyms else destination)
    put_text(out, TRUNK, event.trunk)
    put_text(out, SWITCH_ID, event.switch_id)
    put_text(out, TENANT, event.tenant)
    put_text(out, ACCOUNT, event.account)
    extra = request.extra_fields
    if event.details is not NO_DETAILS:
        details = event.details
        cli, asserted = _presented(extra, numbers)
        put_text(out, CLI, details.cli.text if pseudonyms else cli)
        put_text(out, ASSERTED, details.p_asserted_identity.text if pseudonyms else asserted)
        put_text(out, ATTESTATION, details.attestation)
    return framed(out.getvalue())


def _details(request: ChargeRequest, numbers: NumberReader, source_ip: str) -> EventDetails:
    extra = request.extra_fields
    cli, asserted = _presented(extra, numbers)
    attestation = extra.get("attestation", "")
    if not (cli or asserted or attestation or source_ip):
        return NO_DETAILS
    return EventDetails(
        cli=numbers.read(cli) if cli else NO_NUMBER,
        p_asserted_identity=numbers.read(asserted) if asserted else NO_NUMBER,
        attestation=attestation if attestation in ("A", "B", "C") else "",
        source_ip=source_ip,
    )


def _presented(extra: Mapping[str, str], numbers: NumberReader) -> tuple[str, str]:
    """The number that is shown, and the one that the network vouches for."""
    cli, asserted = extra.get("cli", ""), extra.get("p_asserted_identity", "")
    return international(cli, numbers), international(asserted, numbers)
