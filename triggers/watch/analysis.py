"""Analyses: what is thought of a call that is only asked about, and of a caller.

An operator asks of a call from +4930111 to +4930222 what would happen if it were the sixth caller: is_masking, 0.8,
HIGH, because of six callers within the window and nine of ten calls that overlap. Nothing is counted; the next call to
+4930222 finds what it would have found. Where a model is active it says what it would say of that call.
"""

from typing import Final

from triggers.calls.call_event import CallEvent
from triggers.calls.verdict import ALLOW, DISCONNECT
from triggers.scores.masking_features import MASKING as MASKING_SCHEMA
from triggers.scores.scored import Scored
from triggers.traffic.traffic import Traffic
from triggers.watch.explanation import Explanation
from triggers.watch.fraud_watch import FraudWatch
from triggers.watch.live_scores import MASKING_MODEL
from triggers.watch.rule_score import METHOD, RuleScore, caller_risk, confidence, masking_score, risk_level

METRICS_S: Final = 300
HIGH_VOLUME: Final = 10
WEEK_S: Final = 604_800
_DISTINCT: Final = MASKING_SCHEMA.place("distinct_a_count")
_RATE: Final = MASKING_SCHEMA.place("call_rate")
_SHORT: Final = MASKING_SCHEMA.place("short_call_ratio")


class WhatIf:
    """What is assumed instead of what is; negative: as it is."""

    __slots__ = ("call_rate", "distinct", "short_call_ratio")

    def __init__(self, distinct: int = -1, call_rate: float = -1.0, short_call_ratio: float = -1.0) -> None:
        self.distinct: Final = distinct
        self.call_rate: Final = call_rate
        self.short_call_ratio: Final = short_call_ratio


class Analysis:
    """`action` is what a switch would be told, `metrics` those of the called number over 300 s. `row` is what a model
    was asked; whoever has its reasons puts them in the place of the rules'."""

    __slots__ = (
        "action", "at_ms", "call_id", "confidence", "explanations", "features", "incident_id", "is_masking", "method",
        "metrics", "probability", "risk", "risk_level", "row", "threat_level",
    )  # fmt: skip

    def __init__(
        self,
        call_id: str,
        at_ms: int,
        score: RuleScore,
        *,
        is_masking: bool,
        action: int,
        incident_id: str,
        threat_level: str,
        features: dict[str, float],
        metrics: dict[str, float],
        risk: float,
        scored: Scored | None = None,
        row: list[float] | None = None,
        method: str = METHOD,
    ) -> None:
        probability = score.probability if scored is None else scored.probability
        self.call_id: Final = call_id
        self.at_ms: Final = at_ms
        self.is_masking: Final = is_masking
        self.probability: Final = probability
        self.risk_level: Final = risk_level(probability)
        self.confidence: Final = confidence(probability)
        self.method: Final = method
        self.explanations: tuple[Explanation, ...] = score.explanations
        self.row: Final = row
        self.action: Final = action
        self.incident_id: Final = incident_id
        self.threat_level: Final = threat_level
        self.features: Final = features
        self.metrics: Final = metrics
        self.risk: Final = risk  # of the caller, 0 to 100


def analyze(watch: FraudWatch, call: CallEvent, what_if: WhatIf) -> Analysis:
    b, at_ms = call.b.text, call.at_ms
    terms = watch.masking.terms
    metrics = watch.traffic.report("b", b, METRICS_S, at_ms)
    distinct = watch.masking.distinct(b, at_ms) if what_if.distinct < 0 else what_if.distinct
    attempts = watch.traffic.value("b", b, "call_rate", METRICS_S, at_ms) * terms.window_ms / 1000
    call_rate = attempts * 1000 / terms.window_ms if what_if.call_rate < 0 else what_if.call_rate
    short = metrics["short_call_ratio"] if what_if.short_call_ratio < 0 else what_if.short_call_ratio
    features = {
        "asr": metrics["asr"],
        "aloc": metrics["aloc"],
        "overlap_ratio": metrics["overlap_ratio"],
        "cli_mismatch": float(call.details.cli_mismatch),
        "distinct_a_count": float(distinct),
        "call_rate": call_rate,
        "short_call_ratio": short,
        "high_volume_flag": float(attempts >= HIGH_VOLUME),
    }
    threshold = watch.masking.threshold_of(call.b, watch.lists, at_ms)
    score = masking_score(
        distinct=distinct,
        threshold=threshold or terms.threshold,
        overlap=metrics["overlap_ratio"],
        cli_mismatch=call.details.cli_mismatch,
        call_rate=call_rate,
        asr=metrics["asr"],
    )
    row, scored, method = None, None, METHOD
    if not call.a.emergency and not call.b.emergency:
        row = watch.row(call, at_ms, distinct)
    if row is not None:
        _assume(row, what_if, distinct)
        scored = watch.models.scores(MASKING_MODEL, [row])[0]
    if row is not None and scored is not None:
        method = watch.models.method(MASKING_MODEL)
        features = dict(zip(MASKING_SCHEMA.names, row, strict=True))
    spared = threshold == 0 or call.a.emergency or call.b.emergency
    hot = not spared and distinct >= threshold
    decision = watch.decision(scored, hot=hot)
    cut = not spared and decision.cuts
    probability = score.probability if scored is None else scored.probability
    refused = bool(watch.refusal(call))
    return Analysis(
        call.call_id, at_ms, score,
        is_masking=hot or (not spared and probability >= watch.terms.decisions.probability_threshold),
        action=DISCONNECT if cut or refused else ALLOW,
        incident_id=watch.masking.incident_of(b, at_ms),
        threat_level=watch.masking.threat_level(b, at_ms),
        features=features,
        metrics=metrics,
        risk=watch.known_risk(call.a.text) or risk_of_caller(watch.traffic, call.a.text, at_ms).risk,
        scored=scored,
        row=None if scored is None else row,
        method=method,
    )  # fmt: skip


def _assume(row: list[float], what_if: WhatIf, distinct: int) -> None:
    """Put what is assumed in the place of what is."""
    row[_DISTINCT] = float(distinct)
    if what_if.call_rate >= 0:
        row[_RATE] = what_if.call_rate
    if what_if.short_call_ratio >= 0:
        row[_SHORT] = what_if.short_call_ratio


def risk_of_caller(traffic: Traffic, a: str, at_ms: int) -> RuleScore:
    """By what a caller did within seven days."""
    return caller_risk(
        avg_call_duration=traffic.value("a", a, "avg_call_duration", WEEK_S, at_ms),
        total_calls=traffic.value("a", a, "total_calls", WEEK_S, at_ms),
        night_call_ratio=traffic.value("a", a, "night_call_ratio", WEEK_S, at_ms),
        origin_regions=traffic.value("a", a, "unique_origin_regions", WEEK_S, at_ms),
        target_regions=traffic.value("a", a, "unique_target_regions", WEEK_S, at_ms),
        number_age_s=traffic.value("a", a, "number_age", WEEK_S, at_ms),
        intl_ratio=traffic.value("a", a, "intl_ratio", WEEK_S, at_ms),
        non_contact_ratio=traffic.value("a", a, "non_contact_ratio", WEEK_S, at_ms),
    )
