"""A deadline over a whole exchange: when it has passed, the connection is cut, whatever it is doing.

A time-out of a socket is about silence. A receiver that sends one byte of its headers every four seconds is never
silent for five, and would keep a thread for an hour. So a timer shuts the line down after five seconds in all, and
whoever reads from it finds its end.

    with Deadline(5.0) as deadline:
        ...                             # connections made in this thread call `watch`
        if deadline.passed: ...         # what was read may be cut short

The line is shut down through a second handle of the same connection, so that it does not matter whether TLS has
wrapped the first one meanwhile.
"""

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

_running: Final = threading.local()


class Deadline:
    def __init__(self, seconds: float) -> None:
        self._lock: Final = threading.Lock()
        self._lines: Final[list[socket.socket]] = []
        self._timer: Final = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self.passed = False

    def watch(self, line: socket.socket) -> None:
        """Cut this line too. Raises TimeoutError where it comes too late."""
        handle = socket.fromfd(line.fileno(), line.family, line.type)
        with self._lock:
            self._lines.append(handle)
            if self.passed:
                raise TimeoutError("the time was up before the connection stood")

    def _cut(self) -> None:
        with self._lock:
            self.passed = True
            for line in self._lines:
                with suppress(OSError):  # it has ended by itself
                    line.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        _running.deadline = self
        self._timer.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._timer.cancel()
        _running.deadline = None
        with self._lock:
            for line in self._lines:
                line.close()
            self._lines.clear()


def watch(line: socket.socket) -> None:
    """Put a line under the deadline that runs in this thread, if one does."""
    deadline: Deadline | None = getattr(_running, "deadline", None)
    if deadline is not None:
        deadline.watch(line)
