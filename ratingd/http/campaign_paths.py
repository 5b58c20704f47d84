"""Groups of callers that act together: GET /api/campaigns, /api/campaigns/{id} and its /graph, /api/graph of all."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from ratingd.fraud.campaigns import CampaignUnknown
from ratingd.http.answer_shape import Severity, answered
from ratingd.http.parameter import SHOWN_MAX, NamePath
from ratingd.http.parts import HttpParts
from ratingd.http.refusal import answers
from ratingd.http.reply import asker, reply

Status = Literal["Emerging", "Active", "Dormant", "Closed"]
StatusQuery = Annotated[Status | None, Query()]
Most = Annotated[int, Query(ge=1, le=SHOWN_MAX, description="How many at most, the last active first")]
ANY = ConfigDict(extra="allow")


class RegionAnswer(BaseModel):
    model_config = ANY

    name: str
    calls: int
    threat: float = Field(ge=0, le=100)


class CampaignAnswer(BaseModel):
    model_config = ANY

    id: str
    name: str
    risk_score: float = Field(ge=0, le=100)
    affected_users: int = Field(description="Different called numbers")
    status: Status
    fraud_type: str
    severity: Severity
    regions: list[RegionAnswer]
    callers: int
    velocity: float = Field(description="Calls a minute, of the last five")
    density: float = Field(ge=0, le=1)
    first_seen: float
    last_seen: float


class NodeAnswer(BaseModel):
    model_config = ANY

    id: str
    kind: Literal["caller", "callee", "trunk", "campaign"]
    label: str
    risk: float
    campaign_id: str | None
    calls: int


class EdgeAnswer(BaseModel):
    model_config = ANY

    source: str
    target: str
    calls: int
    weight: float
    last_ts: float


class GraphMetrics(BaseModel):
    model_config = ANY

    node_count: int
    edge_count: int
    density: float
    velocity: float


class GraphAnswer(BaseModel):
    """At most 500 nodes, the greatest risk first."""

    nodes: list[NodeAnswer]
    edges: list[EdgeAnswer]
    metrics: GraphMetrics
    truncated: bool


def campaign_routes(parts: HttpParts) -> APIRouter:
    router = APIRouter(prefix="/api", tags=["campaigns"])
    followed = answered(list[CampaignAnswer], get_campaign="id", get_campaign_graph="id")

    @router.get("/campaigns", responses=followed | answers())
    async def get_campaigns(status: StatusQuery = None, limit: Most = 50) -> Response:
        """Groups of callers that act together, the last active first."""
        found = await parts.workers.run(parts.investigation.campaigns.campaigns, status or "", limit)
        return reply(list(found))

    @router.get("/campaigns/{id}", responses=answered(CampaignAnswer) | answers(404))
    async def get_campaign(request: Request, id: NamePath) -> Response:
        """One of them."""
        return reply(await parts.workers.run(_campaign, parts, asker(request), id))

    @router.get("/campaigns/{id}/graph", responses=answered(GraphAnswer) | answers(404))
    async def get_campaign_graph(request: Request, id: NamePath) -> Response:
        """Who calls whom in it."""
        return reply(await parts.workers.run(_graph, parts, asker(request), id))

    @router.get("/graph", responses=answered(GraphAnswer) | answers())
    async def get_graph(request: Request) -> Response:
        """Who calls whom in all of them."""
        return reply(await parts.workers.run(_graph, parts, asker(request), ""))

    return router


def _campaign(parts: HttpParts, who: str, id: str) -> Mapping[str, Any]:
    found = parts.investigation.campaigns.campaign(id)
    if found is None:
        raise CampaignUnknown(id)
    parts.audit(who, "lookup", id, "campaign")
    return found


def _graph(parts: HttpParts, who: str, id: str) -> Mapping[str, Any]:
    found = parts.investigation.campaigns.graph(id or None)
    if found is None:
        raise CampaignUnknown(id)
    parts.audit(who, "lookup", id or "campaigns", "graph")
    return found
