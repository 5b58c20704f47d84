"""Streams that say when they take one more message, as `CallEvents` is: never blocked, held back where they wish."""

import threading
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from ratingd.api.method import AnyMethod, Kind, Outlet, Stream, StreamMethod
from ratingd.api.open_transport import Name
from ratingd.api.status import failure
from ratingd.errors import InvalidRequest, Unavailable
from tests.e2e.transport.desk import SERVICE, Feed, TransportDesk, settles
from tests.waiting import until

PLACES = 5


class Twice:
    """Answers each message twice: at once, and when the test lets it go, from the test's thread."""

    def __init__(self, outlet: Outlet, hold: bool) -> None:
        self._outlet = outlet
        self._lock = threading.Lock()
        self._hold = hold
        self._owed: list[bytes] = []
        self._closed = False
        self.received = 0
        self.cancelled = 0

    def receive(self, message: bytes) -> None:
        if message == b"refuse":
            raise InvalidRequest("word", "is not liked")
        self._outlet.send(message)
        with self._lock:
            self.received += 1
            if self._hold:
                self._owed.append(message)
                return
        self._again([message])

    def release(self) -> None:
        with self._lock:
            self._hold = False
            owed, self._owed = self._owed, []
        self._again(owed)
        if self._closed:
            self._outlet.finish()
        self._outlet.flush()

    def half_close(self) -> None:
        self._closed = True
        if not self._hold:
            self._outlet.finish()

    def drain(self) -> None:
        self._outlet.finish(failure(Unavailable("going down")))

    def cancel(self) -> None:
        self.cancelled += 1

    def _again(self, messages: list[bytes]) -> None:
        for message in messages:
            self._outlet.send(message + b" again")
            self._outlet.ready()


class ReadyDesk(TransportDesk):
    hold = False

    def methods(self) -> list[AnyMethod]:
        self.twice: list[Twice] = []
        return [*super().methods(), StreamMethod(SERVICE + "Ready", self._ready, Kind.PROMPT, PLACES)]

    def _ready(self, outlet: Outlet) -> Stream:
        self.twice.append(Twice(outlet, self.hold))
        return self.twice[-1]

    def send(self, messages: Any) -> Any:
        return self.stream(iter(messages), method="Ready", seconds=60)


@pytest.fixture
def desk(transport: Name) -> Iterator[ReadyDesk]:
    desk = ReadyDesk(transport, max_message_bytes=100_000, streams_max=8)
    with desk:
        yield desk


def numbered(count: int) -> list[bytes]:
    return [b"%d" % number for number in range(count)]


def test_messages_are_dealt_with_in_their_order_and_may_have_many_answers(desk: ReadyDesk) -> None:
    messages = numbered(3_000)
    assert list(desk.send(messages)) == [told for each in messages for told in (each, each + b" again")]
    until(lambda: desk.server.open_streams == 0)
    assert desk.twice[0].cancelled == 1


def test_a_stream_that_is_not_ready_holds_its_client_back_and_answers_all_the_same(desk: ReadyDesk) -> None:
    desk.hold = True
    answers = desk.send(numbered(40))
    assert [next(answers) for _ in range(PLACES)] == numbered(PLACES)
    assert settles(lambda: desk.twice[0].received) == PLACES
    assert desk.call("Quick", b"others go on") == b"others go on"
    desk.twice[0].release()
    told = list(answers)
    assert [each for each in told if each.endswith(b"again")] == [each + b" again" for each in numbered(40)]
    assert desk.twice[0].received == 40


def test_what_another_thread_says_leaves_with_its_flush(desk: ReadyDesk) -> None:
    desk.hold = True
    feed = Feed(b"a")
    answers = desk.send(feed)
    assert next(answers) == b"a"
    desk.twice[0].release()
    assert next(answers) == b"a again"
    feed.close()
    assert list(answers) == []


def test_a_message_may_end_the_stream(desk: ReadyDesk) -> None:
    with pytest.raises(grpc.RpcError) as error:
        list(desk.send([b"a", b"refuse", b"b"]))
    assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    until(lambda: desk.twice[0].cancelled == 1)
    assert desk.twice[0].received == 1


def test_a_client_that_goes_while_it_is_held_back_is_told_of(desk: ReadyDesk) -> None:
    desk.hold = True
    answers = desk.send(numbered(40))
    until(lambda: bool(desk.twice) and desk.twice[0].received == PLACES)
    answers.cancel()
    until(lambda: desk.server.open_streams == 0)
    assert desk.twice[0].cancelled == 1
    desk.twice[0].release()
    assert desk.call("Quick", b"alive") == b"alive"


def test_going_down_is_told(desk: ReadyDesk) -> None:
    feed = Feed(b"a")
    answers = desk.send(feed)
    assert [next(answers), next(answers)] == [b"a", b"a again"]
    desk.server.stop(5)
    with pytest.raises(grpc.RpcError) as error:
        list(answers)
    assert error.value.code() == grpc.StatusCode.UNAVAILABLE
    feed.close()
