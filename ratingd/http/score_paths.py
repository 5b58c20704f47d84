"""POST /api/v1/calls/score: what the calls most like a call were, for boards that tell of single calls.

A board posts what it knows of a call, or of ten thousand, and each is answered with its prediction. Of an array each
message stands for itself: one that cannot be read is told why, in its place, and the others are scored. A single one is
refused then.
"""

from typing import Any, Final, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from ratingd.fraud import board_calls
from ratingd.http.answer_shape import answered
from ratingd.http.event_intake import BODY, json_of
from ratingd.http.event_schema import BATCH_MAX, body
from ratingd.http.field_schema import TEXT_SIGNS, Schema, optional_text, time
from ratingd.http.parts import HttpParts
from ratingd.http.refusal import Refused, answers, fault
from ratingd.http.reply import reply
from ratingd.models.board import BoardCall, MessageRefused, board_call, predictions
from triggers.scores.call_features import KNN, NUMBER_MAX

ABOUT: Final = {
    "call_duration": "Seconds",
    "num_digits": "Digits of the caller's number, as it is written where he is",
    "hour_of_day": "When it began, 0 to 23",
    "freq_calls": "Calls of the caller within 60 minutes",
}


def _number(about: str) -> Schema:
    bounds = {"type": "number", "minimum": -NUMBER_MAX, "maximum": NUMBER_MAX}
    return {"anyOf": [bounds, {"type": "null"}], "description": f"{about}; none counts as 0"}


MESSAGE: Final[Schema] = {
    "type": "object",
    "title": "BoardCall",
    "description": "What a board knows of a call. Other fields are left alone.",
    "properties": {
        **{name: _number(ABOUT[name]) for name in KNN.names},
        "caller": optional_text("Whose traffic it counts for; none: it is only scored"),
        "ts": time("When the call was over; none: now"),
    },
    "examples": [
        {
            "call_duration": 12.5,
            "num_digits": 11,
            "hour_of_day": 3,
            "freq_calls": 4,
            "caller": "0171 2345678",
            "ts": 1732161129.4,
        }
    ],
}
MESSAGES: Final[Schema] = {
    "anyOf": [
        MESSAGE,
        {
            "type": "array",
            "minItems": 1,
            "description": f"At most {BATCH_MAX} messages; one that cannot be read is told why, in its place",
            "items": {},
        },
    ]
}


class ScoredCallAnswer(BaseModel):
    """A message and what is thought of its call; null where no model of the name knn is active."""

    model_config = ConfigDict(extra="forbid")

    call: dict[str, Any] = Field(description="The message, unchanged")
    predicted_label: Literal[0, 1] | None = Field(description="1: like scams")
    predicted_proba: list[float] | None = Field(min_length=2, max_length=2, description="That it is 0, that it is 1")
    processed_ts: float


class UnscoredCallAnswer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    call: Any = Field(description="What was sent; null where it holds what no JSON can")
    error: str


def score_routes(parts: HttpParts) -> APIRouter:
    router = APIRouter(tags=["models"])
    told = ScoredCallAnswer | list[ScoredCallAnswer | UnscoredCallAnswer]

    @router.post("/api/v1/calls/score", responses=answered(told) | answers(413), openapi_extra=body(MESSAGES))
    async def post_calls_score(request: Request) -> Response:
        """What the calls most like a call were, or like each of an array of at most 10,000. They count for their
        callers."""
        content = await request.body()
        return reply(await parts.workers.run(_scored, parts, content))

    return router


def _scored(parts: HttpParts, content: bytes) -> dict[str, Any] | list[dict[str, Any]]:
    said = json_of(content)
    if not isinstance(said, list):
        return _one(parts, said)
    if len(said) > BATCH_MAX:
        raise Refused(413, f"an array has at most {BATCH_MAX} messages, and this one has {len(said)}")
    if not said:
        raise Refused(422, [fault(BODY, "a message is wanted, or an array of them; this one is empty")])
    read = [_read(message) for message in said]
    added = iter(_predicted(parts, [call for call in read if isinstance(call, BoardCall)]))
    return [
        {"call": message} | next(added) if isinstance(call, BoardCall) else call
        for message, call in zip(said, read, strict=True)
    ]


def _one(parts: HttpParts, message: object) -> dict[str, Any]:
    read = _read(message)
    if not isinstance(read, BoardCall):
        raise Refused(422, [fault(BODY, read["error"])])
    return {"call": message} | _predicted(parts, [read])[0]


def _predicted(parts: HttpParts, calls: list[BoardCall]) -> list[dict[str, Any]]:
    found = predictions(calls, parts.models.scorers, parts.clock() / 1e9)
    board_calls.count(parts.desk, calls, parts.now_ms)
    return found


def _read(message: object) -> BoardCall | dict[str, Any]:
    """The call, or what is answered instead."""
    try:
        call = board_call(message)
        _check_text(call.caller)
        return call
    except MessageRefused as refused:
        return {"call": message if refused.writable else None, "error": str(refused)}


def _check_text(caller: str) -> None:
    """What JSON may say is less than what may be printed: see `ratingd.http.field_schema`."""
    if not TEXT_SIGNS.fullmatch(caller):
        strange = next(sign for sign in caller if not TEXT_SIGNS.fullmatch(sign))
        raise MessageRefused(f"caller: has {strange!a}, which no text here may have")
