"""Unscored attempts: calls of one message that a model is asked about, so that it is asked once for all of them.

Sixteen calls of a message pass the gate. Scored one by one they take 15 µs each, together 2 µs. So they wait here until
the message has been looked at, or until an event comes whose verdict may depend on one of them: of the same call, or
what became of a call to the same number.
"""

from typing import Final

from triggers.calls.call_event import INVITE, CallEvent
from triggers.calls.call_memory import SeenCall
from triggers.masking.masking_watch import Judged
from triggers.watch.outcome import Outcome


class UnscoredAttempt:
    __slots__ = ("at_ms", "entered", "judged", "outcome", "row")

    def __init__(self, outcome: Outcome, entered: SeenCall, judged: Judged, at_ms: int, row: list[float]) -> None:
        self.outcome: Final = outcome
        self.entered: Final = entered
        self.judged: Final = judged
        self.at_ms: Final = at_ms
        self.row: Final = row


class Unscored:
    __slots__ = ("_names", "_numbers", "_waiting")

    def __init__(self) -> None:
        self._waiting: list[UnscoredAttempt] = []
        self._names: Final[set[str]] = set()  # call_ids and event_ids
        self._numbers: Final[set[str]] = set()

    @property
    def any(self) -> bool:
        return len(self._waiting) > 0

    def add(self, attempt: UnscoredAttempt) -> None:
        event = attempt.outcome.event
        self._waiting.append(attempt)
        self._names.add(event.call_id)
        if event.event_id:
            self._names.add(event.event_id)
        self._numbers.add(event.b.text)

    def concern(self, event: CallEvent) -> bool:
        """Whether what an event comes to may depend on one that waits."""
        if event.call_id in self._names or event.event_id in self._names:
            return True
        return event.kind != INVITE and (not event.b.text or event.b.text in self._numbers)

    def take(self) -> list[UnscoredAttempt]:
        """All that wait, in the order in which they came; then none does."""
        waiting, self._waiting = self._waiting, []
        self._names.clear()
        self._numbers.clear()
        return waiting
