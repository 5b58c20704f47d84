"""The threat stream: what is going on, once a second, for everybody who watches, and every alert at once.

3,000 calls in a second are no picture. Each second the fifty that are riskiest are told, `sampled` says that there were
more, and beside them stands what `GET /api/stats` says:

    {"events": [{"id": "c-17", "source": "+49301", …, "risk_score": 100.0, "type": "Fraud"}, …], "stats": {…}}

An alert does not wait for the second: {"alert": {…}} goes the moment it is stored. A frame is made once, whoever hears
it: a thousand watchers by WebSocket or gRPC get the same text. Where nobody watches nothing is kept of any call.

The calls of a second are kept up to a bound, the flagged ones apart from the others, so that a flood of ordinary calls
cannot hide them.
"""

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from ratingd import observe
from triggers.calls.call_event import CDR, CallEvent
from triggers.calls.verdict import ALLOW, Verdict
from triggers.watch.outcome import Outcome

PERIOD_S: Final = 1.0
EVENTS_MAX: Final = 50  # of a frame
KEPT_MAX: Final = 2_000  # calls of a second, of the flagged and of the others each

Send = Callable[[str], None]


class ThreatStream:
    """Thread-safe. `stats` is asked once a second while somebody watches, `campaign_of` of those who are told."""

    def __init__(
        self,
        stats: Callable[[], Mapping[str, object]],
        *,
        campaign_of: Callable[[str], str | None] = lambda caller: None,
        period_s: float = PERIOD_S,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._stats: Final = stats
        self._campaign_of: Final = campaign_of
        self._period_s: Final = period_s
        self._clock: Final = clock
        self._lock: Final = threading.Lock()
        self._watchers: tuple[Send, ...] = ()
        self._risky: Final[deque[tuple[CallEvent, Verdict]]] = deque(maxlen=KEPT_MAX)
        self._ordinary: Final[deque[tuple[CallEvent, Verdict]]] = deque(maxlen=KEPT_MAX)
        self._seen = 0
        self._stopping: Final = threading.Event()
        self._thread: Final = threading.Thread(target=self._tell_forever, name="threats", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    @property
    def watching(self) -> int:
        return len(self._watchers)

    def watch(self, send: Send) -> Callable[[], None]:
        """Have every frame told, as JSON, on the stream's thread; it must not block. Gives what ends it."""
        with self._lock:
            self._watchers = (*self._watchers, send)

        def end() -> None:
            with self._lock:
                self._watchers = tuple(other for other in self._watchers if other is not send)

        return end

    def saw(self, outcomes: Iterable[Outcome]) -> None:
        """Calls have been judged. It costs nothing where nobody watches."""
        if not self._watchers:
            return
        for outcome in outcomes:
            if outcome.attempt or outcome.event.kind == CDR:
                self._keep(outcome.event, outcome.verdict)

    def alert(self, shown: Mapping[str, object]) -> None:
        """An alert as it is shown; for `AlertBook.listen`."""
        if self._watchers:
            self._tell({"alert": shown})

    def frame(self) -> dict[str, object]:
        """What was seen since the last frame."""
        seen, self._seen = self._seen, 0
        kept = [*_emptied(self._risky), *_emptied(self._ordinary)]
        kept.sort(key=lambda call: call[1].risk, reverse=True)
        events = [shown(event, verdict, self._campaign_of(event.a.text)) for event, verdict in kept[:EVENTS_MAX]]
        return {"events": events, "sampled": seen > len(events), "stats": self._stats()}

    def _keep(self, event: CallEvent, verdict: Verdict) -> None:
        self._seen += 1
        (self._ordinary if verdict.action == ALLOW else self._risky).append((event, verdict))

    def _tell_forever(self) -> None:
        due_s = time.monotonic()
        while not self._stopping.wait(max(0.0, due_s - time.monotonic())):
            due_s = max(due_s + self._period_s, time.monotonic())
            try:
                if self._watchers:
                    self._tell(self.frame())
                else:
                    self._forget()
            except Exception as fault:  # noqa: BLE001 - the next second may be told all the same
                observe.fault("threats.fault", fault)

    def _forget(self) -> None:
        """What was seen before the last watcher left is no news to the next one."""
        self._risky.clear()
        self._ordinary.clear()
        self._seen = 0

    def _tell(self, told: Mapping[str, object]) -> None:
        text = json.dumps(told, separators=(",", ":"), allow_nan=False)
        for send in self._watchers:
            try:
                send(text)
            except Exception as fault:  # noqa: BLE001 - whatever it is, it is this watcher's
                observe.fault("threats.not_told", fault)


def shown(event: CallEvent, verdict: Verdict, campaign: str | None) -> dict[str, object]:
    """A call as it is told; `timestamp` is seconds since the epoch, `campaign` the one of its caller."""
    details = event.details
    return {
        "id": event.call_id,
        "timestamp": event.at_ms / 1000,
        "source": event.a.text,
        "destination": event.b.text,
        "duration": max(details.duration_ms, 0) / 1000,
        "risk_score": verdict.risk,
        "type": "Legitimate" if verdict.action == ALLOW else "Fraud",
        "location": details.origin_region or event.a.region,
        "cluster_id": campaign,
        "fraud_type": verdict.reasons[0] if verdict.reasons else "",
    }


def _emptied(kept: deque[tuple[CallEvent, Verdict]]) -> list[tuple[CallEvent, Verdict]]:
    """What was kept, while others go on keeping."""
    return [kept.popleft() for _ in range(len(kept))]
