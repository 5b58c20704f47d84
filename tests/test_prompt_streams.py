"""Streams whose messages the engine answers one by one, over a real network, on each transport that is installed."""

from collections.abc import Callable, Iterator
from threading import Lock
from typing import Any

import grpc
import pytest

from ratingd.api.method import AnyMethod, Kind, Outlet, Stream, StreamMethod
from ratingd.api.open_transport import Name
from ratingd.api.status import failure
from ratingd.engine.command import Reply
from ratingd.errors import InvalidRequest, Unavailable
from tests.e2e.transport.desk import SERVICE, TRANSPORTS, Feed, TransportDesk, command, settles
from tests.waiting import until

IN_FLIGHT_MAX = 5


class Answering:
    """Each message is a command, each reply an answer; finished when the client has closed and all is answered."""

    def __init__(self, submit: Callable[..., None], outlet: Outlet) -> None:
        self._submit = submit
        self._outlet = outlet
        self._lock = Lock()
        self._closed: Reply | None = None
        self.waiting = 0
        self.most = 0
        self.cancelled = 0

    def receive(self, message: bytes) -> None:
        if message == b"refuse":
            raise InvalidRequest("word", "is not liked")
        with self._lock:
            self.waiting += 1
            self.most = max(self.most, self.waiting)
        self._submit(command(message, None), self._done)

    def half_close(self) -> None:
        self._close(Reply(0, b""))

    def drain(self) -> None:
        self._close(failure(Unavailable("going down")))

    def cancel(self) -> None:
        self.cancelled += 1

    def _done(self, reply: Reply) -> None:
        self._outlet.send(reply.body)
        with self._lock:
            self.waiting -= 1
        self._finish()

    def _close(self, last: Reply) -> None:
        self._closed = last
        self._finish()

    def _finish(self) -> None:
        if self._closed is not None and not self.waiting:
            self._outlet.finish(self._closed)


class PromptDesk(TransportDesk):
    def methods(self) -> list[AnyMethod]:
        self.answering: list[Answering] = []
        return [*super().methods(), StreamMethod(SERVICE + "Prompt", self._prompt, Kind.LANE, IN_FLIGHT_MAX)]

    def _prompt(self, outlet: Outlet) -> Stream:
        self.answering.append(Answering(self.charger.submit, outlet))
        return self.answering[-1]

    def ask_all(self, messages: Iterator[bytes]) -> Any:
        prompt: Any = self.channel.stream_stream(SERVICE + "Prompt")
        return prompt(messages, timeout=30)


@pytest.fixture(params=TRANSPORTS)
def desk(request: pytest.FixtureRequest) -> Iterator[PromptDesk]:
    name: Name = request.param
    desk = PromptDesk(name, max_message_bytes=100_000, streams_max=8)
    with desk:
        yield desk


def refused(answers: Any) -> Any:
    with pytest.raises(grpc.RpcError) as error:
        list(answers)
    return error.value


def test_every_message_is_answered_in_its_order(desk: PromptDesk) -> None:
    messages = [b"%d" % number for number in range(3_000)]
    assert list(desk.ask_all(iter(messages))) == messages
    until(lambda: desk.server.open_streams == 0)
    assert desk.answering[0].cancelled == 1


def test_one_at_a_time_and_many_streams_beside_each_other(desk: PromptDesk) -> None:
    feeds = [Feed() for _ in range(4)]
    streams = [desk.ask_all(iter(feed)) for feed in feeds]
    for turn in range(50):
        for feed in feeds:
            feed.send(b"%d" % turn)
        assert [next(answers) for answers in streams] == [b"%d" % turn] * 4
    for feed in feeds:
        feed.close()
    assert [list(answers) for answers in streams] == [[]] * 4


def test_no_more_messages_wait_than_the_stream_wants_where_the_transport_sees_to_it(desk: PromptDesk) -> None:
    desk.charger.hold = True
    answers = desk.ask_all(b"%d" % number for number in range(40))
    until(lambda: bool(desk.answering) and desk.answering[0].waiting >= IN_FLIGHT_MAX)
    if desk.transport == "edge":
        assert settles(lambda: desk.answering[0].most) == IN_FLIGHT_MAX
    assert desk.call("Quick", b"others go on") == b"others go on"
    desk.charger.hold = False
    desk.charger.answer()
    assert list(answers) == [b"%d" % number for number in range(40)]


def test_a_message_may_end_the_stream_while_others_wait(desk: PromptDesk) -> None:
    desk.charger.hold = True
    error = refused(desk.ask_all(iter([b"a", b"b", b"refuse", b"c"])))
    assert (error.code(), error.details()) == (grpc.StatusCode.INVALID_ARGUMENT, "word: is not liked")
    desk.charger.answer()
    until(lambda: desk.answering[0].cancelled == 1)
    assert desk.call("Quick", b"alive") == b"alive"


def test_a_client_that_goes_is_told_once_and_its_answers_go_nowhere(desk: PromptDesk) -> None:
    desk.charger.hold = True
    answers = desk.ask_all(iter([b"a", b"b"]))
    until(lambda: bool(desk.answering) and desk.answering[0].waiting == 2)
    answers.cancel()
    until(lambda: desk.server.open_streams == 0)
    desk.charger.hold = False
    desk.charger.answer()
    assert settles(lambda: desk.answering[0].cancelled) == 1
    assert list(desk.ask_all(iter([b"again"]))) == [b"again"]


def test_going_down_answers_what_waits(desk: PromptDesk) -> None:
    feed = Feed(b"a", b"b", b"c")
    answers = desk.ask_all(iter(feed))
    assert [next(answers), next(answers), next(answers)] == [b"a", b"b", b"c"]
    desk.server.stop(5)
    assert refused(answers).details() == "going down"
    feed.close()
