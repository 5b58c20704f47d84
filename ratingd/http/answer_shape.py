"""Answers as the OpenAPI page tells of them. What is sent is made where it is known, and the tests hold it to these."""

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

Severity = Literal["LOW", "MEDIUM", "HIGH", "CRITICAL"]
OPEN_ANSWER: Final = ConfigDict(extra="allow")


class Online(BaseModel):
    message: str
    version: str


class Checks(BaseModel):
    """ok, down, rebuilding, off where there is none, or unknown where the store keeps whoever asks waiting."""

    db: str
    kafka: str
    model: str
    scheduler: str
    detection: str
    transport: str


class Health(BaseModel):
    status: Literal["ok", "degraded", "down"]
    checks: Checks
    uptime_s: float


class VerdictAnswer(BaseModel):
    """What a switch is told of a call."""

    index: int | None = Field(default=None, description="In an answer to a batch: which event, from 0")
    call_id: str
    action: Literal["ALLOW", "DISCONNECT", "CHALLENGE"]
    reasons: list[str] = Field(description="masking, blacklist, blocked, or ids of rules")
    masking_probability: float = Field(ge=0, le=1)
    risk_score: float = Field(ge=0, le=100)
    incident_id: str
    duplicate: bool
    model_version: int = Field(ge=0, description="Of the model that gave the probability; 0: it is of the rules")


class EventAnswer(BaseModel):
    """Of one event, or of a batch: the worst verdict of all, and in `verdicts` each that is not ALLOW or a repeat."""

    accepted: int = Field(description="Events that are stored and need not be sent again, repeats included")
    duplicate: bool = Field(
        description="It (of a batch: one of them) was known already, and is answered as it was then"
    )
    detected: bool
    alert_id: int | None
    incident_id: str | None
    verdict: VerdictAnswer
    verdicts: list[VerdictAnswer] | None = None


class RecordAnswer(BaseModel):
    success: bool
    caller_id: str
    risk_score: float = Field(ge=0, le=100)
    is_fraud: bool
    cluster_id: str | None
    fraud_type: str | None
    alerts_generated: int


class ExplanationAnswer(BaseModel):
    feature: str
    value: float
    baseline: float
    contribution: float
    direction: str
    text: str


class MetricsAnswer(BaseModel):
    """Traffic of a number or trunk, with every metric of its kind beside these."""

    model_config = OPEN_ANSWER

    asr: float = Field(description="Answered of 100 calls")
    aloc: float = Field(description="Average seconds of an answered call that is over")
    total_attempts: float
    answered_calls: float
    window_seconds: int
    calculated_at: float = Field(description="Seconds since the epoch")


class CalledMetrics(MetricsAnswer):
    b_number: str
    overlap_ratio: float
    concurrent_callers: float


class AnalysisAnswer(BaseModel):
    call_id: str
    is_masking: bool
    masking_probability: float = Field(ge=0, le=1)
    risk_level: Literal["CRITICAL", "HIGH", "MEDIUM", "LOW", "MINIMAL"]
    confidence: Literal["HIGH", "MEDIUM", "LOW"]
    method: str
    metrics: CalledMetrics
    features_used: dict[str, float]
    action: Literal["ALLOW", "DISCONNECT", "CHALLENGE"]
    incident_id: str | None
    explanations: list[ExplanationAnswer]
    timestamp: float
    risk_score: float = Field(description="Of the caller, 0 to 100")
    threat_level: Literal["CRITICAL", "HIGH", "MEDIUM", "LOW"]


class CallerMetrics(MetricsAnswer):
    a_number: str


class TrunkMetrics(MetricsAnswer):
    trunk: str


class ResetAnswer(BaseModel):
    status: Literal["reset"]
    b_number: str


class StatsAnswer(BaseModel):
    """Sums are those since the daemon started."""

    total_calls: float
    blocked_threats: float = Field(description="Calls refused or disconnected")
    active_campaigns_count: int
    total_fraud_detected: float = Field(description="Calls flagged")
    threat_index: float = Field(ge=0, le=10)
    victims_saved: float = Field(description="Different numbers called by what was refused or disconnected")
    network_load: float = Field(description="Calls that are being followed")
    calls_per_second: float


class SubjectAnswer(BaseModel):
    kind: str
    value: str


class LossAnswer(BaseModel):
    """What may still be lost if an alert is right: probability, price and what remains of the balance together."""

    loss: float = Field(ge=0)
    currency: str
    probability: float = Field(ge=0, le=1)
    price_per_minute: float = Field(description="Of the dearest number that was called")
    balance: float = Field(description="Money that remains to the accounts")
    minutes: float = Field(description="Of packages, that pay for these numbers")
    accounts: int
    basis: str = Field(description="What was assumed, in words")


class AlertAnswer(BaseModel):
    model_config = OPEN_ANSWER

    id: int
    uuid: str
    severity: Severity
    title: str
    description: str
    detector: str
    fraud_type: str
    subject: SubjectAnswer
    caller_id: str
    cluster_id: str | None
    incident_id: str
    call_ids: list[str]
    value: float
    threshold: float
    explanations: list[Any]
    status: Literal["Open", "Investigating", "Resolved"]
    state: Literal["new", "acked", "resolved", "false_positive"]
    count: int
    created_at: float
    time: str = Field(description="How long ago it was last seen, such as 5m ago")
    first_seen: float
    last_seen: float
    acked_by: str
    acked_at: float | None
    resolved_at: float | None
    action_results: list[str]
    expected_loss: LossAnswer | None = Field(default=None, description="Where alerts were asked for by it")


class FlaggedCallAnswer(BaseModel):
    call_id: str
    a_number: str
    timestamp: float
    switch_id: str
    trunk: str
    result: str = Field(description="Of disconnecting it: OK, ALREADY_ENDED, FAILED, or nothing yet")


class IncidentAnswer(BaseModel):
    model_config = OPEN_ANSWER

    id: str
    b_number: str
    severity: Severity
    opened_at: float
    last_at: float
    max_distinct: int


class IncidentEvidence(IncidentAnswer):
    a_numbers: list[str]
    trunks: list[str]
    explanation: str
    flagged_calls: list[FlaggedCallAnswer]


class RuleAnswer(BaseModel):
    """A rule, or detector, that has told of the subject."""

    id: str
    fraud_type: str
    severity: Severity
    text: str
    alert_id: int
    last_seen: float


class ExplainAnswer(BaseModel):
    score: float = Field(ge=0, le=100)
    model: str
    explanations: list[ExplanationAnswer]
    rules: list[RuleAnswer]
    subject: str
    kind: Literal["call", "number"]


class EntryAnswer(BaseModel):
    list: Literal["blacklist", "b_whitelist", "a_whitelist"]
    kind: Literal["number", "prefix", "trunk"]
    value: str
    reason: str
    who: str
    created_at: float
    expiry: float | None
    threshold: int | None
    window_seconds: float | None


class RemovedAnswer(BaseModel):
    status: Literal["removed"]
    kind: str
    value: str


class DeadLetter(BaseModel):
    id: str
    kind: str
    target: str
    tenant: str
    account: str
    created_at: float
    attempts: int
    last_error: str


class ReplayAnswer(BaseModel):
    status: Literal["waiting"]
    id: str


def answered(model: Any, **followed_by: str) -> dict[int | str, dict[str, Any]]:
    """The 200 of an operation. `followed_by` names operations that take the id of what is listed first."""
    links = {
        name: {"operationId": name, "parameters": {parameter: "$response.body#/0/id"}}
        for name, parameter in followed_by.items()
    }
    return {200: {"model": model, "description": "Done"} | ({"links": links} if links else {})}
