"""Masking runs with their evidence: GET /api/incidents and /api/incidents/{id}."""

import json
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from ratingd.errors import NotFound
from ratingd.http.alert_paths import SeverityQuery
from ratingd.http.answer_shape import IncidentAnswer, IncidentEvidence, answered
from ratingd.http.parameter import Limit, NamePath, Since, TextQuery, since_ms
from ratingd.http.parts import HttpParts
from ratingd.http.refusal import answers
from ratingd.http.reply import asker, reply
from ratingd.store.fraud_rows import FlaggedCallRow, IncidentRow


def incident_routes(parts: HttpParts) -> APIRouter:
    router = APIRouter(prefix="/api", tags=["incidents"])

    @router.get("/incidents", responses=answered(list[IncidentAnswer], get_incident="id") | answers())
    async def get_incidents(
        request: Request, b_number: TextQuery = "", severity: SeverityQuery = None, since: Since = "", limit: Limit = 50
    ) -> Response:
        """Masking runs, the newest first, without their calls."""
        return reply(await parts.workers.run(_incidents, parts, asker(request), b_number, severity, since, limit))

    @router.get("/incidents/{id}", responses=answered(IncidentEvidence) | answers(404))
    async def get_incident(request: Request, id: NamePath) -> Response:
        """One masking run with its evidence: who called, over what, and what became of each call."""
        return reply(await parts.workers.run(_incident, parts, asker(request), id))

    return router


def _incidents(
    parts: HttpParts, who: str, b_number: str, severity: str | None, since: str, limit: int
) -> list[dict[str, Any]]:
    key = parts.desk.key_of("b", _plus(b_number)) if b_number else ""
    if key:
        parts.audit(who, "lookup", key, "incidents")
    rows = parts.shelf.incidents(b_number=key, severity=severity or "", since_ms=since_ms(since), limit=limit)
    return [incident_shown(row) for row in rows]


def _incident(parts: HttpParts, who: str, id: str) -> dict[str, Any]:
    found = parts.shelf.incident(id)
    if found is None:
        raise NotFound(f"there is no incident {id!r}. GET /api/incidents lists them.")
    parts.audit(who, "lookup", found.row.b_number, f"incident {found.row.id}")
    return incident_shown(found.row) | {"flagged_calls": [_call(call) for call in found.calls]}


def incident_shown(row: IncidentRow) -> dict[str, Any]:
    """A run: its columns, and what its document holds beside them."""
    document: dict[str, Any] = json.loads(row.document)
    return document | {
        "id": row.id,
        "b_number": row.b_number,
        "severity": row.severity,
        "opened_at": row.opened_ms / 1000,
        "last_at": row.last_ms / 1000,
        "max_distinct": row.max_distinct,
    }


def _call(row: FlaggedCallRow) -> dict[str, Any]:
    return {
        "call_id": row.call_id,
        "a_number": row.a_number,
        "timestamp": row.at_ms / 1000,
        "switch_id": row.switch_id,
        "trunk": row.trunk,
        "result": row.result,
    }


def _plus(text: str) -> str:
    """A "+" that was not escaped comes as a blank."""
    return f"+{text[1:]}" if text.startswith(" ") else text
