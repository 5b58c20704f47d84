"""Calls to a number as one line: `a0 b1.5 c2` are calls of a, b and c at 0, 1.5 and 2 seconds, as they arrive.

A call's id is what stands there, so that no call is written twice; `a0' a0''` are two more of one instant.
"""

from triggers.masking.incident import Attempt, MaskingIncident
from triggers.masking.shard import MaskingShard
from triggers.masking.terms import MaskingTerms
from triggers.masking.window import Placed

EPOCH_MS = 1_700_000_000_000
B = "+49301234567"


def at(seconds: str) -> int:
    return EPOCH_MS + round(float(seconds) * 1_000)


def attempt(text: str) -> Attempt:
    return Attempt(at(text[1:].rstrip("'")), text[0], text, "sbc-1", f"trunk-{text[0]}")


class Called:
    """A number, what its calls led to, and the incidents as whoever stores them has them."""

    def __init__(self, terms: MaskingTerms | None = None, shard: MaskingShard | None = None) -> None:
        self.shard = shard if shard is not None else MaskingShard(terms if terms is not None else MaskingTerms())
        self.flagged: list[str] = []
        self.late: list[str] = []
        self.placed: list[Placed] = []
        self.incidents: dict[str, MaskingIncident] = {}

    def call(self, text: str, terms: MaskingTerms | None = None, b: str = B) -> Placed:
        call = attempt(text)
        placed = self.shard.place(b, call, terms)
        assert placed.hot == call.flagged, text
        self.placed.append(placed)
        self.flagged += [flagged.call_id for flagged in placed.flagged]
        if placed.late:
            self.late.append(text)
        for gone in placed.absorbed:
            del self.incidents[gone]
        for incident in (placed.incident, *placed.also):
            if incident is not None:
                self.incidents[incident.id] = incident
        return placed

    def calls(self, text: str) -> "Called":
        for word in text.split():
            self.call(word)
        return self

    def runs(self) -> str:
        """The incidents as `0-4:5`: from 0 s to 4 s, with five callers at the most."""
        found = sorted(self.incidents.values(), key=lambda incident: incident.opened_ms)
        return " ".join(f"{_s(one.opened_ms)}-{_s(one.last_ms)}:{one.max_distinct}" for one in found)


def _s(at_ms: int) -> str:
    return f"{(at_ms - EPOCH_MS) / 1_000:g}"
