"""Clients that ask and do not read: how many bytes of answers the native transport keeps for them, and what they hear.

gRPC's own server bounds the calls that are open, and not what their answers weigh.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

import grpc

from tests.api_desk import refused
from tests.e2e.transport.desk import SERVICE, TRANSPORTS, TransportDesk, settles
from tests.waiting import until

NATIVE = [transport for transport in TRANSPORTS if transport == "edge"]
ANSWER = 20_000_000  # more than a client takes in advance
SECONDS = 20


def unread(desk: TransportDesk, channel: grpc.Channel, method: str, body: bytes) -> Any:
    """A call whose answer is not read until somebody asks for it."""
    begin: Any = channel.unary_stream(SERVICE + method)
    return begin(body, timeout=SECONDS)


def large(desk: TransportDesk, channel: grpc.Channel) -> Any:
    return unread(desk, channel, "Large", b"%d" % ANSWER)


def served(desk: TransportDesk, channel: grpc.Channel) -> bool:
    try:
        return [*unread(desk, channel, "Lane", b"a")] == [b"a"]
    except grpc.RpcError:
        return False


def test_a_client_that_does_not_read_is_refused_until_it_has() -> None:
    for transport in NATIVE:
        with TransportDesk(transport, unread_max=(ANSWER, 100 * ANSWER)) as desk:
            lazy = desk.connect()
            first = large(desk, lazy)
            first.initial_metadata()
            told = refused(large(desk, lazy))
            assert (told.code, told.reason, told.retry_ms) == ("RESOURCE_EXHAUSTED", "OVERLOADED", 50)
            assert "read" in told.details
            assert [len(answer) for answer in first] == [ANSWER]
            assert [len(answer) for answer in large(desk, lazy)] == [ANSWER]


def test_nothing_is_done_for_who_has_all_unread_that_is_kept() -> None:
    for transport in NATIVE:
        with TransportDesk(transport, unread_max=(ANSWER // 2, 100 * ANSWER)) as desk:
            lazy = desk.connect()
            first = large(desk, lazy)
            first.initial_metadata()
            assert refused(unread(desk, lazy, "Lane", b"a")).code == "RESOURCE_EXHAUSTED"
            assert desk.deadlines == []  # it has not come to the engine
            first.cancel()
            until(partial(served, desk, lazy))


def test_who_reads_is_served_whatever_others_leave_unread() -> None:
    for transport in NATIVE:
        with TransportDesk(transport, unread_max=(10 * ANSWER, 2 * ANSWER)) as desk:
            lazy = [desk.connect() for _ in range(4)]
            first = [large(desk, channel) for channel in lazy]
            for call in first:
                call.initial_metadata()
            assert {refused(large(desk, channel)).code for channel in lazy} == {"RESOURCE_EXHAUSTED"}
            assert [len(desk.call("Large", b"%d" % ANSWER)) for _ in range(20)] == [ANSWER] * 20
            assert [len(answer) for call in first for answer in call] == [ANSWER] * 4


def test_messages_of_who_does_not_read_are_not_read_either() -> None:
    for transport in NATIVE:
        with TransportDesk(transport, unread_max=(400_000, 100 * ANSWER), max_message_bytes=100_000) as desk:

            def messages() -> Iterator[bytes]:
                for _ in range(1_000):
                    yield bytes(60_000)

            answers = desk.stream(messages(), seconds=SECONDS)
            until(lambda: bool(desk.streams and desk.streams[0].received))
            assert settles(lambda: len(desk.streams[0].received)) < 200
            assert sum(1 for _ in answers) == 1_000
