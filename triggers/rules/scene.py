"""Scenes: what conditions of rules are asked about, which is one event, one subject of it, and the traffic so far.

A call of account 1001 on trunk sbc-1 is asked about as a call of that account: `attempts.3600` is the account's,
`trunk.asr.3600` that of sbc-1. A call that names no trunk has no such key. Nor has one whose caller withholds the
number: all of them together are no caller that anything could be said of.
"""

from typing import Final

from triggers.calls.call_event import CallEvent
from triggers.numbers.number import ANONYMOUS
from triggers.traffic.metric_names import KINDS
from triggers.traffic.traffic import Traffic

_A: Final = 0  # places in KINDS; account is the one that is left
_B: Final = 1
_TRUNK: Final = 2
_A_RANGE: Final = 4
_B_RANGE: Final = 5


class Scene:
    __slots__ = ("_own_key", "_own_kind", "at_ms", "event", "traffic")

    def __init__(self, traffic: Traffic, event: CallEvent, at_ms: int) -> None:
        self.traffic: Final = traffic
        self.event: Final = event
        self.at_ms: Final = at_ms
        self._own_kind = ""
        self._own_key = ""

    def ask_about(self, kind: str, key: str) -> None:
        self._own_kind, self._own_key = kind, key

    def key(self, kind: str) -> str:
        """The key of a kind; "" where there is none."""
        return self._own_key if kind == self._own_kind else subject_key(kind, self.event)


def subject_key(kind: str, event: CallEvent) -> str:
    """Under which key of a kind an event counts."""
    return key_at(KINDS.index(kind), event)


def key_at(place: int, event: CallEvent) -> str:
    """The same by the place of the kind in `KINDS`, for whoever asks for each event."""
    if place == _A:
        return event.a.text if event.a.text != ANONYMOUS else ""
    if place == _A_RANGE:
        return event.a.range
    if place == _B_RANGE:
        return event.b.range
    if place == _TRUNK:
        return event.trunk
    if place == _B:
        return event.b.text
    return f"{event.tenant}:{event.account}" if event.account else ""
