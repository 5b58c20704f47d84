"""Refusals: why a request was not done, as a value that can be told to people and to programs.

They are here and not with the client that raises them, because every command may end with one, and one that asks
nobody (`ratingd serve`) should not load gRPC's client for it: that is a tenth of a daemon's start.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

OUTPUT_KEY: Final = "ratingd.output"  # under which a command's context keeps the form that was asked for


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request was not done: a reason for programs, a text for people, and what helps both."""

    reason: str
    message: str
    fields: Mapping[str, str] = field(default_factory=dict)  # what was wrong, by field of the request
    looked_at: Mapping[str, str] = field(default_factory=dict)
    retry_after_ms: int | None = None

    def plain(self) -> dict[str, object]:
        told: dict[str, object] = {"reason": self.reason, "message": self.message}
        if self.fields:
            told["fields"] = dict(self.fields)
        if self.looked_at:
            told["looked_at"] = dict(self.looked_at)
        if self.retry_after_ms is not None:
            told["retry_after_ms"] = self.retry_after_ms
        return told


class Refused(Exception):
    """The daemon said no, or nothing."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal: Final = refusal
