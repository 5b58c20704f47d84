"""`ratingd fraud analyze`, `metrics`, `proposals` and `detection`: what is thought of calls and numbers."""

from collections.abc import Mapping
from typing import Any, Final

import click
from rich.console import RenderableType
from rich.text import Text

from ratingd.cli.fraud_plain import by_whom, seconds_of, told
from ratingd.cli.fraud_tables import explanations_table, severity_text
from ratingd.cli.options import Where, answers, asks
from ratingd.cli.output import Output, pairs, table
from ratingd.v1.fraud_pb2 import (
    AnalyzeRequest,
    DetectionTerms,
    GetDetectionRequest,
    GetNumberMetricsRequest,
    ListProposalsRequest,
    ResetNumberMetricsRequest,
)

KINDS: Final = ("b", "a", "trunk", "account", "a_range", "b_range")


@click.command("analyze")
@click.argument("caller", metavar="CALLER")
@click.argument("called", metavar="NUMBER")
@click.option("--callers", type=click.IntRange(0, 1_000_000), help="What if so many had called within the window?")
@click.option("--call-rate", type=click.FloatRange(0), help="What if there were so many calls a second?")
@click.option("--short-calls", type=click.FloatRange(0, 1), help="What if this share of the calls were short?")
@click.option("--cli", "presented", default="", help="The number that is presented.")
@click.option("--asserted", default="", help="The number that the network asserts.")
@click.option("--call-id", default="", help="The name of the call.")
@by_whom
@asks
@answers
def analyze_command(
    caller: str,
    called: str,
    callers: int | None,
    call_rate: float | None,
    short_calls: float | None,
    presented: str,
    asserted: str,
    call_id: str,
    who: str,
    where: Where,
    out: Output,
) -> None:
    """What would be thought of a call of CALLER to NUMBER now. Nothing is counted."""
    request = AnalyzeRequest(
        call_id=call_id, a_number=caller, b_number=called, distinct_a_count=callers, cli=presented,
        p_asserted_identity=asserted, call_rate=call_rate, short_call_ratio=short_calls, who=who,
    )  # fmt: skip
    with where.client() as client:
        found = told(client.ask(client.fraud.Analyze, request))
    tables: list[RenderableType] = [pairs(_analysis_rows(found))]
    if found["explanations"]:
        tables += [Text(), explanations_table(found["explanations"])]
    out.show(found, *tables, Text(), metrics_table({"values": found["features_used"]}))


def _analysis_rows(found: Mapping[str, Any]) -> list[tuple[str, RenderableType]]:
    rows: list[tuple[str, RenderableType]] = [
        ("masking", Text("yes", "bold red") if found["is_masking"] else Text("no", "green")),
        ("score", f"{found['masking_probability']:g}, {found['risk_level']} ({found['method']})"),
        ("confidence", found["confidence"]),
        ("the switch is told", found.get("action", "")),
        ("threat to the number", severity_text(found["threat_level"])),
        ("risk of the caller", f"{found['risk_score']:g} of 100"),
    ]
    return [*rows, ("incident", found["incident_id"])] if found["incident_id"] else rows


@click.command("metrics")
@click.argument("key", metavar="NUMBER|TRUNK|ACCOUNT")
@click.option("--kind", type=click.Choice(KINDS), default="b", show_default=True, help="Of what: b is a called number.")
@click.option("--window", metavar="5m", default="5m", show_default=True, help="Over how long, such as 60s, 1h or 24h.")
@click.option("--reset", is_flag=True, help="Forget its traffic instead.")
@by_whom
@asks
@answers
def metrics_command(key: str, kind: str, window: str, reset: bool, who: str, where: Where, out: Output) -> None:
    """Traffic of a number, a range, a trunk or an account (TENANT:ACCOUNT)."""
    with where.client() as client:
        if reset:
            client.ask(client.fraud.ResetNumberMetrics, ResetNumberMetricsRequest(kind=kind, key=key, who=who))
            out.show({"status": "reset", "kind": kind, "key": key}, Text(f"The traffic of {kind} {key} is forgotten."))
            return
        request = GetNumberMetricsRequest(
            kind=kind, key=key, window_seconds=int(seconds_of(window, "--window")), who=who
        )
        found = told(client.ask(client.fraud.GetNumberMetrics, request))
    out.show(found, metrics_table(found))


def metrics_table(found: Mapping[str, Any]) -> RenderableType:
    rows = table("metric", "value", numbers=("value",))
    for metric, value in found["values"].items():
        rows.add_row(metric, f"{value:.6g}")
    return rows


@click.command("proposals")
@asks
@answers
def proposals_command(where: Where, out: Output) -> None:
    """Called numbers that look like call centres and are on no whitelist; until they are, nobody cuts their calls.

    `ratingd fraud whitelist add NUMBER` spares one for good.
    """
    with where.client() as client:
        found = [told(each) for each in client.ask(client.fraud.ListProposals, ListProposalsRequest()).proposals]
    numbers = ("callers in 24 h", "answered %", "seconds a call")
    rows = table("number", *numbers, numbers=numbers)
    for each in found:
        rows.add_row(each["b_number"], str(each["distinct_a"]), f"{each['asr']:.1f}", f"{each['aloc']:.0f}")
    out.show_list(found, rows)


@click.command("detection")
@click.option("--window", metavar="5s", help="Calls within so long are counted together, 1s to 60s.")
@click.option("--threshold", type=click.IntRange(2, 100), help="So many callers within it are a masking run.")
@by_whom
@asks
@answers
def detection_command(window: str | None, threshold: int | None, who: str, where: Where, out: Output) -> None:
    """What a masking run is. With an option it is changed at once, until the next start of the daemon."""
    with where.client() as client:
        if window is None and threshold is None:
            terms = client.ask(client.fraud.GetDetection, GetDetectionRequest())
        else:
            request = DetectionTerms(window_seconds=seconds_of(window, "--window"), threshold=threshold or 0, who=who)
            terms = client.ask(client.fraud.SetDetection, request)
    text = f"{terms.threshold} callers within {terms.window_seconds:g} s are a masking run."
    out.show({"window_seconds": terms.window_seconds, "threshold": terms.threshold}, Text(text))
