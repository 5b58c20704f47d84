"""Refusals by HTTP: the one place that knows status codes.

Acknowledging an alert that nobody has raised is answered 404 with

    {"detail": "there is no alert 17. `ratingd fraud alerts` lists them.", "code": "NOT_FOUND"}

A program acts on `code`, which is the reason that gRPC gives too. Where fields are wrong, `detail` is a list that names
each: {"loc": ["body", 3, "b_number"], "msg": "is missing …"}. Where asking again makes sense soon, `Retry-After` says
in how many seconds.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from ratingd.errors import InvalidRequest, Overloaded, RatingdError

FAULTS_MAX: Final = 100  # that are told of one body

STATUSES: Final[Mapping[str, int]] = {
    "MALFORMED": 400,
    "NOT_ALLOWED": 403,
    "NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "CONFLICT": 409,
    "IDEMPOTENCY_KEY_REUSED": 409,
    "REQUEST_TOO_LARGE": 413,
    "INVALID_REQUEST": 422,
    "MODEL_REFUSED": 422,
    "PROMOTION_REFUSED": 409,
    "TOO_MANY_REQUESTS": 429,
    "OVERLOADED": 503,
    "TOO_MANY_STREAMS": 503,
    "UNAVAILABLE": 503,
    "ACCOUNT_BUSY": 503,
    "DEADLINE_PASSED": 503,
}
CODES: Final[Mapping[int, str]] = {
    400: "MALFORMED",
    403: "NOT_ALLOWED",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    409: "CONFLICT",
    413: "REQUEST_TOO_LARGE",
    422: "INVALID_REQUEST",
    429: "TOO_MANY_REQUESTS",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}
ABOUT: Final[Mapping[int, str]] = {
    400: "The body is no JSON, or the request was not meant for this service",
    403: "It is never allowed",
    404: "There is no such thing",
    409: "Not as things stand",
    413: "The body is larger than http_body_bytes_max",
    422: "A value cannot be meant; detail names each that is wrong",
    429: "More requests than http_requests_per_second from this address",
    503: "Nothing was done: a queue is full or the store does not answer. Ask again",
}
RETRIED: Final = (429, 503)


class Fault(BaseModel):
    """One value that is wrong, and where it stands."""

    model_config = ConfigDict(extra="forbid")

    loc: list[str | int] = Field(description="body, query or path, then the names and places that lead to the value")
    msg: str


class Refusal(BaseModel):
    """Why nothing was done."""

    model_config = ConfigDict(extra="forbid")

    detail: str | list[Fault]
    code: str


class Refused(Exception):
    """A request that HTTP itself refuses, before or beside what the daemon says of it."""

    def __init__(self, status: int, detail: str | list[dict[str, Any]], *, retry_after_s: float = 0.0) -> None:
        super().__init__(detail)
        self.status: Final = status
        self.body: Final = {"detail": detail, "code": CODES[status]}
        self.headers: Final = retry_header(retry_after_s) if status in RETRIED else {}

    @property
    def content(self) -> bytes:
        return encoded(self.body)


def refused(error: RatingdError) -> Refused:
    """How an error of the daemon is told."""
    status = STATUSES.get(error.reason, 404 if error.reason.endswith("_UNKNOWN") else 500)
    if isinstance(error, InvalidRequest) and status not in (400, 413):
        answer = Refused(422, [fault(("body", error.field), error.description)])
    else:
        retry_after_s = error.retry_after_ms / 1000 if isinstance(error, Overloaded) else 1.0
        answer = Refused(status, str(error), retry_after_s=retry_after_s)
    answer.body["code"] = error.reason
    return answer


def fault(loc: Iterable[str | int], message: str) -> dict[str, Any]:
    return {"loc": list(loc), "msg": message}


def faults(found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What pydantic found, without what was sent: it may be a number that nobody else is to read."""
    return [_fault(each) for each in found[:FAULTS_MAX]]


def _fault(each: Mapping[str, Any]) -> dict[str, Any]:
    if each["type"] == "union_tag_not_found":  # what says which kind of thing it is has been left out
        return fault((*each["loc"], each["ctx"]["discriminator"].strip("'")), "Field required")
    return fault(each["loc"], each["msg"].removeprefix("Value error, "))


def retry_header(seconds: float) -> dict[str, str]:
    return {"Retry-After": str(max(1, math.ceil(seconds)))}


def encoded(body: object) -> bytes:
    return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8", "replace")


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The refusals of an operation, for the page that documents it; 400, 422, 429 and 503 are those of any."""
    return {status: _documented(status) for status in sorted({400, 422, 429, 503, *statuses})}


def _documented(status: int) -> dict[str, Any]:
    told: dict[str, Any] = {"model": Refusal, "description": ABOUT[status]}
    if status in RETRIED:
        told["headers"] = {"Retry-After": {"description": "Seconds", "schema": {"type": "integer", "minimum": 1}}}
    return told
