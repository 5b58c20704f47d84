"""Going down: what is in progress is finished, what is new is refused, nobody waits for longer than the grace."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

from ratingd.api.open_transport import Name
from tests.e2e.transport.desk import Feed, TransportDesk, answered
from tests.waiting import until


class Stopping:
    seconds = 0.0


@contextmanager
def stopping(desk: TransportDesk, grace: float) -> Iterator[Stopping]:
    """Stopped beside what happens in the block; how long it took is known afterwards."""
    took = Stopping()

    def stop() -> None:
        started = time.monotonic()
        desk.server.stop(grace)
        took.seconds = time.monotonic() - started

    thread = threading.Thread(target=stop)
    thread.start()
    try:
        yield took
    finally:
        thread.join(30)
        assert not thread.is_alive()


def error_of(answers: Any) -> Any:
    with pytest.raises(grpc.RpcError) as error:
        list(answers)
    return error.value


def refused(desk: TransportDesk) -> bool:
    error = desk.ask("Quick", b"new", seconds=5, channel=desk.connect()).exception(20)
    return error is not None and error.code() is grpc.StatusCode.UNAVAILABLE


def test_what_is_in_progress_is_finished_and_what_is_new_is_refused(desk: TransportDesk) -> None:
    desk.charger.hold = True
    lane, slow = desk.ask("Lane", b"held"), desk.ask("Slow", b"wait")
    until(lambda: len(desk.charger.waiting) == 1)
    with stopping(desk, 20) as took:
        until(lambda: refused(desk))
        error = desk.ask("Quick", b"new", seconds=5).exception(20)  # on the connection that is there
        assert error.code() is grpc.StatusCode.UNAVAILABLE
        assert not lane.done()
        desk.charger.answer()
        desk.released.set()
        assert (answered(lane), answered(slow)) == (b"held", b"wait")
    assert took.seconds < 15


def test_nobody_waits_for_longer_than_the_grace(desk: TransportDesk) -> None:
    desk.charger.hold = True
    call, feed = desk.ask("Lane", b"held"), Feed(b"a")
    answers = desk.stream(iter(feed))
    next(answers)
    until(lambda: len(desk.charger.waiting) == 1)
    with stopping(desk, 0.5) as took:
        assert call.exception(20) is not None
    assert 0.4 < took.seconds < 5
    desk.charger.answer()
    feed.close()


def test_without_calls_it_is_over_at_once(desk: TransportDesk) -> None:
    desk.call("Quick")
    with stopping(desk, 20) as took:
        pass
    assert took.seconds < 3


def test_streams_are_told_and_finish(desk: TransportDesk) -> None:
    feeds = [Feed(b"a") for _ in range(4)]
    answers = [desk.stream(iter(feed)) for feed in feeds]
    assert [next(each) for each in answers] == [b"a"] * 4
    with stopping(desk, 20) as took:
        for each in answers:
            error = error_of(each)
            assert (error.code(), error.details()) == (grpc.StatusCode.UNAVAILABLE, "going down")
    assert took.seconds < 10
    assert [stream.calls for stream in desk.streams] == [["drain", "cancel"]] * 4
    for feed in feeds:
        feed.close()


def test_a_stream_that_is_at_work_is_told_too(desk: TransportDesk) -> None:
    feed = Feed(b"block", b"never seen")
    answers = desk.stream(iter(feed))
    until(lambda: bool(desk.streams) and desk.streams[0].inside)
    with stopping(desk, 20) as took:
        assert error_of(answers).details() == "going down"
    assert took.seconds < 10
    assert desk.streams[0].cancelled == 1
    feed.close()


def test_who_watches_the_health_is_told_and_holds_nobody_up(desk: TransportDesk) -> None:
    watch = HealthStub(desk.channel).Watch(HealthCheckRequest(), timeout=60)
    assert next(watch).status == HealthCheckResponse.SERVING
    with stopping(desk, 20) as took:
        assert next(watch).status == HealthCheckResponse.NOT_SERVING
        assert error_of(watch).code() is grpc.StatusCode.UNAVAILABLE
    assert took.seconds < 5


def test_the_port_is_free_at_once(transport: Name) -> None:
    with TransportDesk(transport) as first:
        first.call("Quick")
        address = first.address
        first.server.stop(1)
        with TransportDesk(transport, address=address) as second:
            assert second.address == address
            assert second.call("Quick", b"again") == b"again"


def test_stopping_twice_and_never_started(transport: Name) -> None:
    with TransportDesk(transport) as desk:
        desk.server.stop(1)
        desk.server.stop(1)
