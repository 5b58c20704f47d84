"""Traffic of numbers and trunks: GET /api/v1/metrics/{b_number}, /a/{n}, /trunk/{id}, and DELETE, which forgets it."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from ratingd.http.answer_shape import CalledMetrics, CallerMetrics, ResetAnswer, TrunkMetrics, answered
from ratingd.http.parameter import NamePath, NumberPath, Window
from ratingd.http.parts import HttpParts
from ratingd.http.refusal import answers
from ratingd.http.reply import asker, reply


def metric_routes(parts: HttpParts) -> APIRouter:
    router = APIRouter(prefix="/api/v1/metrics", tags=["metrics"])

    @router.get("/{b_number}", responses=answered(CalledMetrics) | answers(404))
    async def get_metrics(request: Request, b_number: NumberPath, window: Window = "300") -> Response:
        """How a number is called."""
        return reply(await parts.workers.run(_looked_up, parts, asker(request), "b", b_number, int(window)))

    @router.get("/a/{n}", responses=answered(CallerMetrics) | answers(404))
    async def get_caller_metrics(request: Request, n: NumberPath, window: Window = "300") -> Response:
        """How a number calls."""
        return reply(await parts.workers.run(_looked_up, parts, asker(request), "a", n, int(window)))

    @router.get("/trunk/{id}", responses=answered(TrunkMetrics) | answers(404))
    async def get_trunk_metrics(id: NamePath, window: Window = "300") -> Response:
        """What comes over a trunk."""
        return reply(await parts.workers.run(_report, parts, "trunk", id, int(window)))

    @router.delete("/{b_number}", responses=answered(ResetAnswer) | answers(404))
    async def delete_metrics(request: Request, b_number: NumberPath) -> Response:
        """Forget how a number was called."""
        return reply(await parts.workers.run(_reset, parts, asker(request), b_number))

    return router


def _looked_up(parts: HttpParts, who: str, kind: str, number: str, window_s: int) -> dict[str, Any]:
    parts.audit(who, "lookup", parts.desk.key_of(kind, number), f"metrics.{kind}")
    return _report(parts, kind, number, window_s)


def _report(parts: HttpParts, kind: str, key: str, window_s: int) -> dict[str, Any]:
    now_ms = parts.now_ms
    values = parts.desk.report(kind, key, window_s, now_ms)
    return metrics_shown(kind, parts.desk.key_of(kind, key), window_s, now_ms, values)


def metrics_shown(kind: str, key: str, window_s: int, at_ms: int, values: dict[str, float]) -> dict[str, Any]:
    """Metrics with whose, when and of which window they are."""
    named = {"a": "a_number", "b": "b_number"}.get(kind, kind)
    told = {named: key, "total_attempts": values["attempts"], "window_seconds": window_s, "calculated_at": at_ms / 1000}
    return told | values


def _reset(parts: HttpParts, who: str, number: str) -> dict[str, Any]:
    key = parts.desk.key_of("b", number)
    parts.audit(who, "metrics.reset", key)
    parts.desk.reset("b", number)
    return {"status": "reset", "b_number": key}
