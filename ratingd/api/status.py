"""Errors on the wire: the one place that knows gRPC codes.

A debit on an account that does not exist is answered with code NOT_FOUND and a google.rpc.Status:

    message   no account '1009' in tenant 'cgrates.org'. Create it with `ratingd account set`, or …
    details   ErrorInfo(reason="ACCOUNT_UNKNOWN", domain="ratingd", metadata={"account": "1009", …})

A program acts on the reason, which is a name of the enum `Reason` in reason.proto, and never on the text. Where a field
is wrong a BadRequest names it; where asking again makes sense soon, a RetryInfo says when.

The code follows from the reason alone, whether it comes as a refusal of charging (`accounts.charge.Refused`) or as an
error (`ratingd.errors`). Codes that a client may repeat a request on are those under which nothing was done, or under
which the same idempotency key tells what was: UNAVAILABLE, RESOURCE_EXHAUSTED and DEADLINE_EXCEEDED.
"""

from collections.abc import Mapping
from typing import Final

from google.rpc import code_pb2, error_details_pb2, status_pb2

from accounts.charge import Reason, Refused
from ratingd.engine.command import Reply
from ratingd.errors import InvalidRequest, Overloaded, RatingdError

DOMAIN: Final = "ratingd"
# A client drops a status whose trailers pass 8 KiB, in which a letter may take three bytes and a detail a third more.
TEXT_BYTES: Final = 1_200
DESCRIPTION_BYTES: Final = 600
VALUE_BYTES: Final = 100

CODES: Final[Mapping[str, int]] = {
    "INVALID_USAGE": code_pb2.INVALID_ARGUMENT,
    "USAGE_TOO_LONG": code_pb2.INVALID_ARGUMENT,
    "ACCOUNT_UNKNOWN": code_pb2.NOT_FOUND,
    "ACCOUNT_DISABLED": code_pb2.FAILED_PRECONDITION,
    "CALL_MASKED": code_pb2.FAILED_PRECONDITION,
    "NUMBER_BLOCKED": code_pb2.FAILED_PRECONDITION,
    "NO_RATING_PLAN": code_pb2.NOT_FOUND,
    "DESTINATION_UNRATED": code_pb2.NOT_FOUND,
    "CREDIT_EXHAUSTED": code_pb2.FAILED_PRECONDITION,
    "BALANCE_BLOCKER": code_pb2.FAILED_PRECONDITION,
    "INVALID_REQUEST": code_pb2.INVALID_ARGUMENT,
    "INVALID_IDEMPOTENCY_KEY": code_pb2.INVALID_ARGUMENT,
    "UNKNOWN_TIME_ZONE": code_pb2.INVALID_ARGUMENT,
    "REQUEST_TOO_LARGE": code_pb2.RESOURCE_EXHAUSTED,  # as gRPC itself answers far larger ones
    "INVALID_RATING_SUBJECT": code_pb2.INVALID_ARGUMENT,
    "CHARGE_UNKNOWN": code_pb2.NOT_FOUND,
    "ACTIONS_UNKNOWN": code_pb2.NOT_FOUND,
    "ACTION_PLAN_UNKNOWN": code_pb2.NOT_FOUND,
    "TRIGGERS_UNKNOWN": code_pb2.NOT_FOUND,
    "BALANCE_UNKNOWN": code_pb2.NOT_FOUND,
    "NOT_FOUND": code_pb2.NOT_FOUND,
    "IDEMPOTENCY_KEY_REUSED": code_pb2.ALREADY_EXISTS,
    "ACTIONS_FAILED": code_pb2.FAILED_PRECONDITION,
    "TARIFF_REFUSED": code_pb2.FAILED_PRECONDITION,
    "NOT_ALLOWED": code_pb2.PERMISSION_DENIED,
    "MODEL_REFUSED": code_pb2.INVALID_ARGUMENT,
    "PROMOTION_REFUSED": code_pb2.FAILED_PRECONDITION,
    "OVERLOADED": code_pb2.RESOURCE_EXHAUSTED,
    "TOO_MANY_STREAMS": code_pb2.RESOURCE_EXHAUSTED,
    "TOO_MANY_REQUESTS": code_pb2.RESOURCE_EXHAUSTED,
    "DEADLINE_PASSED": code_pb2.DEADLINE_EXCEEDED,
    "ACCOUNT_BUSY": code_pb2.UNAVAILABLE,
    "UNAVAILABLE": code_pb2.UNAVAILABLE,
    "INVARIANT_BROKEN": code_pb2.INTERNAL,
    "INTERNAL": code_pb2.INTERNAL,
}

_FIELD_OF: Final[Mapping[Reason, str]] = {
    Reason.INVALID_USAGE: "call.usage",
    Reason.USAGE_TOO_LONG: "call.usage",
}


def refusal(refused: Refused, **looked_at: str) -> Reply:
    """The reply for a refusal of charging, with what was looked at (account, destination …)."""
    status = _status(refused.reason.value, refused.detail, looked_at)
    field = _FIELD_OF.get(refused.reason)
    if field is not None:
        _blame(status, field, refused.detail)
    return _reply(status)


def failure(error: RatingdError, **looked_at: str) -> Reply:
    """The reply for an error."""
    status = _status(error.reason, str(error), looked_at)
    if isinstance(error, InvalidRequest):
        _blame(status, error.field, error.description)
    if isinstance(error, Overloaded):
        _ask_again(status, error.retry_after_ms)
    return _reply(status)


def status_of(reply: Reply) -> status_pb2.Status:
    """The google.rpc.Status of a reply that is not OK."""
    return status_pb2.Status.FromString(reply.body)


def _status(reason: str, text: str, looked_at: Mapping[str, str]) -> status_pb2.Status:
    status = status_pb2.Status(code=CODES.get(reason, code_pb2.INTERNAL), message=_cut(text, TEXT_BYTES))
    info = error_details_pb2.ErrorInfo(reason=reason, domain=DOMAIN)
    for name, value in looked_at.items():
        info.metadata[name] = _cut(value, VALUE_BYTES)
    status.details.add().Pack(info)
    return status


def _cut(text: str, most: int) -> str:
    """As much of a text as fits into so many bytes."""
    return text if 4 * len(text) <= most else text.encode()[:most].decode(errors="ignore")


def _blame(status: status_pb2.Status, field: str, description: str) -> None:
    bad = error_details_pb2.BadRequest()
    bad.field_violations.add(field=field, description=_cut(description, DESCRIPTION_BYTES))
    status.details.add().Pack(bad)


def _ask_again(status: status_pb2.Status, after_ms: int) -> None:
    retry = error_details_pb2.RetryInfo()
    retry.retry_delay.FromMilliseconds(after_ms)
    status.details.add().Pack(retry)


def _reply(status: status_pb2.Status) -> Reply:
    return Reply(status.code, status.SerializeToString())
