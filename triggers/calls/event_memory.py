"""The memory of events: a repeat is known as one, and is answered what was answered the first time.

A switch loses its connection and sends its last 500 events again. Each has an `event_id` (or call_id and kind stand for
one), and whichever is still remembered counts nothing a second time: its verdict is that of the first.

Two generations: what comes is put into the younger one; when that is as old as the memory is to last, it becomes the
older one, and the one before it goes, a little with each event that comes. So an event is remembered for one lifetime
at least and two at most, and forgetting costs next to nothing for each. Half of `keys_max` end a generation early: the
oldest go first. Time is that of receipt, which comes with the events; a replay has none but the events' own.
"""

from typing import Final

from triggers.calls.call_event import KIND_NAMES, CallEvent
from triggers.calls.verdict import Verdict
from triggers.spread import Leaving, Spread

_SUFFIXES: Final = tuple([f":{name}" for name in KIND_NAMES])

NEVER_MS: Final = -(1 << 61)


def event_key(event: CallEvent) -> str:
    """The producer's name of the event, or call_id and kind."""
    return event.event_id or event.call_id + _SUFFIXES[event.kind]


class EventMemory:
    """Verdicts by event key; an ALLOW without reasons takes no place of its own."""

    __slots__ = ("_began_ms", "_half", "_leaving", "_older", "_ttl_ms", "_younger")

    def __init__(self, ttl_ms: int, keys_max: int) -> None:
        self._ttl_ms: Final = ttl_ms
        self._half: Final = max(1, keys_max // 2)
        self._younger: Spread[Verdict | None] = Spread()
        self._older: Spread[Verdict | None] = Spread()
        self._leaving: Final[Leaving[Verdict | None]] = Leaving()
        self._began_ms = NEVER_MS

    def __len__(self) -> int:
        return len(self._younger) + len(self._older)

    def knows(self, key: str) -> bool:
        return key in self._younger or (len(self._older) > 0 and key in self._older)

    def verdict(self, key: str) -> Verdict | None:
        """What was answered then; None where it was a plain ALLOW."""
        verdict = self._younger.get(key)
        return verdict if verdict is not None else self._older.get(key)

    def keep(self, key: str, verdict: Verdict | None, received_ms: int) -> None:
        if self._began_ms == NEVER_MS:
            self._began_ms = received_ms
        elif received_ms - self._began_ms >= self._ttl_ms or len(self._younger) >= self._half:
            self._turn(received_ms)
        self._younger.put(key, verdict)
        self._leaving.step()

    def keep_older(self, key: str, verdict: Verdict | None = None) -> None:
        """Remember something of before, as it is read back after a start, while there is room."""
        if len(self._older) < self._half:
            self._older.put(key, verdict)

    def _turn(self, received_ms: int) -> None:
        long_ago = received_ms - self._began_ms >= 2 * self._ttl_ms
        self._leaving.take(self._older)
        if long_ago:
            self._leaving.take(self._younger)
        self._older = Spread() if long_ago else self._younger
        self._younger = Spread()
        self._began_ms = received_ms
