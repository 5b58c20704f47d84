"""Connections: signs of life, health, and clients that are none."""

import socket
import time
from types import SimpleNamespace
from typing import Any, cast

import grpc
import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

from ratingd.api.health import SERVING, Health, Watch
from ratingd.api.method import Outlet
from ratingd.api.open_transport import Name
from tests.e2e.transport.desk import Feed, TransportDesk, answered
from tests.waiting import until

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"  # and empty SETTINGS
SECOND_NS = 1_000_000_000


@pytest.mark.parametrize("service", ["", "transport.test.Echo"])
def test_health_is_told_of_the_whole_and_of_each_service(desk: TransportDesk, service: str) -> None:
    health, asked = HealthStub(desk.channel), HealthCheckRequest(service=service)
    assert health.Check(asked, timeout=20).status == HealthCheckResponse.SERVING
    watch = health.Watch(asked, timeout=20)
    assert next(watch).status == HealthCheckResponse.SERVING
    watch.cancel()


def test_health_of_a_service_that_there_is_not(desk: TransportDesk) -> None:
    health, asked = HealthStub(desk.channel), HealthCheckRequest(service="no.Such")
    with pytest.raises(grpc.RpcError) as error:
        health.Check(asked, timeout=20)
    assert (error.value.code(), error.value.details()) == (
        grpc.StatusCode.NOT_FOUND,
        "no service 'no.Such' is served here. Reflection lists those that are.",
    )
    watch = health.Watch(asked, timeout=20)
    assert next(watch).status == HealthCheckResponse.SERVICE_UNKNOWN
    watch.cancel()


def test_who_watches_the_health_takes_no_stream_from_others(desk: TransportDesk) -> None:
    health = HealthStub(desk.channel)
    watches = [health.Watch(HealthCheckRequest(), timeout=30) for _ in range(12)]
    assert [next(watch).status for watch in watches] == [HealthCheckResponse.SERVING] * 12
    assert desk.server.open_streams == 0
    feeds = [Feed(b"a") for _ in range(8)]
    assert [next(desk.stream(iter(feed))) for feed in feeds] == [b"a"] * 8
    for feed in feeds:
        feed.close()
    for watch in watches:
        watch.cancel()


def test_who_asks_again_on_one_watch_watches_once(desk: TransportDesk) -> None:
    feed = Feed(b"", HealthCheckRequest(service="transport.test.Echo").SerializeToString(), b"")
    health = desk.server._health  # type: ignore[attr-defined]
    watch: Any = desk.channel.stream_stream("/grpc.health.v1.Health/Watch")
    answers = watch(iter(feed), timeout=20)
    assert next(answers) == SERVING
    assert len(health._watches) == 1
    answers.cancel()
    feed.close()
    until(lambda: not health._watches)


def test_who_is_gone_before_its_question_is_read_is_not_remembered() -> None:
    said: list[bytes] = []
    outlet = cast(Outlet, SimpleNamespace(send=said.append))
    health = Health([])
    watch = Watch(health, outlet)
    watch.cancel()
    watch.receive(b"")
    assert (health._watches, said) == ([], [])


def test_signs_of_life_that_a_client_asks_for_are_given(desk: TransportDesk) -> None:
    channel = desk.connect(
        ("grpc.keepalive_time_ms", 1_100),
        ("grpc.keepalive_timeout_ms", 1_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.max_pings_without_data", 0),
    )
    states: list[grpc.ChannelConnectivity] = []
    channel.subscribe(states.append)
    assert answered(desk.ask("Quick", b"a", channel=channel)) == b"a"
    until(lambda: grpc.ChannelConnectivity.READY in states)
    time.sleep(5.5)
    assert states[-1] is grpc.ChannelConnectivity.READY
    assert states.count(grpc.ChannelConnectivity.READY) == 1


def test_a_client_without_a_sign_of_life_is_let_go(transport: Name) -> None:
    with (
        TransportDesk(transport, keepalive_ns=SECOND_NS, keepalive_timeout_ns=SECOND_NS) as desk,
        socket.create_connection(("127.0.0.1", desk.server.port)) as silent,
    ):
        silent.sendall(PREFACE)
        silent.settimeout(15)
        while silent.recv(65_536):
            """Settings, and pings that nobody answers."""
        assert desk.call("Quick", b"alive") == b"alive"


@pytest.mark.parametrize(
    "noise", [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", bytes(range(256)) * 40, PREFACE + b"\xff" * 4_000, b""]
)
def test_who_speaks_another_language_is_let_go(desk: TransportDesk, noise: bytes) -> None:
    with socket.create_connection(("127.0.0.1", desk.server.port)) as stranger:
        stranger.sendall(noise)
    assert desk.call("Quick", b"alive") == b"alive"
