"""A call as it is typed: `4917012345 --subject 1001 --usage 90s --at 2026-11-21T10:00:00Z`."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from ratingd.cli.options import bundled
from ratingd.cli.plain import message
from ratingd.v1.call_pb2 import Call
from tariffs.instant import instant_text, parse_instant
from tariffs.zone import zone

ANYONE: Final = "*any"
Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Typed:
    """The options of one call, not yet looked at."""

    subject: str
    category: str
    tor: str
    usage: str | None
    at: str
    time_zone: str
    tenant: str

    def call(self, destination: str) -> Call:
        """NotPlain or a usage error where an option makes no sense."""
        voice = self.tor in ("", "*voice")
        given: dict[str, object] = {
            "tenant": self.tenant,
            "subject": self.subject or ANYONE,
            "category": self.category,
            "destination": destination,
            "tor": self.tor,
            "usage": self.usage if self.usage is not None else ("60s" if voice else "1"),
            "time_zone": self.time_zone,
            "time_start": self._start(),
        }
        return message(Call, given)

    def _start(self) -> str | None:
        """A text without an offset is a clock in the zone of the call."""
        if not self.at:
            return None
        try:
            start = parse_instant(self.at, now_ns=time.time_ns(), zone=zone(self.time_zone or "UTC"))
        except ValueError as error:
            raise click.UsageError(f"--at: {error}; write 2026-11-21T10:00:00Z or '2026-11-21 10:00:00'") from None
        return None if start is None else instant_text(start)


def types_a_call(command: Command) -> Command:
    """The options of a call, given to the command as `typed: Typed`."""

    return bundled(command, "typed", Typed, *_OPTIONS)


_OPTIONS: Final = (
    click.option("--subject", "-s", default="", help="Whose prices. Default: those for anyone."),
    click.option("--category", default="", help="Which product. Default: the daemon's default, call."),
    click.option("--tor", default="", help="Type of record: *voice, *sms, *mms, *data or *generic. Default: *voice."),
    click.option(
        "--usage", "-u", metavar="USAGE", help="How long (90s, 1h30m), or how many units. Default: 60s, or 1."
    ),
    click.option(
        "--at", default="", metavar="TIME", help='When it begins: "2026-11-21 19:30:00", RFC 3339. Default: now.'
    ),
    click.option("--time-zone", default="", help="Zone of peak hours and of --at: Europe/Berlin, +02:00."),
    click.option("--tenant", default="", help="Name space. Default: the daemon's default tenant."),
)

tariffs_option = click.option(
    "--tariffs",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Ask no daemon, but a private one with this tariff folder.",
)
