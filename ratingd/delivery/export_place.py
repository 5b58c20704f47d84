"""Where the URL of an exporter leads: a receiver to post to, or a file of this machine to append to.

    https://billing.example.org/accounts      posted to, by its host
    file:///var/lib/ratingd/accounts.jsonl    appended to
    file://accounts.jsonl                     refused: that names a host and no file

The settings are checked with this, long before anything is exported.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

WANTED: Final = "https://HOST/PATH, http://HOST/PATH or file:///FOLDER/FILE is wanted"


@dataclass(frozen=True, slots=True)
class PostedTo:
    url: str
    host: str


@dataclass(frozen=True, slots=True)
class AppendedTo:
    file: Path


def place(url: str) -> PostedTo | AppendedTo:
    """Where the URL of an exporter leads; ValueError says what is wrong with it."""
    parts = urlsplit(url)
    if parts.scheme in ("http", "https"):
        if not parts.hostname:
            raise ValueError(f"{url!r} names no host: {WANTED}")
        if parts.username is not None or parts.password is not None:
            raise ValueError("a URL with a user or a password is not posted to; the signature says who we are")
        parts.port  # noqa: B018 - raises for one that is none
        return PostedTo(url, parts.hostname)
    if parts.scheme != "file":
        raise ValueError(f"{url!r} is no place to export to: {WANTED}")
    path = unquote(parts.path)
    if parts.netloc not in ("", "localhost") or not path.startswith("/") or path.endswith("/") or "\0" in path:
        raise ValueError(f"{url!r} names no file of this machine by its whole path: {WANTED}")
    if parts.query or parts.fragment:
        raise ValueError(f"{url!r} has a ? or a #: in the name of a file write %3F and %23")
    return AppendedTo(Path(path))


def hosts(exporters: Mapping[str, str]) -> tuple[str, ...]:
    """The hosts that exporters post to."""
    return tuple(to.host for to in map(place, exporters.values()) if isinstance(to, PostedTo))
