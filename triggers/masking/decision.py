"""What is done about a masking run: from the rule, the score and what the operator has set, one severity, one response.

    rule holds   score >= 0.7        result
    yes          yes, or no model    CRITICAL, the flagged calls are disconnected
    yes          no                  HIGH, disconnected too: the rule alone acts (with `require_both`: alert only)
    no           yes                 MEDIUM, alert (with `ml_acts`: disconnected)
    no           no                  nothing; the number's threat level is told by how near it is

Five callers within five seconds and no model loaded: CRITICAL, disconnect. With `require_both` and no model nobody
agrees with the rule, so it only alerts. A number that is only proposed as a call centre is cut where rule and score
agree, and else reported. Without `auto_disconnect` all of it is reported and nothing is cut.
"""

from typing import Final

CRITICAL: Final = "CRITICAL"
HIGH: Final = "HIGH"
MEDIUM: Final = "MEDIUM"
LOW: Final = "LOW"

# responses
NONE: Final = "none"
ALERT: Final = "alert"
CUT: Final = "disconnect"


class DecisionTerms:
    __slots__ = ("auto_disconnect", "ml_acts", "probability_threshold", "require_both")

    def __init__(
        self,
        *,
        auto_disconnect: bool = True,
        require_both: bool = False,
        ml_acts: bool = False,
        probability_threshold: float = 0.7,
    ) -> None:
        self.auto_disconnect: Final = auto_disconnect
        self.require_both: Final = require_both
        self.ml_acts: Final = ml_acts
        self.probability_threshold: Final = probability_threshold


class Decision:
    """`severity` is "" where there is nothing to report; `response` is disconnect, alert or none."""

    __slots__ = ("response", "severity")

    def __init__(self, severity: str, response: str) -> None:
        self.severity: Final = severity
        self.response: Final = response

    @property
    def cuts(self) -> bool:
        return self.response == CUT


NOTHING: Final = Decision("", NONE)
CRITICAL_CUT: Final = Decision(CRITICAL, CUT)
CRITICAL_ALERT: Final = Decision(CRITICAL, ALERT)
HIGH_CUT: Final = Decision(HIGH, CUT)
HIGH_ALERT: Final = Decision(HIGH, ALERT)
MEDIUM_CUT: Final = Decision(MEDIUM, CUT)
MEDIUM_ALERT: Final = Decision(MEDIUM, ALERT)


def decide(terms: DecisionTerms, *, hot: bool, model: bool, probability: float, proposed: bool = False) -> Decision:
    """`model`: a model gave the probability; a rule score acts on nothing. `proposed`: it may be a call centre, and is
    cut only where rule and score agree."""
    agrees = model and probability >= terms.probability_threshold
    if hot:
        both_needed = terms.require_both or proposed
        cuts = terms.auto_disconnect and (agrees or not both_needed)
        if agrees or not model:
            return CRITICAL_CUT if cuts else CRITICAL_ALERT
        return HIGH_CUT if cuts else HIGH_ALERT
    if agrees:
        return MEDIUM_CUT if terms.ml_acts and terms.auto_disconnect and not proposed else MEDIUM_ALERT
    return NOTHING


def threat_level(distinct: int, threshold: int) -> str:
    """How near a called number is to a masking run; one that is in it is CRITICAL."""
    missing = threshold - distinct
    if missing <= 0:
        return CRITICAL
    return HIGH if missing == 1 else MEDIUM if missing == 2 else LOW
