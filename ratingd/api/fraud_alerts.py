"""FraudService: alerts and incidents, a page at a time, and what somebody says of them."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from google.protobuf.timestamp_pb2 import Timestamp

from ratingd.api.convert import instant_ns, name, required, set_money
from ratingd.api.fraud_parts import MS, SERVICE, FraudParts, asker, page_of
from ratingd.api.listing import place_of, token_of
from ratingd.api.method import AnyMethod, Kind, Method, guarded, parse
from ratingd.engine.command import Reply
from ratingd.errors import InvalidRequest, NotFound
from ratingd.fraud.alert import OPEN, SEVERITIES, Alert, read
from ratingd.fraud.losses import RANKED_MAX
from ratingd.store.fraud_rows import FlaggedCallRow, IncidentRow
from ratingd.v1 import fraud_pb2
from triggers.lookup.expected_loss import ExpectedLoss

STATUSES: Final[Mapping[str, tuple[str, ...]]] = {
    "": (),
    "open": OPEN,
    **{status: (status,) for status in ("new", "acked", "resolved", "false_positive")},
}
ORDERS: Final = ("", "loss")
COMMENT_MAX: Final = 2_000
PAGE_DEFAULT: Final = 100
PAGE_MAX: Final = 1_000
AGES: Final = ((86_400, "d"), (3_600, "h"), (60, "m"))


class IncidentUnknown(NotFound):
    def __init__(self, id: str) -> None:
        super().__init__(f"there is no incident {id!r}, nor has one had that id. `ratingd fraud incidents` lists them.")


class FraudAlerts:
    def __init__(self, parts: FraudParts) -> None:
        self._parts: Final = parts

    def methods(self) -> list[AnyMethod]:
        methods: dict[str, Callable[[bytes, int | None], Reply]] = {
            "ListAlerts": self._list_alerts,
            "GetAlert": self._get_alert,
            "AckAlert": self._ack,
            "ResolveAlert": self._resolve,
            "ListIncidents": self._list_incidents,
            "GetIncident": self._get_incident,
        }
        return [Method(SERVICE + method, Kind.SLOW, guarded(prepare)) for method, prepare in methods.items()]

    def _list_alerts(self, body: bytes, _: int | None) -> Reply:
        request = parse(fraud_pb2.ListAlertsRequest(), body)
        if _one_of(request.order, "order", ORDERS):
            return self._dearest(request)
        size = page_of(request.page_size, PAGE_DEFAULT, PAGE_MAX)
        place = place_of(request.page_token, (int,))
        rows = self._parts.shelf.alerts(
            severity=[_one_of(request.severity, "severity", SEVERITIES)] if request.severity else (),
            status=STATUSES[_one_of(request.status, "status", tuple(STATUSES))],
            since_ms=_since_ms(request.since, "since") if request.HasField("since") else 0,
            after_id=request.after_id,
            before_id=0 if place is None else int(place[0]),
            limit=size + 1,
        )
        message = fraud_pb2.ListAlertsResponse(alerts=[alert_message(read(row)) for row in rows[:size]])
        if len(rows) > size:
            message.next_page_token = token_of(rows[size - 1].id)
        return Reply(0, message.SerializeToString())

    def _dearest(self, request: fraud_pb2.ListAlertsRequest) -> Reply:
        """Those first of which most may be lost."""
        size = page_of(request.page_size, PAGE_DEFAULT, PAGE_MAX)
        rows = self._parts.shelf.alerts(
            severity=[_one_of(request.severity, "severity", SEVERITIES)] if request.severity else (),
            status=STATUSES[_one_of(request.status, "status", tuple(STATUSES))],
            since_ms=_since_ms(request.since, "since") if request.HasField("since") else 0,
            after_id=request.after_id,
            limit=RANKED_MAX,
        )
        losses, message = self._parts.investigation.losses, fraud_pb2.ListAlertsResponse()
        for alert, loss in losses.ranked([read(row) for row in rows])[:size]:
            told = alert_message(alert)
            told.expected_loss.CopyFrom(loss_message(loss, losses.currency))
            message.alerts.append(told)
        return Reply(0, message.SerializeToString())

    def _get_alert(self, body: bytes, _: int | None) -> Reply:
        request = parse(fraud_pb2.GetAlertRequest(), body)
        return _alert_reply(self._parts.alerts.alert(request.id))

    def _ack(self, body: bytes, _: int | None) -> Reply:
        request = parse(fraud_pb2.AckAlertRequest(), body)
        return _alert_reply(self._parts.alerts.ack(request.id, asker(request.who)))

    def _resolve(self, body: bytes, _: int | None) -> Reply:
        request = parse(fraud_pb2.ResolveAlertRequest(), body)
        if len(request.comment) > COMMENT_MAX or "\0" in request.comment:
            raise InvalidRequest("comment", f"has to be at most {COMMENT_MAX} characters, none of them NUL")
        cases = self._parts.investigation.cases
        alert = cases.resolve(request.id, asker(request.who), request.comment, request.verdict)
        return _alert_reply(alert)

    def _list_incidents(self, body: bytes, _: int | None) -> Reply:
        request = parse(fraud_pb2.ListIncidentsRequest(), body)
        size = page_of(request.page_size, PAGE_DEFAULT, PAGE_MAX)
        b_number = name(request.b_number, "b_number")
        rows = self._parts.shelf.incidents(
            b_number=self._parts.desk.key_of("b", b_number) if b_number else "",
            severity=_one_of(request.severity, "severity", SEVERITIES) if request.severity else "",
            since_ms=_since_ms(request.since, "since") if request.HasField("since") else 0,
            before=self._before(request.page_token),
            limit=size + 1,
        )
        message = fraud_pb2.ListIncidentsResponse(incidents=[incident_message(row) for row in rows[:size]])
        if len(rows) > size:
            message.next_page_token = token_of(rows[size - 1].opened_ms, rows[size - 1].id)
        return Reply(0, message.SerializeToString())

    def _get_incident(self, body: bytes, _: int | None) -> Reply:
        request = parse(fraud_pb2.GetIncidentRequest(), body)
        found = self._parts.shelf.incident(required(request.id, "id"))
        if found is None:
            raise IncidentUnknown(request.id)
        self._parts.audit(asker(request.who), "lookup", found.row.b_number, f"incident {found.row.id}")
        message = incident_message(found.row)
        message.calls.extend(_call_message(call) for call in found.calls)
        return Reply(0, message.SerializeToString())

    def _before(self, token: str) -> IncidentRow | None:
        """The last of the page before."""
        place = place_of(token, (int, str))
        return None if place is None else IncidentRow(str(place[1]), "", "", int(place[0]), 0, 0, 0, "")


def alert_message(alert: Alert) -> fraud_pb2.Alert:
    message = fraud_pb2.Alert(
        id=alert.id,
        uuid=alert.uuid,
        severity=alert.severity,
        title=alert.title,
        description=alert.description,
        detector=alert.detector,
        fraud_type=alert.fraud_type,
        subject_kind=alert.subject_kind,
        subject=alert.subject,
        caller_id=alert.caller_id,
        cluster_id=alert.cluster_id,
        incident_id=alert.incident_id,
        call_ids=alert.call_ids,
        value=alert.value,
        threshold=alert.threshold,
        explanations=[_explanation(each) for each in alert.explanations],
        status=alert.status,
        count=alert.count,
        acked_by=alert.acked_by,
        resolved_by=alert.resolved_by,
        comment=alert.comment,
        action_results=alert.action_results,
        report_only=alert.report_only,
        tenant=alert.tenant,
        account=alert.account,
    )
    times = (
        (message.created_at, alert.created_ms),
        (message.first_seen, alert.first_ms),
        (message.last_seen, alert.last_ms),
        (message.acked_at, alert.acked_ms),
        (message.resolved_at, alert.resolved_ms),
    )
    for written, at_ms in times:
        if at_ms:
            written.FromMilliseconds(at_ms)
    return message


def loss_message(loss: ExpectedLoss, currency: str) -> fraud_pb2.ExpectedLoss:
    message = fraud_pb2.ExpectedLoss(probability=loss.probability, accounts=loss.accounts, basis=loss.basis)
    set_money(message.loss, loss.loss_nano, currency)
    set_money(message.price_per_minute, loss.price_nano, currency)
    set_money(message.balance, loss.money_nano, currency)
    message.minutes.FromNanoseconds(loss.talk_ns)
    return message


def incident_message(row: IncidentRow) -> fraud_pb2.Incident:
    """A run without its calls."""
    document: dict[str, Any] = json.loads(row.document)
    return fraud_pb2.Incident(
        id=row.id,
        b_number=row.b_number,
        severity=row.severity,
        opened_ms=row.opened_ms,
        last_ms=row.last_ms,
        max_distinct=row.max_distinct,
        a_numbers=document["a_numbers"],
        trunks=document["trunks"],
        probability_max=document["probability_max"],
        by_score=document.get("by_score", False),
        model_version=document.get("model_version", 0),
        explanation=document["explanation"],
        former_ids=document["former_ids"],
        response=document["response"],
        call_count=document["calls"],
    )


def _alert_reply(alert: Alert) -> Reply:
    return Reply(0, alert_message(alert).SerializeToString())


def _call_message(call: FlaggedCallRow) -> fraud_pb2.FlaggedCall:
    return fraud_pb2.FlaggedCall(
        call_id=call.call_id, a_number=call.a_number, time_ms=call.at_ms, switch_id=call.switch_id, trunk=call.trunk,
        result=call.result,
    )  # fmt: skip


def _explanation(each: Mapping[str, Any]) -> fraud_pb2.Explanation:
    return fraud_pb2.Explanation(**each)


def _one_of(text: str, field: str, known: tuple[str, ...]) -> str:
    if text not in known:
        raise InvalidRequest(field, f"is {text!r}; known are {', '.join(each for each in known if each)}")
    return text


def _since_ms(instant: Timestamp, field: str) -> int:
    return instant_ns(instant, field) // MS
