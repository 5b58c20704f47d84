"""Which numbers were silent longest, to the second, at no cost to one that is called again.

+4930123456 is called at second 100 and written down there. Calls at 101 to 170 are marked at the number alone. When
those of second 100 come up, 70 seconds later, it is seen that it was last called at 170: it is written down there. So
a busy number is moved once in the time after which a silent one goes, and not with each call.

Time is the shard's, which moves by a second at most from call to call.
"""

from typing import Final

from mypy_extensions import mypyc_attr

NEVER_S: Final = 1 << 30


@mypyc_attr(acyclic=True)
class Silence:
    """Numbers by the second at which they were written down. The oldest of them are taken from; the next in turn is
    the last of `_oldest`. `since_s`: none was written down before it."""

    __slots__ = ("_from_s", "_oldest", "_seconds", "since_s")

    def __init__(self) -> None:
        self.since_s = 0
        self._oldest: list[str] = []
        self._seconds: Final[list[list[str]]] = []
        self._from_s = 0  # the first of them

    def write(self, b: str, second: int) -> None:
        seconds = self._seconds
        if not seconds:
            self._from_s = max(self._from_s, second)
        place = max(second - self._from_s, 0)
        while len(seconds) <= place:
            seconds.append([])
        seconds[place].append(b)

    def take(self, before_s: int) -> str | None:
        """The one that was written down first, and before a second."""
        while not self._oldest:
            if not self._seconds or self._from_s >= before_s:
                self.since_s = self._from_s
                return None
            self._turn()
        return self._oldest.pop() if self.since_s < before_s else None

    def _turn(self) -> None:
        self._oldest = self._seconds.pop(0)
        self._oldest.reverse()
        self.since_s = self._from_s
        self._from_s += 1
