"""FraudService: cases, everything of one on one page, and what an analyst says of it."""

from collections.abc import Callable
from typing import Final

from ratingd.api.convert import required
from ratingd.api.fraud_alerts import alert_message, incident_message, loss_message
from ratingd.api.fraud_campaigns import campaign_message
from ratingd.api.fraud_inquiries import explanation
from ratingd.api.fraud_lookup import checked_message, entry_message, rule_message
from ratingd.api.fraud_parts import SERVICE, FraudParts, asker
from ratingd.api.method import AnyMethod, Kind, Method, guarded, parse
from ratingd.engine.command import Reply
from ratingd.fraud.case import Case, CaseCall
from ratingd.fraud.cases import Labelled
from ratingd.store.fraud_rows import AuditRow
from ratingd.store.model_rows import LabelRow
from ratingd.v1 import fraud_pb2


class FraudCases:
    def __init__(self, parts: FraudParts) -> None:
        self._parts: Final = parts

    def methods(self) -> list[AnyMethod]:
        methods: dict[str, Callable[[bytes, int | None], Reply]] = {"GetCase": self._case, "LabelCase": self._label}
        return [Method(SERVICE + method, Kind.SLOW, guarded(prepare)) for method, prepare in methods.items()]

    def _case(self, body: bytes, _: int | None) -> Reply:
        request = parse(fraud_pb2.GetCaseRequest(), body)
        found = self._parts.investigation
        case = found.cases.case(required(request.id, "id"), asker(request.who))
        return Reply(0, case_message(case, found.losses.currency).SerializeToString())

    def _label(self, body: bytes, _: int | None) -> Reply:
        request = parse(fraud_pb2.LabelCaseRequest(), body)
        labelled = self._parts.investigation.cases.label(
            required(request.id, "id"), asker(request.who), request.verdict, request.kind, request.comment
        )
        return Reply(0, labelled_message(labelled).SerializeToString())


def case_message(case: Case, currency: str) -> fraud_pb2.Case:
    message = fraud_pb2.Case(
        id=case.id,
        kind=case.kind,
        title=case.title,
        alerts=[alert_message(alert) for alert in case.alerts],
        numbers=[checked_message(checked) for checked in case.numbers],
        explanations=[explanation(each) for each in case.explanations],
        rules=[rule_message(rule) for rule in case.rules],
        calls=[_call(call) for call in case.calls],
        calls_total=case.calls_total,
        lists=[entry_message(entry) for entry in case.lists],
        deeds=[_deed(deed) for deed in case.deeds],
        labels=[_label(label) for label in case.labels],
    )
    if case.incident is not None:
        message.incident.CopyFrom(incident_message(case.incident))
    if case.campaign is not None:
        message.campaign.CopyFrom(campaign_message(case.campaign))
    if case.loss is not None:
        message.expected_loss.CopyFrom(loss_message(case.loss, currency))
    return message


def labelled_message(labelled: Labelled) -> fraud_pb2.CaseLabel:
    return fraud_pb2.CaseLabel(
        subject_kind=labelled.kind, subject=labelled.case, fraud=labelled.fraud, kind=labelled.fraud_type,
        who=labelled.who, time_ms=labelled.at_ms, comment=labelled.comment, labelled=labelled.labelled,
        alerts=labelled.alerts,
    )  # fmt: skip


def _call(call: CaseCall) -> fraud_pb2.CaseCall:
    message = fraud_pb2.CaseCall(
        call_id=call.call_id, a_number=call.a_number, b_number=call.b_number, time_ms=call.at_ms,
        duration_seconds=call.duration_s, disposition=call.disposition, trunk=call.trunk, switch_id=call.switch_id,
        masking_probability=call.probability, risk_score=call.risk, flags=call.flags, result=call.result,
        model_versions=call.versions,
    )  # fmt: skip
    if call.knn >= 0:
        message.knn_proba, message.knn_label = call.knn, call.knn_label
    return message


def _deed(row: AuditRow) -> fraud_pb2.CaseDeed:
    return fraud_pb2.CaseDeed(time_ms=row.at_ms, who=row.who, what=row.what, subject=row.subject, details=row.details)


def _label(row: LabelRow) -> fraud_pb2.CaseLabel:
    return fraud_pb2.CaseLabel(
        subject_kind=row.subject_kind, subject=row.subject, fraud=bool(row.label), kind=row.kind, who=row.who,
        time_ms=row.at_ms, comment=row.details,
    )  # fmt: skip
