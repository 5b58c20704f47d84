"""Calls for the tests of fraud rules: what a switch tells of them, taken in the order of time, and what it led to."""

from collections.abc import Sequence
from typing import Final

from tariffs.zone import UTC
from triggers.calls.call_event import (
    ANSWER,
    BYE,
    CANCEL,
    CDR,
    INVITE,
    NO_DETAILS,
    RINGING,
    CallEvent,
    EventDetails,
)
from triggers.numbers.number_reading import NumberReader
from triggers.rules.rule import RuleHit
from triggers.rules.rule_book import RuleBook
from triggers.traffic.terms import TrafficTerms
from triggers.traffic.traffic import Traffic

NUMBERS: Final = NumberReader("DE")
MIDNIGHT_MS: Final = 1_794_787_200_000  # Monday, 2026-11-16 00:00 UTC
PREMIUM: Final = ("+371909", "+88299")


class Calls:
    """A town's calls. Times are seconds of one day; `ring` and `talk` are seconds, without `talk` nobody answers."""

    def __init__(self, rules: RuleBook) -> None:
        self.traffic: Final = Traffic(TrafficTerms(zone=UTC, premium=PREMIUM, home_region="DE"))
        self.rules: Final = rules
        self._events: list[CallEvent] = []
        self._made = 0

    def call(
        self,
        a: str,
        b: str,
        at: float,
        *,
        ring: float = 5.0,
        talk: float = 0.0,
        silent: bool = False,
        trunk: str = "t-1",
        account: str = "",
        details: EventDetails = NO_DETAILS,
    ) -> None:
        """A call that rings (but for `silent`), and is answered and hung up, or cancelled."""
        self._made += 1
        id = f"c-{self._made}"
        self._tell(INVITE, at, id, a, b, trunk, account, details)
        if not silent:
            self._tell(RINGING, at + min(0.5, ring / 2), id, a, b, trunk, account)
        if talk:
            self._tell(ANSWER, at + ring, id, a, b, trunk, account)
            self._tell(BYE, at + ring + talk, id, a, b, trunk, account)
        else:
            self._tell(CANCEL, at + ring, id, a, b, trunk, account)

    def record(self, a: str, b: str, at: float, talk: float, *, account: str = "", regions: tuple[str, str]) -> None:
        """A call of which only the CDR is told, when it is over."""
        self._made += 1
        start_ms = MIDNIGHT_MS + int(1000 * at)
        details = EventDetails(
            start_ms=start_ms,
            answer_ms=start_ms if talk else 0,
            end_ms=start_ms + int(1000 * talk),
            origin_region=regions[0],
            target_region=regions[1],
        )
        self._tell(CDR, at + talk, f"c-{self._made}", a, b, "", account, details)

    def hits(self) -> list[RuleHit]:
        """Take the calls, and all that they lead to."""
        found: list[RuleHit] = []
        for event in sorted(self._events, key=lambda each: each.at_ms):
            self.traffic.take(event)
            found += self.rules.due(event, self.traffic, event.at_ms)
        self._events = []
        return found

    def _tell(
        self,
        kind: int,
        at: float,
        id: str,
        a: str,
        b: str,
        trunk: str,
        account: str,
        details: EventDetails = NO_DETAILS,
    ) -> None:
        caller, called = NUMBERS.caller(a), NUMBERS.read(b)
        at_ms = MIDNIGHT_MS + int(1000 * at)
        self._events.append(
            CallEvent(
                kind, at_ms, id, caller, called, trunk=trunk, tenant="acme", account=account or a, details=details
            )
        )


def told(hits: Sequence[RuleHit]) -> list[str]:
    """Which rules held for whom, in the order of time."""
    return [f"{hit.rule.id} {hit.subject}" for hit in hits]
