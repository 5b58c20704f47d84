"""Figures of fraud detection: how many events came, from where, and how long a verdict took.

Plain numbers, counted on the way of every event and read by /metrics: 20,000 events from gRPC, 3 of them repeats, 12
too late for the window, half of the verdicts within 50 µs. Whoever counts holds the desk's lock; whoever reads takes
them as they are.
"""

from bisect import bisect_left
from typing import Final

from triggers.calls.call_event import KIND_NAMES
from triggers.calls.verdict import DISCONNECT
from triggers.watch.fraud_watch import BLACKLIST, MASKING
from triggers.watch.outcome import Outcome

# upper bounds of the latency histogram in nanoseconds; what is slower goes into the last bucket of all
BUCKETS_NS: Final = (50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 50_000_000)
VICTIMS_MAX: Final = 1_000_000


class FraudFigures:
    def __init__(self) -> None:
        self._events: Final[dict[str, list[int]]] = {}  # by source, then by kind
        self.duplicates = 0
        self.late: Final[dict[str, int]] = {"masking": 0}  # by reason
        self.skewed = 0
        self.shed = 0
        self.flagged: Final[dict[str, int]] = {}  # calls by detector
        self.attempts = 0
        self.cut = 0  # calls that were refused or are to be disconnected
        self.victims: Final[set[str]] = set()  # who was called by them, as far as they are counted
        self.whitelisted = 0
        self.not_stored = 0
        self.latency: Final = [0] * (len(BUCKETS_NS) + 1)  # events whose verdict took so long at most
        self.latency_sum_ns = 0
        self._second = 0
        self._in_second = 0
        self._in_last = 0

    def kinds_of(self, source: str) -> list[int]:
        """The counts of one source, by kind; to be counted up."""
        kinds = self._events.get(source)
        if kinds is None:
            kinds = self._events[source] = [0] * len(KIND_NAMES)
        return kinds

    @property
    def events(self) -> dict[tuple[str, str], int]:
        """Counts by source and kind, such as ("grpc", "INVITE")."""
        found: dict[tuple[str, str], int] = {}
        for source, kinds in list(self._events.items()):
            for kind, count in enumerate(kinds):
                if count:
                    found[source, KIND_NAMES[kind]] = count
        return found

    @property
    def events_taken(self) -> int:
        return sum([sum(kinds) for kinds in list(self._events.values())])

    def took(self, elapsed_ns: int, events: int) -> None:
        self.latency[bisect_left(BUCKETS_NS, elapsed_ns)] += events
        self.latency_sum_ns += elapsed_ns * events

    def attempted(self, received_ms: int) -> None:
        """A call has begun."""
        self.attempts += 1
        second = received_ms // 1000
        if second != self._second:
            self._in_last = self._in_second if second == self._second + 1 else 0
            self._second, self._in_second = second, 0
        self._in_second += 1

    def calls_per_second(self, now_ms: int) -> int:
        """Calls that began in the last full second."""
        second = now_ms // 1000
        return self._in_last if second == self._second else self._in_second if second == self._second + 1 else 0

    def count(self, outcome: Outcome) -> None:
        """Count an outcome that is out of the ordinary."""
        if outcome.duplicate:
            self.duplicates += 1
            return
        if outcome.late:
            self.late["masking"] += 1
        if outcome.whitelisted:
            self.whitelisted += 1
        placed = outcome.placed
        if placed is not None and placed.flagged:
            self.flag(MASKING, len(placed.flagged))
        if outcome.blacklisted is not None:
            self.flag(BLACKLIST, 1)
        self._count_cut(outcome)

    def flag(self, detector: str, calls: int) -> None:
        self.flagged[detector] = self.flagged.get(detector, 0) + calls

    def _count_cut(self, outcome: Outcome) -> None:
        placed = outcome.placed
        calls = 0
        if placed is not None and outcome.decision.cuts:
            calls = len(placed.flagged)
        elif outcome.attempt and outcome.verdict.action == DISCONNECT:
            calls = 1
        if calls:
            self.cut += calls
            if len(self.victims) < VICTIMS_MAX:
                self.victims.add(outcome.event.b.text)
