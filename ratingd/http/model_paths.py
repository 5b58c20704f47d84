"""Models by HTTP: what scores, and to have it opened again: /api/v1/model/status, /api/v1/model/reload.

Adding and activating goes by gRPC and `ratingd model`: a folder of files is no JSON.
"""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from ratingd.http.answer_shape import answered
from ratingd.http.parts import HttpParts
from ratingd.http.refusal import answers
from ratingd.http.reply import asker, reply
from ratingd.models.model_desk import ScoreStatus
from ratingd.models.scorers import Shadow


class ShadowAnswer(BaseModel):
    """How a model in the shadow compares with the active one."""

    version: int
    wanted: int
    fault: str
    scored: int
    flagged: int
    compared: int
    agreed: int
    shadow_alone: int = Field(description="Rows that reach its threshold and not that of the active one")
    active_alone: int
    distance: float = Field(description="Mean distance of the two scores")
    left_out: int = Field(description="Rows that came faster than it scores")
    histogram: list[int] = Field(description="How many of its scores lie in each tenth")


class ScoreAnswer(BaseModel):
    """One score: who gives it, and what became of it since the start."""

    name: str
    method: str = Field(description="The algorithm of the active model, rule_based where there is none")
    version: int | None
    wanted: int | None = Field(description="The version that should score; another one than version: see fault")
    fault: str
    threshold: float | None
    scored: int
    flagged: int
    refused: int = Field(description="Rows that held NaN or an infinity")
    mean_seconds: float
    psi: dict[str, float] = Field(description="How far features and score lie from training, the furthest first")
    psi_at: float | None
    psi_rows: int
    shadow: ShadowAnswer | None


class ModelStatusAnswer(BaseModel):
    status: str = Field(description="ok, degraded where one that should score cannot be opened, off where none is")
    scores: list[ScoreAnswer]


def model_routes(parts: HttpParts) -> APIRouter:
    router = APIRouter(prefix="/api/v1/model", tags=["models"])

    @router.get("/status", responses=answered(ModelStatusAnswer) | answers())
    async def get_model_status() -> Response:
        """What scores, how a shadow compares, and what has drifted."""
        return reply(_told(parts, parts.models.status()))

    @router.post("/reload", responses=answered(ModelStatusAnswer) | answers())
    async def post_model_reload(request: Request) -> Response:
        """Open again what is in use; what cannot be opened leaves in place who scores."""
        return reply(await parts.workers.run(_reload, parts, asker(request)))

    return router


def _reload(parts: HttpParts, who: str) -> dict[str, Any]:
    parts.audit(who, "model.reload", "models")
    return _told(parts, parts.models.reload())


def _told(parts: HttpParts, scores: list[ScoreStatus]) -> dict[str, Any]:
    return {"status": parts.models.health, "scores": [_score(score) for score in scores]}


def _score(score: ScoreStatus) -> dict[str, Any]:
    active, figures, drift = score.active, score.figures, score.drift
    return {
        "name": score.name,
        "method": score.method,
        "version": None if active is None else active.version,
        "wanted": score.wanted or None,
        "fault": score.fault,
        "threshold": None if active is None else active.threshold,
        "scored": figures.scored,
        "flagged": figures.flagged,
        "refused": figures.refused,
        "mean_seconds": figures.taken_ns / 1e9 / figures.scored if figures.scored else 0.0,
        "psi": {} if drift is None else dict(drift.found),
        "psi_at": None if drift is None else drift.at_ms / 1000,
        "psi_rows": 0 if drift is None else drift.rows,
        "shadow": _shadow(score, score.shadow) if score.shadow_wanted or score.shadow is not None else None,
    }


def _shadow(score: ScoreStatus, shadow: Shadow | None) -> dict[str, Any]:
    found: dict[str, Any] = dict.fromkeys(
        ("version", "scored", "flagged", "compared", "agreed", "shadow_alone", "active_alone", "left_out"), 0
    )
    found |= {"distance": 0.0, "histogram": []}
    if shadow is not None:
        found |= {name: getattr(shadow, name) for name in found if name != "version"}
        found["version"] = shadow.scorer.version
    return found | {"wanted": score.shadow_wanted, "fault": score.shadow_fault}
