"""`ratingd fraud alerts`, `incidents`, `show`: what was found, and the evidence; `ack` and `resolve`: what it is."""

from collections.abc import Callable, Iterator
from typing import Any, Final

import click
from rich.console import RenderableType

from ratingd.cli.client import Client
from ratingd.cli.fraud_plain import SEVERITIES, by_whom, since_of, told
from ratingd.cli.fraud_tables import alert_tables, alerts_table, incident_tables, incidents_table
from ratingd.cli.options import Where, answers, asks
from ratingd.cli.output import Output
from ratingd.v1.fraud_pb2 import (
    AckAlertRequest,
    Alert,
    GetAlertRequest,
    GetIncidentRequest,
    ListAlertsRequest,
    ListIncidentsRequest,
    ResolveAlertRequest,
)

STATUSES: Final = ("open", "new", "acked", "resolved", "false_positive", "all")
VERDICTS: Final = ("true_positive", "false_positive")
ALERT_DIGITS: Final = 15  # the id of an incident has 16
PAGE: Final = 500

severity_option = click.option(
    "--severity", type=click.Choice(SEVERITIES, case_sensitive=False), help="Only of this severity."
)
since_option = click.option("--since", metavar="1h|INSTANT", help="Only what began so long ago at most, or since then.")
limit_option = click.option(
    "--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help="At most so many, the newest."
)
alert_argument = click.argument("id", type=click.IntRange(min=1))


@click.command("alerts")
@click.option("--status", type=click.Choice(STATUSES), default="open", show_default=True, help="Only those that are.")
@severity_option
@since_option
@limit_option
@click.option("--by-loss", is_flag=True, help="Those first of which most may still be lost.")
@asks
@answers
def alerts_command(
    status: str, severity: str | None, since: str | None, limit: int, by_loss: bool, where: Where, out: Output
) -> None:
    """Alerts, the newest first. Those that are open, if not asked otherwise.

    What may be lost is the probability of an alert times what remains of the balance, as far as a day of talking at the
    price of now takes it away.
    """
    request = ListAlertsRequest(
        severity=severity or "", status="" if status == "all" else status, since=since_of(since),
        order="loss" if by_loss else "",
    )  # fmt: skip
    with where.client() as client:
        found = [told(alert) for alert in _pages(client.fraud.ListAlerts, request, "alerts", limit, client)]
    out.show_list(found, alerts_table(found))


@click.command("incidents")
@click.option("--number", "b_number", default="", help="Only runs against this number.")
@severity_option
@since_option
@limit_option
@asks
@answers
def incidents_command(
    b_number: str, severity: str | None, since: str | None, limit: int, where: Where, out: Output
) -> None:
    """Masking runs, the newest first. `ratingd fraud show ID` prints the evidence of one."""
    request = ListIncidentsRequest(b_number=b_number, severity=severity or "", since=since_of(since))
    with where.client() as client:
        found = [told(run) for run in _pages(client.fraud.ListIncidents, request, "incidents", limit, client)]
    out.show_list(found, incidents_table(found))


@click.command("show")
@click.argument("id")
@by_whom
@asks
@answers
def show_command(id: str, who: str, where: Where, out: Output) -> None:
    """The evidence of an alert or an incident: who called, when, over what, what was cut, and why.

    ID is the number of an alert, or the 16 letters of an incident, also of one that has another id by now.
    """
    with where.client() as client:
        if not (id.isdecimal() and len(id) <= ALERT_DIGITS):
            run = told(client.ask(client.fraud.GetIncident, GetIncidentRequest(id=id, who=who)))
            out.show(run, *incident_tables(run))
            return
        alert = told(client.ask(client.fraud.GetAlert, GetAlertRequest(id=int(id))))
        tables: list[RenderableType] = alert_tables(alert)
        if alert["incident_id"]:
            request = GetIncidentRequest(id=alert["incident_id"], who=who)
            alert["incident"] = run = told(client.ask(client.fraud.GetIncident, request))
            tables += ["", *incident_tables(run)]
    out.show(alert, *tables)


@click.command("ack")
@alert_argument
@by_whom
@asks
@answers
def ack_command(id: int, who: str, where: Where, out: Output) -> None:
    """Say that somebody looks into the alert ID."""
    with where.client() as client:
        _show_changed(out, client.ask(client.fraud.AckAlert, AckAlertRequest(id=id, who=who)))


@click.command("resolve")
@alert_argument
@click.option("--verdict", type=click.Choice(VERDICTS), help="What it was; said, it is a label for the next training.")
@click.option("--comment", "-m", default="", help="What came of it, for those who read it later.")
@by_whom
@asks
@answers
def resolve_command(id: int, verdict: str | None, comment: str, who: str, where: Where, out: Output) -> None:
    """Say what the alert ID was, and close it. Without a verdict it was right, and nothing is learned from it."""
    request = ResolveAlertRequest(id=id, who=who, comment=comment, verdict=verdict or "")
    with where.client() as client:
        _show_changed(out, client.ask(client.fraud.ResolveAlert, request))


def _show_changed(out: Output, alert: Alert) -> None:
    changed = told(alert)
    out.show(changed, alerts_table([changed]))


def _pages(method: Callable[..., Any], request: Any, field: str, limit: int, client: Client) -> Iterator[Any]:
    """The entries of a list, page by page, at most `limit`."""
    while limit > 0:
        request.page_size = min(limit, PAGE)
        page = client.ask(method, request)
        yield from getattr(page, field)
        limit -= request.page_size
        request.page_token = page.next_page_token
        if not request.page_token:
            return
