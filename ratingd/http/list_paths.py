"""White and black lists: GET, POST and DELETE /api/v1/lists/{blacklist|whitelist}. Each change is in the audit."""

from contextlib import suppress
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from ratingd.errors import InvalidRequest, NotAllowed, NotFound
from ratingd.http.answer_shape import EntryAnswer, RemovedAnswer, answered
from ratingd.http.field_schema import FILLED_PATTERN
from ratingd.http.list_shape import AnyEntry, BlackBody, Kind, WhiteBody, lists_of, row_of, shown
from ratingd.http.parameter import SHOWN_MAX
from ratingd.http.parts import HttpParts
from ratingd.http.refusal import Refused, answers
from ratingd.http.reply import asker, reply
from ratingd.ingest.event_fields import TEXT_MAX
from triggers.numbers.number_list import BLACKLIST, NUMBER

Value = Annotated[str, Query(min_length=1, max_length=TEXT_MAX, pattern=FILLED_PATTERN)]
Many = Annotated[int, Query(ge=1, le=100 * SHOWN_MAX)]


def list_routes(parts: HttpParts) -> APIRouter:
    router = APIRouter(prefix="/api/v1/lists", tags=["lists"])
    told = answered(EntryAnswer) | answers(403, 404, 409, 413)

    @router.get("/blacklist", responses=answered(list[EntryAnswer]) | answers())
    async def get_blacklist(limit: Many = SHOWN_MAX) -> Response:
        """Callers, called numbers and trunks whose calls are refused."""
        return reply(await parts.workers.run(_entries, parts, BLACKLIST, limit))

    @router.get("/whitelist", responses=answered(list[EntryAnswer]) | answers())
    async def get_whitelist(limit: Many = SHOWN_MAX) -> Response:
        """Called numbers that are spared or judged by terms of their own, and callers that do not count."""
        return reply(await parts.workers.run(_entries, parts, "whitelist", limit))

    @router.post("/blacklist", responses=told)
    async def post_blacklist(request: Request, entry: BlackBody) -> Response:
        """Add an entry, or change the one of the same kind and value."""
        return reply(await parts.workers.run(_add, parts, asker(request), BLACKLIST, entry))

    @router.post("/whitelist", responses=told)
    async def post_whitelist(request: Request, entry: WhiteBody) -> Response:
        """Add an entry, or change the one of the same kind and value."""
        return reply(await parts.workers.run(_add, parts, asker(request), "whitelist", entry))

    @router.delete("/blacklist", responses=answered(RemovedAnswer) | answers(404))
    async def delete_blacklist(request: Request, kind: Kind, value: Value) -> Response:
        """Take an entry off the list."""
        return reply(await parts.workers.run(_remove, parts, asker(request), BLACKLIST, kind, value))

    @router.delete("/whitelist", responses=answered(RemovedAnswer) | answers(404))
    async def delete_whitelist(request: Request, kind: Kind, value: Value) -> Response:
        """Take an entry off the list."""
        return reply(await parts.workers.run(_remove, parts, asker(request), "whitelist", kind, value))

    return router


def _entries(parts: HttpParts, listed: str, limit: int) -> list[dict[str, Any]]:
    return [shown(row) for name in lists_of(listed) for row in parts.lists.entries(name)][:limit]


def _add(parts: HttpParts, who: str, listed: str, entry: AnyEntry) -> dict[str, Any]:
    row = row_of(listed, entry, who)
    if row.expires_ms and row.expires_ms <= parts.now_ms:
        raise Refused(409, "expiry: has passed already; none is for ever")
    if row.list == BLACKLIST and row.kind == NUMBER and parts.desk.numbers.read(row.value).emergency:
        raise NotAllowed(f"{row.value} is an emergency number, which is never refused")
    try:
        return shown(parts.lists.add([row], who)[0])
    except InvalidRequest as error:
        raise NotFound(error.description) from None


def _remove(parts: HttpParts, who: str, listed: str, kind: str, said: str) -> dict[str, Any]:
    value = f"+{said[1:]}" if said.startswith(" ") else said  # a "+" that was not escaped
    for name in lists_of(listed):
        with suppress(NotFound, InvalidRequest):
            parts.lists.remove(name, kind, value, who)
            return {"status": "removed", "kind": kind, "value": value}
    raise NotFound(f"the {listed} has no {kind} {value!r}. GET /api/v1/lists/{listed} shows what it has.")
