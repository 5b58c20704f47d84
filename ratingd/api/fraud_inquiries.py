"""FraudService: what is asked of fraud detection while it runs, and the terms that it judges by."""

from collections.abc import Callable, Mapping
from typing import Final

from ratingd.api.convert import name, required
from ratingd.api.fraud_parts import SERVICE, FraudParts, asker
from ratingd.api.method import AnyMethod, Kind, Method, guarded, parse
from ratingd.engine.command import Reply
from ratingd.errors import InvalidRequest
from ratingd.v1 import fraud_pb2
from triggers.traffic.metric_address import MetricUnknown
from triggers.traffic.metric_names import KINDS
from triggers.watch.analysis import METRICS_S, Analysis
from triggers.watch.explanation import Explanation

CALLED: Final = "b"
COUNTED_MAX: Final = 1_000_000  # callers that may be assumed


class FraudInquiriesApi:
    def __init__(self, parts: FraudParts) -> None:
        self._parts: Final = parts

    def methods(self) -> list[AnyMethod]:
        methods: dict[str, Callable[[bytes, int | None], Reply]] = {
            "Analyze": self._analyze,
            "GetNumberMetrics": self._metrics,
            "ResetNumberMetrics": self._reset,
            "ListProposals": self._proposals,
            "GetDetection": self._get_detection,
            "SetDetection": self._set_detection,
        }
        return [Method(SERVICE + method, Kind.SLOW, guarded(prepare)) for method, prepare in methods.items()]

    def _analyze(self, body: bytes, _: int | None) -> Reply:
        request = parse(fraud_pb2.AnalyzeRequest(), body)
        b_number = required(request.b_number, "b_number")
        _check_assumed(request)
        desk = self._parts.desk
        self._parts.audit(asker(request.who), "lookup", desk.key_of(CALLED, b_number), "analyze")
        found = desk.analyze(
            name(request.call_id, "call_id"),
            name(request.a_number, "a_number"),
            b_number,
            cli=name(request.cli, "cli"),
            p_asserted_identity=name(request.p_asserted_identity, "p_asserted_identity"),
            distinct=request.distinct_a_count if request.HasField("distinct_a_count") else -1,
            call_rate=request.call_rate if request.HasField("call_rate") else -1.0,
            short_call_ratio=request.short_call_ratio if request.HasField("short_call_ratio") else -1.0,
            at_ms=request.time_ms,
        )
        return Reply(0, _analysis(found, desk.key_of(CALLED, b_number)).SerializeToString())

    def _metrics(self, body: bytes, _: int | None) -> Reply:
        request = parse(fraud_pb2.GetNumberMetricsRequest(), body)
        kind, key = request.kind or CALLED, required(request.key, "key")
        window_s, now_ms = request.window_seconds or METRICS_S, self._parts.now_ms
        desk = self._parts.desk
        try:
            values = desk.report(kind, key, window_s, now_ms)
        except MetricUnknown as error:
            raise InvalidRequest("window_seconds" if kind in KINDS else "kind", str(error)) from None
        counted = desk.key_of(kind, key)
        self._parts.audit(asker(request.who), "lookup", counted, f"metrics.{kind}")
        message = fraud_pb2.NumberMetrics(kind=kind, key=counted, window_seconds=window_s, calculated_at_ms=now_ms)
        message.values.update(values)
        return Reply(0, message.SerializeToString())

    def _reset(self, body: bytes, _: int | None) -> Reply:
        request = parse(fraud_pb2.ResetNumberMetricsRequest(), body)
        kind, key = request.kind or CALLED, required(request.key, "key")
        desk = self._parts.desk
        try:
            desk.reset(kind, key)
        except MetricUnknown as error:
            raise InvalidRequest("kind", str(error)) from None
        self._parts.audit(asker(request.who), "metrics.reset", desk.key_of(kind, key), kind)
        return Reply(0, fraud_pb2.ResetNumberMetricsResponse().SerializeToString())

    def _proposals(self, body: bytes, _: int | None) -> Reply:
        parse(fraud_pb2.ListProposalsRequest(), body)
        message = fraud_pb2.ListProposalsResponse()
        for found in self._parts.desk.proposals():
            message.proposals.add(b_number=found.b, distinct_a=found.distinct, asr=found.asr, aloc=found.aloc_s)
        return Reply(0, message.SerializeToString())

    def _get_detection(self, body: bytes, _: int | None) -> Reply:
        parse(fraud_pb2.GetDetectionRequest(), body)
        return self._detection()

    def _set_detection(self, body: bytes, _: int | None) -> Reply:
        """What is left out stays as it is."""
        request = parse(fraud_pb2.DetectionTerms(), body)
        window_ms, threshold = self._parts.desk.detection
        window_s = request.window_seconds or window_ms / 1000
        self._parts.desk.set_terms(window_s, request.threshold or threshold)
        self._parts.audit(
            asker(request.who), "detection.set", "masking", f"{window_s:g} s, {request.threshold or threshold}"
        )
        return self._detection()

    def _detection(self) -> Reply:
        window_ms, threshold = self._parts.desk.detection
        return Reply(
            0, fraud_pb2.DetectionTerms(window_seconds=window_ms / 1000, threshold=threshold).SerializeToString()
        )


def _check_assumed(request: fraud_pb2.AnalyzeRequest) -> None:
    """What if: each of these is a number that could be counted."""
    limits: Mapping[str, float] = {"distinct_a_count": COUNTED_MAX, "call_rate": COUNTED_MAX, "short_call_ratio": 1}
    for field, most in limits.items():
        given = getattr(request, field)
        if not 0 <= given <= most:  # neither is NaN
            raise InvalidRequest(field, f"is {given:g}; 0 to {most:g} can be assumed")


def _analysis(found: Analysis, b_number: str) -> fraud_pb2.Analysis:
    message = fraud_pb2.Analysis(
        call_id=found.call_id,
        is_masking=found.is_masking,
        masking_probability=found.probability,
        risk_level=found.risk_level,
        confidence=found.confidence,
        method=found.method,
        features_used=found.features,
        incident_id=found.incident_id,
        explanations=[explanation(each) for each in found.explanations],
        time_ms=found.at_ms,
        risk_score=found.risk,
        threat_level=found.threat_level,
    )
    message.action = found.action  # type: ignore[assignment]  # the numbers of the actions are those of the wire
    metrics = message.metrics
    metrics.kind, metrics.key, metrics.window_seconds, metrics.calculated_at_ms = (
        CALLED,
        b_number,
        METRICS_S,
        found.at_ms,
    )
    metrics.values.update(found.metrics)
    return message


def explanation(each: Explanation) -> fraud_pb2.Explanation:
    return fraud_pb2.Explanation(
        feature=each.feature,
        value=each.value,
        baseline=each.baseline,
        contribution=each.contribution,
        direction=each.direction,
        text=each.text,
    )
