"""Cases: GET /api/cases/{id}, everything about one thing on one page, and POST /api/cases/{id}/label, what it was.

The id is that of an alert, an incident, a campaign or a call, or a number.
"""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from ratingd.fraud.alert import document
from ratingd.fraud.case import Case, CaseCall
from ratingd.fraud.cases import COMMENT_MAX
from ratingd.http.alert_paths import alert_shown, loss_shown
from ratingd.http.analysis_paths import explanation_shown, rule_shown
from ratingd.http.answer_shape import (
    AlertAnswer,
    ExplanationAnswer,
    IncidentAnswer,
    LossAnswer,
    RuleAnswer,
    answered,
)
from ratingd.http.campaign_paths import CampaignAnswer
from ratingd.http.field_schema import TEXT_PATTERN
from ratingd.http.incident_paths import incident_shown
from ratingd.http.lookup_paths import CheckedAnswer, checked_shown, entry_shown
from ratingd.http.parts import HttpParts
from ratingd.http.refusal import answers
from ratingd.http.reply import asker, reply
from ratingd.store.fraud_rows import AuditRow
from ratingd.store.model_rows import LabelRow

CasePath = Annotated[
    str,
    Path(
        min_length=1, max_length=128, pattern=TEXT_PATTERN,
        description="The id of an alert, an incident, a campaign or a call, or a number",
    ),
]  # fmt: skip


class LabelBody(BaseModel):
    """What it was: `confirm` that it is fraud, or `dismiss` it."""

    verdict: Literal["confirm", "dismiss"]
    kind: Annotated[str, Field(pattern="^([a-z][a-z0-9_]{0,39})?$", strict=True)] = Field(
        default="", description="Of fraud, such as wangiri; empty: what the case says itself"
    )
    comment: Annotated[str, Field(max_length=COMMENT_MAX, pattern=TEXT_PATTERN, strict=True)] = ""


class CaseCallAnswer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    call_id: str
    a_number: str
    b_number: str
    timestamp: float
    duration: float
    disposition: str
    trunk: str
    switch_id: str
    masking_probability: float = Field(ge=0, le=1)
    risk_score: float = Field(ge=0, le=100)
    flags: list[str]
    result: str = Field(description="Of disconnecting it: OK, ALREADY_ENDED, FAILED, or nothing yet")
    knn_proba: float | None = Field(ge=0, le=1, description="How much it is like scams; null: no model scored it")
    knn_label: Literal[0, 1] | None
    model_versions: dict[str, int] = Field(description="Of the models that scored it")


class DeedAnswer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    timestamp: float
    who: str
    what: str
    subject: str
    details: str


class LabelAnswer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    subject_kind: Literal["call", "number"]
    subject: str
    fraud: bool
    kind: str
    who: str
    timestamp: float
    comment: str


class ListedAnswer(BaseModel):
    list: str
    kind: str
    value: str
    reason: str
    expiry: float | None


class CaseAnswer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: str
    kind: Literal["alert", "incident", "campaign", "call", "number"]
    title: str
    fraud_type: str | None
    alerts: list[AlertAnswer]
    incident: IncidentAnswer | None
    campaign: CampaignAnswer | None
    numbers: list[CheckedAnswer] = Field(description="Whom it is about, then who calls, then who is called")
    explanations: list[ExplanationAnswer]
    rules: list[RuleAnswer]
    calls: list[CaseCallAnswer]
    calls_total: int
    lists: list[ListedAnswer]
    deeds: list[DeedAnswer] = Field(description="Who did what, the newest first")
    labels: list[LabelAnswer]
    expected_loss: LossAnswer | None


class LabelledAnswer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: str
    kind: str
    fraud: bool
    fraud_type: str
    labelled: int = Field(description="Calls and numbers that were labelled")
    alerts: list[int] = Field(description="Alerts that were resolved by it")


def case_routes(parts: HttpParts) -> APIRouter:
    router = APIRouter(prefix="/api/cases", tags=["cases"])

    @router.get("/{id}", responses=answered(CaseAnswer) | answers(404))
    async def get_case(request: Request, id: CasePath) -> Response:
        """Everything about an alert, an incident, a campaign, a call or a number."""
        return reply(await parts.workers.run(_case, parts, asker(request), _plus(id)))

    @router.post("/{id}/label", responses=answered(LabelledAnswer) | answers(404, 409, 413))
    async def post_label(request: Request, id: CasePath, said: LabelBody) -> Response:
        """Say whether it was fraud: a label for the next training, and the end of its alerts."""
        return reply(await parts.workers.run(_label, parts, asker(request), _plus(id), said))

    return router


def _case(parts: HttpParts, who: str, id: str) -> dict[str, Any]:
    found = parts.investigation
    return case_shown(found.cases.case(id, who), found.losses.currency, parts.now_ms)


def _label(parts: HttpParts, who: str, id: str, said: LabelBody) -> dict[str, Any]:
    labelled = parts.investigation.cases.label(id, who, said.verdict, said.kind, said.comment)
    return {
        "id": labelled.case,
        "kind": labelled.kind,
        "fraud": labelled.fraud,
        "fraud_type": labelled.fraud_type,
        "labelled": labelled.labelled,
        "alerts": list(labelled.alerts),
    }


def case_shown(case: Case, currency: str, now_ms: int) -> dict[str, Any]:
    return {
        "id": case.id,
        "kind": case.kind,
        "title": case.title,
        "fraud_type": case.fraud_type or None,
        "alerts": [alert_shown({"id": alert.id} | document(alert), now_ms) for alert in case.alerts],
        "incident": None if case.incident is None else incident_shown(case.incident),
        "campaign": case.campaign,
        "numbers": [checked_shown(checked) for checked in case.numbers],
        "explanations": [explanation_shown(each) for each in case.explanations],
        "rules": [rule_shown(rule) for rule in case.rules],
        "calls": [_call(call) for call in case.calls],
        "calls_total": case.calls_total,
        "lists": [entry_shown(entry) for entry in case.lists],
        "deeds": [_deed(deed) for deed in case.deeds],
        "labels": [_told(label) for label in case.labels],
        "expected_loss": None if case.loss is None else loss_shown(case.loss, currency),
    }


def _call(call: CaseCall) -> dict[str, Any]:
    return {
        "call_id": call.call_id,
        "a_number": call.a_number,
        "b_number": call.b_number,
        "timestamp": call.at_ms / 1000,
        "duration": call.duration_s,
        "disposition": call.disposition,
        "trunk": call.trunk,
        "switch_id": call.switch_id,
        "masking_probability": call.probability,
        "risk_score": call.risk,
        "flags": list(call.flags),
        "result": call.result,
        "knn_proba": call.knn if call.knn >= 0 else None,
        "knn_label": call.knn_label if call.knn >= 0 else None,
        "model_versions": dict(call.versions),
    }


def _deed(row: AuditRow) -> dict[str, Any]:
    return {
        "timestamp": row.at_ms / 1000, "who": row.who, "what": row.what, "subject": row.subject, "details": row.details
    }  # fmt: skip


def _told(row: LabelRow) -> dict[str, Any]:
    return {
        "subject_kind": row.subject_kind,
        "subject": row.subject,
        "fraud": bool(row.label),
        "kind": row.kind,
        "who": row.who,
        "timestamp": row.at_ms / 1000,
        "comment": row.details,
    }


def _plus(text: str) -> str:
    """A "+" that was not escaped comes as a blank from some clients."""
    return f"+{text[1:]}" if text.startswith(" ") else text
