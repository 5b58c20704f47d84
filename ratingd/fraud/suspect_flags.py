"""Suspect flags: who is flagged, learned from each call that is judged, and from the store after a start.

    call judged                                    flagged
    fifth of a masking run, decision CRITICAL      all five callers: masking, risk 95
    a model gives a call 0.8, decision MEDIUM      its caller: masking, risk 80
    rule wangiri (HIGH, sure HIGH) holds for a     the caller: wangiri, risk 85, sure to 0.9
    rule wangiri_range holds for +3712000          the range, and so each of its numbers
    rule irsf holds for an account                 the caller of that call
    rule false_answer holds for trunk t-7          nobody: many call over it
    the caller is on the blacklist                 the caller: risk 100, of no type

A rule that only reports flags nobody, and neither does one looked at for a call to a spared number. Those who withhold
their number are nobody to be told apart, and who calls for help is left alone.
"""

import json
import threading
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from ratingd.store.fraud_rows import AlertRow, FlaggedCallRow, IncidentRow
from triggers.campaigns.suspects import LISTED, MASKED_SURE, MASKING, RISKS, SURE, Suspects
from triggers.numbers.number import ANONYMOUS
from triggers.rules.rule_book import RuleBook
from triggers.watch.outcome import Outcome

DAY_MS: Final = 86_400_000
PAGE: Final = 10_000
FORGOTTEN: Final = 1_000  # at a time
OF_RUNS: Final = ("masking", "refused")
CALLER: Final = "a"
CALLER_RANGE: Final = "a_range"
ACCOUNT: Final = "account"
LISTED_RISK: Final = 100.0


class Shelf(Protocol):
    def alerts(self, *, since_ms: int = 0, limit: int = 50) -> Sequence[AlertRow]: ...

    def incidents_since(self, last_ms: int, limit: int = 100_000) -> Sequence[IncidentRow]: ...

    def flagged_since(
        self, at_ms: int, *, after: FlaggedCallRow | None = None, limit: int = 100_000
    ) -> Sequence[FlaggedCallRow]: ...


class SuspectFlags:
    """Thread-safe. `rules` gives those in force."""

    def __init__(self, shelf: Shelf, rules: Callable[[], RuleBook]) -> None:
        self._shelf: Final = shelf
        self._rules: Final = rules
        self._lock: Final = threading.Lock()
        self._suspects: Final = Suspects()

    def took(self, outcomes: Sequence[Outcome]) -> None:
        """These calls have been judged."""
        for outcome in outcomes:
            if outcome.attempt and outcome.verdict.reasons:
                with self._lock:
                    self._take(outcome)

    def suspects(self, at_ms: int) -> Suspects:
        """Those of the last day. More are flagged while they are looked at."""
        before_ms = at_ms - DAY_MS
        silent = self._suspects.silent(before_ms)
        for start in range(0, len(silent), FORGOTTEN):
            with self._lock:
                self._suspects.forget(silent[start : start + FORGOTTEN], before_ms)
        return self._suspects

    def load(self, at_ms: int) -> None:
        """At the start: who was flagged within a day. Raises StoreFault."""
        with self._lock:
            self._load_runs(at_ms - DAY_MS)
            self._load_rules(at_ms - DAY_MS)

    # -- inside

    def _take(self, outcome: Outcome) -> None:
        event, placed = outcome.event, outcome.placed
        if event.a.emergency or event.b.emergency:
            return
        if placed is not None and placed.flagged:
            risk = max(RISKS.get(outcome.decision.severity, 0.0), 100 * outcome.verdict.probability)
            for attempt in placed.flagged:
                self._note(attempt.caller, MASKING, risk, MASKED_SURE, attempt.at_ms)
        for hit in outcome.hits:
            rule = hit.rule
            if not rule.report_only:
                self._note_rule(
                    hit.subject_kind, hit.subject, event.a.text,
                    rule.fraud_type, RISKS[rule.severity], SURE[rule.confidence], event.at_ms,
                )  # fmt: skip
        entry = outcome.blacklisted
        if entry is not None and event.a.digits.startswith(entry.value.removeprefix("+")):
            self._note(event.a.text, LISTED, LISTED_RISK, 0.0, event.at_ms)

    def _note_rule(
        self, kind: str, subject: str, caller: str, fraud_type: str, risk: float, sure: float, at_ms: int
    ) -> None:
        if kind == CALLER_RANGE:
            self._suspects.note_range(subject, fraud_type, risk, sure, at_ms)
        elif kind in (CALLER, ACCOUNT):
            self._note(subject if kind == CALLER else caller, fraud_type, risk, sure, at_ms)

    def _note(self, number: str, fraud_type: str, risk: float, sure: float, at_ms: int) -> None:
        if number and number != ANONYMOUS:
            self._suspects.note(number, fraud_type, risk, sure, at_ms)

    def _load_runs(self, since_ms: int) -> None:
        risks = {each.id: RISKS.get(each.severity, 0.0) for each in self._shelf.incidents_since(since_ms)}
        page = self._shelf.flagged_since(since_ms, limit=PAGE)
        while page:
            for call in page:
                if call.reason in OF_RUNS:
                    risk = risks.get(call.incident_id, RISKS["CRITICAL"])
                    self._note(call.a_number, MASKING, risk, MASKED_SURE, call.at_ms)
            page = self._shelf.flagged_since(since_ms, after=page[-1], limit=PAGE)

    def _load_rules(self, since_ms: int) -> None:
        """What alerts tell of rules that held: their subjects, or the callers of accounts."""
        rules = {rule.id: rule for rule in self._rules().rules}
        for alert in reversed(self._shelf.alerts(since_ms=since_ms, limit=PAGE)):
            document = json.loads(alert.document)
            rule = rules.get(alert.detector)
            if rule is not None and not document["report_only"]:
                self._note_rule(
                    rule.subject, alert.subject, document["caller_id"],
                    alert.fraud_type, RISKS[alert.severity], SURE[rule.confidence], alert.last_ms,
                )  # fmt: skip
