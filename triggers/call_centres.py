"""Call centres: numbers that many people call anyway, and what is asked of a masking run on them.

A bank's hotline is called by 3,000 people a day, nine of ten are answered and talk for two minutes. Six of them within
five seconds are a busy Monday. So a number with 200 distinct callers in 24 hours, an ASR of 70 and an ALOC of 30 s is
proposed for the whitelist, never put on it by itself; until somebody does, the rule alone does not cut its calls.

Where thresholds adapt, a number is judged by what it is used to: the 99.9th percentile of callers within the window at
each of its calls over the last seven full days, plus one. Today does not count, or a run would raise its own bar; a
number with fewer than a thousand calls is not known well enough.
"""

from typing import Final

from triggers.traffic import Traffic

DAY_MS: Final = 86_400_000
DAY_S: Final = 86_400
DAYS: Final = 7
ASR_LEAST: Final = 70.0
ALOC_LEAST_S: Final = 30.0
LOOK_MS: Final = 60_000  # so often is the traffic of a number looked at again
REMEMBERED_MAX: Final = 10_000
CALLS_LEAST: Final = 1_000
BUSY_MAX: Final = 100_000  # numbers whose callers are counted for a threshold of their own
DISTINCT_MAX: Final = 100  # no threshold is higher


class Look:
    __slots__ = ("at_ms", "proposed")

    def __init__(self, at_ms: int, proposed: bool) -> None:
        self.at_ms: Final = at_ms
        self.proposed: Final = proposed


class BusyDay:
    """How many calls of one day met so many callers: `counts[n]` of them n."""

    __slots__ = ("counts", "day")

    def __init__(self, day: int) -> None:
        self.day: Final = day
        self.counts: Final = [0] * (DISTINCT_MAX + 1)


class CallCentres:
    def __init__(self, traffic: Traffic, centre_distinct: int, *, adaptive: bool) -> None:
        self._traffic: Final = traffic
        self._distinct: Final = centre_distinct
        self._adaptive: Final = adaptive
        self._looks: Final[dict[str, Look]] = {}
        self._days: Final[dict[str, list[BusyDay]]] = {}

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
        days = self._days.get(b)
        if days is None:
            return 0
        today = at_ms // DAY_MS
        return _percentile([each.counts for each in days if today - DAYS <= each.day < today]) + 1

    def count(self, b: str, distinct: int, at_ms: int) -> None:
        """Note what a call met. A number is counted from its first call with a second caller on."""
        if not self._adaptive:
            return
        days = self._days.get(b)
        if days is None:
            if distinct < 2 or len(self._days) >= BUSY_MAX:
                return
            days = self._days[b] = []
        today = at_ms // DAY_MS
        if not days or days[-1].day < today:
            days.append(BusyDay(today))
            if len(days) > DAYS + 1:
                del days[0]
        days[-1].counts[min(distinct, DISTINCT_MAX)] += 1

    def _well_answered(self, b: str, at_ms: int) -> bool:
        traffic = self._traffic
        return (
            traffic.value("b", b, "distinct_a", DAY_S, at_ms) >= self._distinct
            and traffic.value("b", b, "asr", DAY_S, at_ms) >= ASR_LEAST
            and traffic.value("b", b, "aloc", DAY_S, at_ms) >= ALOC_LEAST_S
        )


def _percentile(days: list[list[int]]) -> int:
    """Of a thousand calls, 999 met no more callers than this; -1 where there are not as many calls."""
    total = sum([sum(counts) for counts in days])
    if total < CALLS_LEAST:
        return -1
    beyond = total // 1000  # so many may have met more
    for distinct in range(DISTINCT_MAX, 0, -1):
        beyond -= sum([counts[distinct] for counts in days])
        if beyond < 0:
            return distinct
    return 0
