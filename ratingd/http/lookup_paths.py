"""Whether a number is safe to talk to, and what people say of it: POST /api/check-number and POST /api/report."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from ratingd.fraud.number_lookup import Checked
from ratingd.fraud.reports import COMMENT_MAX
from ratingd.http.analysis_paths import explanation_shown
from ratingd.http.answer_shape import ExplanationAnswer, answered
from ratingd.http.field_schema import FILLED_PATTERN, TEXT_PATTERN
from ratingd.http.parts import HttpParts
from ratingd.http.refusal import answers
from ratingd.http.reply import asker, reply
from ratingd.ingest.event_fields import TEXT_MAX
from triggers.numbers.number_list import ListEntry

NEVER: Final = "Never"
Category = Literal["wangiri", "irs", "lottery", "kyc", "robocall", "other"]


class CheckBody(BaseModel):
    """A number, as anybody writes it. One that is no number is refused."""

    number: Annotated[str, Field(min_length=1, max_length=TEXT_MAX, pattern=FILLED_PATTERN, strict=True)]


class ReportBody(BaseModel):
    """What somebody says of a number."""

    number: Annotated[str, Field(min_length=1, max_length=TEXT_MAX, pattern=FILLED_PATTERN, strict=True)]
    category: Category
    comment: Annotated[str, Field(max_length=COMMENT_MAX, pattern=TEXT_PATTERN, strict=True)] | None = None


class OnList(BaseModel):
    list: Literal["blacklist", "b_whitelist", "a_whitelist"]
    kind: Literal["number", "prefix", "trunk"]
    value: str
    reason: str
    expiry: float | None


class Part(BaseModel):
    name: Literal["behaviour", "masking", "knn", "campaign", "reports", "whitelist", "blacklist"]
    risk: float = Field(ge=0, le=100)
    text: str


class CheckedAnswer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    status: Literal["SAFE", "SUSPICIOUS", "DANGEROUS"]
    risk_score: int = Field(ge=0, le=100)
    category: str = Field(description="In words: Legitimate, Wangiri …")
    category_confidence: Literal["LOW", "MEDIUM", "HIGH"] | None
    reports: int = Field(ge=0, description="Different reporters within 30 days")
    carrier: str = Field(description="Whom the number range was given to")
    carrier_source: Literal["prefix_owner"] | None
    last_active: str = Field(description="RFC 3339, or Never")
    number: str = Field(description="E.164, a short code, or a pseudonym")
    fraud_type: str | None
    campaign_id: str | None
    anomaly_score: float = Field(ge=0, le=100, description="Of what its own calls are like")
    method: str = Field(description="What gave the anomaly_score: rule_based, or a model")
    explanation: str
    explanations: list[ExplanationAnswer]
    parts: list[Part] = Field(description="What the risk is the greatest of, and the list that decides")
    lists: list[OnList]
    number_type: str
    region: str = Field(description="ISO 3166, or empty")


class ReportedAnswer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    number: str
    counted: bool = Field(description="It is the first of this reporter about this number today")
    reports: int = Field(ge=0, description="Different reporters within 30 days")


def lookup_routes(parts: HttpParts) -> APIRouter:
    router = APIRouter(prefix="/api", tags=["lookup"])

    @router.post("/check-number", responses=answered(CheckedAnswer) | answers(413))
    async def post_check_number(request: Request, asked: CheckBody) -> Response:
        """Whether a number is safe to talk to, and why."""
        return reply(await parts.workers.run(_check, parts, asker(request), asked.number))

    @router.post("/report", responses=answered(ReportedAnswer) | answers(413))
    async def post_report(request: Request, said: ReportBody) -> Response:
        """Say that a number was a nuisance. One counts of each reporter, number and day; 20 an hour are taken."""
        return reply(await parts.workers.run(_report, parts, asker(request), said))

    return router


def _check(parts: HttpParts, who: str, asked: str) -> dict[str, Any]:
    lookup = parts.investigation.lookup
    parts.audit(who, "lookup", lookup.number(asked), "check-number")
    return checked_shown(lookup.check(asked))


def _report(parts: HttpParts, who: str, said: ReportBody) -> dict[str, Any]:
    told = parts.investigation.reports.report(said.number, said.category, said.comment or "", who)
    return {"number": told.number, "counted": told.counted, "reports": told.reports}


def checked_shown(found: Checked) -> dict[str, Any]:
    standing, owner = found.standing, found.subscriber
    return {
        "status": standing.status,
        "risk_score": standing.risk,
        "category": standing.category,
        "category_confidence": standing.confidence or None,
        "reports": found.reports,
        "carrier": owner.carrier,
        "carrier_source": owner.carrier_source or None,
        "last_active": moment_text(found.last_ms) if found.last_ms else NEVER,
        "number": found.number,
        "fraud_type": standing.fraud_type or None,
        "campaign_id": found.campaign_id or None,
        "anomaly_score": found.behaviour.risk,
        "method": found.behaviour.method,
        "explanation": standing.explanation,
        "explanations": [explanation_shown(each) for each in standing.explanations],
        "parts": [{"name": part.name, "risk": part.risk, "text": part.text} for part in standing.parts],
        "lists": [entry_shown(entry) for entry in found.lists],
        "number_type": owner.number_type,
        "region": owner.region,
    }


def moment_text(ms: int) -> str:
    """RFC 3339, to the millisecond."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def entry_shown(entry: ListEntry) -> dict[str, Any]:
    return {
        "list": entry.list,
        "kind": entry.kind,
        "value": entry.value,
        "reason": entry.reason,
        "expiry": entry.expires_ms / 1000 if entry.expires_ms else None,
    }
