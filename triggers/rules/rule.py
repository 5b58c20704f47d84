"""Fraud rules: what fraud looks like in the traffic of a number, a range, a trunk or an account, and what is done.

    wangiri_confirmed, a_range, attempts.3600 >= 50 and cancel_ratio.3600 >= 0.7 and …, CRITICAL, *alert;*block_range:1h

Numbers of the range +3712012 rang 62 telephones once each within an hour and hung up after three seconds, and three
people called back. The rule holds for the range: an alert is raised, calls to the range are refused for an hour, and
for the `pause` of the rule it is not asked about this range again, so one attack is one alert.

What a rule does are actions in the words of Actions.csv: names of action sets, run on the account of the call, and
types that need nothing but a length of time. `report_only` names what would be done and does nothing.
"""

import hashlib
from collections.abc import Mapping
from typing import Final

from triggers.rules.rule_condition import Condition, Measured
from triggers.traffic.metric_names import METRICS
from triggers.watch.explanation import Explanation

SEVERITIES: Final = ("LOW", "MEDIUM", "HIGH", "CRITICAL")
CONFIDENCES: Final = ("LOW", "MEDIUM", "HIGH")
FRAUD_TYPES: Final = (
    "cli_spoofing", "wangiri", "irsf", "pbx_hacking", "sim_box", "fas", "traffic_pumping", "robocall", "tcpa",
    "authority_impersonation", "lottery", "kyc_phishing",
)  # fmt: skip

SHORT_S: Final = 60  # rules with a window of so many seconds or less are looked at often

# what an action type takes behind its colon
NOTHING: Final = "nothing"
LENGTH: Final = "a length of time"
ADDRESS: Final = "a URL"
ACTION_TYPES: Final[Mapping[str, str]] = {
    "*alert": NOTHING,
    "*log": NOTHING,
    "*disconnect": NOTHING,
    "*disable_account": NOTHING,
    "*block_number": LENGTH,
    "*block_range": LENGTH,
    "*block_trunk": LENGTH,
    "*limit_session": LENGTH,
    "*http_post": ADDRESS,
}


class RuleAction:
    """An action set of Actions.csv by its id, or a type with what it takes: `*block_number:1h` is 3600 seconds."""

    __slots__ = ("name", "parameter", "seconds")

    def __init__(self, name: str, parameter: str = "", seconds: int = 0) -> None:
        self.name: Final = name
        self.parameter: Final = parameter
        self.seconds: Final = seconds

    @property
    def is_set(self) -> bool:
        return not self.name.startswith("*")

    @property
    def text(self) -> str:
        """As it is written in a rule."""
        return f"{self.name}:{self.parameter}" if self.parameter else self.name


class Rule:
    """`subject` is the kind of key that it is about, `confidence` how sure it is that such traffic is that fraud."""

    __slots__ = (
        "actions", "condition", "condition_text", "confidence", "fraud_type", "growth", "id", "least", "line",
        "marks", "pause_ms", "report_only", "severity", "spacing_ms", "subject", "text",
    )  # fmt: skip

    def __init__(
        self,
        id: str,
        fraud_type: str,
        subject: str,
        condition: Condition,
        *,
        condition_text: str = "",
        severity: str = "MEDIUM",
        confidence: str = "HIGH",
        actions: tuple[RuleAction, ...] = (),
        report_only: bool = False,
        pause_ms: int = 3_600_000,
        text: str = "",
        line: int = 0,
    ) -> None:
        self.id: Final = id
        self.fraud_type: Final = fraud_type
        self.subject: Final = subject
        self.condition: Final = condition
        self.condition_text: Final = condition_text
        self.least: Final = condition.least()  # attempts of the subject, below which it cannot hold
        self.marks: Final = condition.marks()  # of which a call has one, or the rule is not looked at for it
        shortest_s = _shortest_s(condition)
        self.spacing_ms: Final = min(shortest_s * 1_000 // 12, 60_000) if shortest_s > SHORT_S else 1_000
        self.growth: Final = 4 if shortest_s > SHORT_S else 16  # which part of its attempts a subject adds until then
        self.severity: Final = severity
        self.confidence: Final = confidence
        self.actions: Final = actions
        self.report_only: Final = report_only
        self.pause_ms: Final = pause_ms
        self.text: Final = text
        self.line: Final = line

    def reporting(self) -> "Rule":
        """The same rule, which only tells."""
        return Rule(
            self.id, self.fraud_type, self.subject, self.condition,
            condition_text=self.condition_text, severity=self.severity, confidence=self.confidence,
            actions=self.actions, report_only=True, pause_ms=self.pause_ms, text=self.text, line=self.line,
        )  # fmt: skip


class RuleHit:
    """A rule that holds, for whom, when and why. `values` are the metrics it compared, as they were then."""

    __slots__ = ("at_ms", "explanation", "explanations", "rule", "subject", "subject_kind", "values")

    def __init__(
        self, rule: Rule, subject: str, at_ms: int, values: dict[str, float], explanations: tuple[Explanation, ...]
    ) -> None:
        self.rule: Final = rule
        self.subject_kind: Final = rule.subject
        self.subject: Final = subject
        self.at_ms: Final = at_ms
        self.values: Final = values
        self.explanations: Final = explanations
        self.explanation: Final = "; ".join([each.text for each in explanations])

    def reported(self) -> "RuleHit":
        """The same hit, of which nothing comes but that it is told."""
        return RuleHit(self.rule.reporting(), self.subject, self.at_ms, self.values, self.explanations)

    @property
    def id(self) -> str:
        """The same when the same events are looked at again."""
        span = self.at_ms // max(self.rule.pause_ms, 1)
        whole = f"{self.rule.id}|{self.subject_kind}|{self.subject}|{span}"
        return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _shortest_s(condition: Condition) -> int:
    """The shortest window; 0 where a metric has none."""
    measured = list[Measured]()
    condition.measures(measured)
    return min([each.window_s if METRICS[each.name].windowed else 0 for each in measured], default=0)
