"""What is thought of a call or a number: POST /api/v1/analyze, GET /api/explain/{call_id or number}."""

from typing import Annotated, Any, Final

from fastapi import APIRouter
from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema
from starlette.requests import Request
from starlette.responses import Response

from ratingd.errors import InvalidRequest
from ratingd.fraud.explained import RuleHeld
from ratingd.http import field_schema
from ratingd.http.answer_shape import AnalysisAnswer, ExplainAnswer, answered
from ratingd.http.field_schema import TEXT_PATTERN
from ratingd.http.metric_paths import metrics_shown
from ratingd.http.parameter import NUMERIC, NumberPath
from ratingd.http.parts import HttpParts
from ratingd.http.refusal import answers
from ratingd.http.reply import asker, reply
from ratingd.ingest.event_fields import TEXT_MAX, time_of
from triggers.calls.verdict import ACTION_NAMES
from triggers.watch.analysis import METRICS_S
from triggers.watch.explanation import Explanation

CALLERS_MAX: Final = 1_000_000


def _time(value: Any) -> int:
    try:
        return time_of("timestamp", value)
    except InvalidRequest as error:
        raise ValueError(error.description) from None


Text = Annotated[str, Field(max_length=TEXT_MAX, pattern=TEXT_PATTERN, strict=True)]
Time = Annotated[int, BeforeValidator(_time), WithJsonSchema(field_schema.time("When; none: now"))]


class AnalyzeBody(BaseModel):
    """A call that is asked about. It is not counted."""

    call_id: Text
    a_number: Text
    b_number: Annotated[Text, Field(min_length=1)]
    distinct_a_count: Annotated[int, Field(ge=0, le=CALLERS_MAX), NUMERIC] | None = Field(
        default=None, description="What if so many had called? The count that is kept stays as it is"
    )
    cli: Text | None = None
    p_asserted_identity: Text | None = None
    call_rate: Annotated[float, Field(ge=0, le=CALLERS_MAX), NUMERIC] | None = None
    short_call_ratio: Annotated[float, Field(ge=0, le=1), NUMERIC] | None = None
    timestamp: Time = 0


def analysis_routes(parts: HttpParts) -> APIRouter:
    router = APIRouter(tags=["analysis"])

    @router.post("/api/v1/analyze", responses=answered(AnalysisAnswer) | answers(413))
    async def post_analyze(request: Request, call: AnalyzeBody) -> Response:
        """What is thought of a call, without counting it."""
        return reply(await parts.workers.run(_analyze, parts, asker(request), call))

    @router.get("/api/explain/{call_id_or_number}", responses=answered(ExplainAnswer) | answers(404))
    async def get_explain(request: Request, call_id_or_number: NumberPath) -> Response:
        """Why a call or a number is thought what it is: the score, its parts, and which rules have told of it."""
        return reply(await parts.workers.run(_explain, parts, asker(request), call_id_or_number))

    return router


def _analyze(parts: HttpParts, who: str, call: AnalyzeBody) -> dict[str, Any]:
    parts.audit(who, "lookup", parts.desk.key_of("b", call.b_number), "analyze")
    found = parts.desk.analyze(
        call.call_id,
        call.a_number,
        call.b_number,
        cli=call.cli or "",
        p_asserted_identity=call.p_asserted_identity or "",
        distinct=-1 if call.distinct_a_count is None else call.distinct_a_count,
        call_rate=-1.0 if call.call_rate is None else call.call_rate,
        short_call_ratio=-1.0 if call.short_call_ratio is None else call.short_call_ratio,
        at_ms=call.timestamp,
    )
    return {
        "call_id": found.call_id,
        "is_masking": found.is_masking,
        "masking_probability": found.probability,
        "risk_level": found.risk_level,
        "confidence": found.confidence,
        "method": found.method,
        "metrics": metrics_shown("b", parts.desk.key_of("b", call.b_number), METRICS_S, found.at_ms, found.metrics),
        "features_used": found.features,
        "action": ACTION_NAMES[found.action],
        "incident_id": found.incident_id or None,
        "explanations": [explanation_shown(each) for each in found.explanations],
        "timestamp": found.at_ms / 1000,
        "risk_score": found.risk,
        "threat_level": found.threat_level,
    }


def _explain(parts: HttpParts, who: str, asked: str) -> dict[str, Any]:
    found = parts.investigation.explaining.explain(asked)
    parts.audit(who, "lookup", found.subject, "explain")
    return {
        "score": found.score,
        "model": found.model,
        "explanations": [explanation_shown(each) for each in found.explanations],
        "rules": [rule_shown(each) for each in found.rules],
        "subject": found.subject,
        "kind": found.kind,
    }


def rule_shown(held: RuleHeld) -> dict[str, Any]:
    return {
        "id": held.id,
        "fraud_type": held.fraud_type,
        "severity": held.severity,
        "text": held.text,
        "alert_id": held.alert_id,
        "last_seen": held.last_ms / 1000,
    }


def explanation_shown(each: Explanation) -> dict[str, Any]:
    return {
        "feature": each.feature,
        "value": float(each.value),
        "baseline": float(each.baseline),
        "contribution": float(each.contribution),
        "direction": each.direction,
        "text": each.text,
    }
