"""`ratingd fraud case`: everything about one thing on one page; `confirm` and `dismiss` say what it was."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import click
from rich.console import RenderableType
from rich.text import Text

from ratingd.cli.fraud_campaigns import campaign_rows
from ratingd.cli.fraud_lookup import STATUS_STYLES, rules_held_table
from ratingd.cli.fraud_plain import by_whom, told
from ratingd.cli.fraud_tables import alerts_table, entries_table, explanations_table
from ratingd.cli.options import Where, answers, asks
from ratingd.cli.output import Output, amount, moment, pairs, table
from ratingd.v1.fraud_pb2 import GetCaseRequest, LabelCaseRequest

Plain = Mapping[str, Any]
CALLS_SHOWN: Final = 20
DEEDS_SHOWN: Final = 20
LABELS_SHOWN: Final = 10
case_argument = click.argument("id", metavar="ID")
comment_option = click.option("--comment", "-m", default="", help="Why, for those who read it later.")


@click.command("case")
@case_argument
@by_whom
@asks
@answers
def case_command(id: str, who: str, where: Where, out: Output) -> None:
    """Everything about an alert, an incident, a campaign, a call or a number.

    ID is the number of an alert, the id of an incident or a campaign, a call_id, or a telephone number.
    """
    with where.client() as client:
        found = told(client.ask(client.fraud.GetCase, GetCaseRequest(id=id, who=who)))
    out.show(found, *case_tables(found))


@click.command("confirm")
@case_argument
@click.option("--kind", default="", help="Of fraud, such as wangiri. Default: what the case says itself.")
@comment_option
@by_whom
@asks
@answers
def confirm_command(id: str, kind: str, comment: str, who: str, where: Where, out: Output) -> None:
    """Say that the case ID is fraud: its calls and numbers are labelled for the next training, its alerts closed."""
    _label(LabelCaseRequest(id=id, who=who, verdict="confirm", kind=kind, comment=comment), where, out)


@click.command("dismiss")
@case_argument
@comment_option
@by_whom
@asks
@answers
def dismiss_command(id: str, comment: str, who: str, where: Where, out: Output) -> None:
    """Say that the case ID is no fraud: its calls and numbers are labelled so, its alerts closed as false."""
    _label(LabelCaseRequest(id=id, who=who, verdict="dismiss", comment=comment), where, out)


def _label(request: LabelCaseRequest, where: Where, out: Output) -> None:
    with where.client() as client:
        found = told(client.ask(client.fraud.LabelCase, request))
    named = f" ({found['kind']})" if found["kind"] else ""
    what = f"fraud{named}" if found["fraud"] else "no fraud"
    closed = f"; resolved: alert {', '.join(map(str, found['alerts']))}" if found["alerts"] else ""
    text = (
        f"{found['subject_kind']} {found['subject']} is {what}: {found['labelled']} calls and numbers labelled{closed}."
    )
    out.show(found, Text(text))


def case_tables(case: Plain) -> list[RenderableType]:
    """A page: what it is, why, who, which calls, what was done, what was said."""
    parts: list[tuple[str, Iterable[Any], Callable[[Any], RenderableType]]] = [
        ("alerts", case["alerts"], alerts_table),
        ("why", case["explanations"], explanations_table),
        ("rules", case["rules"], rules_held_table),
        ("who", case["numbers"], _numbers_table),
        ("calls", case["calls"], _calls_table),
        ("lists", case["lists"], entries_table),
        ("done", case["deeds"], _deeds_table),
        ("said", case["labels"], _labels_table),
    ]
    tables: list[RenderableType] = [pairs(_case_rows(case))]
    for title, rows, shown in parts:
        if rows:
            tables += [Text(), Text(title, "bold"), shown(rows)]
    return tables


def _case_rows(case: Plain) -> Iterable[tuple[str, RenderableType]]:
    yield case["kind"], Text(case["id"], "bold")
    yield "what", Text(case["title"], "bold")
    if case.get("incident"):
        run = case["incident"]
        yield "run", f"{run['id']}, {run.get('opened', '')} to {run.get('last', '')}, {run['response']}"
        yield "evidence", run["explanation"]
    if case.get("campaign"):
        yield from campaign_rows(case["campaign"])
    if case["calls_total"]:
        yield "calls", str(case["calls_total"])
    if case.get("expected_loss"):
        loss = case["expected_loss"]
        if loss["accounts"]:
            yield "may be lost", loss_text(loss)
        yield "" if loss["accounts"] else "may be lost", loss["basis"]


def loss_text(loss: Plain) -> str:
    left = f"{loss['balance']} left" + (f" and {amount(loss['minutes'])}" if loss.get("minutes", "0s") != "0s" else "")
    return f"{loss['loss']}: {100 * loss['probability']:.0f} %, {loss['price_per_minute']} a minute, {left}"


def _numbers_table(numbers: Iterable[Plain]) -> RenderableType:
    rows = table("number", "status", "risk", "category", "reports", "last active", "why", numbers=("risk", "reports"))
    for each in numbers:
        rows.add_row(
            Text(each["number"], "bold"),
            Text(each["status"], STATUS_STYLES[each["status"]]),
            str(each["risk_score"]),
            each["category"],
            str(each["reports"]),
            moment(each.get("last_active", "never")),
            each["explanation"],
        )
    return rows


def _calls_table(calls: list[Plain]) -> RenderableType:
    rows = table("time", "caller", "called", "seconds", "ended", "masked", "scam", "flags", "disconnected", "call",
                 numbers=("seconds", "masked", "scam"))  # fmt: skip
    for call in calls[:CALLS_SHOWN]:
        rows.add_row(
            call.get("time", ""),
            call["a_number"],
            call["b_number"],
            f"{call['duration_seconds']:g}",
            call["disposition"],
            f"{call['masking_probability']:g}",
            f"{call['knn_proba']:g}" if "knn_proba" in call else "",
            " ".join(call["flags"]),
            call["result"],
            call["call_id"],
        )
    return rows


def _deeds_table(deeds: list[Plain]) -> RenderableType:
    rows = table("time", "who", "what", "about", "details")
    for deed in deeds[:DEEDS_SHOWN]:
        rows.add_row(deed.get("time", ""), deed["who"], deed["what"], deed["subject"], deed["details"])
    return rows


def _labels_table(labels: list[Plain]) -> RenderableType:
    rows = table("time", "who", "about", "label", "in")
    for label in labels[:LABELS_SHOWN]:
        what = (label["kind"] or "fraud") if label["fraud"] else "no fraud"
        about = f"{label['subject_kind']} {label['subject']}"
        rows.add_row(label.get("time", ""), label["who"], about, what, label["comment"])
    return rows
