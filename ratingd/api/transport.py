"""Transports: what carries requests to the methods and replies back, and what they are told.

Two serve the same table of methods (`ratingd.api.method`): `grpcio`, which is always there, and `edge`, the native one,
which is faster where it was built. Which one calls is nobody's business but theirs, and what a client can notice of it
is its speed alone: one suite of tests runs against both.

    transport = open_transport("auto", methods, engine, options)     # the native one where it is installed
    transport.start()                                                # requests come in, health says SERVING
    transport.stop(grace=10.0)                                       # finish what is in progress, then close the port
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Protocol

from ratingd.engine.command import Command, Reply
from ratingd.errors import Overloaded, RatingdError

UNARY_WAITING_MAX: Final = 4_096  # calls that have come and are not answered; one more is RESOURCE_EXHAUSTED
WATCHES_MAX: Final = 64  # streams that watch the health, which do not count among the others
METADATA_BYTES_MAX: Final = 16_384  # of one call
UNREAD_BYTES_MAX: Final = 33_554_432  # of answers that wait for their client on one connection
UNREAD_BYTES_ALL_MAX: Final = 268_435_456  # and on all

Choice = Literal["auto", "edge", "grpcio"]


class AnswersUnread(Overloaded):
    """The client asks and does not read. What was done for it all the same is told again under its key."""

    def __init__(self, retry_after_ms: int) -> None:
        RatingdError.__init__(
            self,
            "too many bytes of answers wait for this client to read them, and this one is not kept with them. "
            f"Read, then ask again with the same idempotency key, in {retry_after_ms} ms or later.",
        )
        self.retry_after_ms = retry_after_ms


class CannotListen(OSError):
    """The port cannot be opened as it was asked. The text says what was looked at and what to do."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files. With `client_ca` only clients with a certificate of it are let in (mutual TLS)."""

    certificate: Path  # and the chain that leads to its authority
    key: Path
    client_ca: Path | None = None


@dataclass(frozen=True, slots=True)
class TransportOptions:
    """`address` is host:port, port 0 takes a free one. Without `tls` the port speaks clear text."""

    address: str
    max_message_bytes: int = 4_194_304
    streams_max: int = 256  # open at once; one more is refused with TOO_MANY_STREAMS
    waiting_max: int = UNARY_WAITING_MAX  # unary calls that have come and are not answered
    unread_max: tuple[int, int] = (UNREAD_BYTES_MAX, UNREAD_BYTES_ALL_MAX)  # of one connection, of all
    tls: TlsFiles | None = None
    keepalive_ns: int = 60_000_000_000  # after so long without a sign of life a client is asked for one
    keepalive_timeout_ns: int = 20_000_000_000  # and its connection closed when none comes for so long


class Charger(Protocol):
    """The engine as a transport sees it.

    `done` is called once for each command, on any thread (also before `submit` returns), and must not block. It may
    keep the reply until the engine says that a bunch is complete (`on_answered`).
    """

    def submit(self, command: Command, done: Callable[[Reply], None]) -> None: ...

    def submit_all(self, commands: "list[tuple[Command, Callable[[Reply], None]]]") -> None:
        """Submit what arrived together; those of one account are decided in this order."""

    def on_answered(self, flush: Callable[[], None]) -> None:
        """Have `flush` called whenever replies were given on the engine's threads. It must not block."""


class Transport(Protocol):
    @property
    def port(self) -> int: ...

    @property
    def open_streams(self) -> int: ...

    def on_lost(self, tell: Callable[[], None]) -> None:
        """Have `tell` called should it end without having been told to: nobody is served any more."""

    def start(self) -> None: ...

    def stop(self, grace: float) -> None:
        """Refuse what is new, tell open streams to finish, finish what is in progress for at most `grace` seconds."""
