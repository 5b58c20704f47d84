"""Limits: messages, metadata, calls that wait; what is too much is refused, and the next call is served."""

import re
from typing import Any

import grpc
import pytest

from ratingd.api.open_transport import Name
from ratingd.api.transport import CannotListen
from tests.e2e.transport.desk import SERVICE, Feed, TransportDesk, answered
from tests.waiting import until

TOO_LARGE = "request: is 100001 bytes; the daemon accepts 100000. Send less at a time."
DETAILS = "grpc-status-details-bin"


def error_of(call: Any) -> Any:
    error = call.exception(20)
    assert error is not None
    return error


@pytest.mark.parametrize("method", ["Quick", "Slow", "Lane"])
def test_a_message_over_the_limit_is_refused_with_the_limit(desk: TransportDesk, method: str) -> None:
    error = error_of(desk.ask(method, bytes(100_001)))
    assert (error.code(), error.details()) == (grpc.StatusCode.RESOURCE_EXHAUSTED, TOO_LARGE)
    assert [key for key, _ in error.trailing_metadata()].count(DETAILS) == 1
    assert desk.call(method, bytes(100_000)) == bytes(100_000)


def test_a_message_over_the_limit_ends_a_stream(desk: TransportDesk) -> None:
    answers = desk.stream(iter([b"a", bytes(100_001)]))
    assert next(answers) == b"a"
    with pytest.raises(grpc.RpcError) as error:
        list(answers)
    refused: Any = error.value
    assert (refused.code(), refused.details()) == (grpc.StatusCode.RESOURCE_EXHAUSTED, TOO_LARGE)
    until(lambda: desk.streams[0].cancelled == 1)
    assert desk.streams[0].received == [b"a"]


@pytest.mark.parametrize("compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip])
def test_a_message_far_over_the_limit_is_refused_and_the_connection_lives(
    desk: TransportDesk, compression: grpc.Compression
) -> None:
    channel = desk.connect(compression=compression)
    for size in (300_000, 30_000_000):
        call = desk.ask("Quick", bytes(size), channel=channel)
        assert error_of(call).code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert answered(desk.ask("Quick", b"alive", channel=channel)) == b"alive"


def test_an_answer_may_be_larger_than_a_request(desk: TransportDesk) -> None:
    assert len(desk.call("Large", b"9000000")) == 9_000_000


@pytest.mark.parametrize("compression", [grpc.Compression.Gzip, grpc.Compression.Deflate])
def test_a_client_may_compress(desk: TransportDesk, compression: grpc.Compression) -> None:
    channel = desk.connect(compression=compression)
    body = b"ratingd " * 10_000
    assert answered(desk.ask("Lane", body, channel=channel)) == body
    assert list(desk.stream(iter([body, b""]), channel=channel)) == [body, b""]


def test_metadata_is_no_business_of_ours(desk: TransportDesk) -> None:
    metadata = [
        ("x-bytes-bin", bytes(range(256))),
        ("x-empty-bin", b""),
        ("x-text", "v" * 5_000),
        ("x-twice", "1"),
        ("x-twice", "2"),
        ("authorization", "Bearer none"),
        ("grpc-previous-rpc-attempts", "3"),
    ]
    assert desk.call("Quick", b"a", metadata=metadata) == b"a"
    call: Any = desk.channel.stream_stream(SERVICE + "Stream")
    assert list(call(iter([b"a"]), timeout=20, metadata=metadata)) == [b"a"]


def test_too_much_metadata_is_refused_and_the_server_lives(desk: TransportDesk) -> None:
    call = desk.ask("Quick", b"a", metadata=[("x-much", "v" * 200_000)])
    assert error_of(call).code() is not grpc.StatusCode.OK
    assert desk.call("Quick", b"alive", channel=desk.connect()) == b"alive"


def test_a_thousand_calls_at_once_on_sixteen_connections(desk: TransportDesk) -> None:
    channels = [desk.connect() for _ in range(16)]
    calls = {
        (place, number): desk.ask(("Quick", "Lane")[number % 2], b"%d-%d" % (place, number), channel=channel)
        for number in range(63)
        for place, channel in enumerate(channels)
    }
    assert all(answered(call) == b"%d-%d" % which for which, call in calls.items())


def test_calls_that_wait_are_bounded(transport: Name) -> None:
    with TransportDesk(transport, waiting_max=100, streams_max=10) as desk:
        desk.charger.hold = True
        calls = [desk.ask("Lane", b"x", seconds=100) for _ in range(300)]
        until(lambda: sum(call.done() for call in calls) > 0, within_s=60)
        refused = error_of(next(call for call in calls if call.done()))
        assert refused.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        desk.charger.hold = False
        desk.charger.answer()
        codes = [call.code() for call in calls]  # waits for each
        assert set(codes) == {grpc.StatusCode.OK, grpc.StatusCode.RESOURCE_EXHAUSTED}
        assert codes.count(grpc.StatusCode.OK) >= 100
        assert desk.call("Lane", b"next") == b"next"


def test_a_port_that_is_taken_is_told(desk: TransportDesk, transport: Name) -> None:
    text = f"cannot listen on {desk.address}: it is in use, or not an address of this machine"
    with pytest.raises(CannotListen, match=re.escape(text)), TransportDesk(transport, address=desk.address):
        pass
    assert desk.call("Quick", b"alive") == b"alive"


def test_an_address_of_another_machine_is_told(transport: Name) -> None:
    with (
        pytest.raises(CannotListen, match=r"cannot listen on 192\.0\.2\.1:0: .* not an address of this machine"),
        TransportDesk(transport, address="192.0.2.1:0"),
    ):
        pass


def test_clients_that_begin_calls_and_send_nothing_hold_nobody_up(desk: TransportDesk) -> None:
    silent = Feed()
    lazy = desk.connect()
    begin: Any = lazy.stream_unary(SERVICE + "Quick")
    begun = [begin.future(iter(silent), timeout=60) for _ in range(40)]
    assert [desk.call("Quick", b"a"), desk.call("Lane", b"b")] == [b"a", b"b"]
    lazy.close()
    silent.close()
    assert not any(call.code() is grpc.StatusCode.OK for call in begun)
