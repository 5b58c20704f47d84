"""Streams on the native transport, without a network: what is dealt with where, and what is said of it."""

import threading

import pytest

from ratingd.api.edge_module import CLOSED, HALF_CLOSED, MESSAGE, OVER, READY, Said
from ratingd.api.edge_outbox import Outbox
from ratingd.api.edge_streams import EdgeOutlet, OpenStream, ThreadedStream
from ratingd.api.method import Outlet, StreamMethod
from ratingd.api.status import status_of
from ratingd.engine.command import Reply
from ratingd.errors import InvalidRequest
from tests.waiting import until

NAME = "/test.Echo/Stream"


class Echo:
    """Answers each message, but those that break."""

    def __init__(self, outlet: Outlet) -> None:
        self.outlet = outlet
        self.calls: list[str] = []
        self.threads: set[int] = set()
        self.released = threading.Event()

    def receive(self, message: bytes) -> None:
        self.threads.add(threading.get_ident())
        self.calls.append(message.decode())
        match message:
            case b"refuse":
                raise InvalidRequest("word", "is not liked")
            case b"crash":
                raise ZeroDivisionError
            case b"block":
                self.released.wait(20)
        self.outlet.send(message)

    def half_close(self) -> None:
        self.calls.append("half_close")
        self.outlet.finish()

    def drain(self) -> None:
        self.calls.append("drain")

    def cancel(self) -> None:
        self.calls.append("cancel")
        self.released.set()


class Desk:
    def __init__(self, kind: type[OpenStream]) -> None:
        self.said: list[Said] = []
        self.outbox = Outbox(self.said.extend)
        self.echoes: list[Echo] = []
        outlet = EdgeOutlet(self.outbox, 7, at_once=kind is ThreadedStream)
        self.stream = kind(StreamMethod(NAME, self.open), outlet, 10)

    def open(self, outlet: Outlet) -> Echo:
        self.echoes.append(Echo(outlet))
        return self.echoes[0]

    def hear(self, *messages: bytes) -> None:
        for message in messages:
            self.stream.hear(MESSAGE, message)

    @property
    def calls(self) -> list[str]:
        return self.echoes[0].calls

    def words(self) -> list[tuple[int, bytes]]:
        """Without those that only say that the stream goes on."""
        self.outbox.flush()
        return [(word, message) for _, word, message in self.said if word != READY]


def test_a_prompt_stream_answers_with_the_next_bunch() -> None:
    desk = Desk(OpenStream)
    desk.hear(b"a", b"b")
    assert desk.said == []
    assert desk.words() == [(MESSAGE, b"a"), (MESSAGE, b"b")]
    assert desk.echoes[0].threads == {threading.get_ident()}


def test_a_stream_that_may_block_holds_nobody_up_and_says_when_it_can_take_more() -> None:
    desk = Desk(ThreadedStream)
    desk.hear(b"block", b"a")
    until(lambda: desk.calls == ["block"])
    assert desk.said == []
    desk.echoes[0].released.set()
    until(lambda: [word for _, word, _ in desk.said] == [MESSAGE, READY, MESSAGE, READY])
    assert threading.get_ident() not in desk.echoes[0].threads
    desk.stream.hear(OVER, b"")


@pytest.mark.parametrize("kind", [OpenStream, ThreadedStream])
def test_a_stream_in_order_is_finished_cancelled_and_closed(kind: type[OpenStream]) -> None:
    desk = Desk(kind)
    desk.hear(b"a")
    desk.stream.hear(HALF_CLOSED, b"")
    until(lambda: desk.words() == [(MESSAGE, b"a"), (0, b"")])
    desk.stream.hear(OVER, b"")
    until(lambda: desk.words()[-1] == (CLOSED, b""))
    assert desk.calls == ["a", "half_close", "cancel"]


@pytest.mark.parametrize("kind", [OpenStream, ThreadedStream])
@pytest.mark.parametrize(
    ("word", "code", "text"),
    [
        (b"refuse", 3, "word: is not liked"),
        (b"crash", 13, f"ZeroDivisionError in {NAME}"),
        (b"0123456789a", 8, "request: is 11 bytes; the daemon accepts 10. Send less at a time."),
    ],
)
def test_a_message_may_end_a_stream_and_what_follows_is_not_heard(
    kind: type[OpenStream], word: bytes, code: int, text: str
) -> None:
    desk = Desk(kind)
    desk.hear(b"a", word, b"b")
    desk.stream.hear(HALF_CLOSED, b"")
    until(lambda: len(desk.words()) == 2)
    assert desk.words()[0] == (MESSAGE, b"a")
    ended, body = desk.words()[1]
    assert (ended, status_of(Reply(ended, body)).message) == (code, text)
    assert "b" not in desk.calls
    assert "half_close" not in desk.calls
    desk.stream.hear(OVER, b"")


def test_a_client_that_goes_frees_a_stream_that_is_at_work() -> None:
    desk = Desk(ThreadedStream)
    desk.hear(b"block", b"never heard")
    until(lambda: desk.calls == ["block"])
    desk.stream.hear(OVER, b"")
    until(lambda: desk.words() == [(CLOSED, b"")])
    assert desk.calls == ["block", "cancel"]
