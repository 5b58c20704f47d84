"""The memory of events: a repeat is known as one, and is answered what was answered the first time.

A switch loses its connection and sends its last 500 events again. Each has an `event_id` (or call_id and kind stand for
one), and whichever is still remembered counts nothing a second time: its verdict is that of the first.

An event is remembered for one lifetime at least and two at most (`triggers.generations`), and of half of `keys_max`
events at least. Time is that of receipt, which comes with the events; a replay has none but the events' own.
"""

from typing import Final

from triggers.calls.call_event import KIND_NAMES, CallEvent
from triggers.calls.verdict import Verdict
from triggers.generations import Generations

_SUFFIXES: Final = tuple([f":{name}" for name in KIND_NAMES])


def event_key(event: CallEvent) -> str:
    """The producer's name of the event, or call_id and kind."""
    return event.event_id or event.call_id + _SUFFIXES[event.kind]


class EventMemory:
    """Verdicts by event key; an ALLOW without reasons takes no place of its own."""

    __slots__ = ("_kept",)

    def __init__(self, ttl_ms: int, keys_max: int) -> None:
        self._kept: Final[Generations[Verdict | None]] = Generations(ttl_ms, keys_max)

    def __len__(self) -> int:
        return len(self._kept)

    def knows(self, key: str) -> bool:
        return key in self._kept

    def verdict(self, key: str) -> Verdict | None:
        """What was answered then; None where it was a plain ALLOW."""
        return self._kept.get(key)

    def keep(self, key: str, verdict: Verdict | None, received_ms: int) -> None:
        self._kept.keep(key, verdict, received_ms)

    def keep_older(self, key: str, verdict: Verdict | None = None) -> None:
        """Remember something of before, as it is read back after a start, while there is room."""
        self._kept.keep_older(key, verdict)
