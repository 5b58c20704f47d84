"""Unstored: events that were looked at and are not on disk, so that sending them again has them stored.

The database refuses a message of the switch sbc-1 at 10:00:04. The switch is told, and sends it again at 10:00:05. The
detector knows these events and counts none of them twice: they are repeats. Repeats are not stored, and who sends one
is told that it is: so the outcomes of the first time are kept here, and the repeat goes into the log with them. What
they led to, flagged calls and orders, is in that transaction.

Somebody may send an event again while the first is still on its way to the disk. He is told what became of that one.
"""

import threading
from collections.abc import Iterable, Sequence
from typing import Final

from ratingd import observe
from triggers.calls.call_event import CallEvent
from triggers.calls.event_memory import event_key
from triggers.masking.incident import MaskingIncident
from triggers.masking.window import Placed
from triggers.watch.outcome import Outcome

KEPT_MAX: Final = 100_000  # events; beyond it the oldest are given up


class Unstored:
    """Thread-safe."""

    def __init__(self, kept_max: int = KEPT_MAX) -> None:
        self._kept_max: Final = kept_max
        self._lock: Final = threading.Lock()
        self._outcomes: Final[dict[str, Outcome]] = {}  # by event, the oldest first
        self.given_up = 0

    def __len__(self) -> int:
        return len(self._outcomes)

    def keep(self, outcomes: Iterable[Outcome]) -> None:
        given_up = self.given_up
        with self._lock:
            for outcome in outcomes:
                self._outcomes[event_key(outcome.event)] = outcome
            while len(self._outcomes) > self._kept_max:
                del self._outcomes[next(iter(self._outcomes))]
                self.given_up += 1
        if self.given_up > given_up:
            observe.event("fraud.given_up", events=self.given_up - given_up)

    def take(self, event: CallEvent) -> Outcome | None:
        """What an event came to that is not stored; None where it is stored, or on its way. It is stored now."""
        if not self._outcomes:
            return None
        with self._lock:
            return self._outcomes.pop(event_key(event), None)

    def holds(self, keys: Sequence[str]) -> bool:
        """Whether one of these events is not stored."""
        if not self._outcomes or not keys:
            return False
        with self._lock:
            return not self._outcomes.keys().isdisjoint(keys)


def brought_up_to_date(outcome: Outcome, current: MaskingIncident | None) -> None:
    """Let an outcome of before tell of its masking run as it stands now, so that the run's row loses nothing."""
    placed = outcome.placed
    if placed is None or placed.incident is None or current is None:
        return
    if placed.incident.id != current.id and placed.incident.id not in current.former_ids:
        return
    outcome.placed = Placed(
        placed.distinct,
        late=placed.late,
        hot=placed.hot,
        flagged=placed.flagged,
        incident=current,
        opened=placed.opened,
        absorbed=placed.absorbed,
    )
