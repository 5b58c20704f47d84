"""FraudService: whether a number is safe, what people say of it, and why a call or a number scores what it scores."""

from collections.abc import Callable
from typing import Final

from ratingd.api.convert import name, required
from ratingd.api.fraud_inquiries import explanation
from ratingd.api.fraud_parts import SERVICE, FraudParts, asker
from ratingd.api.method import AnyMethod, Kind, Method, guarded, parse
from ratingd.engine.command import Reply
from ratingd.fraud.explained import RuleHeld
from ratingd.fraud.number_lookup import Checked
from ratingd.v1 import fraud_pb2
from triggers.numbers.number_list import ListEntry


class FraudLookup:
    def __init__(self, parts: FraudParts) -> None:
        self._parts: Final = parts

    def methods(self) -> list[AnyMethod]:
        methods: dict[str, Callable[[bytes, int | None], Reply]] = {
            "CheckNumber": self._check,
            "ReportNumber": self._report,
            "Explain": self._explain,
        }
        return [Method(SERVICE + method, Kind.SLOW, guarded(prepare)) for method, prepare in methods.items()]

    def _check(self, body: bytes, _: int | None) -> Reply:
        request = parse(fraud_pb2.CheckNumberRequest(), body)
        lookup, asked = self._parts.investigation.lookup, required(request.number, "number")
        self._parts.audit(asker(request.who), "lookup", lookup.number(asked), "check-number")
        return Reply(0, checked_message(lookup.check(asked)).SerializeToString())

    def _report(self, body: bytes, _: int | None) -> Reply:
        request = parse(fraud_pb2.ReportNumberRequest(), body)
        told = self._parts.investigation.reports.report(
            required(request.number, "number"), request.category, request.comment, asker(request.reporter)
        )
        message = fraud_pb2.ReportNumberResponse(number=told.number, counted=told.counted, reports=told.reports)
        return Reply(0, message.SerializeToString())

    def _explain(self, body: bytes, _: int | None) -> Reply:
        request = parse(fraud_pb2.ExplainRequest(), body)
        subject = name(required(request.subject, "subject"), "subject")
        found = self._parts.investigation.explaining.explain(subject)
        self._parts.audit(asker(request.who), "lookup", found.subject, "explain")
        message = fraud_pb2.Explained(
            subject=found.subject,
            kind=found.kind,
            score=found.score,
            model=found.model,
            explanations=[explanation(each) for each in found.explanations],
            rules=[rule_message(each) for each in found.rules],
        )
        return Reply(0, message.SerializeToString())


def checked_message(found: Checked) -> fraud_pb2.CheckedNumber:
    standing, owner = found.standing, found.subscriber
    message = fraud_pb2.CheckedNumber(
        number=found.number,
        status=standing.status,
        risk_score=standing.risk,
        category=standing.category,
        category_confidence=standing.confidence,
        reports=found.reports,
        carrier=owner.carrier,
        carrier_source=owner.carrier_source,
        fraud_type=standing.fraud_type,
        campaign_id=found.campaign_id,
        anomaly_score=found.behaviour.risk,
        method=found.behaviour.method,
        explanation=standing.explanation,
        explanations=[explanation(each) for each in standing.explanations],
        lists=[entry_message(entry) for entry in found.lists],
        number_type=owner.number_type,
        region=owner.region,
        parts=[fraud_pb2.RiskPart(name=part.name, risk=part.risk, text=part.text) for part in standing.parts],
    )
    if found.last_ms:
        message.last_active.FromMilliseconds(found.last_ms)
    return message


def rule_message(held: RuleHeld) -> fraud_pb2.RuleHeld:
    message = fraud_pb2.RuleHeld(
        id=held.id, fraud_type=held.fraud_type, severity=held.severity, text=held.text, alert_id=held.alert_id
    )
    message.last_seen.FromMilliseconds(held.last_ms)
    return message


def entry_message(entry: ListEntry) -> fraud_pb2.ListEntry:
    return fraud_pb2.ListEntry(
        list=entry.list, kind=entry.kind, value=entry.value, reason=entry.reason, who=entry.who,
        created_ms=entry.created_ms, expires_ms=entry.expires_ms, threshold=entry.threshold,
        window_seconds=entry.window_ms / 1000,
    )  # fmt: skip
