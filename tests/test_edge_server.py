"""The thread that deals with every call of the native transport outlives whatever goes wrong with one of them."""

import threading
from collections.abc import Iterator
from queue import SimpleQueue

import pytest

from ratingd.api import edge_server
from ratingd.api.edge_module import MESSAGE, Arrival, EdgeOptions, Said
from ratingd.api.edge_server import EdgeServer
from ratingd.api.method import AnyMethod, Kind, Method, Outlet, Stream, StreamMethod
from ratingd.api.status import status_of
from ratingd.api.transport import TransportOptions
from ratingd.engine.command import Reply
from tests.e2e.transport.desk import Charger, EchoStream
from tests.waiting import until

QUICK, SLOW, STREAM = range(3)
INTERNAL = 13


class Network:
    """An `Edge` without one: what arrives is put in, what is said is looked at."""

    port = 1

    def __init__(self) -> None:
        self.arrivals: SimpleQueue[list[Arrival] | None] = SimpleQueue()
        self.said: list[Said] = []
        self.broken = False

    def start(self) -> None:
        pass

    def take(self, most: int, timeout_s: float | None = None) -> list[Arrival] | None:
        if self.broken:
            raise RuntimeError("the edge has failed")
        return self.arrivals.get()

    def send(self, said: list[Said]) -> None:
        self.said += said

    def taken(self, room: int) -> int:
        return 0

    def drain(self) -> None:
        pass

    def stop(self, grace_s: float) -> None:
        self.arrivals.put(None)

    def codes(self, count: int) -> dict[int, int]:
        until(lambda: len(self.said) == count)
        return {call: code for call, code, _ in self.said}


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    network = Network()

    def opened(_: EdgeOptions) -> Network:
        return network

    monkeypatch.setattr(edge_server, "open_edge", opened)
    return network


class Undrainable(EchoStream):
    def drain(self) -> None:
        raise ZeroDivisionError


def undrainable(outlet: Outlet) -> Stream:
    return Undrainable(outlet)


@pytest.fixture
def server(network: Network) -> Iterator[EdgeServer]:
    methods: list[AnyMethod] = [
        Method("/t.T/Quick", Kind.QUICK, lambda body, _: Reply(0, body)),
        Method("/t.T/Slow", Kind.SLOW, lambda body, _: Reply(0, body)),
        StreamMethod("/t.T/Stream", undrainable, Kind.LANE),
    ]
    charger = Charger()
    server = EdgeServer(methods, charger, TransportOptions("127.0.0.1:0"))
    server.start()
    yield server
    server.stop(1)
    charger.close()


@pytest.mark.usefixtures("server")
def test_where_no_thread_is_left_a_slow_call_fails_and_the_others_go_on(
    network: Network, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = threading.Thread.start

    def no_more(thread: threading.Thread) -> None:
        if thread.name.startswith("edge-slow"):
            raise RuntimeError("can't start new thread")
        given(thread)

    monkeypatch.setattr(threading.Thread, "start", no_more)
    network.arrivals.put([(1, SLOW, b"", None), (2, QUICK, b"b", None)])
    network.arrivals.put([(3, QUICK, b"c", None)])
    assert network.codes(3) == {1: INTERNAL, 2: 0, 3: 0}
    assert status_of(Reply(*network.said[0][1:])).code == INTERNAL
    assert "can't start new thread" in capsys.readouterr().err


def test_a_stream_that_breaks_when_it_is_told_to_end_fails_alone(network: Network, server: EdgeServer) -> None:
    server._going_down = True
    network.arrivals.put([(1, STREAM, b"", None), (2, QUICK, b"b", None)])
    assert network.codes(2) == {1: INTERNAL, 2: 0}
    network.arrivals.put([(1, MESSAGE, b"heard", None), (3, QUICK, b"c", None)])
    until(lambda: (3, 0, b"c") in network.said)
    server._streams.clear()


@pytest.mark.parametrize("broken", [False, True])
def test_a_network_that_ends_by_itself_is_told(
    network: Network, server: EdgeServer, broken: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    lost: list[str] = []
    server.on_lost(lambda: lost.append("the network"))
    network.broken = broken
    network.arrivals.put([] if broken else None)
    until(lambda: bool(lost))
    told = capsys.readouterr().err
    assert "edge.ended" in told
    assert ("the edge has failed" in told) == broken


def test_a_network_that_was_told_to_end_is_not_lost(network: Network, server: EdgeServer) -> None:
    lost: list[str] = []
    server.on_lost(lambda: lost.append("the network"))
    server.stop(1)
    assert lost == []
