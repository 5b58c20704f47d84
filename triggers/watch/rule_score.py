"""Rule scores: how suspect a call or a caller is, where no model is loaded.

A masking run, as a probability of 0 to 1:

    +0.5   as many callers within the window as the threshold, or more
    +0.3   more than 0.8 of the calls to the number overlap another caller's (+0.15 from more than 0.5 on)
    +0.2   the number presented is not the one asserted, and 3 callers or more
    +0.1   more than 2 calls a second
    +0.1   fewer than 20 of 100 calls are answered, and 4 callers or more

Six callers in five seconds, 0.9 of their calls overlapping, are 0.5 + 0.3 = 0.8: HIGH.

A caller, as a risk of 0 to 100: 30 where calls last under 3 s on average, 25 for more than 100 calls, 20 where more
than 0.4 of them are at night, 15 for callers in more than 3 regions, 10 for more than 5 regions called. Beyond 50 it is
fraud. Who has made no call has no risk.
"""

from typing import Final

from triggers.watch.explanation import Explanation, figure, strongest

METHOD: Final = "rule_based"
CALLERS: Final = "distinct_a"
DANGEROUS: Final = "DANGEROUS"
SUSPICIOUS: Final = "SUSPICIOUS"
SAFE: Final = "SAFE"
FRAUD_BEYOND: Final = 50.0

_NEW_S: Final = 86_400
_MOSTLY: Final = 0.5


class RuleScore:
    """`probability` is 0 to 1 and `risk` the same of 100. The strongest explanation comes first."""

    __slots__ = ("confidence", "explanations", "method", "probability", "risk", "risk_level")

    def __init__(self, probability: float, explanations: tuple[Explanation, ...]) -> None:
        self.probability: Final = probability
        self.risk: Final = round(100 * probability, 9)
        self.risk_level: Final = risk_level(probability)
        self.confidence: Final = confidence(probability)
        self.method: Final = METHOD
        self.explanations: Final = explanations

    @property
    def fraud(self) -> bool:
        """Of a caller: whether the risk is that of fraud."""
        return self.risk > FRAUD_BEYOND


def masking_score(
    *, distinct: int, threshold: int, overlap: float, cli_mismatch: bool, call_rate: float, asr: float
) -> RuleScore:
    """How likely a call is part of a masking run. `asr` is 0 to 100, `call_rate` calls a second."""
    found = list[Explanation]()
    if distinct >= threshold:
        text = f"{distinct} callers within the window; {threshold} or more are a masking run"
        found.append(Explanation(CALLERS, distinct, threshold, 0.5, text))
    if overlap > 0.5:
        text = f"{_percent(overlap)} of the calls to the number overlap a call of somebody else"
        found.append(Explanation("overlap_ratio", overlap, 0.5, 0.3 if overlap > 0.8 else 0.15, text))
    if cli_mismatch and distinct >= 3:
        text = f"the number presented is not the one the network asserts, and {distinct} callers within the window"
        found.append(Explanation("cli_mismatch", 1, 0, 0.2, text))
    if call_rate > 2:
        text = f"{figure(call_rate)} calls a second to the number; more than 2 are many"
        found.append(Explanation("call_rate", call_rate, 2, 0.1, text))
    if asr < 20 and distinct >= 4:
        text = f"{figure(asr)} of 100 calls to the number are answered; fewer than 20 are few"
        found.append(Explanation("asr", asr, 20, 0.1, text))
    return _score(found)


def caller_risk(
    *,
    avg_call_duration: float,
    total_calls: float,
    night_call_ratio: float,
    origin_regions: float,
    target_regions: float,
    number_age_s: float = -1,
    intl_ratio: float = 0,
    non_contact_ratio: float = 0,
) -> RuleScore:
    """How suspect a caller is. The last three only explain: -1 or 0 where they are not known."""
    if total_calls <= 0:
        return RuleScore(0.0, ())
    found = list[Explanation]()
    if avg_call_duration < 3:
        text = f"very short calls (< 3 s): {figure(avg_call_duration)} s on average"
        found.append(Explanation("avg_call_duration", avg_call_duration, 3, 0.3, text))
    if total_calls > 100:
        text = f"high outbound frequency: {figure(total_calls)} calls, more than 100"
        found.append(Explanation("total_calls", total_calls, 100, 0.25, text))
    if night_call_ratio > 0.4:
        text = f"{_percent(night_call_ratio)} of the calls at night, more than 40 %"
        found.append(Explanation("night_call_ratio", night_call_ratio, 0.4, 0.2, text))
    if origin_regions > 3:
        text = f"calls from {figure(origin_regions)} regions, more than 3"
        found.append(Explanation("unique_origin_regions", origin_regions, 3, 0.15, text))
    if target_regions > 5:
        text = f"calls to {figure(target_regions)} regions, more than 5"
        found.append(Explanation("unique_target_regions", target_regions, 5, 0.1, text))
    return _score([*found, *_known(number_age_s, intl_ratio, non_contact_ratio)])


def _length(seconds: float) -> str:
    return f"{figure(seconds / 3600)} h" if seconds >= 3600 else f"{seconds / 60:.0f} min"


def risk_level(probability: float) -> str:
    if probability >= 0.9:
        return "CRITICAL"
    if probability >= 0.7:
        return "HIGH"
    if probability >= 0.5:
        return "MEDIUM"
    return "LOW" if probability >= 0.3 else "MINIMAL"


def confidence(probability: float) -> str:
    """How sure a score is, either way: one near 0 is as sure as one near 1."""
    if probability > 0.9 or probability < 0.1:
        return "HIGH"
    return "MEDIUM" if probability > 0.7 or probability < 0.3 else "LOW"


def band(risk: float, dangerous: float = 85, suspicious: float = 50) -> str:
    if risk >= dangerous:
        return DANGEROUS
    return SUSPICIOUS if risk >= suspicious else SAFE


def _known(number_age_s: float, intl_ratio: float, non_contact_ratio: float) -> list[Explanation]:
    """What else an analyst wants to know of a caller."""
    found = list[Explanation]()
    if 0 <= number_age_s < _NEW_S:
        text = f"new number: first seen {_length(number_age_s)} ago"
        found.append(Explanation("number_age", number_age_s, _NEW_S, 0, text))
    if intl_ratio > _MOSTLY:
        text = f"international destination: {_percent(intl_ratio)} of the calls"
        found.append(Explanation("intl_ratio", intl_ratio, _MOSTLY, 0, text))
    if non_contact_ratio > _MOSTLY:
        text = f"non-contact ratio: {_percent(non_contact_ratio)} of the calls to numbers never called before"
        found.append(Explanation("non_contact_ratio", non_contact_ratio, _MOSTLY, 0, text))
    return found


def _score(found: list[Explanation]) -> RuleScore:
    total = 0.0
    for each in found:
        total += each.contribution
    return RuleScore(min(round(total, 6), 1.0), strongest(found))


def _percent(share: float) -> str:
    return f"{figure(100 * share)} %"
