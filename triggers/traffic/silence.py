"""The order of silence: which of a million keys has been silent for longest, so that it is the one forgotten.

Numbers 1, 2 and 3 are heard of, then 1 again: 2 is the oldest. Each knows its neighbours by the number of their seat,
so to move one to the end touches three of them, however many there are, and no circle of references is made.
"""

from typing import Final

from mypy_extensions import mypyc_attr

NOBODY: Final = -1


@mypyc_attr(acyclic=True, allow_interpreted_subclasses=False)
class Seat:
    """What can be heard of. `seen_ms` is when it was last put at the end."""

    __slots__ = ("newer", "older", "seat", "seen_ms")

    def __init__(self) -> None:
        self.seat = NOBODY
        self.older = NOBODY
        self.newer = NOBODY
        self.seen_ms = 0

    @property
    def gone(self) -> bool:
        """Whether it has been let go."""
        return self.seat < 0


@mypyc_attr(acyclic=True)
class Silence:
    __slots__ = ("_free", "_newest", "_oldest", "_seats")

    def __init__(self) -> None:
        self._seats: Final[list[Seat | None]] = []
        self._free: Final[list[int]] = []
        self._oldest = NOBODY
        self._newest = NOBODY

    def __len__(self) -> int:
        return len(self._seats) - len(self._free)

    def oldest(self) -> Seat | None:
        return self._seats[self._oldest] if self._oldest >= 0 else None

    def enter(self, one: Seat, at_ms: int) -> None:
        if self._free:
            one.seat = self._free.pop()
            self._seats[one.seat] = one
        else:
            one.seat = len(self._seats)
            self._seats.append(one)
        self._to_the_end(one, at_ms)

    def leave(self, one: Seat) -> None:
        self._unlink(one)
        self._seats[one.seat] = None
        self._free.append(one.seat)
        one.seat = NOBODY

    def touch(self, one: Seat, at_ms: int) -> None:
        if self._newest == one.seat:
            one.seen_ms = at_ms
            return
        self._unlink(one)
        self._to_the_end(one, at_ms)

    def _to_the_end(self, one: Seat, at_ms: int) -> None:
        one.seen_ms = at_ms
        one.older, one.newer = self._newest, NOBODY
        if self._newest >= 0:
            last = self._seats[self._newest]
            if last is not None:
                last.newer = one.seat
        else:
            self._oldest = one.seat
        self._newest = one.seat

    def _unlink(self, one: Seat) -> None:
        if one.older >= 0:
            before = self._seats[one.older]
            if before is not None:
                before.newer = one.newer
        else:
            self._oldest = one.newer
        if one.newer >= 0:
            after = self._seats[one.newer]
            if after is not None:
                after.older = one.older
        else:
            self._newest = one.older
