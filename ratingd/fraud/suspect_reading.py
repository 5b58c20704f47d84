"""Suspect reading: the profiles of all suspect callers, taken from beneath a detector that goes on counting calls.

A million numbers are known, 40,000 of them made twenty calls or more, 300 are flagged. Who is suspect is flagged, and
no bystander, or of risk 70 or more. The flagged are read each time. Of the others 2,000 at most are scored in one
reading, those first that called most since they were scored last, so that a busy day costs a reading no more than a
quiet one.

The desk's lock is held for one caller at a time (some 0.1 ms), or for the copy of one part of all callers. After two
milliseconds of work the reader waits for twice as long, so that it never takes more than a third of the time.
"""

import threading
import time
from collections.abc import Callable
from typing import Final

from ratingd import observe
from triggers.campaigns import active_callers
from triggers.campaigns.active_callers import CALLS_LEAST
from triggers.campaigns.caller_profile import CallerProfile
from triggers.campaigns.campaign import RISK_LEAST
from triggers.campaigns.suspects import Suspects, heeded
from triggers.numbers.calling_code import CallingCodes
from triggers.watch.fraud_watch import FraudWatch

DAY_MS: Final = 86_400_000
WORK_S: Final = 0.002
IDLE_SHARE: Final = 2.0  # of the time that reading takes, so long others have
SCORED_MAX: Final = 2_000
READ_MAX: Final = 20_000


class SuspectReader:
    """`risk` gives how suspect a caller is, 0 to 100; it takes the lock itself. `lock` guards `watch`."""

    def __init__(
        self,
        watch: FraudWatch,
        lock: threading.Lock,
        risk: Callable[[str, int], float],
        stopping: threading.Event,
    ) -> None:
        self._watch: Final = watch
        self._lock: Final = lock
        self._risk: Final = risk
        self._stopping: Final = stopping
        self._codes: Final = CallingCodes()
        self._scored: dict[str, int] = {}  # calls that a caller had made when he was scored last
        self._risky: set[str] = set()
        self._began_s = 0.0

    def read(self, suspects: Suspects, at_ms: int) -> list[CallerProfile]:
        """The profiles of all who are suspect. Fewer, where the daemon stops meanwhile."""
        self._began_s = time.perf_counter()
        flagged, busy = self._looked_through(suspects, at_ms - DAY_MS)
        self._score(busy, at_ms)
        numbers = sorted({*flagged, *self._risky})
        if len(numbers) > READ_MAX:
            observe.event("fraud.suspects_not_read", suspects=len(numbers), read=READ_MAX)
        found = [self._profile(number, suspects, at_ms) for number in numbers[:READ_MAX]]
        return [one for one in found if one is not None]

    def _looked_through(self, suspects: Suspects, since_ms: int) -> tuple[list[str], dict[str, int]]:
        flagged: list[str] = []
        busy: dict[str, int] = {}
        traffic, part = self._watch.traffic, 0
        while part < active_callers.parts(traffic) and not self._stopping.is_set():
            with self._lock:
                keys = active_callers.callers(traffic, part)
            flagged += active_callers.flagged(keys, suspects, since_ms)
            busy |= active_callers.busy(keys, since_ms)
            part += 1
            self._rest()
        return flagged, busy

    def _score(self, busy: dict[str, int], at_ms: int) -> None:
        """Score those who called most since the last time, and note who is risky."""
        self._risky &= busy.keys()
        self._scored = {number: calls for number, calls in self._scored.items() if number in busy}
        more = {number: calls - self._scored.get(number, 0) for number, calls in busy.items()}
        changed = [number for number, calls in more.items() if calls]
        for number in sorted(changed, key=lambda number: (-more[number], number))[:SCORED_MAX]:
            self._scored[number] = busy[number]
            if self._risk(number, at_ms) >= RISK_LEAST:
                self._risky.add(number)
            else:
                self._risky.discard(number)
            self._rest()

    def _profile(self, number: str, suspects: Suspects, at_ms: int) -> CallerProfile | None:
        with self._lock:
            found = active_callers.profile_of(self._watch.traffic, number, at_ms, self._codes)
        self._rest()
        if found is None:
            return None
        found.flags = heeded(suspects.of(number, found.range), found.calls)
        if not found.flags and number not in self._risky:
            return None
        scored = self._risk(number, at_ms) if found.calls >= CALLS_LEAST else 0.0
        found.risk = max([scored, *[flag.risk for flag in found.flags]])
        return found

    def _rest(self) -> None:
        worked_s = time.perf_counter() - self._began_s
        if worked_s >= WORK_S:
            self._stopping.wait(IDLE_SHARE * worked_s)
            self._began_s = time.perf_counter()
