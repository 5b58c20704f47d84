"""What fraud detection tells, as plain JSON: instants are RFC 3339 here too, and those that are not known left out.

On the wire a call has `time_ms: 1795262400000`; a script reads `"time": "2026-11-21T12:00:00Z"`.
"""

import getpass
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import click
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from ratingd.cli.plain import NotPlain, message, plain
from tariffs.duration import parse_duration
from tariffs.instant import instant_text

Command = TypeVar("Command", bound=Callable[..., Any])
MS: Final = 1_000_000
NANO: Final = 1_000_000_000
_LENGTH: Final = re.compile(r"([0-9.]+(h|m|s|ms))+")
INSTANTS: Final = ("calculated_at", "created", "expires", "last", "opened", "set", "time")
SEVERITIES: Final = ("LOW", "MEDIUM", "HIGH", "CRITICAL")


def told(shown: Message) -> dict[str, Any]:
    written: dict[str, Any] = _instants(plain(shown))
    return written


def _instants(value: Any) -> Any:
    if isinstance(value, list):
        return [_instants(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    written = {}
    for name, item in value.items():
        instant = name.removesuffix("_ms")
        if instant == name or instant not in INSTANTS:
            written[name] = _instants(item)
        elif item:
            written[instant] = instant_text(item * MS)
    return written


def since_of(text: str | None) -> Timestamp | None:
    """`1h` is an hour ago; else an instant."""
    if not text:
        return None
    ago_ns = _length_ns(text)
    if ago_ns is None:
        return instant_of(text, "since")
    instant = Timestamp()
    instant.FromNanoseconds(max(time.time_ns() - ago_ns, 0))
    return instant


def instant_of(text: str, option: str) -> Timestamp:
    """As tariff files write one: 2026-12-31T23:00:00Z, or +720h from now."""
    try:
        return message(Timestamp, text)
    except NotPlain as fault:
        wanted = "2026-12-31T23:00:00Z, or a time from now, such as +720h"
        raise click.UsageError(f"--{option}: {fault.text}; wanted is an instant, such as {wanted}") from None


def seconds_of(text: str | None, option: str) -> float:
    """A length of time with its unit; 0 where there is none."""
    length_ns = _length_ns(text) if text else 0
    if length_ns is None:
        raise click.UsageError(f"{option} {text!r}: a length of time with its unit is wanted, such as 5s or 1m30s")
    return length_ns / NANO


def _length_ns(text: str) -> int | None:
    if not _LENGTH.fullmatch(text):
        return None
    return parse_duration(text)


def by_whom(command: Command) -> Command:
    """`--who`, of what is written down."""
    return click.option("--who", default=_login, show_default="you", help="Who asks; it is written down.")(command)


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # nobody of that number is known here
        return "cli"
