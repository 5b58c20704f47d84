"""A clock that never goes back, for waits that must end.

At 12:00:00 a delivery fails and is due again at 12:00:05. Then somebody sets the clock back to 11:00:00. By the wall
clock the next attempt is an hour and five seconds away; by this one it is five seconds, for it follows the wall clock
ahead and, where that falls behind, goes on by what has really passed.
"""

import threading
import time
from collections.abc import Callable
from typing import Final


class SteadyClock:
    """Nanoseconds since the epoch, as the wall clock shows them or would if nobody had set it back. Thread-safe."""

    def __init__(
        self, clock: Callable[[], int] = time.time_ns, monotonic: Callable[[], int] = time.monotonic_ns
    ) -> None:
        self._clock: Final = clock
        self._monotonic: Final = monotonic
        self._lock: Final = threading.Lock()
        self._shown_ns, self._at = clock(), monotonic()

    def __call__(self) -> int:
        with self._lock:
            return self._show(self._clock())

    def set_back_ns(self) -> int:
        """How far the wall clock is behind what it would show."""
        with self._lock:
            wall_ns = self._clock()
            return self._show(wall_ns) - wall_ns

    def _show(self, wall_ns: int) -> int:
        now = self._monotonic()
        self._shown_ns = max(wall_ns, self._shown_ns + now - self._at)
        self._at = now
        return self._shown_ns
