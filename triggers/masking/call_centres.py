"""Call centres: numbers that many people call anyway, and what is asked of a masking run on them.

A bank's hotline is called by 3,000 people a day, nine of ten are answered and talk for two minutes. Six of them within
five seconds are a busy Monday. So a number with 200 distinct callers in 24 hours, an ASR of 70 and an ALOC of 30 s is
proposed for the whitelist, never put on it by itself; until somebody does, the rule alone does not cut its calls.

Where thresholds adapt, a number is judged by what it is used to: the 99.9th percentile of callers within the window at
each of its calls over seven days, plus one. That of the hotline is 11 callers, so twelve are a run.
"""

from typing import Final

from triggers.traffic.traffic import Traffic

DAY_S: Final = 86_400
ASR_LEAST: Final = 70.0
ALOC_LEAST_S: Final = 30.0
LOOK_MS: Final = 60_000  # so often is the traffic of a number looked at again
REMEMBERED_MAX: Final = 10_000


class Look:
    """What was found of a number, and when."""

    __slots__ = ("at_ms", "proposed")

    def __init__(self, at_ms: int, proposed: bool) -> None:
        self.at_ms: Final = at_ms
        self.proposed: Final = proposed


class CallCentres:
    def __init__(self, traffic: Traffic, distinct: int, *, adaptive: bool) -> None:
        self._traffic: Final = traffic
        self._distinct: Final = distinct
        self._adaptive: Final = adaptive
        self._looks: Final[dict[str, Look]] = {}

    def proposed(self, b: str, at_ms: int) -> bool:
        """Whether a number looks like a call centre."""
        look = self._looks.get(b)
        if look is None or not 0 <= at_ms - look.at_ms < LOOK_MS:
            if len(self._looks) >= REMEMBERED_MAX:
                self._looks.clear()
            look = self._looks[b] = Look(at_ms, self._well_answered(b, at_ms))
        return look.proposed

    def threshold(self, b: str, at_ms: int) -> int:
        """The least that a number is judged by; 0 where nothing says so."""
        if not self._adaptive:
            return 0
        usual = self._traffic.usual_distinct(b, at_ms)
        return usual + 1 if usual else 0

    def count(self, b: str, distinct: int, at_ms: int) -> None:
        """Note how many callers an attempt met."""
        if self._adaptive:
            self._traffic.note_distinct(b, distinct, at_ms)

    def _well_answered(self, b: str, at_ms: int) -> bool:
        traffic = self._traffic
        return (
            traffic.attempts("b", b) >= self._distinct
            and traffic.value("b", b, "distinct_a", DAY_S, at_ms) >= self._distinct
            and traffic.value("b", b, "asr", DAY_S, at_ms) >= ASR_LEAST
            and traffic.value("b", b, "aloc", DAY_S, at_ms) >= ALOC_LEAST_S
        )
