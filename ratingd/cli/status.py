"""`ratingd status`: how a daemon is."""

import click
from rich.console import RenderableType
from rich.text import Text

from ratingd.cli.options import Where, answers, asks
from ratingd.cli.output import Output, moment, pairs
from ratingd.cli.plain import plain
from ratingd.v1.admin_pb2 import StatusRequest


@click.command("status")
@asks
@answers
def status_command(where: Where, out: Output) -> None:
    """Version, tariff, store, streams, outbox and counters of a daemon."""
    with where.client() as client:
        told = plain(client.ask(client.admin.Status, StatusRequest()))
    rows: list[tuple[str, RenderableType]] = [
        ("version", told["version"]),
        ("up since", moment(told.get("start_time"))),
        ("tariff", told["tariff_version"] or "none was loaded yet"),
        ("store", f"{told['store']}, lanes: {told['lanes']}"),
        ("transport", told["transport"]),
        ("streams", str(told["open_streams"])),
        ("switches that listen", ", ".join(told["watching_switches"]) or "none"),
        ("outbox", ", ".join(f"{count} {state}" for state, count in told["outbox"].items()) or "empty"),
    ]
    counters: list[tuple[str, RenderableType]] = [(name, str(count)) for name, count in told["counters"].items()]
    out.show(told, pairs(rows), Text(), pairs(counters))
