"""The case book: what an id means, all that belongs to it, and what an analyst says of it.

    book.case("17")                the alert; a number only where no alert has that id
    book.case("4f0c2c6a1d8e9b37")  the incident, also by a former id
    book.case("CMP-2026-12")       the campaign
    book.case("x5")                the call
    book.case("+37190012345")      the number

`confirm` and `dismiss` are labels: each call that carried the case, and the number it is about, is fraud (or is not)
for the next training, and the alerts of the case are resolved. An analyst who changes his mind says it again, and the
later label counts. Whoever resolves an alert and says what it was labels it as well. One call that is dismissed says
nothing of the other calls of its run, so no alert is closed by it.
"""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from ratingd.errors import InvalidRequest
from ratingd.fraud.alert import FALSE_POSITIVE, OPEN, RESOLVED, Alert, read
from ratingd.fraud.alert_book import AlertBook, AlertUnknown
from ratingd.fraud.asked_number import NotANumber
from ratingd.fraud.campaigns import Campaigns, Document
from ratingd.fraud.case import ALERT, CALL, CAMPAIGN, INCIDENT, NUMBER, Case, CaseUnknown, case_call
from ratingd.fraud.case_evidence import CaseEvidence
from ratingd.store.fraud_rows import AuditRow, FraudBatch, StoredIncident
from ratingd.store.model_rows import LabelRow
from ratingd.store.store import Store

CONFIRM: Final = "confirm"
DISMISS: Final = "dismiss"
CASE_VERDICTS: Final = (CONFIRM, DISMISS)
SETTLED: Final = {CONFIRM: RESOLVED, DISMISS: FALSE_POSITIVE}
RESOLUTIONS: Final = {CONFIRM: "true_positive", DISMISS: FALSE_POSITIVE}
ANALYST: Final = "analyst"
ALERT_DIGITS_MAX: Final = 15
COMMENT_MAX: Final = 2_000
KIND: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
ALERTS_MAX: Final = 20
CALLS_MAX: Final = 100
ID_MAX: Final = 256
INCIDENT_ID: Final = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Labelled:
    """What came of a verdict: how many calls and numbers were labelled, and which alerts were closed."""

    case: str
    kind: str
    fraud: bool
    fraud_type: str
    who: str
    at_ms: int
    comment: str
    labelled: int
    alerts: tuple[int, ...]


class CaseBook:
    """Thread-safe. `evidence` finds what belongs to a case."""

    def __init__(
        self,
        store: Store,
        alerts: AlertBook,
        evidence: CaseEvidence,
        campaigns: Callable[[], Campaigns],
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._store: Final = store
        self._shelf: Final = store.fraud
        self._alerts: Final = alerts
        self._evidence: Final = evidence
        self._campaigns: Final = campaigns
        self._clock: Final = clock

    def case(self, asked: str, who: str) -> Case:
        """Everything of what is asked for; the look is written down. Raises CaseUnknown."""
        case = self._found(asked)
        self._shelf.commit(FraudBatch(audits=[AuditRow(self._now_ms(), who, "lookup", case.id, f"case {case.kind}")]))
        self._evidence.complete(case)
        return case

    def label(self, asked: str, who: str, verdict: str, kind: str = "", comment: str = "") -> Labelled:
        """Say what it was. Raises CaseUnknown and InvalidRequest."""
        if verdict not in CASE_VERDICTS:
            raise InvalidRequest("verdict", f"is {verdict!r}; known are {', '.join(CASE_VERDICTS)}")
        if kind and not KIND.fullmatch(kind):
            raise InvalidRequest(
                "kind", f"is {kind!r}; a kind of fraud is small letters, digits and _, such as wangiri"
            )
        if len(comment) > COMMENT_MAX or "\0" in comment:
            raise InvalidRequest("comment", f"has to be at most {COMMENT_MAX} characters, none of them NUL")
        case, now_ms, fraud = self._found(asked), self._now_ms(), verdict == CONFIRM
        fraud_type = (kind or case.fraud_type) if fraud else ""
        rows = self._rows(case, who, verdict, fraud_type, comment)
        details = f"{verdict} {fraud_type}".strip() + f", {len(rows)} labels" + (f": {comment}" if comment else "")
        self._store.labels.add(*rows, audits=(AuditRow(now_ms, who, "case.label", case.id, details),))
        closed = tuple([alert.id for alert in case.alerts if self._close(case, alert, who, verdict, comment)])
        return Labelled(case.id, case.kind, fraud, fraud_type, who, now_ms, comment, len(rows), closed)

    def resolve(self, id: int, who: str, comment: str = "", verdict: str = "") -> Alert:
        """Close one alert, and label what it is about where it is said what that was. Raises as `AlertBook.resolve`."""
        alert = self._alerts.resolve(id, who, comment, verdict)
        if verdict:
            case = self._of_alert(alert)
            said = DISMISS if verdict == FALSE_POSITIVE else CONFIRM
            self._store.labels.add(*self._rows(case, who, said, case.fraud_type, comment))
        return alert

    # -- what an id means

    def _found(self, asked: str) -> Case:
        if not 0 < len(asked) <= ID_MAX or "\0" in asked:
            raise InvalidRequest("id", f"has to be 1 to {ID_MAX} characters, none of them NUL")
        if asked.isdecimal() and len(asked) <= ALERT_DIGITS_MAX:
            try:
                return self._of_alert(self._alerts.alert(int(asked)))
            except AlertUnknown:
                pass
        incident = self._shelf.incident(asked, CALLS_MAX) if INCIDENT_ID.fullmatch(asked) else None
        if incident is not None:
            return self._of_incident(incident)
        campaign = self._campaigns().campaign(asked)
        if campaign is not None:
            return self._of_campaign(campaign)
        return self._of_call(asked) or self._of_number(asked)

    def _of_alert(self, alert: Alert) -> Case:
        case = Case(str(alert.id), ALERT, alert.title, alert.fraud_type, alerts=[alert])
        incident = self._shelf.incident(alert.incident_id, CALLS_MAX) if alert.incident_id else None
        campaign = self._campaigns().campaign(alert.subject) if alert.subject_kind == CAMPAIGN else None
        if incident is not None:
            self._take_incident(case, incident)
        elif campaign is not None:
            self._take_campaign(case, campaign)
        else:
            self._take_calls(case, alert.call_ids)
            if alert.subject_kind == "a_number" and self._evidence.is_number(alert.subject):
                case.subjects.insert(0, (NUMBER, alert.subject))
        return case

    def _of_incident(self, incident: StoredIncident) -> Case:
        id = incident.row.id
        alerts = self._evidence.alerts_of(incident.row, ALERTS_MAX)
        case = Case(id, INCIDENT, f"Masked calls to {incident.row.b_number}", "masking", alerts=alerts)
        self._take_incident(case, incident)
        return case

    def _of_campaign(self, campaign: Document) -> Case:
        id = str(campaign["id"])
        alerts = [read(row) for row in self._shelf.alerts(subject=id, limit=ALERTS_MAX)]
        case = Case(id, CAMPAIGN, str(campaign["name"]), str(campaign["fraud_type"]), alerts=alerts)
        self._take_campaign(case, campaign)
        return case

    def _of_call(self, call_id: str) -> Case | None:
        flagged = self._shelf.flagged_call(call_id)
        incident_id = flagged.incident_id if flagged is not None else ""
        run = self._shelf.incident(incident_id, 1) if incident_id else None
        found = case_call(call_id, flagged, self._shelf.record(call_id), None if run is None else run.row)
        if found is None:
            return None
        alerts = [] if run is None else self._evidence.alerts_of(run.row, ALERTS_MAX)
        fraud_type = next((alert.fraud_type for alert in alerts), found.flags[0] if found.flags else "")
        title = f"Call of {found.a_number} to {found.b_number}"
        case = Case(call_id, CALL, title, fraud_type, alerts=alerts, calls=[found], calls_total=1)
        case.subjects.append((CALL, call_id))
        return case

    def _of_number(self, asked: str) -> Case:
        try:
            text = self._evidence.number(asked)
        except NotANumber:
            raise CaseUnknown(asked) from None
        rows = self._shelf.alerts(subject=text, limit=ALERTS_MAX)
        fraud_type = next((row.fraud_type for row in rows if row.subject_kind == "a_number"), "")
        case = Case(text, NUMBER, f"Number {text}", fraud_type, alerts=[read(row) for row in rows])
        case.subjects.append((NUMBER, text))
        return case

    # -- what a verdict on it is a verdict on

    def _take_incident(self, case: Case, incident: StoredIncident) -> None:
        case.incident = incident.row
        ids = [call.call_id for call in incident.calls]
        records = {each.call_id: each for each in self._shelf.records_of(ids)}
        found = [case_call(call.call_id, call, records.get(call.call_id), incident.row) for call in incident.calls]
        case.calls = [call for call in found if call is not None]
        case.subjects += [(CALL, each.call_id) for each in self._shelf.flagged(incident.row.id)]
        case.calls_total = len(case.subjects)

    def _take_campaign(self, case: Case, campaign: Document) -> None:
        case.campaign = campaign
        case.subjects += [(NUMBER, number) for number in self._campaigns().callers(str(campaign["id"]))]

    def _take_calls(self, case: Case, call_ids: Sequence[str]) -> None:
        records = {each.call_id: each for each in self._shelf.records_of(call_ids)}
        found = [case_call(id, self._shelf.flagged_call(id), records.get(id)) for id in call_ids[:CALLS_MAX]]
        case.calls = [call for call in found if call is not None]
        case.calls_total = len(call_ids)
        case.subjects += [(CALL, call_id) for call_id in call_ids]

    def _rows(self, case: Case, who: str, verdict: str, fraud_type: str, comment: str) -> list[LabelRow]:
        """A label of each that a verdict on the case is a verdict on."""
        label, kind = (1, fraud_type) if verdict == CONFIRM else (0, "")
        told, now_ms = f"{case.kind} {case.id}" + (f": {comment}" if comment else ""), self._now_ms()
        return [LabelRow(of, subject, label, kind, who, now_ms, ANALYST, told) for of, subject in case.subjects]

    def _close(self, case: Case, alert: Alert, who: str, verdict: str, comment: str) -> bool:
        """Resolve an alert of the case as what was said; whether that was still to be done."""
        if case.kind == CALL or alert.status == SETTLED[verdict]:
            return False
        if case.kind == NUMBER and (alert.status not in OPEN or alert.subject_kind != "a_number"):
            return False
        self._alerts.resolve(alert.id, who, comment, RESOLUTIONS[verdict])
        return True

    def _now_ms(self) -> int:
        return self._clock() // 1_000_000
