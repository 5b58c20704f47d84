"""The last calls to a number: who makes them, whether anybody knows him or vouches for him, and over which trunks.

Four calls within five seconds, three of them over t1 as the newest is and one over t2, from four numbers of which three
never called anybody before, one of them attested A; the call before them was 80 s ago: 0.8 calls a second, same_trunk
0.75, trunks_a_caller 0.5, newcomers 0.75, vouched 0.25, quiet_s 80. Of a number with hundreds of calls a second the
last 64 calls and the last 16 callers are looked at; how many calls there were is right as far as they are kept, some
4,000.
"""

from typing import Final

from triggers.scores.called_facts import WINDOW_MS
from triggers.traffic.counted_call import ATTESTED_A, MISMATCH
from triggers.traffic.key import TrafficKey
from triggers.traffic.metric_names import NUMBER
from triggers.traffic.recent_calls import first_after
from triggers.traffic.traffic import Traffic

CALLS_LOOKED_AT: Final = 64
CALLERS_LOOKED_AT: Final = 16
SHORT_MS: Final = 30_000
QUIET_S_MAX: Final = 300.0
_METRICS_S: Final = 300


class CalledLately:
    """All but `attempts_300` and `callers_30` are of the detection window. `mismatched`, `newcomers`, `same_trunk` and
    `vouched` are shares; `quiet_s` goes from the last call before the window to now, 300 at most."""

    __slots__ = (
        "attempts", "attempts_300", "callers", "callers_30", "mismatched", "newcomers", "quiet_s", "rate", "same_trunk",
        "trunks_a_caller", "vouched",
    )  # fmt: skip

    def __init__(self, traffic: Traffic, called: TrafficKey | None, trunk: str, at_ms: int, window_ms: int) -> None:
        self.attempts = 0
        self.attempts_300 = 0
        self.callers = 0
        self.callers_30 = 0
        self.rate = 0.0
        self.newcomers = 0.0
        self.same_trunk = 0.0
        self.trunks_a_caller = 0.0
        self.vouched = 0.0
        self.mismatched = 0.0
        self.quiet_s = QUIET_S_MAX
        if called is not None:
            self._look(traffic, called, trunk, at_ms, window_ms)

    def _look(self, traffic: Traffic, called: TrafficKey, trunk: str, at_ms: int, window_ms: int) -> None:
        calls = called.calls
        stop, start = first_after(calls, at_ms), first_after(calls, at_ms - window_ms)
        start_30 = first_after(calls, at_ms - SHORT_MS)
        self.attempts, self.attempts_300 = stop - start, stop - first_after(calls, at_ms - WINDOW_MS)
        self.rate = self.attempts * 1000 / window_ms
        if start > 0:
            self.quiet_s = min(QUIET_S_MAX, (at_ms - calls[start - 1].start_ms) / 1000)
        callers: set[str] = set()
        trunks: set[str] = set()
        same = new = looked = vouched = mismatched = 0
        for place in range(stop - 1, max(min(start, start_30), stop - CALLS_LOOKED_AT) - 1, -1):
            call = calls[place]
            stranger = call.a not in callers
            if stranger:
                callers.add(call.a)
            if place >= start_30:
                self.callers_30 = len(callers)
            if place < start:
                continue
            looked += 1
            if trunk and call.trunk == trunk:
                same += 1
            if call.marks & ATTESTED_A:
                vouched += 1
            if call.marks & MISMATCH:
                mismatched += 1
            if call.trunk:
                trunks.add(call.trunk)
            if stranger and len(callers) <= CALLERS_LOOKED_AT and is_new(traffic, call.a, at_ms, window_ms):
                new += 1
            self.callers = len(callers)
        if looked:
            self.same_trunk = same / looked
            self.vouched = vouched / looked
            self.mismatched = mismatched / looked
            self.trunks_a_caller = len(trunks) / self.callers
            self.newcomers = new / min(self.callers, CALLERS_LOOKED_AT)


def is_new(traffic: Traffic, a: str, at_ms: int, window_ms: int) -> bool:
    """Whether a caller was never heard of before the window."""
    return traffic.value(NUMBER, a, "number_age", _METRICS_S, at_ms) * 1000 < window_ms
