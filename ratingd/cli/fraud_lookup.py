"""`ratingd fraud lookup`, `report` and `explain`: what is thought of a number or a call, and what people say of it."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import click
from rich.console import RenderableType
from rich.text import Text

from ratingd.cli.fraud_plain import by_whom, told
from ratingd.cli.fraud_tables import entries_table, explanations_table, severity_text
from ratingd.cli.options import Where, answers, asks
from ratingd.cli.output import Output, moment, pairs, table
from ratingd.v1.fraud_pb2 import CheckNumberRequest, ExplainRequest, ReportNumberRequest

Plain = Mapping[str, Any]
CATEGORIES: Final = ("wangiri", "irs", "lottery", "kyc", "robocall", "other")
STATUS_STYLES: Final = {"DANGEROUS": "bold red", "SUSPICIOUS": "yellow", "SAFE": "green"}


@click.command("lookup")
@click.argument("number")
@by_whom
@asks
@answers
def lookup_command(number: str, who: str, where: Where, out: Output) -> None:
    """Whether NUMBER is safe to talk to: SAFE, SUSPICIOUS or DANGEROUS, and why.

    It may be written as anybody writes it; without a country it is read as of the setting default_region.
    """
    with where.client() as client:
        found = told(client.ask(client.fraud.CheckNumber, CheckNumberRequest(number=number, who=who)))
    out.show(found, *checked_tables(found))


def checked_tables(found: Plain) -> list[RenderableType]:
    """One number with all that is known of it."""
    tables: list[RenderableType] = [pairs(_checked_rows(found))]
    if found["explanations"]:
        tables += [Text(), explanations_table(found["explanations"])]
    if found["lists"]:
        tables += [Text(), entries_table(found["lists"])]
    return tables


def _checked_rows(found: Plain) -> Iterable[tuple[str, RenderableType]]:
    yield "number", Text(found["number"], "bold")
    yield "status", Text(f"{found['status']}, {found['risk_score']} of 100", STATUS_STYLES[found["status"]])
    yield "category", found["category"] + _sure(found["category_confidence"])
    yield "why", found["explanation"]
    yield "reported by", f"{found['reports']} people within 30 days" if found["reports"] else "nobody"
    yield "last active", moment(found.get("last_active", "never"))
    yield "kind", " ".join(part for part in (found["number_type"].replace("_", " "), found["region"]) if part)
    if found["carrier"]:
        yield "carrier", f"{found['carrier']} (whom the range was given to; it may be ported)"
    if found["campaign_id"]:
        yield "campaign", found["campaign_id"]
    yield "by what it does", f"{found['anomaly_score']:g} of 100 ({found['method']})"


def _sure(confidence: str) -> str:
    return f" (confidence {confidence})" if confidence else ""


@click.command("report")
@click.argument("number")
@click.argument("category", type=click.Choice(CATEGORIES))
@click.option("--comment", "-m", default="", help="What happened.")
@click.option("--reporter", default="", help="Who was rung; only a hash of it is kept. Default: who runs this.")
@by_whom
@asks
@answers
def report_command(
    number: str, category: str, comment: str, reporter: str, who: str, where: Where, out: Output
) -> None:
    """Say that NUMBER was a nuisance. One report counts of each reporter, number and day."""
    request = ReportNumberRequest(number=number, category=category, comment=comment, reporter=reporter or who)
    with where.client() as client:
        found = told(client.ask(client.fraud.ReportNumber, request))
    taken = "noted" if found["counted"] else "was reported by you today already"
    out.show(found, Text(f"{found['number']} {taken}; {found['reports']} people reported it within 30 days."))


@click.command("explain")
@click.argument("subject", metavar="CALL|NUMBER")
@by_whom
@asks
@answers
def explain_command(subject: str, who: str, where: Where, out: Output) -> None:
    """Why a call or a number scores what it scores, and which rules have told of it within a day."""
    with where.client() as client:
        found = told(client.ask(client.fraud.Explain, ExplainRequest(subject=subject, who=who)))
    rows: list[tuple[str, RenderableType]] = [
        (found["kind"], Text(found["subject"], "bold")),
        ("score", f"{found['score']:g} of 100 ({found['model']})"),
    ]
    tables: list[RenderableType] = [pairs(rows)]
    if found["explanations"]:
        tables += [Text(), explanations_table(found["explanations"])]
    if found["rules"]:
        tables += [Text(), rules_held_table(found["rules"])]
    out.show(found, *tables)


def rules_held_table(rules: Iterable[Plain]) -> RenderableType:
    shown = table("rule", "severity", "what", "alert", "last seen", numbers=("alert",))
    for rule in rules:
        severity = severity_text(rule["severity"])
        shown.add_row(rule["id"], severity, rule["text"], str(rule["alert_id"]), moment(rule.get("last_seen")))
    return shown
