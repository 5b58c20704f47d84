"""Replays: what fraud detection would have made of calls, without a daemon, a clock or anything that is done.

    replay = Replay(watch, remember)       # a fresh FraudWatch, made of settings, lists and rules
    for event in …: replay.take(event)
    for call in replay.calls(remembered):  # c-17 …, flagged, incident 8d1f…

A call that is flagged late (the first four of a masking run, or one whose neighbour came late) is flagged in what comes
out, so nothing is told of a call before all events were seen. Meanwhile a call is no more than its name, number and
time, put away by `remember`; in memory are the calls that there is something to say of, some 500 bytes each, and what
the watch keeps, which its settings bound. Ten million calls of which a hundred thousand are flagged need what a daemon
needs, and 50 MB.

What a run and its calls are does not depend on the order of events within the lateness, nor on shards, and the score of
a call is that of its run. Rules look at traffic as it was when an event came, so a rule may hold a call earlier or
later where the order is another one. `disordered` counts attempts that were further behind the newest of all than the
lateness is: where there are any, shards may make a difference, and the events had better be sorted.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from ratingd.fraud.alert import worse
from ratingd.fraud.incident import explained
from tariffs.instant import instant_text
from triggers.calls.call_event import CallEvent
from triggers.calls.verdict import ACTION_NAMES, ALLOW, DISCONNECT
from triggers.masking.decision import CUT
from triggers.masking.incident import MaskingIncident
from triggers.masking.masking_watch import attempt_ms
from triggers.masking.window import Placed
from triggers.rules.rule import RuleHit
from triggers.watch.fraud_watch import BLACKLIST, MASKING, FraudWatch
from triggers.watch.judging import cuts
from triggers.watch.outcome import Outcome

MS: Final = 1_000_000
Attempted = tuple[str, str, int]  # call_id, called number, time


@dataclass(slots=True)
class ReplayCounts:
    """`late`: of the masking window. `disordered`: so far behind the newest that shards may make a difference."""

    events: int = 0
    calls: int = 0
    duplicates: int = 0
    late: int = 0
    disordered: int = 0
    whitelisted: int = 0
    flagged: int = 0
    incidents: int = 0
    rule_hits: int = 0


@dataclass(frozen=True, slots=True)
class CallFlag:
    """What became of one call."""

    call_id: str
    b_number: str
    flagged: bool
    incident_id: str
    action: str
    reasons: tuple[str, ...]
    probability: float
    at_ms: int


class Run:
    """A masking run, and the worst that was decided about it."""

    __slots__ = ("incident", "response", "severity", "threshold")

    def __init__(self, incident: MaskingIncident) -> None:
        self.incident: Final = incident
        self.severity = ""
        self.response = ""
        self.threshold = 0

    def judged(self, severity: str, response: str, threshold: int) -> None:
        self.severity = worse(self.severity, severity) if self.severity else severity
        self.threshold = threshold
        if self.response != CUT:
            self.response = response


class Replay:
    """Events in, and at their end flags and incidents out. `told` is called with each rule that holds, and its call."""

    def __init__(
        self,
        watch: FraudWatch,
        remember: Callable[[Attempted], None],
        told: Callable[[RuleHit, str], None] = lambda hit, call_id: None,
    ) -> None:
        self._watch: Final = watch
        self._remember: Final = remember
        self._told: Final = told
        self._lateness_ms: Final = watch.masking.terms.lateness_ms
        self._newest_ms = 0
        self._runs: Final[dict[str, Run]] = {}  # by the incident's id of now
        self._joined: Final[dict[str, str]] = {}  # former ids, and the next one after each
        self._flagged: Final[dict[str, str]] = {}  # calls, and the incident at the time
        self._reasons: Final[dict[str, tuple[tuple[str, ...], bool]]] = {}  # beside masking, and whether they cut
        self.counts: Final = ReplayCounts()

    def take(self, event: CallEvent) -> None:
        outcome = self._watch.take(event)
        self.counts.events += 1
        self.counts.duplicates += outcome.duplicate
        if outcome.attempt:
            self._attempted(event, outcome)

    def calls(self, attempted: Iterable[Attempted]) -> Iterator[CallFlag]:
        """The calls that were remembered, each with what it came to."""
        runs = self._runs_of_calls()
        for call_id, b, at_ms in attempted:
            run = runs.get(call_id)
            reasons, cut = self._reasons.get(call_id, ((), False))
            if run is None:
                action = ACTION_NAMES[DISCONNECT if cut else ALLOW]
                yield CallFlag(call_id, b, False, "", action, reasons, 0.0, at_ms)
            else:
                action = ACTION_NAMES[DISCONNECT if cut or run.response == CUT else ALLOW]
                found, score = run.incident, run.incident.probability_max
                yield CallFlag(call_id, b, True, found.id, action, (MASKING, *reasons), score, at_ms)

    def incidents(self) -> list[dict[str, Any]]:
        """The runs in the order of their opening, as they are shown."""
        runs = sorted(self._runs.values(), key=lambda run: (run.incident.opened_ms, run.incident.b))
        return [_shown(run) for run in runs]

    # -- one event

    def _attempted(self, event: CallEvent, outcome: Outcome) -> None:
        at_ms, counts = attempt_ms(event), self.counts
        counts.calls += 1
        counts.late += outcome.late
        counts.whitelisted += outcome.whitelisted
        if at_ms >= self._newest_ms:
            self._newest_ms = at_ms
        elif self._newest_ms - at_ms > self._lateness_ms:
            counts.disordered += 1
        self._remember((event.call_id, event.b.text, at_ms))
        if outcome.placed is not None and outcome.placed.incident is not None:
            self._note_run(outcome, outcome.placed, outcome.placed.incident)
        if outcome.hits or outcome.blacklisted is not None:
            self._note_reasons(event, outcome)

    def _note_run(self, outcome: Outcome, placed: Placed, incident: MaskingIncident) -> None:
        former = [self._runs.pop(id) for id in placed.absorbed if id in self._runs]
        for id in placed.absorbed:
            self._joined[id] = incident.id
        for one in (incident, *placed.also):
            run = self._runs.get(one.id)
            if run is None:
                run = self._runs[one.id] = Run(one)
            run.judged(outcome.decision.severity, outcome.decision.response, outcome.threshold)
        for gone in former:
            self._runs[incident.id].judged(gone.severity, gone.response, outcome.threshold)
        for attempt in placed.flagged:
            self._flagged[attempt.call_id] = incident.id
        self.counts.incidents = len(self._runs)
        self.counts.flagged = len(self._flagged)

    def _note_reasons(self, event: CallEvent, outcome: Outcome) -> None:
        reasons = [BLACKLIST] if outcome.blacklisted is not None else []
        cut = bool(reasons)
        for hit in outcome.hits:
            self.counts.rule_hits += 1
            self._told(hit, event.call_id)
            reasons.append(hit.rule.id)
            cut = cut or cuts(hit)
        self._reasons[event.call_id] = (tuple(reasons), cut)

    # -- at the end

    def _runs_of_calls(self) -> dict[str, Run]:
        """The run of each flagged call: of several that hold it, the first."""
        found: dict[str, Run] = {}
        for run in sorted(self._runs.values(), key=lambda run: (run.incident.opened_ms, run.incident.b)):
            for attempt in run.incident.calls:
                found.setdefault(attempt.call_id, run)
        for call_id, id in self._flagged.items():  # beyond those that an incident names
            if call_id not in found:
                found[call_id] = self._runs[self._now(id)]
        return found

    def _now(self, id: str) -> str:
        """The id that an incident has in the end."""
        while id not in self._runs:
            id = self._joined[id]
        return id


def _shown(run: Run) -> dict[str, Any]:
    incident = run.incident
    return {
        "id": incident.id,
        "b_number": incident.b,
        "severity": run.severity,
        "response": run.response,
        "opened": instant_text(incident.opened_ms * MS),
        "last": instant_text(incident.last_ms * MS),
        "max_distinct": incident.max_distinct,
        "threshold": run.threshold,
        "probability_max": incident.probability_max,
        "explanation": explained(incident, run.threshold),
        "trunks": list(incident.trunks),
        "a_numbers": list(incident.callers),
        "calls": [attempt.call_id for attempt in incident.calls],
    }
