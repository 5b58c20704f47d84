"""Alerts, and what somebody says of them: GET /api/alerts, POST /api/alerts/{id}/ack and /resolve.

`?order=loss` puts those first that may cost most: GET /api/alerts?order=loss&limit=5 is where to begin in the morning.
"""

import json
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from ratingd.errors import InvalidRequest
from ratingd.fraud.alert import OPEN, Alert, document, read
from ratingd.fraud.losses import RANKED_MAX
from ratingd.http.answer_shape import AlertAnswer, Severity, answered
from ratingd.http.field_schema import TEXT_PATTERN
from ratingd.http.parameter import IdPath, Limit, Since, since_ms
from ratingd.http.parts import HttpParts
from ratingd.http.refusal import Refused, answers
from ratingd.http.reply import asker, reply
from tariffs.money import NANO
from triggers.lookup.expected_loss import MINUTE_NS, ExpectedLoss

COMMENT_MAX: Final = 2_000
STATES: Final = {
    "Open": ("new",),
    "Investigating": ("acked",),
    "Resolved": ("resolved", "false_positive"),
    **{state: (state,) for state in ("new", "acked", "resolved", "false_positive")},
}
STATUSES: Final = {state: status for status in ("Open", "Investigating", "Resolved") for state in STATES[status]}
AGES: Final = ((86_400, "d"), (3_600, "h"), (60, "m"))

SeverityQuery = Annotated[Severity | None, Query()]
OrderQuery = Annotated[
    Literal["newest", "loss"],
    Query(description=f"loss: of the newest {RANKED_MAX} (open ones, without a status) those that may cost most"),
]
StatusQuery = Annotated[
    Literal["Open", "Investigating", "Resolved", "new", "acked", "resolved", "false_positive"] | None, Query()
]


class ResolveBody(BaseModel):
    """What it was."""

    comment: Annotated[str, Field(max_length=COMMENT_MAX, pattern=TEXT_PATTERN, strict=True)] = ""
    verdict: Literal["true_positive", "false_positive"] = "true_positive"


def alert_routes(parts: HttpParts) -> APIRouter:
    router = APIRouter(prefix="/api/alerts", tags=["alerts"])

    @router.get("", responses=answered(list[AlertAnswer], post_ack="id", post_resolve="id") | answers())
    async def get_alerts(
        severity: SeverityQuery = None,
        status: StatusQuery = None,
        since: Since = "",
        limit: Limit = 50,
        order: OrderQuery = "newest",
    ) -> Response:
        """Alerts, the newest first, or those first of which most may be lost."""
        found = _dearest if order == "loss" else _alerts
        return reply(await parts.workers.run(found, parts, severity, status, since, limit))

    @router.post("/{id}/ack", responses=answered(AlertAnswer) | answers(404, 409))
    async def post_ack(request: Request, id: IdPath) -> Response:
        """Say that somebody looks into it."""
        return reply(await parts.workers.run(_ack, parts, id, asker(request)))

    @router.post("/{id}/resolve", responses=answered(AlertAnswer) | answers(404, 409, 413))
    async def post_resolve(request: Request, id: IdPath, said: ResolveBody) -> Response:
        """Say what it was."""
        return reply(await parts.workers.run(_resolve, parts, id, asker(request), said))

    return router


def _alerts(parts: HttpParts, severity: str | None, status: str | None, since: str, limit: int) -> list[dict[str, Any]]:
    rows = parts.shelf.alerts(
        severity=(severity,) if severity else (),
        status=STATES[status] if status else (),
        since_ms=since_ms(since),
        limit=limit,
    )
    return [alert_shown({"id": row.id} | json.loads(row.document), parts.now_ms) for row in rows]


def _dearest(
    parts: HttpParts, severity: str | None, status: str | None, since: str, limit: int
) -> list[dict[str, Any]]:
    rows = parts.shelf.alerts(
        severity=(severity,) if severity else (),
        status=STATES[status] if status else OPEN,
        since_ms=since_ms(since),
        limit=RANKED_MAX,
    )
    losses, now_ms = parts.investigation.losses, parts.now_ms
    ranked = losses.ranked([read(row) for row in rows])[:limit]
    return [
        alert_shown({"id": alert.id} | document(alert), now_ms) | {"expected_loss": loss_shown(loss, losses.currency)}
        for alert, loss in ranked
    ]


def loss_shown(loss: ExpectedLoss, currency: str) -> dict[str, Any]:
    return {
        "loss": loss.loss_nano / NANO,
        "currency": currency,
        "probability": loss.probability,
        "price_per_minute": loss.price_nano / NANO,
        "balance": loss.money_nano / NANO,
        "minutes": loss.talk_ns / MINUTE_NS,
        "accounts": loss.accounts,
        "basis": loss.basis,
    }


def _ack(parts: HttpParts, id: int, who: str) -> dict[str, Any]:
    try:
        alert = parts.book.ack(id, who)
    except InvalidRequest as error:
        raise Refused(409, error.description) from None
    return _changed(alert, parts.now_ms)


def _resolve(parts: HttpParts, id: int, who: str, said: ResolveBody) -> dict[str, Any]:
    verdict = said.verdict if "verdict" in said.model_fields_set else ""  # who says nothing labels nothing
    return _changed(parts.investigation.cases.resolve(id, who, said.comment, verdict), parts.now_ms)


def _changed(alert: Alert, now_ms: int) -> dict[str, Any]:
    return alert_shown({"id": alert.id} | document(alert), now_ms)


def alert_shown(shown: dict[str, Any], now_ms: int) -> dict[str, Any]:
    """An alert in the words of HTTP: how long ago it was, and its status as people say it beside its state."""
    state = shown["status"]
    ago = now_ms / 1000 - shown["last_seen"]
    return shown | {"state": state, "status": STATUSES[state], "time": how_long_ago(ago)}


def how_long_ago(seconds: float) -> str:
    """5m ago, 3h ago, 2d ago."""
    for length, unit in AGES:
        if seconds >= length:
            return f"{int(seconds // length)}{unit} ago"
    return f"{max(0, int(seconds))}s ago"
