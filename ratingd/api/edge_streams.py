"""Open streams on the native transport.

A stream may block while it deals with a message, to hold its client back, so it has a thread of its own. Only where its
kind says that it does not block (LANE: the engine gives each message its one answer, and the transport lets no more
messages wait than the stream wants; PROMPT: the stream says when it takes one more) its messages are dealt with where
they arrive, and its answers leave with the next bunch: a debit on the `Charge` stream, or a call event, costs no
thread's waking at all.
"""

from queue import SimpleQueue
from threading import Thread
from typing import Final

from ratingd import observe
from ratingd.api.edge_module import CLOSED, HALF_CLOSED, MESSAGE, OVER, READY
from ratingd.api.edge_outbox import Outbox
from ratingd.api.method import Stream, StreamMethod, told
from ratingd.api.status import failure
from ratingd.engine.command import Reply
from ratingd.errors import InvariantBroken, RatingdError, RequestTooLarge
from ratingd.store.faults import StoreFault


class EdgeOutlet:
    """Where the answers of one stream go: at once, or with the next bunch."""

    __slots__ = ("_at_once", "_call", "_outbox", "_said", "over")

    def __init__(self, outbox: Outbox, call: int, *, at_once: bool) -> None:
        self._outbox: Final = outbox
        self._said: Final = outbox.said
        self._call: Final = call
        self._at_once: Final = at_once
        self.over = False  # finished, or nobody takes answers any more

    def send(self, message: bytes) -> None:
        if not self.over:
            self._say(MESSAGE, message)

    def finish(self, reply: Reply | None = None) -> None:
        if not self.over:
            self.over = True
            self._say(0 if reply is None else reply.code, b"" if reply is None else reply.body)

    def ready(self) -> None:
        """The stream can take one more message."""
        self._say(READY, b"")

    def flush(self) -> None:
        self._outbox.flush()

    def close(self) -> None:
        self._say(CLOSED, b"")

    def _say(self, word: int, message: bytes) -> None:
        self._said.append((self._call, word, message))
        if self._at_once:
            self._outbox.flush()


class OpenStream:
    """A stream that is dealt with where its messages arrive."""

    def __init__(self, method: StreamMethod, outlet: EdgeOutlet, message_bytes_max: int) -> None:
        self._name: Final = method.name
        self._outlet: Final = outlet
        self._message_bytes_max: Final = message_bytes_max
        self._stream: Final[Stream] = method.open(outlet)

    def hear(self, event: int, message: bytes) -> None:
        if event == MESSAGE:
            self._receive(message)
        elif event == HALF_CLOSED:
            self._half_close()
        else:
            self._cancel()
            self._outlet.close()

    def drain(self) -> None:
        self._stream.drain()

    def _receive(self, message: bytes) -> None:
        if self._outlet.over:
            return
        try:
            if len(message) > self._message_bytes_max:
                raise too_large(message, self._message_bytes_max)
            self._stream.receive(message)
        except Exception as error:  # noqa: BLE001 (told apart there)
            self._fail(error)

    def _half_close(self) -> None:
        if self._outlet.over:
            return
        try:
            self._stream.half_close()
        except Exception as error:  # noqa: BLE001 (told apart there)
            self._fail(error)

    def _cancel(self) -> None:
        self._outlet.over = True
        try:
            self._stream.cancel()
        except Exception as error:  # noqa: BLE001 (ours to mend; the other calls go on)
            observe.fault("api.fault", error, method=self._name)

    def _fail(self, error: Exception) -> None:
        self._outlet.finish(failure_of(error, self._name))


class ThreadedStream(OpenStream):
    """A stream with a thread of its own, which deals with one message after the other."""

    def __init__(self, method: StreamMethod, outlet: EdgeOutlet, message_bytes_max: int) -> None:
        super().__init__(method, outlet, message_bytes_max)
        self._heard: Final[SimpleQueue[tuple[int, bytes]]] = SimpleQueue()
        Thread(target=self._run, name="edge-stream", daemon=True).start()

    def hear(self, event: int, message: bytes) -> None:
        if event == OVER:
            self._cancel()  # while it is at work, which it may be waiting for
        self._heard.put((event, message))

    def _run(self) -> None:
        event = MESSAGE
        while event != OVER:
            event, message = self._heard.get()
            if event == MESSAGE:
                self._receive(message)
                self._outlet.ready()
            elif event == HALF_CLOSED:
                self._half_close()
        self._outlet.close()


def too_large(message: bytes, most: int) -> RequestTooLarge:
    return RequestTooLarge("request", f"is {len(message)} bytes; the daemon accepts {most}. Send less at a time.")


def failure_of(error: Exception, name: str) -> Reply:
    """The reply for whatever went wrong in a method."""
    if isinstance(error, (RatingdError, StoreFault)):
        return failure(told(error))
    observe.fault("api.fault", error, method=name)
    return failure(InvariantBroken(f"{type(error).__name__} in {name}"))
