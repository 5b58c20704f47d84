"""The memory of calls: which were counted as an attempt, and which of their events came before.

A switch sends the INVITE of call 77 again, and ten minutes later its CDR. One entry of the call knows both: the INVITE
is a repeat, and the CDR is no second attempt. As most events are the first of their call, whoever takes one looks for
its call once.

An event is known for `repeat_ms` after the last one of its call that was new, and the call for `ttl_ms` at least: two
generations as in `event_memory`, of half of `calls_max` calls each. Events that have a name of their own are remembered
by that, there.
"""

from typing import Final

from mypy_extensions import mypyc_attr

from triggers.calls.verdict import Verdict
from triggers.spread import Leaving, Spread

LONG_AGO_MS: Final = -(1 << 61)


@mypyc_attr(acyclic=True)
class SeenCall:
    """`begun`: its attempt was judged. `counted`: metrics have it, or had it and have let go of it."""

    __slots__ = ("_kinds", "_kinds_ms", "_verdicts", "begun", "counted")

    def __init__(self) -> None:
        self.begun = False
        self.counted = False
        self._kinds = 0  # a bit for each kind of event that came
        self._kinds_ms = LONG_AGO_MS
        self._verdicts: dict[int, Verdict] | None = None  # by kind, but for a plain ALLOW

    def had(self, kind: int, repeat_ms: int, received_ms: int) -> bool:
        """Whether an event of that kind came, shortly before."""
        return self._kinds >> kind & 1 == 1 and received_ms - self._kinds_ms < repeat_ms

    def verdict(self, kind: int) -> Verdict | None:
        """What an event of that kind was answered; None where it was a plain ALLOW."""
        return None if self._verdicts is None else self._verdicts.get(kind)

    def note(self, kind: int, verdict: Verdict | None, repeat_ms: int, received_ms: int) -> None:
        if received_ms - self._kinds_ms >= repeat_ms:
            self._kinds, self._verdicts = 0, None
        self._kinds |= 1 << kind
        self._kinds_ms = max(self._kinds_ms, received_ms)
        if verdict is not None:
            if self._verdicts is None:
                self._verdicts = {}
            self._verdicts[kind] = verdict


class CallMemory:
    __slots__ = ("_began_ms", "_half", "_leaving", "_older", "_repeat_ms", "_ttl_ms", "_younger")

    def __init__(self, ttl_ms: int, repeat_ms: int, calls_max: int) -> None:
        self._ttl_ms: Final = max(ttl_ms, repeat_ms)
        self._repeat_ms: Final = repeat_ms
        self._half: Final = max(1, calls_max // 2)
        self._younger: Spread[SeenCall] = Spread()
        self._older: Spread[SeenCall] = Spread()
        self._leaving: Final[Leaving[SeenCall]] = Leaving()
        self._began_ms = LONG_AGO_MS

    def __len__(self) -> int:
        return len(self._younger) + len(self._older)

    def get(self, call_id: str) -> SeenCall | None:
        seen = self._younger.get(call_id)
        return self._older.get(call_id) if seen is None and len(self._older) > 0 else seen

    def repeats(self, seen: SeenCall | None, kind: int, received_ms: int) -> bool:
        """Whether an event of that kind came before, of a call just looked for."""
        return seen is not None and seen.had(kind, self._repeat_ms, received_ms)

    def entered(self, call_id: str, seen: SeenCall | None, received_ms: int) -> SeenCall:
        """The entry of a call that was just looked for: made where there is none, and the younger one from now on."""
        if self._began_ms == LONG_AGO_MS:
            self._began_ms = received_ms
        elif received_ms - self._began_ms >= self._ttl_ms or len(self._younger) >= self._half:
            self._turn(received_ms)
        if seen is None:
            seen = SeenCall()
            self._younger.put(call_id, seen)
        elif len(self._older) > 0:
            self._younger.put(call_id, seen)
        self._leaving.step()
        return seen

    def note(self, seen: SeenCall, kind: int, verdict: Verdict | None, received_ms: int) -> None:
        """An event of that kind came, and was answered so; None stands for a plain ALLOW."""
        seen.note(kind, verdict, self._repeat_ms, received_ms)

    def entered_before(self, call_id: str) -> SeenCall | None:
        """The entry of a call of before a start, while there is room."""
        seen = self.get(call_id)
        if seen is None and len(self._older) < self._half:
            seen = SeenCall()
            self._older.put(call_id, seen)
        return seen

    def _turn(self, received_ms: int) -> None:
        long_ago = received_ms - self._began_ms >= 2 * self._ttl_ms
        self._leaving.take(self._older)
        if long_ago:
            self._leaving.take(self._younger)
        self._older = Spread() if long_ago else self._younger
        self._younger = Spread()
        self._began_ms = received_ms
