"""Pace: who hears of something that goes on hears of it every five seconds at most, and always of how it stands.

A run is told at 10:00:00 and grows a hundred times until 10:00:07. It is told again at 10:00:05, with whatever it has
come to by then, and a last time at 10:00:10; the changes in between are in these.
"""

from collections.abc import Callable
from typing import Final

from ratingd.store.rows import OutboxEntry

Tell = Callable[[int], list[OutboxEntry]]


class Pace:
    """By key, such as the uuid of an alert. Whoever tells gives a function of the instant, asked when it is time."""

    def __init__(self, every_ms: int) -> None:
        self._every_ms: Final = every_ms
        self._told_ms: dict[str, int] = {}
        self._owed: Final[dict[str, Tell]] = {}

    def told(self, key: str, now_ms: int) -> None:
        """It has just been told in other words."""
        self._told_ms[key] = now_ms
        self._owed.pop(key, None)

    def tell(self, key: str, now_ms: int, tell: Tell) -> list[OutboxEntry]:
        """What to tell now; nothing where it has to wait."""
        if now_ms - self._told_ms.get(key, -self._every_ms) < self._every_ms:
            self._owed[key] = tell
            return []
        self.told(key, now_ms)
        return tell(now_ms)

    def overdue(self, now_ms: int) -> list[OutboxEntry]:
        """What has had to wait and need not any longer."""
        found: list[OutboxEntry] = []
        for key in [key for key in self._owed if now_ms - self._told_ms[key] >= self._every_ms]:
            found += self.tell(key, now_ms, self._owed[key])
        if len(self._told_ms) > len(self._owed):
            kept = {key: ms for key, ms in self._told_ms.items() if key in self._owed or now_ms - ms < self._every_ms}
            self._told_ms = kept
        return found
