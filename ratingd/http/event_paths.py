"""POST /event, /api/v1/event and /api/cdr: call events from whoever can post JSON.

The answer comes when the events are on disk, so a producer that was answered need not send them again; one that was not
does, and is answered what it would have been.
"""

from typing import Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from ratingd.http.alerts_of_calls import AlertsOfCalls
from ratingd.http.answer_shape import EventAnswer, RecordAnswer, answered
from ratingd.http.event_intake import Intake, record_taken_in, taken_in
from ratingd.http.event_schema import EVENTS, RECORD, body
from ratingd.http.parts import HttpParts
from ratingd.http.refusal import answers
from ratingd.http.reply import reply
from triggers.calls.verdict import ACTION_NAMES, ALLOW, DISCONNECT, Verdict
from triggers.watch.rule_score import FRAUD_BEYOND

SOURCE: Final = "http"


def event_routes(parts: HttpParts) -> APIRouter:
    router = APIRouter(tags=["events"])
    alerts = AlertsOfCalls()
    parts.book.listen(alerts.alert)

    async def post_event(request: Request) -> Response:
        """Tell what happened to a call, or an array of such events, at most 10,000."""
        content = await request.body()
        return reply(await parts.workers.run(_events, parts, alerts, content))

    for path in ("/api/v1/event", "/event"):
        router.post(
            path,
            responses=answered(EventAnswer) | answers(413),
            openapi_extra=body(EVENTS),
            operation_id=f"post{path.replace('/', '_')}",
        )(post_event)

    @router.post("/api/cdr", responses=answered(RecordAnswer) | answers(413), openapi_extra=body(RECORD))
    async def post_cdr(request: Request) -> Response:
        """Tell of a whole call afterwards: who called whom, when, for how many seconds."""
        content = await request.body()
        return reply(await parts.workers.run(_record, parts, alerts, content))

    return router


def _events(parts: HttpParts, alerts: AlertsOfCalls, content: bytes) -> dict[str, Any]:
    intake = taken_in(content, parts.desk.reader, parts.now_ms)
    verdicts = parts.desk.take_and_wait(intake.events, intake.bodies, SOURCE)
    worst = max(verdicts, key=_badness)
    told = {
        "accepted": len(verdicts),
        "duplicate": any(verdict.duplicate for verdict in verdicts),
        "detected": bool(worst.reasons),
        "alert_id": next(iter(alerts.of(worst.call_id)), None),
        "incident_id": worst.incident_id or None,
        "verdict": verdict_shown(worst),
    }
    return told | ({"verdicts": _noted(verdicts)} if intake.batch else {})


def _record(parts: HttpParts, alerts: AlertsOfCalls, content: bytes) -> dict[str, Any]:
    intake: Intake = record_taken_in(content, parts.desk.reader, parts.now_ms)
    verdict = parts.desk.take_and_wait(intake.events, intake.bodies, SOURCE)[0]
    caller = intake.events[0].a.text
    risk, campaign = parts.risk(caller, parts.now_ms), parts.investigation.campaigns.campaign_of(caller)
    return {
        "success": True,
        "caller_id": caller,
        "risk_score": max(risk, verdict.risk),
        "is_fraud": risk > FRAUD_BEYOND or verdict.action == DISCONNECT,
        "cluster_id": None if campaign is None else campaign["id"],
        "fraud_type": parts.desk.fraud_type(verdict.reasons[0]) if verdict.reasons else None,
        "alerts_generated": 0 if verdict.duplicate else len(alerts.of(verdict.call_id)),
    }


def verdict_shown(verdict: Verdict) -> dict[str, Any]:
    return {
        "call_id": verdict.call_id,
        "action": ACTION_NAMES[verdict.action],
        "reasons": list(verdict.reasons),
        "masking_probability": verdict.probability,
        "risk_score": verdict.risk,
        "incident_id": verdict.incident_id,
        "duplicate": verdict.duplicate,
        "model_version": verdict.version,
    }


def _noted(verdicts: list[Verdict]) -> list[dict[str, Any]]:
    """Of a batch, what its producer has to know."""
    return [
        {"index": index} | verdict_shown(verdict)
        for index, verdict in enumerate(verdicts)
        if verdict.action != ALLOW or verdict.duplicate
    ]


def _badness(verdict: Verdict) -> tuple[bool, bool, float]:
    return verdict.action == DISCONNECT, bool(verdict.reasons), verdict.risk
