"""Connections that say nothing, or begin to and stop: the native transport neither keeps them nor waits for them.

gRPC's own server gives each two minutes, and all of the grace when it goes down.
"""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.e2e.transport.certificates import Certificates
from tests.e2e.transport.desk import SERVICE, TRANSPORTS, TransportDesk

NATIVE = [transport for transport in TRANSPORTS if transport == "edge"]
BEGUN = (b"", b"PRI * HT", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
SECOND_NS = 1_000_000_000
HEADERS, SETTINGS, PING = 1, 4, 6


@contextmanager
def strangers(desk: TransportDesk, *begun: bytes) -> Iterator[list[socket.socket]]:
    with ExitStack() as open_ones:
        connections = []
        for words in begun:
            connection = open_ones.enter_context(socket.create_connection(("127.0.0.1", desk.server.port)))
            connection.sendall(words)
            connections.append(connection)
        yield connections


def test_who_does_not_greet_in_time_is_let_go() -> None:
    for transport in NATIVE:
        with (
            TransportDesk(transport, keepalive_ns=SECOND_NS, keepalive_timeout_ns=SECOND_NS) as desk,
            strangers(desk, *BEGUN) as silent,
        ):
            for connection in silent:
                connection.settimeout(15)
                while connection.recv(65_536):
                    """Settings, for the one that has greeted."""
            assert desk.call("Quick", b"alive") == b"alive"


def test_who_has_not_greeted_holds_nobody_up_that_goes_down() -> None:
    for transport in NATIVE:
        with TransportDesk(transport) as desk, strangers(desk, *BEGUN[:2]):
            assert desk.call("Quick", b"alive") == b"alive"
            began = time.monotonic()
            desk.server.stop(15)
            assert time.monotonic() - began < 8


def test_nor_does_who_has_not_shaken_hands(tmp_path: Path) -> None:
    tls = Certificates.create(tmp_path / "all").files(mutual=False)
    for transport in NATIVE:
        with TransportDesk(transport, tls=tls) as desk, strangers(desk, b"", b"\x16\x03\x01"):
            time.sleep(0.2)
            began = time.monotonic()
            desk.server.stop(15)
            assert time.monotonic() - began < 8


def test_words_that_come_one_letter_at_a_time_are_a_greeting_too() -> None:
    for transport in NATIVE:
        with TransportDesk(transport) as desk, strangers(desk, b"") as (slow,):
            for letter in BEGUN[-1] + b"\0\0\0\4\0\0\0\0\0":
                slow.sendall(bytes([letter]))
                time.sleep(0.005)
            slow.settimeout(15)
            head = slow.recv(9)
            assert head[3] == 4  # its settings


def test_calls_that_are_begun_and_not_sent_take_nobody_elses_place() -> None:
    for transport in NATIVE:
        with TransportDesk(transport, waiting_max=100) as desk, strangers(desk, b"") as (lazy,):
            lazy.sendall(BEGUN[-1] + frame(SETTINGS, 0, b""))
            for number in range(200):
                lazy.sendall(frame(HEADERS, 2 * number + 1, begun_call("Lane")))
            lazy.sendall(frame(PING, 0, b"all sent"))
            lazy.settimeout(15)
            read = b""
            while b"all sent" not in read:
                read += lazy.recv(65_536)
            assert desk.call("Lane", b"alive") == b"alive"


def frame(kind: int, stream: int, body: bytes) -> bytes:
    """A frame of HTTP/2; headers are complete."""
    flags = 4 if kind == HEADERS else 0
    return len(body).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + body


def begun_call(method: str) -> bytes:
    """The headers of a call, as HPACK writes them that knows none of them."""
    fields = {
        ":method": "POST",
        ":scheme": "http",
        ":path": SERVICE + method,
        ":authority": "test",
        "content-type": "application/grpc",
    }
    return b"".join(b"\0" + literal(name) + literal(value) for name, value in fields.items())


def literal(text: str) -> bytes:
    return bytes([len(text)]) + text.encode()
