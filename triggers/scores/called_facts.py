"""What became of the calls to a number within five minutes, for the masking score.

A victim has five calls in five minutes: they are looked at anew at every call, and the fifth row knows what became of
the first four. A televote has 4,000: to look at all of them at each of 800 calls a second would stop the switch. So
what was found of a number with more than 64 calls in 300 s is good for some seconds: 3 s with a hundred calls, 10 s
from 334 on. It is found as of the whole second. A call that comes late takes what is there.
"""

from typing import Final

from triggers.traffic.key import TrafficKey
from triggers.traffic.window import TrafficWindow, going_on

WINDOW_MS: Final = 300_000
BUSY: Final = 64
SECOND_MS: Final = 1_000
GOOD_MS: Final = 30  # a call
GOOD_MS_MAX: Final = 10_000
LATE_MS: Final = 5_000  # a call later than that is looked at by itself
REMEMBERED_MAX: Final = 10_000


class CalledFacts:
    """`asr` is 0 to 100, `aloc` seconds; `at_ms` the instant by which all of it was so.

    `callers` are those of the calls that are kept themselves, some 4,000: what is more is as many as nobody is called
    by who is not a televote.
    """

    __slots__ = ("aloc", "asr", "at_ms", "callers", "calls_a_caller", "good_ms", "open", "overlap", "short", "vouched")

    def __init__(self, key: TrafficKey, at_ms: int) -> None:
        window = TrafficWindow(key, WINDOW_MS, at_ms)
        self.at_ms: Final = at_ms
        self.good_ms: Final = min(GOOD_MS * len(window.calls), GOOD_MS_MAX)
        self.asr: Final = window.value("asr")
        self.aloc: Final = window.value("aloc")
        self.short: Final = window.value("short_call_ratio")
        self.overlap: Final = window.value("overlap_ratio")
        self.vouched: Final = window.value("attested_a")
        callers: set[str] = set()
        for call in window.calls:
            callers.add(call.a)
        self.callers: Final = len(callers)
        self.calls_a_caller: Final = len(window.calls) / max(len(callers), 1)
        self.open: Final = going_on(key, "open_calls", at_ms)


class CalledLooks:
    """The facts of called numbers, those of busy ones remembered for some seconds."""

    def __init__(self) -> None:
        self._remembered: Final[dict[str, CalledFacts]] = {}

    def facts(self, key: TrafficKey, at_ms: int) -> CalledFacts:
        if not busy(key, at_ms):
            return CalledFacts(key, at_ms)
        known = self._remembered.get(key.name)
        if known is not None and -LATE_MS <= at_ms - known.at_ms < known.good_ms:
            return known
        if len(self._remembered) >= REMEMBERED_MAX:
            self._remembered.clear()
        found = self._remembered[key.name] = CalledFacts(key, at_ms // SECOND_MS * SECOND_MS)
        return found


def busy(key: TrafficKey, at_ms: int) -> bool:
    calls = key.calls
    return len(calls) > BUSY and calls[-1 - BUSY].start_ms > at_ms - WINDOW_MS
