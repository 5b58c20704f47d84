"""The ceiling of the transport: ratingd's own gRPC server, whose methods answer at once with a reply made before.

    python -m bench.empty_server REPLY       # a file with the bytes of a real debit's answer

It prints its port and serves until its input is closed. Every request gets that reply, a batch 64 of them, a message of
the stream one with its correlation id: what is left when nothing is parsed, decided, stored or waited for.
"""

import sys
from pathlib import Path
from typing import Final

from bench.sample import BATCH, CORRELATION
from ratingd.api.charging import SERVICE
from ratingd.api.grpcio_server import GrpcioServer
from ratingd.api.method import AnyMethod, Kind, Method, Outlet, StreamMethod
from ratingd.api.transport import TransportOptions
from ratingd.api.wire import delimited
from ratingd.engine.command import Reply

CORRELATION_END: Final = 2 + len(CORRELATION)  # its tag and its length come first


class Echo:
    """Answers each message of one stream."""

    def __init__(self, outlet: Outlet, answer: bytes) -> None:
        self._outlet: Final = outlet
        self._answer: Final = answer

    def receive(self, message: bytes) -> None:
        self._outlet.send(message[:CORRELATION_END] + self._answer)

    def half_close(self) -> None:
        self._outlet.finish()

    def drain(self) -> None:
        self._outlet.finish()

    def cancel(self) -> None:
        """Nothing is in progress."""


def methods(reply: bytes) -> list[AnyMethod]:
    one = Reply(0, reply)
    batch = Reply(0, delimited(1, delimited(1, reply)) * BATCH)
    answer = delimited(3, reply)
    return [
        Method(f"{SERVICE}Debit", Kind.LANE, lambda body, deadline: one),
        Method(f"{SERVICE}BatchDebit", Kind.LANE, lambda body, deadline: batch),
        StreamMethod(f"{SERVICE}Charge", lambda outlet: Echo(outlet, answer)),
    ]


def main() -> None:
    reply = Path(sys.argv[1]).read_bytes()
    server = GrpcioServer(
        methods(reply),
        lambda command, done: None,
        TransportOptions("127.0.0.1:0"),
    )
    server.start()
    print(server.port, flush=True)
    sys.stdin.read()
    server.stop(0)


if __name__ == "__main__":
    main()
