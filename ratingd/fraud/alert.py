"""Alerts: what an operator is told, once, of something that may go on for an hour.

Trunk t-7 carries spoofed callers. At 10:00:00 the rule holds and alert 17 is new; until 10:04 it holds six more times,
and alert 17 says 7 times, last seen 10:04. Somebody acknowledges it, and resolves it as what it was. When the same
comes again an hour later it is another alert.

`document` is what is stored, posted and shown of it, in the field's words; its id is a column beside it.
"""

import json
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID, uuid5

from ratingd.store.fraud_rows import AlertRow
from triggers.watch.explanation import Explanation

LOW: Final = "LOW"
MEDIUM: Final = "MEDIUM"
HIGH: Final = "HIGH"
CRITICAL: Final = "CRITICAL"
SEVERITIES: Final = (LOW, MEDIUM, HIGH, CRITICAL)

NEW: Final = "new"
ACKED: Final = "acked"
RESOLVED: Final = "resolved"
FALSE_POSITIVE: Final = "false_positive"
OPEN: Final = (NEW, ACKED)
PROGRESS: Final = {NEW: 0, ACKED: 1, RESOLVED: 2, FALSE_POSITIVE: 2}

CALLS_MAX: Final = 100
RESULTS_MAX: Final = 50
SPACE: Final = UUID("6f1d5bb2-2f7e-5c39-9d0a-6d0f3c1b7a11")  # of the names that ids of alerts and posts are made of


def worse(one: str, other: str) -> str:
    """The higher of two severities."""
    return max(one, other, key=SEVERITIES.index)


@dataclass(slots=True)
class Alert:
    """`id` is 0 until it is stored. Times are milliseconds; `subject` is in the words of its kind: a_number, trunk …"""

    severity: str
    title: str
    description: str
    detector: str
    fraud_type: str
    subject_kind: str
    subject: str
    created_ms: int
    first_ms: int
    last_ms: int
    id: int = 0
    uuid: str = ""
    caller_id: str = ""
    cluster_id: str = ""  # the campaign that its caller takes part in, where one is known
    incident_id: str = ""
    call_ids: list[str] = field(default_factory=list)
    value: float = 0.0
    threshold: float = 0.0
    explanations: list[dict[str, Any]] = field(default_factory=list)
    status: str = NEW
    count: int = 1
    acked_by: str = ""
    acked_ms: int = 0
    resolved_by: str = ""
    resolved_ms: int = 0
    comment: str = ""
    action_results: list[str] = field(default_factory=list)
    report_only: bool = False
    tenant: str = ""
    account: str = ""
    trigger: str = ""  # "group/unique id" of the account's monitor that told it
    fired: bool = False  # and it has fired: nothing more comes of it until it is armed again

    def __post_init__(self) -> None:
        if not self.uuid:
            self.uuid = str(uuid5(SPACE, f"{self.dedup_key}|{self.first_ms}"))

    @property
    def dedup_key(self) -> str:
        """What makes two of them one: who found what about whom. Not in which campaign: that is found out later, and
        the alert is the same."""
        return "|".join((self.detector, f"{self.subject_kind}:{self.subject}", self.fraud_type, ""))

    def repeat(self, at_ms: int, severity: str, value: float, call_ids: list[str]) -> None:
        """It was seen again."""
        self.count += 1
        self.last_ms = max(self.last_ms, at_ms)
        self.severity = worse(self.severity, severity)
        self.value = max(self.value, value)
        self.add_calls(call_ids)

    def heed(self, stored: "Alert") -> None:
        """It stands so in the store: take over what people at another daemon have said of it since, and how often it
        was seen there."""
        if PROGRESS[stored.status] > PROGRESS[self.status]:
            self.status, self.comment = stored.status, stored.comment
            self.acked_by, self.acked_ms = stored.acked_by, stored.acked_ms
            self.resolved_by, self.resolved_ms = stored.resolved_by, stored.resolved_ms
        self.count = max(self.count, stored.count)
        self.last_ms = max(self.last_ms, stored.last_ms)

    def add_calls(self, call_ids: list[str]) -> None:
        for call_id in call_ids:
            if len(self.call_ids) >= CALLS_MAX:
                return
            if call_id not in self.call_ids:
                self.call_ids.append(call_id)

    def add_result(self, result: str) -> bool:
        """Note what became of an action; whether it was not noted before."""
        if result in self.action_results or len(self.action_results) >= RESULTS_MAX:
            return False
        self.action_results.append(result)
        return True


def explanation_document(each: Explanation) -> dict[str, Any]:
    """One line of why, as it is shown."""
    return {
        "feature": each.feature,
        "value": each.value,
        "baseline": each.baseline,
        "contribution": each.contribution,
        "direction": each.direction,
        "text": each.text,
    }


def row(alert: Alert) -> AlertRow:
    return AlertRow(
        alert.id, alert.uuid, alert.severity, alert.status, alert.detector, alert.fraud_type, alert.subject_kind,
        alert.subject, alert.incident_id, alert.dedup_key, alert.created_ms, alert.last_ms,
        json.dumps(document(alert), separators=(",", ":")),
    )  # fmt: skip


def document(alert: Alert) -> dict[str, Any]:
    """What is shown of an alert, but for its id and how long ago it was. Times are seconds since the epoch."""
    return {
        "uuid": alert.uuid,
        "severity": alert.severity,
        "title": alert.title,
        "description": alert.description,
        "detector": alert.detector,
        "fraud_type": alert.fraud_type,
        "subject": {"kind": alert.subject_kind, "value": alert.subject},
        "caller_id": alert.caller_id,
        "cluster_id": alert.cluster_id or None,
        "incident_id": alert.incident_id,
        "call_ids": list(alert.call_ids),
        "value": alert.value,
        "threshold": alert.threshold,
        "explanations": list(alert.explanations),
        "status": alert.status,
        "count": alert.count,
        "created_at": alert.created_ms / 1000,
        "first_seen": alert.first_ms / 1000,
        "last_seen": alert.last_ms / 1000,
        "acked_by": alert.acked_by,
        "acked_at": _instant(alert.acked_ms),
        "resolved_by": alert.resolved_by,
        "resolved_at": _instant(alert.resolved_ms),
        "comment": alert.comment,
        "action_results": list(alert.action_results),
        "report_only": alert.report_only,
        "tenant": alert.tenant,
        "account": alert.account,
        "trigger": alert.trigger,
        "fired": alert.fired,
    }


def read(stored: AlertRow) -> Alert:
    """The alert of a row."""
    shown: dict[str, Any] = json.loads(stored.document)
    return Alert(
        severity=stored.severity,
        title=shown["title"],
        description=shown["description"],
        detector=stored.detector,
        fraud_type=stored.fraud_type,
        subject_kind=stored.subject_kind,
        subject=stored.subject,
        created_ms=stored.created_ms,
        first_ms=_ms(shown["first_seen"]),
        last_ms=stored.last_ms,
        id=stored.id,
        uuid=stored.uuid,
        caller_id=shown["caller_id"],
        cluster_id=shown.get("cluster_id") or "",
        incident_id=stored.incident_id,
        call_ids=list(shown["call_ids"]),
        value=shown["value"],
        threshold=shown["threshold"],
        explanations=list(shown["explanations"]),
        status=stored.status,
        count=shown["count"],
        acked_by=shown["acked_by"],
        acked_ms=_ms(shown["acked_at"]),
        resolved_by=shown["resolved_by"],
        resolved_ms=_ms(shown["resolved_at"]),
        comment=shown["comment"],
        action_results=list(shown["action_results"]),
        report_only=shown["report_only"],
        tenant=shown["tenant"],
        account=shown["account"],
        trigger=shown["trigger"],
        fired=shown["fired"],
    )


def _instant(ms: int) -> float | None:
    return ms / 1000 if ms else None


def _ms(seconds: float | None) -> int:
    return round(seconds * 1000) if seconds else 0
