"""Dead letters: what could not be delivered, and to try it again: /api/v1/deadletters."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from ratingd.errors import OutboxEntryUnknown
from ratingd.http.answer_shape import DeadLetter, ReplayAnswer, answered
from ratingd.http.parameter import Limit, NamePath
from ratingd.http.parts import HttpParts
from ratingd.http.refusal import Refused, answers
from ratingd.http.reply import asker, reply
from ratingd.store.rows import OutboxEntry

NS_PER_S = 1_000_000_000


def deadletter_routes(parts: HttpParts) -> APIRouter:
    router = APIRouter(prefix="/api/v1/deadletters", tags=["dead letters"])

    @router.get("", responses=answered(list[DeadLetter], post_replay="id") | answers())
    async def get_deadletters(limit: Limit = 100) -> Response:
        """What was given up, the newest first."""
        entries = await parts.workers.run(parts.outbox.entries, "dead", None, limit)
        return reply([_shown(entry) for entry in entries])

    @router.post("/{id}/replay", responses=answered(ReplayAnswer) | answers(404, 409))
    async def post_replay(request: Request, id: NamePath) -> Response:
        """Try it again, as if it were new."""
        return reply(await parts.workers.run(_replay, parts, asker(request), id))

    return router


def _replay(parts: HttpParts, who: str, id: str) -> dict[str, Any]:
    if parts.outbox.unknown([id]):
        raise OutboxEntryUnknown([id])
    if not parts.outbox.replay([id], parts.clock()):
        raise Refused(409, f"{id!r} is not dead: it waits to be delivered, or was")
    parts.audit(who, "outbox.replay", id)
    parts.wake()
    return {"status": "waiting", "id": id}


def _shown(entry: OutboxEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "kind": entry.kind,
        "target": entry.target,
        "tenant": entry.key.tenant,
        "account": entry.key.account,
        "created_at": entry.created_ns / NS_PER_S,
        "attempts": entry.attempts,
        "last_error": entry.last_error,
    }
