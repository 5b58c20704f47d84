"""Many requests from a file, one JSON object a line: each is answered by one line, in their order.

    {"destination": "4917012345", "usage": "90s"}   →   {"line": 1, "cost": "0.06", "rated_usage": "120s", …}
    {"destination": "x"}                            →   {"line": 2, "error": {"reason": "DESTINATION_UNRATED", …}}
    {"destination":                                 →   {"line": 3, "error": {"reason": "INVALID_JSON", …}}

Blank lines and lines that begin with # are passed over.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import click

from ratingd.cli.plain import NotPlain, read_json
from ratingd.cli.refusal import Refusal

LINES: Final = click.File("r", encoding="utf-8", errors="surrogateescape")  # a line that is not UTF-8 is told as such


@dataclass(frozen=True, slots=True)
class Asked:
    """One line of the file: the object, or why it is none."""

    line: int
    given: dict[str, Any]
    refusal: Refusal | None = None

    def answer(self, answer: Refusal | dict[str, Any], *echoed: str) -> dict[str, Any]:
        """The line that goes out, for an answer or a refusal; fields named in `echoed` come back as they were."""
        told = {"line": self.line, **{name: self.given[name] for name in echoed if name in self.given}}
        return told | ({"error": answer.plain()} if isinstance(answer, Refusal) else answer)


def read_lines(lines: Iterable[str]) -> Iterator[Asked]:
    for number, text in enumerate(lines, start=1):
        text = text.strip()
        if text and not text.startswith("#"):
            yield _asked(number, text)


def _asked(number: int, text: str) -> Asked:
    try:
        text.encode()
        given = read_json(text)
    except UnicodeEncodeError:
        return Asked(number, {}, Refusal("INVALID_JSON", "the line is not UTF-8"))
    except json.JSONDecodeError as error:
        return Asked(number, {}, Refusal("INVALID_JSON", f"column {error.colno}: {error.msg}"))
    except (ValueError, RecursionError) as error:
        return Asked(number, {}, Refusal("INVALID_JSON", str(error)))
    if not isinstance(given, dict):
        return Asked(number, {}, Refusal("INVALID_JSON", "an object is wanted: {…}"))
    return Asked(number, given)


def refusal_of_field(error: NotPlain) -> Refusal:
    return Refusal("INVALID_REQUEST", str(error), {error.path: error.text})
