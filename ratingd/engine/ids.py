"""Identifiers of operations: unique over processes and restarts, and rising with time within one of them.

Sixteen hex digits of nanoseconds, then eight that are this process's own: neighbours in time are neighbours in the
index, which keeps the append to `operations` cheap.
"""

import secrets
import threading
import uuid
from collections.abc import Callable
from typing import Final


class OperationIds:
    """Gives out operation ids; two in the same nanosecond, or under a clock set back, still rise."""

    __slots__ = ("_clock", "_last", "_lock", "_process")

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock: Final = clock
        self._process: Final = secrets.token_hex(4)
        self._lock: Final = threading.Lock()
        self._last = 0

    def next(self) -> str:
        lock = self._lock
        lock.acquire()  # `with` is five times as dear, compiled, and an id is given with each request
        try:
            last = self._last = max(self._last + 1, self._clock())
        finally:
            lock.release()
        return last.to_bytes(8, "big").hex() + self._process


def new_balance_id() -> str:
    return uuid.uuid4().hex
