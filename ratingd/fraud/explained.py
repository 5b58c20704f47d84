"""Explained: why a call or a number scores what it scores, for whoever asks by gRPC, HTTP or a case.

Call x5 was one of six that rang +4930555000 within five seconds: 100, "6 callers rang +4930555000 within the window",
and the rule masking. Call x4 was scored as it began: 93, by masking 3, for "4 callers within the detection window" and
what else the model saw in that very call; where that is known no more, what it saw in the call that opened the run.
Number +37190012345 has 45 by what it did, line by line, and the rule wangiri has told of it an
hour ago.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from ratingd.errors import NotFound
from ratingd.fraud.desk import FraudDesk
from ratingd.fraud.incident import PROBABILITY, by_version, probability_max, reasons_of
from ratingd.fraud.model_reasons import AskedOf
from ratingd.store.fraud_rows import AlertRow, FlaggedCallRow, IncidentRow, StoredIncident
from triggers.calls.call_record import CallRecord
from triggers.lookup.caller_score import CallerScore
from triggers.numbers.number_reading import RAW
from triggers.watch.analysis import WEEK_S
from triggers.watch.explanation import Explanation, figure
from triggers.watch.live_scores import MASKING_MODEL as MASKING

RULES_MAX: Final = 20
DAY_MS: Final = 86_400_000
MS: Final = 1_000_000
CALL: Final = "call"
NUMBER: Final = "number"


class Shelf(Protocol):
    def alerts(
        self, *, subject: str = "", incident_id: str = "", since_ms: int = 0, limit: int = 50
    ) -> Sequence[AlertRow]: ...

    def flagged_call(self, call_id: str) -> FlaggedCallRow | None: ...

    def record(self, call_id: str) -> CallRecord | None: ...

    def incident(self, id: str, calls_max: int = 1) -> StoredIncident | None: ...


@dataclass(frozen=True, slots=True)
class RuleHeld:
    """A rule, or another detector, that has told of somebody."""

    id: str
    fraud_type: str
    severity: str
    text: str
    alert_id: int
    last_ms: int


@dataclass(frozen=True, slots=True)
class Explained:
    subject: str
    kind: str
    score: float
    model: str
    explanations: tuple[Explanation, ...]
    rules: tuple[RuleHeld, ...]


@dataclass(frozen=True, slots=True)
class KnownCall:
    """What there is of a call: its flag, its record, what a model was asked of it, and the run that it belongs to."""

    flagged: FlaggedCallRow | None
    record: CallRecord | None
    asked: AskedOf | None
    run: IncidentRow | None

    @property
    def caller(self) -> str:
        if self.flagged is not None:
            return self.flagged.a_number
        if self.record is not None:
            return self.record.a
        return "" if self.asked is None else self.asked.a

    @property
    def version(self) -> int:
        """Of the model that scored it; 0: none did."""
        if self.asked is not None:
            return self.asked.version
        return 0 if self.record is None else self.record.versions.get(MASKING, 0)

    @property
    def method(self) -> str:
        """The model that scored it, or flagged its run; "" where none did."""
        version = self.version or (0 if self.run is None else by_version(self.run))
        return f"{MASKING} {version}" if version else ""

    @property
    def probability(self) -> float:
        if self.asked is not None:
            return self.asked.probability
        if self.record is not None:
            return self.record.probability
        return 0.0 if self.run is None else probability_max(self.run)

    @property
    def flagged_by_rule(self) -> bool:
        """And not by a model alone, which is as sure of it as it says."""
        return self.flagged is not None and (self.run is None or not by_version(self.run))


class Explaining:
    """Thread-safe. `score` says how suspect a caller is at an instant."""

    def __init__(self, desk: FraudDesk, shelf: Shelf, score: Callable[[str, int], CallerScore]) -> None:
        self._desk: Final = desk
        self._shelf: Final = shelf
        self._score: Final = score

    def explain(self, asked: str) -> Explained:
        """Of a call that is stored or goes on, else of a number. Raises NotFound of a call that nobody knows."""
        call = self._call(asked)
        if call is None:
            caller = self._going_on(asked)
            return self._number(asked) if caller is None else self._caller(asked, CALL, caller)
        score, run = self._score(call.caller, self._now_ms()), call.run
        reasons = {each.feature: each for each in reversed([*self._scored(call), *_flagged(call)])}
        return Explained(
            asked,
            CALL,
            max(score.risk, 100 * call.probability, 100.0 if call.flagged_by_rule else 0.0),
            call.method or score.method,
            (*reversed(reasons.values()), *score.explanations),
            self.rules(subject=call.caller) if run is None else self._rules_of(run),
        )

    def rules(self, *, subject: str = "", incident_id: str = "") -> tuple[RuleHeld, ...]:
        """Which rules have told of somebody, or of a run, within a day; the newest first."""
        since_ms = self._now_ms() - DAY_MS
        rows = self._shelf.alerts(subject=subject, incident_id=incident_id, since_ms=since_ms, limit=RULES_MAX)
        return tuple([held(row) for row in rows])

    def _number(self, asked: str) -> Explained:
        key = self._desk.key_of("a", asked)
        if key.startswith(RAW) and not self._desk.value("a", asked, "total_calls", WEEK_S):
            raise NotFound(f"no call {asked!r} is known, nor did anybody call from such a number.")
        return self._caller(key, NUMBER, key)

    def _caller(self, asked: str, kind: str, caller: str) -> Explained:
        """What is thought of a caller, and so of a call of his of which no more is known."""
        score = self._score(caller, self._now_ms())
        return Explained(asked, kind, score.risk, score.method, score.explanations, self.rules(subject=caller))

    def _going_on(self, call_id: str) -> str | None:
        """Who makes a call that goes on, and of which nothing is stored yet."""
        with self._desk.lock:
            call = self._desk.watch.traffic.call(call_id)
        return None if call is None else call.first.a.text

    def _call(self, call_id: str) -> KnownCall | None:
        flagged, record = self._shelf.flagged_call(call_id), self._shelf.record(call_id)
        asked = self._desk.reasons.call(call_id)
        if flagged is None and record is None and asked is None:
            return None
        incident_id = flagged.incident_id if flagged is not None else ""
        incident = self._shelf.incident(incident_id, 1) if incident_id else None
        return KnownCall(flagged, record, asked, None if incident is None else incident.row)

    def _scored(self, call: KnownCall) -> list[Explanation]:
        """What the model said of the call as it began, and why."""
        if not call.version:
            return []
        threshold, probability = self._desk.watch.terms.decisions.probability_threshold, call.probability
        told = (
            f"version {call.version} of the model for {MASKING} gives the call a probability of {figure(probability)}; "
            f"from {figure(threshold)} on it is masked"
        )
        why = () if call.asked is None else self._desk.reasons.of_call(call.asked)
        return [Explanation(PROBABILITY, probability, threshold, probability, told), *why]

    def _rules_of(self, run: IncidentRow) -> tuple[RuleHeld, ...]:
        """An alert names one run, and may be of two about one number."""
        return self.rules(incident_id=run.id) or self.rules(subject=run.b_number)

    def _now_ms(self) -> int:
        return self._desk.clock() // MS


def _flagged(call: KnownCall) -> list[Explanation]:
    """Why it was flagged, in the words of its incident where it belongs to one."""
    if call.run is not None:
        return reasons_of(call.run)
    reason = call.flagged.reason if call.flagged is not None else ""
    return [Explanation(reason, 1, 0, 1, f"the call was refused: {reason}")] if reason else []


def held(row: AlertRow) -> RuleHeld:
    text = f"{row.fraud_type}: {row.subject_kind} {row.subject}"
    return RuleHeld(row.detector, row.fraud_type, row.severity, text, row.id, row.last_ms)
