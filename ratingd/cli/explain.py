"""`ratingd explain`: why a call costs what it costs, line by line."""

from pathlib import Path

import click
from rich.text import Text

from ratingd.cli.call_options import Typed, tariffs_option, types_a_call
from ratingd.cli.options import Where, answers, asks
from ratingd.cli.output import Output
from ratingd.cli.plain import plain
from ratingd.cli.private_daemon import client_for
from ratingd.v1.rating_pb2 import ExplainCostRequest


@click.command("explain")
@click.argument("destination")
@types_a_call
@tariffs_option
@asks
@answers
@click.pass_context
def explain_command(
    context: click.Context, destination: str, typed: Typed, tariffs: Path | None, where: Where, out: Output
) -> None:
    """Why a call to DESTINATION costs what it costs: what was looked at, what won, and each line of arithmetic.

    Where there is no price the explanation says where the search ended, and the exit code is 1.
    """
    with client_for(where, tariffs) as client:
        explained = client.ask(client.rating.ExplainCost, ExplainCostRequest(call=typed.call(destination)))
    out.show(plain(explained), Text(explained.text.rstrip("\n")))
    if not explained.HasField("cost"):
        context.exit(1)
