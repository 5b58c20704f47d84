"""The fraud watch: every call event on its way through the memory, the metrics, the masking detector and the rules.

    event ─▶ repeat? answered as before
          ─▶ traffic: the metrics of both numbers, the trunk, the account, the ranges
          ─▶ a first INVITE (or the CDR of a call without one) is an attempt: masking, blacklist, blocks
          ─▶ rules that hold now for its subjects
          ─▶ Outcome: a verdict for the switch, and what there is to store and to do

It reads no clock and asks nobody: the same events in the same order give the same outcomes, live, in a replay and after
a start. It is not thread-safe; whoever uses it holds a lock.
"""

from typing import Final, Protocol

from triggers.blacklist_watch import BlacklistWatch
from triggers.call_centres import CallCentres
from triggers.call_event import CDR, INVITE, CallEvent
from triggers.event_memory import EventMemory, event_key
from triggers.fraud_rule import RuleHit
from triggers.fraud_rule_book import RuleBook
from triggers.masking_decision import Decision, decide
from triggers.masking_incident import MaskingIncident
from triggers.masking_watch import Judged, MaskingWatch, attempt_ms
from triggers.number import Number
from triggers.number_list import ListEntry, NumberLists
from triggers.outcome import Outcome
from triggers.rule_score import masking_score
from triggers.traffic import Traffic
from triggers.verdict import ALLOW, DISCONNECT, Verdict
from triggers.watch_terms import WatchTerms

MASKING: Final = "masking"
BLACKLIST: Final = "blacklist"
BLOCKED: Final = "blocked"
METRICS_S: Final = 300


class Refusals(Protocol):
    """Who knows the blocks in force."""

    def refuses(self, a: Number, b: Number, trunk: str, at_ms: int) -> object | None: ...


class FraudWatch:
    """`lists` and `rules` may be replaced between two events."""

    def __init__(self, terms: WatchTerms, lists: NumberLists, rules: RuleBook, blocks: Refusals | None = None) -> None:
        self.terms: Final = terms
        self.lists = lists
        self.rules = rules
        self._blocks: Final = blocks
        self.traffic: Final = Traffic(terms.traffic)
        self.masking: Final = MaskingWatch(terms.masking, terms.decisions, terms.shards)
        self._centres: Final = CallCentres(self.traffic, terms.centre_distinct, adaptive=terms.adaptive)
        self._blacklist: Final = BlacklistWatch()
        self._memory: Final = EventMemory(terms.dedup_ttl_ms, terms.dedup_keys_max)
        self._calls: Final = EventMemory(terms.dedup_ttl_ms, terms.dedup_keys_max)  # verdicts by call
        self.duplicates = 0

    def take(self, event: CallEvent) -> Outcome:
        """Let an event count, once, and say what it came to."""
        key = event_key(event)
        if self._memory.knows(key):
            return self._repeat(event, key)
        attempt = self._attempts(event)
        record = self.traffic.take(event)
        outcome = self._attempt(event) if attempt else Outcome(event, self.verdict_of_call(event.call_id))
        outcome.record = record
        hits = self.rules.due(event, self.traffic, event.at_ms)
        if hits:
            outcome.hits = tuple(hits)
        verdict = outcome.verdict
        plain = verdict.action == ALLOW and not verdict.reasons
        self._memory.keep(key, None if plain else verdict, event.received_ms)
        return outcome

    def rebuild(self, event: CallEvent, *, remembered: bool) -> None:
        """Count an event of long ago in the metrics alone, as it is read back after a start."""
        if remembered:
            key = event_key(event)
            if self._memory.knows(key):
                return
            self._memory.keep_older(key)
            if event.kind == INVITE or event.kind == CDR:
                self._calls.keep_older(event.call_id)
        self.traffic.take(event)

    def restore(self, incident: MaskingIncident) -> None:
        """Go on with an incident of before a start."""
        self.masking.restore(incident)

    def set_detection(self, window_ms: int, threshold: int) -> None:
        self.masking.set_terms(self.masking.terms.own(window_ms, threshold))

    def knows_call(self, call_id: str) -> bool:
        return self._calls.knows(call_id) or self.traffic.call(call_id) is not None

    def verdict_of_call(self, call_id: str) -> Verdict:
        """A later event of a call that is to be cut is told so again."""
        verdict = self._calls.verdict(call_id)
        return Verdict(call_id) if verdict is None else verdict

    def refusal(self, event: CallEvent) -> str:
        """Why a call may not be made, whatever is thought of its number: it is on the blacklist, or blocked."""
        at_ms = attempt_ms(event)
        entry = self._blacklist.entry(event, at_ms, self.lists)
        if entry is not None:
            return f"{entry.kind} {entry.value} is on the blacklist: {entry.reason or 'no reason was given'}"
        if self._blocks is not None and self._blocks.refuses(event.a, event.b, event.trunk, at_ms) is not None:
            return f"calls from {event.a.text} to {event.b.text} over trunk {event.trunk!r} are blocked for a while"
        return ""

    def decision(self, *, hot: bool) -> Decision:
        return decide(self.terms.decisions, hot=hot, model=False, probability=0.0)

    # -- one event

    def _repeat(self, event: CallEvent, key: str) -> Outcome:
        self.duplicates += 1
        then = self._memory.verdict(key)
        if then is None:
            return Outcome(event, Verdict(event.call_id, duplicate=True), duplicate=True)
        verdict = Verdict(
            then.call_id, then.action, then.reasons,
            probability=then.probability, risk=then.risk, incident_id=then.incident_id, duplicate=True,
        )  # fmt: skip
        return Outcome(event, verdict, duplicate=True)

    def _attempts(self, event: CallEvent) -> bool:
        """Whether it is a new call: its first INVITE, or a CDR where nobody saw one."""
        if event.kind != INVITE and event.kind != CDR:
            return False
        return not self.knows_call(event.call_id)

    def _attempt(self, event: CallEvent) -> Outcome:
        at_ms = attempt_ms(event)
        judged = self.masking.judge(event, self.lists, self._centres)
        entry = self._blacklist.entry(event, at_ms, self.lists)
        blocked = self._blocks is not None and self._blocks.refuses(event.a, event.b, event.trunk, at_ms) is not None
        verdict = self._verdict(event, judged, at_ms, entry, blocked)
        outcome = Outcome(event, verdict, attempt=True)
        outcome.placed, outcome.decision, outcome.whitelisted = judged.placed, judged.decision, judged.whitelisted
        outcome.distinct, outcome.threshold = judged.distinct, judged.threshold
        outcome.late = judged.placed is not None and judged.placed.late
        if entry is not None:
            outcome.blacklisted = entry
            outcome.blacklist_due = self._blacklist.due(entry, at_ms)
        self._note_calls(outcome)
        if judged.placed is not None:
            self._centres.count(event.b.text, judged.distinct, at_ms)
        return outcome

    def _verdict(self, event: CallEvent, judged: Judged, at_ms: int, entry: ListEntry | None, blocked: bool) -> Verdict:
        placed = judged.placed
        hot = placed is not None and placed.hot
        if not hot and entry is None and not blocked:
            return Verdict(event.call_id)
        reasons: list[str] = []
        probability, incident_id = 0.0, ""
        if hot and placed is not None and placed.incident is not None:
            reasons.append(MASKING)
            probability = self._probability(event, judged, at_ms)
            incident_id = placed.incident.id
        if entry is not None:
            reasons.append(BLACKLIST)
        if blocked:
            reasons.append(BLOCKED)
        cut = entry is not None or blocked or (hot and judged.decision.cuts)
        return Verdict(
            event.call_id, DISCONNECT if cut else ALLOW, tuple(reasons),
            probability=probability, risk=100 * probability, incident_id=incident_id,
        )  # fmt: skip

    def _probability(self, event: CallEvent, judged: Judged, at_ms: int) -> float:
        b = event.b.text
        return masking_score(
            distinct=judged.distinct,
            threshold=judged.threshold,
            overlap=self.traffic.value("b", b, "overlap_ratio", METRICS_S, at_ms),
            cli_mismatch=event.details.cli_mismatch,
            call_rate=1000 * judged.distinct / self.masking.terms.window_ms,
            asr=self.traffic.value("b", b, "asr", METRICS_S, at_ms),
        ).probability

    def _note_calls(self, outcome: Outcome) -> None:
        """Remember what this call is told, and the calls of before that are to be cut now."""
        event, verdict, placed = outcome.event, outcome.verdict, outcome.placed
        plain = verdict.action == ALLOW and not verdict.reasons
        self._calls.keep(event.call_id, None if plain else verdict, event.received_ms)
        if placed is None or placed.incident is None or not outcome.decision.cuts:
            return
        for attempt in placed.flagged:
            if attempt.call_id != event.call_id:
                told = Verdict(
                    attempt.call_id, DISCONNECT, (MASKING,),
                    probability=verdict.probability, risk=verdict.risk, incident_id=placed.incident.id,
                )  # fmt: skip
                self._calls.keep(attempt.call_id, told, event.received_ms)
