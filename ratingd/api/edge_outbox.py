"""What is to be said to clients, kept until all of a bunch is known and said at once.

Two hundred debits share a commit. Their replies come one after the other on the lane's thread, and go to the thread of
the network together: one call and one waking instead of two hundred.

Should one of them be none (what a method answered cannot be said), its call alone fails: those beside it are said all
the same, and the lane hears nothing of it.
"""

from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from typing import Final

from ratingd import observe
from ratingd.api.edge_module import Said
from ratingd.api.status import failure
from ratingd.engine.command import Reply
from ratingd.errors import InvariantBroken


class Outbox:
    """Thread-safe; what one thread says arrives in its order. `said` is what is kept; to append to it is to say it."""

    def __init__(self, send: Callable[[list[Said]], None]) -> None:
        self._send: Final = send
        self.said: Final[list[Said]] = []
        self._flushing: Final = Lock()

    def reply(self, call: int, reply: Reply) -> None:
        self.said.append((call, reply.code, reply.body))

    def say(self, call: int, word: int, message: bytes = b"") -> None:
        self.said.append((call, word, message))

    def flush(self) -> None:
        """Say all that was kept."""
        if not self.said:
            return
        with self._flushing:
            said = self.said[:]  # each of these two steps is one for all threads
            del self.said[: len(said)]
            if said:
                self._say_all(said)

    def _say_all(self, said: list[Said]) -> None:
        try:
            self._send(said)
        except Exception as error:  # noqa: BLE001 (whose it is, is found out; nobody may wait for ever)
            observe.fault("edge.not_said", error, bunch=len(said))
            for each in said:
                self._say_one(each)

    def _say_one(self, said: Said) -> None:
        try:
            self._send([said])
        except Exception as error:  # noqa: BLE001 (told instead)
            told = failure(InvariantBroken(f"{type(error).__name__} in an answer"))
            with suppress(Exception):
                self._send([(said[0], told.code, told.body)])
