"""Two generations: what is remembered for a time, where forgetting costs next to nothing for each.

What comes is put into the younger one. When that is as old as the memory is to last, or holds half of the most, it
becomes the older one, and the one before it goes, a little with each that comes. So a key is remembered for one
lifetime at least and two at most, unless there are too many: then the oldest go first.
"""

from typing import Final, Generic, TypeVar

from triggers.spread import Leaving, Spread

NEVER_MS: Final = -(1 << 61)
Value = TypeVar("Value")


class Generations(Generic[Value]):
    """By text. Time comes with what is kept."""

    __slots__ = ("_began_ms", "_half", "_leaving", "_older", "_ttl_ms", "_younger")

    def __init__(self, ttl_ms: int, most: int) -> None:
        self._ttl_ms: Final = ttl_ms
        self._half: Final = max(1, most // 2)
        self._younger: Spread[Value] = Spread()
        self._older: Spread[Value] = Spread()
        self._leaving: Final[Leaving[Value]] = Leaving()
        self._began_ms = NEVER_MS

    def __len__(self) -> int:
        return len(self._younger) + len(self._older)

    def __contains__(self, key: str) -> bool:
        return key in self._younger or (len(self._older) > 0 and key in self._older)

    def get(self, key: str) -> Value | None:
        value = self._younger.get(key)
        return self._older.get(key) if value is None and len(self._older) > 0 else value

    def keep(self, key: str, value: Value, at_ms: int) -> None:
        if self._began_ms == NEVER_MS:
            self._began_ms = at_ms
        elif at_ms - self._began_ms >= self._ttl_ms or len(self._younger) >= self._half:
            self._turn(at_ms)
        self._younger.put(key, value)
        self._leaving.step()

    def keep_older(self, key: str, value: Value) -> bool:
        """Remember something of before, as it is read back after a start, while there is room; whether there was."""
        room = len(self._older) < self._half
        if room:
            self._older.put(key, value)
        return room

    def _turn(self, at_ms: int) -> None:
        long_ago = at_ms - self._began_ms >= 2 * self._ttl_ms
        self._leaving.take(self._older)
        if long_ago:
            self._leaving.take(self._younger)
        self._older = Spread() if long_ago else self._younger
        self._younger = Spread()
        self._began_ms = at_ms
