"""The memory of calls: which were counted as an attempt, and which of their events came before.

A switch sends the INVITE of call 77 again, and ten minutes later its CDR. One entry of the call knows both: the INVITE
is a repeat, and the CDR is no second attempt. As most events are the first of their call, whoever takes one looks for
its call once.

An event is known for `repeat_ms` after the last one of its call that was new, and the call for `ttl_ms` at least
(`triggers.generations`). Events that have a name of their own are remembered by that, in `event_memory`.
"""

from typing import Final

from mypy_extensions import mypyc_attr

from triggers.calls.verdict import Verdict
from triggers.generations import Generations

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
    __slots__ = ("_calls", "_repeat_ms")

    def __init__(self, ttl_ms: int, repeat_ms: int, calls_max: int) -> None:
        self._repeat_ms: Final = repeat_ms
        self._calls: Final[Generations[SeenCall]] = Generations(max(ttl_ms, repeat_ms), calls_max)

    def __len__(self) -> int:
        return len(self._calls)

    def get(self, call_id: str) -> SeenCall | None:
        return self._calls.get(call_id)

    def repeats(self, seen: SeenCall | None, kind: int, received_ms: int) -> bool:
        """Whether an event of that kind came before, of a call just looked for."""
        return seen is not None and seen.had(kind, self._repeat_ms, received_ms)

    def entered(self, call_id: str, seen: SeenCall | None, received_ms: int) -> SeenCall:
        """The entry of a call that was just looked for: made where there is none, and the younger one from now on."""
        if seen is None:
            seen = SeenCall()
        self._calls.keep(call_id, seen, received_ms)
        return seen

    def note(self, seen: SeenCall, kind: int, verdict: Verdict | None, received_ms: int) -> None:
        """An event of that kind came, and was answered so; None stands for a plain ALLOW."""
        seen.note(kind, verdict, self._repeat_ms, received_ms)

    def entered_before(self, call_id: str) -> SeenCall | None:
        """The entry of a call of before a start, while there is room."""
        seen = self.get(call_id)
        if seen is not None:
            return seen
        seen = SeenCall()
        return seen if self._calls.keep_older(call_id, seen) else None
