"""Many requests from a file, one JSON object a line: each is answered by one line, in their order.

    {"destination": "4917012345", "usage": "90s"}   →   {"line": 1, "cost": "0.06", "rated_usage": "120s", …}
    {"destination": "x"}                            →   {"line": 2, "error": {"reason": "DESTINATION_UNRATED", …}}
    {"destination":                                 →   {"line": 3, "error": {"reason": "INVALID_JSON", …}}

`id`, whatever it is, comes back with the answer. Blank lines and lines that begin with # are passed over.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ratingd.cli.client import Refusal
from ratingd.cli.plain import NotPlain, read_json


@dataclass(frozen=True, slots=True)
class Asked:
    """One line of the file: the object, or why it is none."""

    line: int
    given: dict[str, Any]
    refusal: Refusal | None = None

    def answer(self, answer: object) -> dict[str, Any]:
        """The line that goes out, for an answer or a refusal."""
        told: dict[str, Any] = {"line": self.line}
        if "id" in self.given:
            told["id"] = self.given["id"]
        if isinstance(answer, Refusal):
            return told | {"error": answer.plain()}
        return told | (answer if isinstance(answer, dict) else {"answer": answer})


def read_lines(lines: Iterable[str]) -> Iterator[Asked]:
    for number, text in enumerate(lines, start=1):
        text = text.strip()
        if text and not text.startswith("#"):
            yield _asked(number, text)


def _asked(number: int, text: str) -> Asked:
    try:
        given = read_json(text)
    except json.JSONDecodeError as error:
        return Asked(number, {}, Refusal("INVALID_JSON", f"column {error.colno}: {error.msg}"))
    if not isinstance(given, dict):
        return Asked(number, {}, Refusal("INVALID_JSON", "an object is wanted: {…}"))
    return Asked(number, given)


def refusal_of_field(error: NotPlain) -> Refusal:
    return Refusal("INVALID_REQUEST", str(error), {error.path: error.text})
