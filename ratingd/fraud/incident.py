"""Incidents as they are stored, posted and shown: who called whom over what, how many at once, and what was done.

The run against +49301234567 opened at 10:00:04.900, when the fifth caller within five seconds rang. Its row says so,
its document names up to a thousand callers in the order in which they came, the trunks, and why; its calls are rows of
their own. A late call may move the opening of a run and so its id, or show that two were one: the former ids go along.

A run's object goes on changing while the detector sees more of it. What is read here is copied at once, and whatever
came in between is in the next batch, for the event that brought it is there too.
"""

import json
from dataclasses import dataclass
from typing import Any, Final

from ratingd.fraud.alert import explanation_document, worse
from ratingd.fraud.switch_orders import MASKING
from ratingd.store.fraud_rows import REFUSED, FlaggedCallRow, IncidentRow
from triggers.masking.incident import Attempt, MaskingIncident
from triggers.watch.explanation import Explanation, figure

CALLERS_MAX: Final = 1_000
PROBABILITY: Final = "masking_probability"
ALREADY_ENDED: Final = "ALREADY_ENDED"


@dataclass(slots=True)
class Run:
    """What is known of a run besides what the detector says: how bad it is, what is done, what models said of it.

    `version` is of the model that scored it last, `reasons` why the call that opened it has its score.
    """

    severity: str
    response: str
    threshold: int
    explanations: tuple[str, ...] = ()
    version: int = 0
    reasons: tuple[Explanation, ...] = ()

    def judged(self, severity: str, response: str) -> None:
        self.severity = worse(self.severity, severity)
        if self.response != "disconnect":
            self.response = response


def incident_row(incident: MaskingIncident, run: Run, now_ms: int) -> IncidentRow:
    return IncidentRow(
        incident.id, incident.b, run.severity, incident.opened_ms, incident.last_ms, incident.max_distinct, now_ms,
        json.dumps(incident_document(incident, run), separators=(",", ":")), tuple(incident.former_ids),
    )  # fmt: skip


def incident_document(incident: MaskingIncident, run: Run) -> dict[str, Any]:
    """What is shown of a run besides the columns of its row."""
    return {
        "a_numbers": list(incident.callers)[:CALLERS_MAX],
        "trunks": list(incident.trunks),
        "probability_max": incident.probability_max,
        "threshold": run.threshold,
        "explanation": "; ".join(run.explanations) or explained(incident, run.threshold),
        "explanations": [*run.explanations, *[reason.text for reason in run.reasons]],
        "reasons": [explanation_document(reason) for reason in run.reasons],
        "by_score": incident.by_score,
        "model_version": run.version,
        "former_ids": list(incident.former_ids),
        "response": run.response,
        "calls": len(incident.calls),
    }


def stored_run(row: IncidentRow) -> Run:
    """What was known of a run when it was stored. A document of an older version says less."""
    document: dict[str, Any] = json.loads(row.document)
    reasons = tuple(_model_reasons(document))
    texts = document.get("explanations", ())
    return Run(
        row.severity, document.get("response", ""), document.get("threshold", 0),
        explanations=tuple(texts[: len(texts) - len(reasons)]),
        version=document.get("model_version", 0), reasons=reasons,
    )  # fmt: skip


def reasons_of(row: IncidentRow) -> list[Explanation]:
    """Why it is a run, then what the model saw in the call that opened it."""
    document: dict[str, Any] = json.loads(row.document)
    reasons = _model_reasons(document)
    if document.get("by_score", False):
        probability = float(document["probability_max"])
        return [Explanation(PROBABILITY, probability, 0, probability, document["explanation"]), *reasons]
    told = f"{row.max_distinct} callers rang {row.b_number} within the window (incident {row.id})"
    return [Explanation("distinct_a", row.max_distinct, document["threshold"], 0.5, told), *reasons]


def probability_max(row: IncidentRow) -> float:
    """What the call of it that was scored highest has."""
    return float(json.loads(row.document)["probability_max"])


def by_version(row: IncidentRow) -> int:
    """Of the model that flagged its calls; 0: the rule did."""
    document: dict[str, Any] = json.loads(row.document)
    return int(document["model_version"]) if document.get("by_score", False) else 0


def _model_reasons(document: dict[str, Any]) -> list[Explanation]:
    return [Explanation(**each) for each in document.get("reasons", ())]


def explained(incident: MaskingIncident, threshold: int) -> str:
    if incident.by_score:
        score, callers = figure(incident.probability_max), incident.max_distinct
        who = "1 caller" if callers == 1 else f"{callers} callers"
        return (
            f"a model scores calls to {incident.b} up to {score}, with {who} within the window; "
            f"{threshold} are a masking run by the rule"
        )
    return f"{incident.max_distinct} callers within the window called {incident.b}; {threshold} are a masking run"


def shown(row: IncidentRow) -> dict[str, Any]:
    """A run as it is posted: the columns and the document in one. Times are milliseconds, as in the API."""
    document: dict[str, Any] = json.loads(row.document)
    return {
        "id": row.id,
        "b_number": row.b_number,
        "severity": row.severity,
        "opened_ms": row.opened_ms,
        "last_ms": row.last_ms,
        "max_distinct": row.max_distinct,
    } | document


def flagged_row(attempt: Attempt, incident_id: str, b: str, *, ended: bool, refused: bool = False) -> FlaggedCallRow:
    return FlaggedCallRow(
        attempt.call_id, incident_id, attempt.at_ms, attempt.caller, attempt.switch_id, attempt.trunk,
        ALREADY_ENDED if ended else "", REFUSED if refused else MASKING, b,
    )  # fmt: skip
