"""FraudService: groups of callers that act together, and who calls whom in them."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from google.protobuf.timestamp_pb2 import Timestamp

from ratingd.api.convert import name
from ratingd.api.fraud_parts import SERVICE, FraudParts, asker, page_of
from ratingd.api.method import AnyMethod, Kind, Method, guarded, parse
from ratingd.engine.command import Reply
from ratingd.errors import InvalidRequest
from ratingd.fraud.campaigns import CAMPAIGN_STATUSES, CampaignUnknown
from ratingd.v1 import fraud_pb2

PAGE_DEFAULT: Final = 100
PAGE_MAX: Final = 1_000
MS: Final = 1_000


class FraudCampaigns:
    def __init__(self, parts: FraudParts) -> None:
        self._parts: Final = parts

    def methods(self) -> list[AnyMethod]:
        methods: dict[str, Callable[[bytes, int | None], Reply]] = {
            "ListCampaigns": self._list,
            "GetCampaignGraph": self._graph,
        }
        return [Method(SERVICE + method, Kind.SLOW, guarded(prepare)) for method, prepare in methods.items()]

    def _list(self, body: bytes, _: int | None) -> Reply:
        request = parse(fraud_pb2.ListCampaignsRequest(), body)
        if request.status and request.status not in CAMPAIGN_STATUSES:
            raise InvalidRequest("status", f"is {request.status!r}; known are {', '.join(CAMPAIGN_STATUSES)}")
        size = page_of(request.page_size, PAGE_DEFAULT, PAGE_MAX)
        found = self._parts.investigation.campaigns.campaigns(request.status, size)
        message = fraud_pb2.ListCampaignsResponse(campaigns=[campaign_message(each) for each in found])
        return Reply(0, message.SerializeToString())

    def _graph(self, body: bytes, _: int | None) -> Reply:
        request = parse(fraud_pb2.GetCampaignGraphRequest(), body)
        id = name(request.id, "id")
        found = self._parts.investigation.campaigns.graph(id or None)
        if found is None:
            raise CampaignUnknown(id)
        self._parts.audit(asker(request.who), "lookup", id or "campaigns", "graph")
        return Reply(0, graph_message(found).SerializeToString())


def campaign_message(shown: Mapping[str, Any]) -> fraud_pb2.Campaign:
    return fraud_pb2.Campaign(
        id=shown["id"],
        name=shown["name"],
        fraud_type=shown["fraud_type"],
        risk_score=shown["risk_score"],
        severity=shown["severity"],
        affected_users=shown["affected_users"],
        callers=shown["callers"],
        regions=[
            fraud_pb2.CampaignRegion(name=r["name"], calls=r["calls"], threat=r["threat"]) for r in shown["regions"]
        ],
        first_seen=_instant(shown["first_seen"]),
        last_seen=_instant(shown["last_seen"]),
        velocity=shown["velocity"],
        density=shown["density"],
        status=shown["status"],
        merged_into=shown.get("merged_into") or "",
        confidence=shown.get("confidence", 0.0),
    )


def graph_message(shown: Mapping[str, Any]) -> fraud_pb2.CampaignGraph:
    metrics = shown["metrics"]
    return fraud_pb2.CampaignGraph(
        nodes=[_node(each) for each in shown["nodes"]],
        edges=[_edge(each) for each in shown["edges"]],
        node_count=metrics["node_count"],
        edge_count=metrics["edge_count"],
        density=metrics["density"],
        velocity=metrics["velocity"],
        truncated=shown["truncated"],
    )


def _node(shown: Mapping[str, Any]) -> fraud_pb2.GraphNode:
    return fraud_pb2.GraphNode(
        id=shown["id"], kind=shown["kind"], label=shown["label"], risk=shown["risk"],
        campaign_id=shown["campaign_id"] or "", calls=shown["calls"],
    )  # fmt: skip


def _edge(shown: Mapping[str, Any]) -> fraud_pb2.GraphEdge:
    return fraud_pb2.GraphEdge(
        source=shown["source"], target=shown["target"], calls=shown["calls"], weight=shown["weight"],
        last_seen=_instant(shown["last_ts"]),
    )  # fmt: skip


def _instant(seconds: float) -> Timestamp:
    """Of seconds since the epoch."""
    instant = Timestamp()
    instant.FromMilliseconds(round(seconds * MS))
    return instant
