"""Calls for the tests of the fraud watch: attempts in a short notation, and what they came to."""

from collections.abc import Iterable, Sequence
from typing import Final

from triggers.calls.call_event import INVITE, NO_DETAILS, CallEvent, EventDetails
from triggers.calls.verdict import DISCONNECT
from triggers.masking.decision import DecisionTerms
from triggers.masking.terms import MaskingTerms
from triggers.numbers.number_list import ListEntry, NumberLists
from triggers.numbers.number_reading import NumberReader
from triggers.rules.rule_book import RuleBook
from triggers.traffic.terms import TrafficTerms
from triggers.watch.fraud_watch import FraudWatch, Refusals
from triggers.watch.live_scores import NO_MODELS, Models
from triggers.watch.outcome import Outcome
from triggers.watch.watch_terms import WatchTerms

NUMBERS: Final = NumberReader("DE")
NOON_MS: Final = 1_795_000_000_000
B: Final = "+498912345678"


def watch(
    *entries: ListEntry,
    shards: int = 1,
    masking: MaskingTerms | None = None,
    decisions: DecisionTerms | None = None,
    rules: RuleBook | None = None,
    blocks: Refusals | None = None,
    adaptive: bool = False,
    centre_distinct: int = 200,
    models: Models = NO_MODELS,
) -> FraudWatch:
    terms = WatchTerms(
        masking or MaskingTerms(),
        TrafficTerms(home_region="DE"),
        decisions or DecisionTerms(),
        shards=shards,
        adaptive=adaptive,
        centre_distinct=centre_distinct,
    )
    return FraudWatch(terms, NumberLists(entries), rules or RuleBook(), blocks, models)


def invite(
    call_id: str,
    a: str,
    at_ms: int = 0,
    b: str = B,
    *,
    kind: int = INVITE,
    trunk: str = "",
    event_id: str = "",
    received_ms: int = 0,
    details: EventDetails = NO_DETAILS,
) -> CallEvent:
    """An event `at_ms` after noon, received when it happened unless `received_ms` (after noon) says when."""
    return CallEvent(
        kind,
        NOON_MS + at_ms,
        call_id,
        NUMBERS.caller(a),
        NUMBERS.read(b),
        event_id=event_id,
        trunk=trunk,
        switch_id="sbc-1",
        tenant="t",
        account=a,
        received_ms=NOON_MS + (received_ms or at_ms),
        details=details,
    )


def burst(callers: int, *, first: int = 0, at_ms: int = 0, every_ms: int = 100, b: str = B) -> list[CallEvent]:
    """So many callers, one call each, one after the other."""
    return [
        invite(f"c-{first + number}", f"+4930123{first + number:04}", at_ms + number * every_ms, b)
        for number in range(callers)
    ]


def taken(watch: FraudWatch, events: Iterable[CallEvent]) -> list[Outcome]:
    return [watch.take(event) for event in events]


def cut(outcomes: Sequence[Outcome]) -> set[str]:
    """The calls that are to be cut, at once or afterwards."""
    found = {outcome.event.call_id for outcome in outcomes if outcome.verdict.action == DISCONNECT}
    for outcome in outcomes:
        if outcome.placed is not None and outcome.decision.cuts:
            found |= {attempt.call_id for attempt in outcome.placed.flagged}
    return found
