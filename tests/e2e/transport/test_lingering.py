"""Going down while clients still send: the native transport hears them to their end, so that no reset destroys answers.

A client whose sending fails throws away what it has received and not yet handed out.
"""

import socket
import time
from collections.abc import Iterator

from tests.e2e.transport.desk import TransportDesk
from tests.e2e.transport.test_going_down import stopping
from tests.e2e.transport.test_greeting import BEGUN, NATIVE, PING, SETTINGS, frame, strangers

ACK = 1
GOAWAY = 7


def frames(connection: socket.socket) -> Iterator[tuple[int, int, bytes]]:
    """Kind, flags and body of what is received, until the other side has said its last."""
    read = b""
    while received := connection.recv(65_536):
        read += received
        while len(read) >= 9 and len(read) >= 9 + int.from_bytes(read[:3], "big"):
            size = int.from_bytes(read[:3], "big")
            yield read[3], read[4], read[9 : 9 + size]
            read = read[9 + size :]


def with_flags(flags: int, framed: bytes) -> bytes:
    return framed[:4] + bytes([flags]) + framed[5:]


def greeted(client: socket.socket) -> None:
    client.settimeout(15)
    client.sendall(BEGUN[-1] + frame(SETTINGS, 0, b"") + frame(PING, 0, b"is it up"))
    while b"is it up" not in client.recv(65_536):
        """Settings."""


def read_to_the_end(client: socket.socket) -> list[int]:
    kinds = []
    for kind, flags, body in frames(client):
        kinds.append(kind)
        if kind == PING and flags != ACK:
            client.sendall(with_flags(ACK, frame(PING, 0, body)))
    return kinds


def test_who_still_sends_is_heard_until_it_hangs_up() -> None:
    for transport in NATIVE:
        with TransportDesk(transport) as desk, strangers(desk, b"") as (client,):
            greeted(client)
            with stopping(desk, 15) as took:
                assert GOAWAY in read_to_the_end(client)
                for _ in range(10):
                    time.sleep(0.03)
                    client.sendall(frame(PING, 0, b"and more"))
                client.close()
            assert took.seconds < 1.5


def test_who_never_hangs_up_is_let_go_in_a_while() -> None:
    for transport in NATIVE:
        with TransportDesk(transport) as desk, strangers(desk, b"") as (client,):
            greeted(client)
            with stopping(desk, 15) as took:
                read_to_the_end(client)
            assert 1.5 < took.seconds < 8
