"""`ratingd cost`: what a call costs by the tariff, whoever pays; one call, or a file of them."""

from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, TextIO

import click
import grpc
from rich.console import RenderableType
from rich.text import Text

from ratingd.cli.bulk import LINES, Asked, read_lines, refusal_of_field
from ratingd.cli.call_options import Typed, tariffs_option, types_a_call
from ratingd.cli.client import CALL_SECONDS, Client, refusal_of
from ratingd.cli.options import Where, answers, asks
from ratingd.cli.output import Form, Output, amount, pairs, table, write_json
from ratingd.cli.plain import NotPlain, message, plain
from ratingd.cli.private_daemon import client_for
from ratingd.cli.refusal import Refusal
from ratingd.v1.call_pb2 import Call
from ratingd.v1.rating_pb2 import GetCostRequest

IN_FLIGHT: Final = 64


@click.command("cost")
@click.argument("destination", required=False)
@types_a_call
@click.option("--from", "source", type=LINES, metavar="FILE", help="Price a file of calls; - is standard input.")
@tariffs_option
@asks
@answers
@click.pass_context
def cost_command(
    context: click.Context,
    destination: str | None,
    typed: Typed,
    source: TextIO | None,
    tariffs: Path | None,
    where: Where,
    out: Output,
) -> None:
    """What a call to DESTINATION costs. No account is looked at.

    \b
    ratingd cost 4917012345 --subject 1001 --usage 90s --at "2026-11-21 19:30:00"
    ratingd cost --from calls.jsonl --output jsonl
    ratingd cost 4917012345 --tariffs ./my-plan

    A file has one JSON object a line, with the fields of the message Call:

    \b
    {"destination": "4917012345", "subject": "1001", "usage": "90s",
     "time_start": "2026-11-21T19:30:00Z", "category": "call", "id": "any"}

    What a line leaves out is what the options say. It is answered by one line for each, in their order; `id`, whatever
    it is, comes back. An error is a line too, and
    makes the exit code 1.
    """
    if (destination is None) == (source is None):
        raise click.UsageError("give a DESTINATION, or a file with --from")
    with client_for(where, tariffs) as client:
        if source is not None:
            failed = _show_many(out, _costs(client, source, typed))
            context.exit(1 if failed else 0)
        told = plain(client.ask(client.rating.GetCost, GetCostRequest(call=typed.call(destination or ""))))
    out.show(told, *cost_tables(told))


def cost_tables(cost: dict[str, Any]) -> list[RenderableType]:
    """A cost for people: what it is, and its pieces."""
    spans = table(
        "from", "to", "at", "increments", "of", "each", "cost", "rate", "plan", "prefix",
        numbers=("at", "increments", "of", "each", "cost"),
    )  # fmt: skip
    for span in cost["spans"]:
        match = span.get("match", {})
        spans.add_row(
            span.get("time_start", ""),
            span.get("time_end", ""),
            amount(span.get("group_start")),
            str(span["count"]),
            amount(span.get("increment")),
            span.get("increment_cost", ""),
            span.get("cost", ""),
            span["rate_id"],
            match.get("rating_plan_id", ""),
            match.get("prefix", ""),
        )
    rows: list[tuple[str, RenderableType]] = [
        ("cost", Text(cost["cost"], "bold")),
        ("rated usage", amount(cost.get("rated_usage"))),
        ("connect fee", cost.get("connect_fee", "0")),
    ]
    return [pairs(rows), Text(), spans]


def _costs(client: Client, source: TextIO, typed: Typed) -> Iterator[dict[str, Any]]:
    """The answers in the order of the lines, many requests in flight."""
    waiting: deque[tuple[Asked, Any]] = deque()
    for asked in read_lines(source):
        waiting.append((asked, _ask(client, asked, typed)))
        if len(waiting) >= IN_FLIGHT:
            yield _answered(client, *waiting.popleft())
    while waiting:
        yield _answered(client, *waiting.popleft())


def _ask(client: Client, asked: Asked, typed: Typed) -> Any:
    """Send one line; what it leaves out is what the options say."""
    if asked.refusal is not None:
        return asked.refusal
    given = {name: value for name, value in asked.given.items() if name != "id"}
    try:
        line = message(Call, given["call"] if set(given) == {"call"} else given)
    except NotPlain as error:
        return refusal_of_field(error)
    call = typed.call("")
    if line.account and not line.subject:
        call.subject = line.account
    if line.tor:
        call.ClearField("extent")
    call.MergeFrom(line)
    return client.rating.GetCost.future(GetCostRequest(call=call), timeout=CALL_SECONDS)


def _answered(client: Client, asked: Asked, answer: Any) -> dict[str, Any]:
    if isinstance(answer, Refusal):
        return asked.answer(answer, "id")
    try:
        return asked.answer(plain(answer.result()), "id")
    except grpc.RpcError as error:
        return asked.answer(refusal_of(error, client.address), "id")


def _show_many(out: Output, answered: Iterator[dict[str, Any]]) -> int:
    """How many of them are errors."""
    failed = 0
    kept = []
    for line in answered:
        failed += "error" in line
        if out.form is Form.JSONL:
            write_json(line)
        else:
            kept.append(line)
    if out.form is not Form.JSONL:
        rows = table("line", "cost", "rated usage", "error", numbers=("line", "cost", "rated usage"))
        for line in kept:
            error = line.get("error", {})
            refused = Text(f"{error['reason']}: {error['message']}", "red") if error else ""
            rows.add_row(str(line["line"]), line.get("cost", ""), amount(line.get("rated_usage", "")), refused)
        out.show(kept, rows)
    return failed
