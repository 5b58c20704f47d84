"""Contention: which accounts others write too, right now.

Two daemons charge members of one family. Each decides on what it last read, one of them commits first, the other is
told that the family's account has moved on. Deciding again at once would mostly lose again, for the winner has its next
batch ready; and whoever shared the batch would lose with it. So a conflict marks the accounts for a second: whatever
concerns them is put apart and decided while nobody else may write them, and all the rest goes on as if nothing were.
"""

import time
from collections.abc import Iterable
from typing import Final

from accounts.account import AccountKey

MARKED_NS: Final = 1_000_000_000


class Contention:
    """For one lane's deciding thread."""

    __slots__ = ("_until",)

    def __init__(self) -> None:
        self._until: Final[dict[AccountKey, int]] = {}

    def __bool__(self) -> bool:
        return bool(self._until)

    def mark(self, keys: Iterable[AccountKey]) -> None:
        until_ns = time.monotonic_ns() + MARKED_NS
        for key in keys:
            self._until[key] = until_ns

    def meets(self, keys: Iterable[AccountKey]) -> bool:
        return not self._until.keys().isdisjoint(keys)

    def pass_by(self) -> None:
        """Forget what was long ago."""
        now_ns = time.monotonic_ns()
        for key in [key for key, until_ns in self._until.items() if until_ns <= now_ns]:
            del self._until[key]
