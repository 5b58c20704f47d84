"""`ratingd fraud campaigns`: groups of callers that act together; `--graph` says who calls whom."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import click
from rich.console import RenderableType
from rich.text import Text

from ratingd.cli.fraud_plain import by_whom, told
from ratingd.cli.fraud_tables import severity_text
from ratingd.cli.options import Where, answers, asks
from ratingd.cli.output import Output, moment, pairs, table
from ratingd.v1.fraud_pb2 import GetCampaignGraphRequest, ListCampaignsRequest

Plain = Mapping[str, Any]
STATUSES: Final = ("Emerging", "Active", "Dormant", "Closed")
EDGES_SHOWN: Final = 50


@click.command("campaigns")
@click.option("--status", type=click.Choice(STATUSES, case_sensitive=False), help="Only those that are.")
@click.option("--limit", type=click.IntRange(1, 1_000), default=50, show_default=True, help="At most so many.")
@click.option("--graph", metavar="ID", help="Who calls whom in one of them; `all` is in all.")
@by_whom
@asks
@answers
def campaigns_command(status: str | None, limit: int, graph: str | None, who: str, where: Where, out: Output) -> None:
    """Groups of callers that act together, the last active first. `ratingd fraud case ID` shows all of one."""
    with where.client() as client:
        if graph is not None:
            request = GetCampaignGraphRequest(id="" if graph == "all" else graph, who=who)
            drawn = told(client.ask(client.fraud.GetCampaignGraph, request))
            out.show(drawn, *graph_tables(drawn))
            return
        listed = client.ask(client.fraud.ListCampaigns, ListCampaignsRequest(status=status or "", page_size=limit))
        found = [told(campaign) for campaign in listed.campaigns]
    out.show_list(found, campaigns_table(found))


def campaigns_table(campaigns: Iterable[Plain]) -> RenderableType:
    numbers = ("risk", "callers", "people called", "calls/min")
    rows = table("id", "severity", "status", "what", *numbers, "last seen", numbers=numbers)
    for each in campaigns:
        rows.add_row(
            each["id"],
            severity_text(each["severity"]),
            each["status"],
            each["name"],
            f"{each['risk_score']:.0f}",
            str(each["callers"]),
            str(each["affected_users"]),
            f"{each['velocity']:g}",
            moment(each.get("last_seen")),
        )
    return rows


def campaign_rows(campaign: Plain) -> Iterable[tuple[str, RenderableType]]:
    yield "campaign", Text(f"{campaign['id']} {campaign['name']}", "bold")
    yield "status", f"{campaign['status']}, risk {campaign['risk_score']:.0f} of 100"
    yield "severity", severity_text(campaign["severity"])
    yield "fraud", f"{campaign['fraud_type']}, likely to {100 * campaign['confidence']:.0f} %"
    yield "who", f"{campaign['callers']} callers, {campaign['affected_users']} people called"
    yield "seen", f"{moment(campaign.get('first_seen'))} to {moment(campaign.get('last_seen'))}"
    if campaign["regions"]:
        yield "where", ", ".join(f"{each['name']} (threat {each['threat']:.0f})" for each in campaign["regions"])
    if campaign["merged_into"]:
        yield "merged into", campaign["merged_into"]


def graph_tables(graph: Plain) -> list[RenderableType]:
    counted = f"{graph['node_count']} nodes, {graph['edge_count']} edges, density {graph['density']:.3f}"
    rows: list[tuple[str, RenderableType]] = [("graph", Text(counted, "bold"))]
    if graph["truncated"]:
        rows.append(("shown", f"the {len(graph['nodes'])} with the greatest risk"))
    labels = {node["id"]: node["label"] for node in graph["nodes"]}
    edges = table("from", "to", "calls", "last", numbers=("calls",))
    for edge in sorted(graph["edges"], key=lambda edge: -edge["calls"])[:EDGES_SHOWN]:
        ends = [labels.get(edge[end], edge[end]) for end in ("source", "target")]
        edges.add_row(*ends, str(edge["calls"]), moment(edge.get("last_seen")))
    return [pairs(rows), Text(), edges]
