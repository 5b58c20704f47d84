"""Dictionaries in parts, so that nobody waits while one of a million keys grows, or goes.

A dictionary that takes one key too many is copied whole: at 700,000 keys that stops everybody for 70 ms, and to let go
of it as long again. Beyond 4,096 keys there are 256 parts; each grows when it is full itself, 0.3 ms a time, and they
are let go one by one.
"""

from collections.abc import Iterator
from typing import Final, Generic, TypeVar

from mypy_extensions import i64

FEW: Final = 4_096  # keys in one dictionary
PARTS: Final = 256
SHIFT: Final = 40  # the low bits say where it is in its part
LET_GO_EVERY: Final = 64
Value = TypeVar("Value")


class Spread(Generic[Value]):
    """By text, in no order."""

    __slots__ = ("_bits", "_parts", "_size")

    def __init__(self) -> None:
        self._parts: list[dict[str, Value]] = [{}]
        self._bits: i64 = 0  # of a hash, which say where
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def __contains__(self, key: str) -> bool:
        place: i64 = hash(key)
        return key in self._parts[place >> SHIFT & self._bits]

    def __iter__(self) -> Iterator[str]:
        for part in self._parts:
            yield from part

    def get(self, key: str) -> Value | None:
        place: i64 = hash(key)
        return self._parts[place >> SHIFT & self._bits].get(key)

    def put(self, key: str, value: Value) -> None:
        place: i64 = hash(key)
        part = self._parts[place >> SHIFT & self._bits]
        before = len(part)
        part[key] = value
        self._size += len(part) - before
        if self._size > FEW and self._bits == 0:
            self._part()

    def pop(self, key: str) -> Value | None:
        place: i64 = hash(key)
        part = self._parts[place >> SHIFT & self._bits]
        before = len(part)
        value = part.pop(key, None)
        self._size += len(part) - before
        return value

    @property
    def parts(self) -> int:
        return len(self._parts)

    def part(self, place: int) -> list[Value]:
        """A copy of what one part holds, for whoever goes through all of it and lets others in between."""
        return list(self._parts[place].values()) if place < len(self._parts) else []

    def let_go(self) -> bool:
        """Forget one part of those that are left; whether there was one. Nothing else is to be asked of it then."""
        if not self._parts:
            return False
        self._parts.pop()
        return True

    def _part(self) -> None:
        whole = self._parts[0]
        self._bits = PARTS - 1
        self._parts = [{} for _ in range(PARTS)]
        for key, value in whole.items():
            place: i64 = hash(key)
            self._parts[place >> SHIFT & self._bits][key] = value


class Leaving(Generic[Value]):
    """What nobody asks any more, and goes a little with each `step`."""

    __slots__ = ("_left", "_steps")

    def __init__(self) -> None:
        self._left: Final[list[Spread[Value]]] = []
        self._steps = 0

    def take(self, spread: Spread[Value]) -> None:
        self._left.append(spread)

    def step(self) -> None:
        if self._left:
            self._steps += 1
            if self._steps % LET_GO_EVERY == 0 and not self._left[-1].let_go():
                self._left.pop()
