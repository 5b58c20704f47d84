"""Whether it is well, and what has happened: /, /health, /healthz, /api/stats, /metrics.

Health and figures do not wait behind other requests: they are what tells why those wait.
"""

import asyncio
from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import Response

from ratingd.http.answer_shape import Health, Online, StatsAnswer, answered
from ratingd.http.parts import HttpParts
from ratingd.http.refusal import answers
from ratingd.http.reply import reply

DOWN: Final = "down"
DEGRADED: Final = "degraded"
HEALTH_S: Final = 3.0
SILENT: Final = {"db": DOWN, **dict.fromkeys(("kafka", "model", "scheduler", "detection", "transport"), "unknown")}
NEEDED: Final = ("db", "transport")  # without these nobody is served
PROMETHEUS: Final = "text/plain; version=0.0.4; charset=utf-8"


def status_routes(parts: HttpParts) -> APIRouter:
    router = APIRouter(tags=["status"])

    @router.get("/", responses=answered(Online) | answers())
    async def get_online() -> Response:
        """That it is there."""
        return reply({"message": "ratingd Online", "version": parts.version})

    async def get_health() -> Response:
        """Whether it serves, and how each of its parts is; 503 where it does not."""
        try:
            async with asyncio.timeout(HEALTH_S):
                checks = dict(await asyncio.to_thread(parts.health))
        except TimeoutError:  # the store keeps whoever asks it waiting
            checks = dict(SILENT)
        told = _health(parts, checks)
        return reply(told, 503 if told["status"] == DOWN else 200)

    for path in ("/health", "/healthz"):
        router.get(
            path,
            responses={200: {"model": Health}, **answers(), 503: {"model": Health, "description": "It does not serve"}},
            operation_id=f"get{path.replace('/', '_')}",
        )(get_health)

    @router.get("/api/stats", responses=answered(StatsAnswer) | answers())
    async def get_stats() -> Response:
        """What has happened."""
        return reply(await parts.workers.run(parts.stats))

    @router.get("/metrics", responses={200: {"content": {"text/plain": {}}}, **answers()})
    async def get_figures() -> Response:
        """Figures for Prometheus."""
        return Response(await asyncio.to_thread(parts.figures), media_type=PROMETHEUS)

    return router


def _health(parts: HttpParts, checks: dict[str, str]) -> dict[str, Any]:
    lost = [name for name, state in checks.items() if state == DOWN]
    worse = lost or DEGRADED in checks.values()
    status = DOWN if any(name in NEEDED for name in lost) else DEGRADED if worse else "ok"
    return {"status": status, "checks": checks, "uptime_s": round((parts.clock() - parts.start_ns) / 1e9, 3)}
