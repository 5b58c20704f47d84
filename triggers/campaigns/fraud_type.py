"""Fraud type of a campaign: what most speaks for, and how sure that is.

Forty callers; the rule wangiri (sure to 0.9) held for 30 of them, and all 40 behave like it:

    evidence     wangiri 0.9 x 30/40     = 0.675
    behaviour    wangiri 0.5 x 40/40     = 0.5
    together     1 - 0.325 x 0.5         = 0.84

What a caller is flagged with counts as much as the rule is sure, masking 0.95; behaviour alone counts half at most, and
what is guessed of what people say (authority, lottery, phishing) 0.3, for nobody listens to calls. The likeliest type
wins, and of two that are as likely the one of which there is evidence.
"""

from typing import Final

from triggers.campaigns.caller_profile import CallerProfile

UNKNOWN: Final = "unknown"
BEHAVED: Final = 0.5
GUESSED: Final = 0.3
TITLES: Final = {
    "masking": "Masking",
    "cli_spoofing": "CLI spoofing",
    "wangiri": "Wangiri",
    "irsf": "IRSF",
    "pbx_hacking": "PBX hacking",
    "sim_box": "SIM box",
    "fas": "False answer",
    "traffic_pumping": "Traffic pumping",
    "robocall": "Robocall",
    "tcpa": "TCPA",
    "authority_impersonation": "Authority impersonation",
    "lottery": "Lottery",
    "kyc_phishing": "KYC phishing",
    UNKNOWN: "Unknown",
}


class FraudType:
    """`confidence` is 0 to 1."""

    __slots__ = ("confidence", "name")

    def __init__(self, name: str, confidence: float) -> None:
        self.name: Final = name
        self.confidence: Final = confidence

    @property
    def title(self) -> str:
        return TITLES.get(self.name, self.name)


def fraud_type(members: list[CallerProfile]) -> FraudType:
    evidence, behaviour = dict[str, float](), dict[str, float]()
    for one in members:
        for kind, known in _surest(one).items():
            evidence[kind] = evidence.get(kind, 0.0) + known / len(members)
        name, sure = behaves_like(one)
        if name:
            behaviour[name] = behaviour.get(name, 0.0) + sure / len(members)
    best = FraudType(UNKNOWN, 0.0)
    for name in [*sorted(evidence), *sorted(behaviour)]:
        sure = 1 - (1 - evidence.get(name, 0.0)) * (1 - behaviour.get(name, 0.0))
        if sure > best.confidence:
            best = FraudType(name, sure)
    return best


def _surest(one: CallerProfile) -> dict[str, float]:
    """What a caller is flagged with, once: a rule may hold for him and for his range."""
    found = dict[str, float]()
    for flag in one.flags:
        if flag.fraud_type:
            found[flag.fraud_type] = max(flag.sure, found.get(flag.fraud_type, 0.0))
    return found


def behaves_like(one: CallerProfile) -> tuple[str, float]:
    """The fraud that a caller's day looks like, and how much that counts; ("", 0) where it looks like none."""
    if one.premium_ratio >= 0.5 and one.calls >= 5:
        return "irsf", BEHAVED
    if one.calls >= 10 and one.distinct_b_ratio >= 0.9 and one.cancel_ratio >= 0.7:
        return "wangiri", BEHAVED
    if one.calls >= 50 and one.distinct_b_ratio >= 0.95 and one.ended > 0 and one.short_ratio >= 0.6:
        return "robocall", BEHAVED
    if one.calls >= 50 and one.distinct_b_ratio >= 0.85 and 30 <= one.asr <= 70 and len(one.trunks) <= 1:
        return "sim_box", BEHAVED
    return _guessed(one)


def _guessed(one: CallerProfile) -> tuple[str, float]:
    if one.calls > 100 and one.night_ratio > 0.5:
        return "authority_impersonation", GUESSED
    if one.calls > 50 and len(one.regions) > 5 and 60 <= one.aloc_s <= 300:
        return "lottery", GUESSED
    if one.calls >= 20 and one.origins > 3 and one.distinct_b_ratio >= 0.9 and 20 <= one.aloc_s <= 90:
        return "kyc_phishing", GUESSED
    return "", 0.0
