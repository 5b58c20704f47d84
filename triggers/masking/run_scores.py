"""Scores of calls that are part of a masking run: what a switch is told beside the verdict.

The fortieth call of a run within a second is as probable as the thirty-ninth: how many of the calls to a number overlap
and are answered is looked up once a second of the calls' own time, however many calls it takes. Callers and a caller's
contradiction are those of each call.

What a run as a whole scores (`probability_max` of its incident) is made of nothing but its callers, so that it does not
depend on the order in which calls came: 0.5 from the threshold on, 0.6 where there are more than two callers a second.
"""

from typing import Final

from triggers.calls.call_event import CallEvent
from triggers.masking.incident import MaskingIncident
from triggers.traffic.traffic import Traffic
from triggers.watch.rule_score import masking_score

METRICS_S: Final = 300
LOOK_MS: Final = 1_000
REMEMBERED_MAX: Final = 10_000


class Facts:
    """What the traffic of a called number was like at an instant."""

    __slots__ = ("asr", "at_ms", "call_rate", "overlap")

    def __init__(self, traffic: Traffic, b: str, at_ms: int) -> None:
        self.at_ms: Final = at_ms
        self.overlap: Final = traffic.value("b", b, "overlap_ratio", METRICS_S, at_ms)
        self.call_rate: Final = traffic.value("b", b, "call_rate", METRICS_S, at_ms)
        self.asr: Final = traffic.value("b", b, "asr", METRICS_S, at_ms)


class RunScores:
    def __init__(self, traffic: Traffic) -> None:
        self._traffic: Final = traffic
        self._facts: Final[dict[str, Facts]] = {}

    def probability(self, event: CallEvent, distinct: int, threshold: int, at_ms: int) -> float:
        """Of one call, 0 to 1."""
        facts = self._facts.get(event.b.text)
        if facts is None or not 0 <= at_ms - facts.at_ms < LOOK_MS:
            if len(self._facts) >= REMEMBERED_MAX:
                self._facts.clear()
            facts = self._facts[event.b.text] = Facts(self._traffic, event.b.text, at_ms)
        return masking_score(
            distinct=distinct,
            threshold=threshold,
            overlap=facts.overlap,
            cli_mismatch=event.details.cli_mismatch,
            call_rate=facts.call_rate,
            asr=facts.asr,
        ).probability


def score_run(incident: MaskingIncident, threshold: int, window_ms: int) -> None:
    """Let a run's score be that of its fullest window."""
    rate = 1000 * incident.max_distinct / window_ms
    score = masking_score(
        distinct=incident.max_distinct, threshold=threshold, overlap=0.0, cli_mismatch=False, call_rate=rate, asr=100.0
    )
    incident.probability_max = max(incident.probability_max, score.probability)
