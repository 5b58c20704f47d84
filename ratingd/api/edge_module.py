"""The native module `ratingd_edge` (see `edge/`) as Python sees it: a gRPC server that speaks in batches.

It knows methods by their place in a table, calls by their number, and nothing of what is in a message. What arrives is
taken as a list of arrivals, what is said goes back as a list of words:

    arrival     (call, place in the table, message, deadline)      a call begins; a stream's has no message
                (call, MESSAGE, message, None)                     of a stream; so are the next two
                (call, HALF_CLOSED, b"", None)                     its client will send no more
                (call, OVER, b"", None)                            it is over, for whatever reason; the last of it
    said        (call, 0, message)                                 the answer of a unary call; the end of a stream
                (call, code, google.rpc.Status)                    not OK
                (call, MESSAGE, message)                           of a stream
                (call, READY, b"")                                 a stream can take one more message
                (call, CLOSED, b"")                                nothing more is said of a stream that is over
"""

import importlib
import time
from dataclasses import dataclass, field
from typing import Final, Protocol, cast

MESSAGE: Final = -1
HALF_CLOSED: Final = -2
OVER: Final = -3
READY: Final = -2
CLOSED: Final = -3

Arrival = tuple[int, int, bytes, int | None]
Said = tuple[int, int, bytes]
Row = tuple[str, int, int, bool]  # (path, room, window, each message has one answer); window 0: unary
Refusal = tuple[int, bytes]  # a code and a serialised google.rpc.Status


@dataclass(frozen=True, slots=True)
class EdgeOptions:
    """What `Edge` is made from. Rooms are named by their place."""

    address: str
    methods: list[Row]
    rooms: list[tuple[int, int, bytes]]  # (places, and the Refusal of one more)
    farewell: Refusal  # of calls that come while it goes down
    unread_max: tuple[int, int]  # bytes of answers that wait for their clients: on one connection, on all
    unread: Refusal  # of calls of a client that leaves more unread
    message_max: int
    metadata_max: int
    keepalive_s: float
    keepalive_timeout_s: float
    tls: tuple[bytes, bytes, bytes | None] | None  # certificate, key, authority of the clients; in PEM
    monotonic_ns: int = field(default_factory=time.monotonic_ns)  # so that deadlines are on this clock


class Edge(Protocol):
    """Thread-safe; `take` and `stop` wait without the interpreter's lock."""

    @property
    def port(self) -> int: ...

    def start(self) -> None: ...

    def take(self, most: int, timeout_s: float | None = None) -> list[Arrival] | None:
        """What has arrived, as soon as something has; empty after the timeout, None when nothing more will come."""

    def send(self, said: list[Said]) -> None: ...

    def taken(self, room: int) -> int:
        """How many calls have a place in a room."""

    def drain(self) -> None:
        """Take no more connections and calls."""

    def stop(self, grace_s: float) -> None:
        """Drain, give what is open so much time, and end."""


def open_edge(options: EdgeOptions) -> Edge:
    """Take the port. OSError where that is not possible, ValueError where TLS's files do not do, ImportError."""
    module = importlib.import_module("ratingd_edge")
    return cast(Edge, module.Edge(options))
