"""The fraud watch: every call event on its way through the memory, the metrics, the masking detector and the rules.

    event ─▶ repeat? answered as before
          ─▶ traffic: the metrics of both numbers, the trunk, the account, the ranges
          ─▶ a first INVITE (or the CDR of a call without one) is an attempt: masking, blacklist, blocks
          ─▶ rules that hold now for its subjects
          ─▶ a model's score, where one is active and the call passes its gate
          ─▶ Outcome: a verdict for the switch, and what there is to store and to do

It reads no clock and asks nobody but the models: the same events in the same order, scored by the same models, give the
same outcomes, live, in a replay and after a start. It is not thread-safe; whoever uses it holds a lock.
"""

from collections.abc import Set
from typing import Final, Protocol

from triggers.calls.call_event import CDR, INVITE, CallEvent
from triggers.calls.call_memory import CallMemory, SeenCall
from triggers.calls.call_record import CallRecord
from triggers.calls.event_memory import EventMemory
from triggers.calls.verdict import ALLOW, DISCONNECT, Verdict
from triggers.masking.call_centres import ALOC_LEAST_S, ASR_LEAST, CallCentres
from triggers.masking.decision import Decision, decide
from triggers.masking.incident import Attempt, MaskingIncident
from triggers.masking.masking_watch import Judged, MaskingWatch, attempt_ms
from triggers.masking.run_scores import RunScores
from triggers.masking.scored_runs import ScoredRuns
from triggers.numbers.number import Number
from triggers.numbers.number_list import NumberLists
from triggers.rules.rule_book import RuleBook
from triggers.scores.call_features import call_row
from triggers.scores.masking_features import MASKING as MASKING_SCHEMA
from triggers.scores.masking_features import passes_gate
from triggers.scores.masking_row import MaskingRows
from triggers.scores.scored import Scored
from triggers.traffic.traffic import CallCentre, Traffic
from triggers.watch.blacklist_watch import BlacklistWatch
from triggers.watch.judging import cuts, judge, plain
from triggers.watch.live_scores import CALL_MODEL, MASKING_MODEL, NO_MODELS, NO_RISKS, KnownRisks, Models
from triggers.watch.outcome import Outcome
from triggers.watch.unscored import Unscored, UnscoredAttempt
from triggers.watch.watch_terms import WatchTerms

MASKING: Final = "masking"
BLACKLIST: Final = "blacklist"
BLOCKED: Final = "blocked"
TOLD_TTL_MS: Final = 4 * 3_600_000  # so long a call is known to be one that is to be cut
TOLD_MAX: Final = 1_000_000
EARLY_MAX: Final = 100_000  # calls of which more is told before they are counted again
UNDECIDED: Final = Verdict("")
DISTINCT: Final = MASKING_SCHEMA.place("distinct_a_count")


class Refusals(Protocol):
    """Who knows the blocks in force."""

    def refuses(self, a: Number, b: Number, trunk: str, at_ms: int) -> object | None: ...


class FraudWatch:
    """`lists`, `rules` and `risks`, who knows how callers were scored, may be replaced between two events."""

    def __init__(
        self,
        terms: WatchTerms,
        lists: NumberLists,
        rules: RuleBook,
        blocks: Refusals | None = None,
        models: Models = NO_MODELS,
    ) -> None:
        self.terms: Final = terms
        self.models: Final = models
        self.risks: KnownRisks = NO_RISKS
        self.lists = lists
        self.rules = rules
        self._blocks: Final = blocks
        self.traffic: Final = Traffic(terms.traffic)
        self.masking: Final = MaskingWatch(terms.masking, terms.shards)
        self._scored_runs: Final = ScoredRuns()
        self._centres: Final = CallCentres(self.traffic, terms.centre_distinct, adaptive=terms.adaptive)
        self._scores: Final = RunScores(self.traffic)
        self._rows: Final = MaskingRows(self.traffic, self.masking)
        self._unscored: Final = Unscored()
        self._blacklist: Final = BlacklistWatch()
        self._memory: Final = EventMemory(terms.dedup_ttl_ms, terms.dedup_keys_max)  # events with a name of their own
        self._calls: Final = CallMemory(TOLD_TTL_MS, terms.dedup_ttl_ms, terms.dedup_keys_max)
        self._told: Final = EventMemory(TOLD_TTL_MS, TOLD_MAX)  # by call: what is not a plain ALLOW
        self._early: dict[str, list[CallEvent]] | None = None  # of calls of before a start that do not count again yet

    def take(self, event: CallEvent) -> Outcome:
        """Let an event count, once, and say what it came to."""
        outcome = self.look(event)
        self.settle()
        return outcome

    def look(self, event: CallEvent) -> Outcome:
        """The same, but that nothing of a call that a model is asked about holds before `settle`: the calls of a
        message are scored together."""
        if self._unscored.any and self._unscored.concern(event):
            self.settle()
        seen = self._calls.get(event.call_id)
        if self._is_repeat(event, seen):
            record = self._corrected(event)
            return self._repeat(event, seen) if record is None else self._retold(event, record)
        entered = self._calls.entered(event.call_id, seen, event.received_ms)
        if (event.kind == INVITE or event.kind == CDR) and self._is_new(event, seen):
            record = self.traffic.attempt(event)
            entered.begun = entered.counted = True
            return self._attempt(event, entered, record)
        record = self._counted(event, entered)
        outcome = Outcome(event, self.verdict_of_call(event.call_id))
        if record is not None:
            entered.begun = entered.counted = True
            self._keep_record(outcome, record)
        elif self._early is not None:
            self._note_early(event)
        verdict = outcome.verdict
        self._remember(event, entered, None if plain(verdict) else verdict)
        return outcome

    def settle(self) -> None:
        """Have the calls scored that were looked at, and decide what is done about them. Whatever is wrong with one of
        them is raised when the others are decided."""
        if not self._unscored.any:
            return
        waiting = self._unscored.take()
        scores = self.models.scores(MASKING_MODEL, [each.row for each in waiting])
        fault: Exception | None = None
        for place, each in enumerate(waiting):
            each.outcome.scored = scores[place]
            try:
                self._decide(each.outcome, each.entered, each.judged, each.at_ms)
            except Exception as raised:  # noqa: BLE001 (it is raised below)
                each.outcome.verdict = Verdict(each.outcome.event.call_id)
                fault = raised
        if fault is not None:
            raise fault

    def knows_call(self, call_id: str) -> bool:
        seen = self._calls.get(call_id)
        return (seen is not None and seen.begun) or self.traffic.call(call_id) is not None

    def verdict_of_call(self, call_id: str) -> Verdict:
        """What holds for a call now: one that was flagged since it began is to be cut."""
        verdict = self._told.verdict(call_id)
        return Verdict(call_id) if verdict is None else verdict

    def refusal(self, event: CallEvent) -> str:
        """Why a call may not be made, whatever is thought of its number: it is on the blacklist, or blocked."""
        at_ms = attempt_ms(event)
        entry = self._blacklist.entry(event, at_ms, self.lists)
        if entry is not None:
            return f"{entry.kind} {entry.value} is on the blacklist: {entry.reason or 'no reason was given'}"
        if self._blocked(event, at_ms):
            return f"calls from {event.a.text} to {event.b.text} over trunk {event.trunk!r} are blocked for a while"
        return ""

    def row(self, event: CallEvent, at_ms: int, distinct: int) -> list[float] | None:
        """What a model is asked about a call to a number that has so many callers within the window; None where it is
        not asked."""
        if not passes_gate(distinct, event.details.cli_mismatch) or not self.models.wanted(MASKING_MODEL):
            return None
        return self._rows.row(event, at_ms, distinct)

    def known_risk(self, caller: str) -> float:
        """How suspect a caller was when a model scored him last, 0 to 100; 0 where none has."""
        return self.risks.known(caller)

    def decision(self, scored: Scored | None, *, hot: bool, proposed: bool = False) -> Decision:
        """What is done about a call; `hot`: its number is in a masking run, `proposed`: it may be a call centre."""
        probability = 0.0 if scored is None else scored.probability
        return decide(
            self.terms.decisions, hot=hot, model=scored is not None, probability=probability, proposed=proposed
        )

    def proposals(self, at_ms: int) -> list[CallCentre]:
        """Called numbers that look like call centres and are on no whitelist."""
        found = self.traffic.proposals(self.terms.centre_distinct, ASR_LEAST, ALOC_LEAST_S, at_ms)
        return [one for one in found if self.lists.b_whitelisted(Number(one.b, digits=one.b[1:]), at_ms) is None]

    # -- what changes while it runs, and what is known of before

    def set_detection(self, window_ms: int, threshold: int) -> None:
        self.masking.set_terms(self.masking.terms.own(window_ms, threshold))
        self.traffic.set_window(window_ms)

    def restore(self, incident: MaskingIncident) -> None:
        """Go on with an incident of before a start."""
        if incident.by_score:
            self._scored_runs.restore(incident)
        else:
            self.masking.restore(incident)

    def current(self, incident: MaskingIncident) -> MaskingIncident | None:
        """The last run of the number of a run, as it stands."""
        return self._scored_runs.current(incident.b) if incident.by_score else self.masking.current(incident.b)

    def restore_flagged(self, call_id: str, incident_id: str, reason: str = MASKING, *, cut: bool = True) -> None:
        """A call of before a start was flagged, and is refused when it is debited again where it was to be cut."""
        if self._told.verdict(call_id) is None:
            action = DISCONNECT if cut else ALLOW
            self._told.keep_older(call_id, Verdict(call_id, action, (reason,), incident_id=incident_id))

    def recall(self, event: CallEvent, cutting: Set[str]) -> None:
        """Know an event again that came shortly before a start: as a repeat, and in the masking window.

        What came of it has been stored; `cutting` are the incidents whose calls were to be cut. Metrics come later.
        """
        seen = self._calls.get(event.call_id)
        if self._is_repeat(event, seen):
            return
        verdict: Verdict | None = None
        entered = self._calls.entered(event.call_id, seen, event.received_ms)
        if (event.kind == INVITE or event.kind == CDR) and self._is_new(event, seen):
            placed = self.masking.judge(event, self.lists, self._centres).placed
            if placed is not None and placed.hot and placed.incident is not None:
                incident = placed.incident
                verdict = Verdict(
                    event.call_id, DISCONNECT if incident.id in cutting else ALLOW, (MASKING,),
                    probability=incident.probability_max, risk=100 * incident.probability_max, incident_id=incident.id,
                )  # fmt: skip
            if verdict is None:
                verdict = self._told.verdict(event.call_id)
            entered.begun = True
        self._remember(event, entered, verdict)

    def rebuild(self, event: CallEvent, *, remembered: bool) -> Outcome | None:
        """Count an event of before a start in the metrics alone; `remembered`: know it as one that was seen, too.

        Gives what has a call record."""
        seen = self._calls.get(event.call_id)
        if remembered:
            if self._is_repeat(event, seen):
                return None
            self._remember_older(event)
        record = self._counted(event, seen)
        if event.kind == INVITE or event.kind == CDR:
            seen = self._calls.entered_before(event.call_id)
            if seen is not None:
                seen.begun = seen.counted = True
        if record is not None:
            return self._retold(event, record)
        self._note_early(event)
        return None

    def begin_rebuild(self) -> None:
        """From now on calls of before a start are counted again, while events come that tell how they go on."""
        if self._early is None:
            self._early = {}

    def settle_early(self, *, ended: bool) -> list[Outcome]:
        """Tell the calls that have been counted again how they went on meanwhile; what came of that. `ended`: all
        have been."""
        found: list[Outcome] = []
        early = self._early
        if early is None:
            return found
        for call_id in [id for id in early if self.traffic.call(id) is not None]:
            for event in early.pop(call_id):
                record = self.traffic.take(event)
                if record is not None:
                    found.append(self._retold(event, record))
        if ended:
            self._early = None
        return found

    # -- one event

    def _note_early(self, event: CallEvent) -> None:
        early, call_id = self._early, event.call_id
        if early is None or event.kind == INVITE or event.kind == CDR or self.traffic.call(call_id) is not None:
            return
        if call_id in early:
            early[call_id].append(event)
        elif len(early) < EARLY_MAX:
            early[call_id] = [event]

    def _is_repeat(self, event: CallEvent, seen: SeenCall | None) -> bool:
        if event.event_id:
            return self._memory.knows(event.event_id)
        return self._calls.repeats(seen, event.kind, event.received_ms)

    def _remember(self, event: CallEvent, entered: SeenCall, verdict: Verdict | None) -> None:
        if event.event_id:
            self._memory.keep(event.event_id, verdict, event.received_ms)
        else:
            self._calls.note(entered, event.kind, verdict, event.received_ms)

    def _remember_older(self, event: CallEvent) -> None:
        verdict = self._told.verdict(event.call_id)
        if event.event_id:
            self._memory.keep_older(event.event_id, verdict)
            return
        seen = self._calls.entered_before(event.call_id)
        if seen is not None:
            self._calls.note(seen, event.kind, verdict, event.received_ms)

    def _is_new(self, event: CallEvent, seen: SeenCall | None) -> bool:
        """Whether nothing is known of the call, but what was said of it before it began."""
        return (seen is None or not seen.begun) and self.traffic.call(event.call_id) is None

    def _counted(self, event: CallEvent, seen: SeenCall | None) -> CallRecord | None:
        """Let the metrics have it. A call counts once, also where its CDR comes when they have let go of it."""
        if seen is not None and seen.counted and self.traffic.call(event.call_id) is None:
            return self.traffic.retold(event) if event.kind == CDR else None
        return self.traffic.take(event)

    def _corrected(self, event: CallEvent) -> CallRecord | None:
        """The record of a call whose CDR comes again and tells it differently; None where it is a mere repeat."""
        if event.kind != CDR or event.event_id or self.traffic.call(event.call_id) is None:
            return None
        return self.traffic.take(event)

    def _retold(self, event: CallEvent, record: CallRecord) -> Outcome:
        outcome = Outcome(event, self.verdict_of_call(event.call_id))
        self._keep_record(outcome, record)
        return outcome

    def _keep_record(self, outcome: Outcome, record: CallRecord) -> None:
        """A call is over: its record says what was thought of it, and models are to say what they think of it now."""
        outcome.record = record
        judge(record, outcome.verdict, self.risks.known(record.a))
        if self.models.wanted(CALL_MODEL):
            outcome.call_row = call_row(self.traffic, record, outcome.event.at_ms)

    def _repeat(self, event: CallEvent, seen: SeenCall | None) -> Outcome:
        then = self._memory.verdict(event.event_id) if event.event_id else None
        if not event.event_id and seen is not None:
            then = seen.verdict(event.kind)
        if then is None:
            return Outcome(event, Verdict(event.call_id, duplicate=True), duplicate=True)
        verdict = Verdict(
            then.call_id, then.action, then.reasons,
            probability=then.probability, risk=then.risk, incident_id=then.incident_id, version=then.version,
            duplicate=True,
        )  # fmt: skip
        return Outcome(event, verdict, duplicate=True)

    def _attempt(self, event: CallEvent, entered: SeenCall, record: CallRecord | None) -> Outcome:
        at_ms = attempt_ms(event)
        judged = self.masking.judge(event, self.lists, self._centres)
        hits = self.rules.due(event, self.traffic, event.at_ms)
        if hits and self._spared(event, at_ms):
            hits = [hit.reported() for hit in hits]
        entry = self._blacklist.entry(event, at_ms, self.lists)
        outcome = Outcome(event, UNDECIDED, attempt=True)
        outcome.record = record
        placed = outcome.placed = judged.placed
        outcome.whitelisted, outcome.threshold = judged.whitelisted, judged.threshold
        if placed is not None:
            outcome.distinct, outcome.late = placed.distinct, placed.late
            self._centres.count(event.b.text, placed.distinct, at_ms)
        if entry is not None:
            outcome.blacklisted = entry
            outcome.blacklist_due = self._blacklist.due(entry, at_ms)
        if hits:
            outcome.hits = tuple(hits)
        row = outcome.row = self._row_of(event, judged, at_ms)
        if row is None:
            self._decide(outcome, entered, judged, at_ms)
        else:
            self._unscored.add(UnscoredAttempt(outcome, entered, judged, at_ms, row))
        return outcome

    def _row_of(self, event: CallEvent, judged: Judged, at_ms: int) -> list[float] | None:
        """What a model is asked about an attempt, and where none is; a number on the whitelist is scored and spared."""
        placed = judged.placed
        if placed is not None:
            return None if placed.late else self.row(event, at_ms, placed.distinct)
        if not judged.whitelisted or not self.models.wanted(MASKING_MODEL):
            return None
        row = self._rows.row(event, at_ms)
        return row if passes_gate(int(row[DISTINCT]), event.details.cli_mismatch) else None

    def _decide(self, outcome: Outcome, entered: SeenCall, judged: Judged, at_ms: int) -> None:
        """What is done about an attempt of which all is known."""
        event, placed, scored = outcome.event, judged.placed, outcome.scored
        if placed is not None and placed.incident is not None:
            outcome.decision = self.decision(scored, hot=True, proposed=judged.proposed)
            if scored is not None and scored.probability > placed.incident.probability_max:
                placed.incident.probability_max = scored.probability
        elif placed is not None and scored is not None:
            self._decide_by_score(outcome, scored, at_ms)
        verdict = outcome.verdict = self._verdict(outcome, at_ms)
        self._note_told(outcome)
        if outcome.record is not None:
            self._keep_record(outcome, outcome.record)
        self._remember(event, entered, None if plain(verdict) else verdict)

    def _decide_by_score(self, outcome: Outcome, scored: Scored, at_ms: int) -> None:
        """Too few callers for the rule: a model may see masking all the same."""
        event = outcome.event
        decision = self.decision(scored, hot=False, proposed=self._centres.proposed(event.b.text, at_ms))
        if decision.severity:
            outcome.decision = decision
            attempt = Attempt(at_ms, event.a.text, event.call_id, event.switch_id, event.trunk)
            cooldown_ms = self.masking.terms.cooldown_ms
            outcome.placed = self._scored_runs.take(
                event.b.text, attempt, outcome.distinct, scored.probability, cooldown_ms
            )

    def _verdict(self, outcome: Outcome, at_ms: int) -> Verdict:
        event, scored, entry, incident = outcome.event, outcome.scored, outcome.blacklisted, outcome.incident
        blocked, risk = self._blocked(event, at_ms), self.risks.known(event.a.text)
        nothing = incident is None and entry is None and not blocked and not outcome.hits
        if nothing and scored is None and risk == 0.0:
            return Verdict(event.call_id)
        reasons: list[str] = []
        probability, version, incident_id, cut = 0.0, 0, "", False
        if scored is not None:
            probability, version = scored.probability, scored.version
            if not outcome.whitelisted:
                risk = max(risk, 100 * probability)
        if incident is not None:
            reasons.append(MASKING)
            incident_id, cut = incident.id, outcome.decision.cuts
            if scored is None:
                probability = self._scores.probability(event, outcome.distinct, outcome.threshold, at_ms)
                risk = max(risk, 100 * probability)
        if entry is not None:
            reasons.append(BLACKLIST)
            cut = True
        if blocked:
            reasons.append(BLOCKED)
            cut = True
        for hit in outcome.hits:
            reasons.append(hit.rule.id)
            cut = cut or cuts(hit)
        return Verdict(
            event.call_id, DISCONNECT if cut else ALLOW, tuple(reasons),
            probability=probability, risk=risk, incident_id=incident_id, version=version,
        )  # fmt: skip

    def _spared(self, event: CallEvent, at_ms: int) -> bool:
        """Whether nothing is to be done about calls to this number: it is on the whitelist without terms of its own."""
        entry = self.lists.b_whitelisted(event.b, at_ms)
        return entry is not None and not entry.threshold and not entry.window_ms

    def _blocked(self, event: CallEvent, at_ms: int) -> bool:
        return self._blocks is not None and self._blocks.refuses(event.a, event.b, event.trunk, at_ms) is not None

    def _note_told(self, outcome: Outcome) -> None:
        """Remember what this call is told, and the calls of before that are to be cut now."""
        event, verdict, placed = outcome.event, outcome.verdict, outcome.placed
        if not plain(verdict):
            self._told.keep(event.call_id, verdict, event.received_ms)
        if placed is None or placed.incident is None or not outcome.decision.cuts:
            return
        for attempt in placed.flagged:
            if attempt.call_id != event.call_id:
                told = Verdict(
                    attempt.call_id, DISCONNECT, (MASKING,),
                    probability=verdict.probability, risk=verdict.risk, incident_id=placed.incident.id,
                    version=verdict.version,
                )  # fmt: skip
                self._told.keep(attempt.call_id, told, event.received_ms)
