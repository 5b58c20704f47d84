"""The ceiling of a transport: ratingd's own, whose methods answer at once with a reply made before.

    python -m bench.empty_server edge|grpcio REPLY       # a file with the bytes of a real debit's answer

It prints its port and serves until its input is closed. Every request gets that reply, a batch 64 of them, a message of
the stream one with its correlation id: what is left when nothing is parsed, decided, stored or waited for. On the edge
requests arrive in batches and are answered in Python, as those of the daemon; `bench/empty_native` is the same without
any Python.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final, cast

from bench.sample import BATCH, CORRELATION
from ratingd.api.charging import SERVICE
from ratingd.api.method import AnyMethod, Kind, Method, Outlet, StreamMethod
from ratingd.api.open_transport import open_transport
from ratingd.api.transport import Choice, TransportOptions
from ratingd.api.wire import delimited
from ratingd.engine.command import Command, Reply

IN_FLIGHT_MAX: Final = 1_024  # as the settings have it
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


class NoCharger:
    """An engine that is never asked."""

    def submit(self, command: Command, done: Callable[[Reply], None]) -> None:
        raise AssertionError("an empty method has no command")

    def submit_all(self, commands: list[tuple[Command, Callable[[Reply], None]]]) -> None:
        raise AssertionError("an empty method has no command")

    def on_answered(self, flush: Callable[[], None]) -> None:
        """There are no threads that answer later."""


def batch_reply(reply: bytes) -> bytes:
    return delimited(1, delimited(1, reply)) * BATCH


def stream_reply(reply: bytes) -> bytes:
    """What follows the correlation id."""
    return delimited(3, reply)


def methods(reply: bytes) -> list[AnyMethod]:
    one, batch, answer = Reply(0, reply), Reply(0, batch_reply(reply)), stream_reply(reply)
    return [
        Method(f"{SERVICE}Debit", Kind.LANE, lambda body, deadline: one),
        Method(f"{SERVICE}BatchDebit", Kind.LANE, lambda body, deadline: batch),
        StreamMethod(f"{SERVICE}Charge", lambda outlet: Echo(outlet, answer), Kind.LANE, IN_FLIGHT_MAX),
    ]


def main() -> None:
    choice, reply = sys.argv[1:]
    server = open_transport(
        cast(Choice, choice), methods(Path(reply).read_bytes()), NoCharger(), TransportOptions("127.0.0.1:0")
    )
    server.start()
    print(server.port, flush=True)
    sys.stdin.read()
    server.stop(0)


if __name__ == "__main__":
    main()
