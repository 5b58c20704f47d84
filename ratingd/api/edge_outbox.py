"""What is to be said to clients, kept until all of a bunch is known and said at once.

Two hundred debits share a commit. Their replies come one after the other on the lane's thread, and go to the thread of
the network together: one call and one waking instead of two hundred.
"""

from collections.abc import Callable
from threading import Lock
from typing import Final

from ratingd.api.edge_module import Said
from ratingd.engine.command import Reply


class Outbox:
    """Thread-safe; what one thread says arrives in its order."""

    def __init__(self, send: Callable[[list[Said]], None]) -> None:
        self._send: Final = send
        self._said: Final[list[Said]] = []
        self._flushing: Final = Lock()

    def reply(self, call: int, reply: Reply) -> None:
        self._said.append((call, reply.code, reply.body))

    def say(self, call: int, word: int, message: bytes = b"") -> None:
        self._said.append((call, word, message))

    def flush(self) -> None:
        """Say all that was kept."""
        if not self._said:
            return
        with self._flushing:
            said = self._said[:]  # each of these two steps is one for all threads
            del self._said[: len(said)]
            if said:
                self._send(said)
