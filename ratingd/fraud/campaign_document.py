"""Campaigns as they are shown, and as they are stored.

`shown` is what APIs answer: CMP-2026-12, "Wangiri +371 #12", HIGH, its regions, times in seconds. `row` is what is
stored: the same with what a start needs to go on with it (runs, the alert's severity, the graph as last drawn), while
its callers and the numbers they called are rows of their own. `read` makes the campaign of a row again.
"""

import json
from collections.abc import Iterable
from typing import Any, Final

from ratingd.store.model_rows import CampaignMember, CampaignRow
from triggers.campaigns.campaign import Campaign, Region
from triggers.campaigns.campaign_graph import CALLEE, CALLER, CampaignGraph, Edge, Node

CALLED_MAX: Final = 5_000  # called numbers that are stored of a campaign: enough to know it again by them


def shown(campaign: Campaign, at_ms: int) -> dict[str, Any]:
    return {
        "id": campaign.id,
        "name": campaign.name,
        "fraud_type": campaign.fraud_type,
        "confidence": campaign.confidence,
        "risk_score": campaign.risk,
        "severity": campaign.severity,
        "affected_users": campaign.affected,
        "callers": len(campaign.callers),
        "calls": campaign.calls,
        "regions": [{"name": r.name, "calls": r.calls, "threat": r.threat} for r in campaign.regions],
        "first_seen": campaign.first_ms / 1000,
        "last_seen": campaign.last_ms / 1000,
        "velocity": campaign.velocity,
        "density": campaign.density,
        "status": campaign.status(at_ms),
        "merged_into": campaign.merged_into or None,
        "split_from": campaign.split_from or None,
    }


def shown_graph(graph: CampaignGraph) -> dict[str, Any]:
    return {
        "nodes": [
            {
                "id": node.id, "kind": node.kind, "label": node.label, "risk": round(node.risk, 1),
                "campaign_id": node.campaign_id, "calls": node.calls,
            }
            for node in graph.nodes
        ],
        "edges": [
            {
                "source": edge.source, "target": edge.target, "calls": edge.calls, "weight": round(edge.weight, 4),
                "last_ts": edge.last_ms / 1000,
            }
            for edge in graph.edges
        ],
        "metrics": {
            "node_count": graph.node_count,
            "edge_count": graph.edge_count,
            "density": round(graph.density, 6),
            "velocity": round(graph.velocity, 3),
        },
        "truncated": graph.truncated,
    }  # fmt: skip


def row(campaign: Campaign, told: str, at_ms: int) -> CampaignRow:
    """`told` is the highest severity that an alert has told of."""
    document = {
        "seq": campaign.seq,
        "created_ms": campaign.created_ms,
        "name": campaign.name,
        "fraud_type": campaign.fraud_type,
        "confidence": campaign.confidence,
        "risk": campaign.risk,
        "affected": campaign.affected,
        "calls": campaign.calls,
        "callers": len(campaign.callers),
        "velocity": campaign.velocity,
        "density": campaign.density,
        "runs": campaign.runs,
        "regions": [[r.name, r.calls, r.threat] for r in campaign.regions],
        "merged_into": campaign.merged_into,
        "split_from": campaign.split_from,
        "told": told,
        "graph": None if campaign.graph is None else _packed(campaign.graph),
    }
    return CampaignRow(
        campaign.id, campaign.status(at_ms), campaign.first_ms, campaign.last_ms, at_ms,
        json.dumps(document, separators=(",", ":")),
    )  # fmt: skip


def read(stored: CampaignRow, members: Iterable[CampaignMember]) -> tuple[Campaign, str]:
    """The campaign of a row, and the highest severity that was told."""
    of: dict[str, Any] = json.loads(stored.document)
    numbers: dict[str, set[str]] = {CALLER: set(), CALLEE: set()}
    for member in members:
        numbers[member.kind].add(member.number)
    campaign = Campaign(
        stored.id, of["seq"], of["created_ms"], stored.first_ms, stored.last_ms,
        name=of["name"], fraud_type=of["fraud_type"], confidence=of["confidence"], risk=of["risk"],
        affected=of["affected"], calls=of["calls"], velocity=of["velocity"], density=of["density"], runs=of["runs"],
        regions=[Region(*each) for each in of["regions"]],
        callers=frozenset(numbers[CALLER]), called=frozenset(numbers[CALLEE]),
        merged_into=of["merged_into"], split_from=of["split_from"],
        graph=None if of["graph"] is None else _unpacked(of["graph"]),
    )  # fmt: skip
    return campaign, of["told"]


def members(campaign: Campaign) -> set[CampaignMember]:
    """As they are stored."""
    callers = {CampaignMember(campaign.id, CALLER, number) for number in campaign.callers}
    return callers | {CampaignMember(campaign.id, CALLEE, number) for number in sorted(campaign.called)[:CALLED_MAX]}


def _packed(graph: CampaignGraph) -> dict[str, Any]:
    """Half the size: edges name nodes by their places."""
    places = {node.id: place for place, node in enumerate(graph.nodes)}
    return {
        "nodes": [[n.kind, n.label, round(n.risk, 1), n.campaign_id, n.calls] for n in graph.nodes],
        "edges": [[places[e.source], places[e.target], e.calls, round(e.weight, 4), e.last_ms] for e in graph.edges],
        "of": [graph.node_count, graph.edge_count, graph.callers, graph.called, graph.pairs, graph.velocity],
    }


def _unpacked(packed: dict[str, Any]) -> CampaignGraph:
    nodes = [Node(*each) for each in packed["nodes"]]
    edges = [
        Edge(nodes[source].id, nodes[target].id, calls, weight, last_ms)
        for source, target, calls, weight, last_ms in packed["edges"]
    ]
    node_count, edge_count, callers, called, pairs, velocity = packed["of"]
    return CampaignGraph(
        nodes, edges, node_count=node_count, edge_count=edge_count, callers=callers, called=called, pairs=pairs,
        velocity=velocity,
    )  # fmt: skip
