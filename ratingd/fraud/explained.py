"""Explained: why a call or a number scores what it scores, for whoever asks by gRPC, HTTP or a case.

Call x5 was one of six that rang +4930555000 within five seconds: 100, "6 callers rang +4930555000 within the window",
and the rule masking. Number +37190012345 has 45 by what it did, line by line, and the rule wangiri has told of it an
hour ago.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from ratingd.fraud.desk import FraudDesk
from ratingd.store.fraud_rows import AlertRow, FlaggedCallRow, StoredIncident
from triggers.calls.call_record import CallRecord
from triggers.lookup.caller_score import CallerScore
from triggers.watch.explanation import Explanation

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


class Explaining:
    """Thread-safe. `score` says how suspect a caller is at an instant."""

    def __init__(self, desk: FraudDesk, shelf: Shelf, score: Callable[[str, int], CallerScore]) -> None:
        self._desk: Final = desk
        self._shelf: Final = shelf
        self._score: Final = score

    def explain(self, asked: str) -> Explained:
        """Of a call that is stored, else of a number."""
        flagged, record = self._shelf.flagged_call(asked), self._shelf.record(asked)
        if flagged is None and record is None:
            return self._number(asked)
        caller = flagged.a_number if flagged is not None else record.a if record is not None else ""
        incident_id = flagged.incident_id if flagged is not None else ""
        score = self._score(caller, self._now_ms())
        masked = 100 * record.probability if record is not None else 0.0
        reasons = self._reasons(incident_id, flagged.reason if flagged is not None else "")
        return Explained(
            asked,
            CALL,
            max(score.risk, masked, 100.0 if flagged is not None else 0.0),
            score.method,
            (*score.explanations, *reasons),
            self.rules(incident_id=incident_id) if incident_id else self.rules(subject=caller),
        )

    def rules(self, *, subject: str = "", incident_id: str = "") -> tuple[RuleHeld, ...]:
        """Which rules have told of somebody, or of a run, within a day; the newest first."""
        since_ms = self._now_ms() - DAY_MS
        rows = self._shelf.alerts(subject=subject, incident_id=incident_id, since_ms=since_ms, limit=RULES_MAX)
        return tuple([held(row) for row in rows])

    def _number(self, asked: str) -> Explained:
        key = self._desk.key_of("a", asked)
        score = self._score(key, self._now_ms())
        return Explained(key, NUMBER, score.risk, score.method, score.explanations, self.rules(subject=key))

    def _reasons(self, incident_id: str, reason: str) -> list[Explanation]:
        """Why a call was flagged, in the words of its incident where it belongs to one."""
        incident = self._shelf.incident(incident_id, 1) if incident_id else None
        if incident is None:
            return [Explanation(reason, 1, 0, 1, f"the call was refused: {reason}")] if reason else []
        row = incident.row
        told = f"{row.max_distinct} callers rang {row.b_number} within the window (incident {row.id})"
        return [Explanation("distinct_a", row.max_distinct, 0, 1, told)]

    def _now_ms(self) -> int:
        return self._desk.clock() // MS


def held(row: AlertRow) -> RuleHeld:
    text = f"{row.fraud_type}: {row.subject_kind} {row.subject}"
    return RuleHeld(row.detector, row.fraud_type, row.severity, text, row.id, row.last_ms)
