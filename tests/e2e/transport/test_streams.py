"""Streams: many messages in flight, both ends closing, and a pace that the slower side sets."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from tests.e2e.transport.desk import SERVICE, Feed, TransportDesk, settles
from tests.waiting import until

DETAILS = "grpc-status-details-bin"
PIECE = b"silent " + bytes(64_000)


def error_of(answers: Any) -> Any:
    with pytest.raises(grpc.RpcError) as error:
        list(answers)
    return error.value


def test_many_messages_are_in_flight_and_keep_their_order(desk: TransportDesk) -> None:
    messages = [b"%d" % number for number in range(5_000)]
    assert list(desk.stream(iter(messages))) == messages
    (stream,) = desk.streams
    assert stream.received == messages
    until(lambda: stream.calls == ["half_close", "cancel"])


def test_streams_run_beside_each_other(desk: TransportDesk) -> None:
    feeds = [Feed() for _ in range(8)]
    answers = [desk.stream(iter(feed)) for feed in feeds]
    for turn in range(20):
        for feed in feeds:
            feed.send(b"%d" % turn)
        assert [next(each) for each in answers] == [b"%d" % turn] * 8
    for feed in feeds:
        feed.close()
    assert [list(each) for each in answers] == [[]] * 8
    until(lambda: desk.server.open_streams == 0)


def test_one_request_may_have_many_answers(desk: TransportDesk) -> None:
    ask: Any = desk.channel.unary_stream(SERVICE + "Stream")
    assert list(ask(b"flood 3000", timeout=20)) == [b"%d" % number for number in range(3_000)]


def test_many_requests_may_have_one_answer(desk: TransportDesk) -> None:
    ask: Any = desk.channel.stream_unary(SERVICE + "Stream")
    assert ask(iter([b"silent 1", b"silent 2", b"done"]), timeout=20) == b"done"


def test_a_stream_without_a_message_is_closed_in_order(desk: TransportDesk) -> None:
    assert list(desk.stream(iter([]))) == []
    until(lambda: desk.streams[0].calls == ["half_close", "cancel"])


def test_an_empty_message_is_a_message(desk: TransportDesk) -> None:
    assert list(desk.stream(iter([b"", b""]))) == [b"", b""]


def test_an_answer_may_come_from_another_thread_later(desk: TransportDesk) -> None:
    feed = Feed(b"later one", b"later two")
    answers = desk.stream(iter(feed))
    assert {next(answers), next(answers)} == {b"one", b"two"}
    feed.close()
    assert list(answers) == []


def test_a_stream_ends_when_it_says_so_and_sends_nothing_more(desk: TransportDesk) -> None:
    feed = Feed(b"a", b"finish")
    assert list(desk.stream(iter(feed))) == [b"a"]
    until(lambda: desk.streams[0].cancelled == 1)
    feed.close()


def test_a_stream_ends_with_a_status(desk: TransportDesk) -> None:
    feed = Feed("finish enough\nfor today: ß".encode())
    error = error_of(desk.stream(iter(feed)))
    assert (error.code(), error.details()) == (grpc.StatusCode.UNAVAILABLE, "enough\nfor today: ß")
    assert [key for key, _ in error.trailing_metadata()].count(DETAILS) == 1
    until(lambda: desk.streams[0].cancelled == 1)
    feed.close()


@pytest.mark.parametrize(
    ("word", "code", "text"),
    [
        (b"refuse", "INVALID_ARGUMENT", "word: is not liked\nat all: ß"),
        (b"crash", "INTERNAL", f"ZeroDivisionError in {SERVICE}Stream"),
    ],
)
def test_a_message_may_end_the_stream(desk: TransportDesk, word: bytes, code: str, text: str) -> None:
    feed = Feed(b"a", word)
    answers = desk.stream(iter(feed))
    assert next(answers) == b"a"
    error = error_of(answers)
    assert (error.code().name, error.details()) == (code, text)
    until(lambda: desk.streams[0].cancelled == 1)
    assert desk.streams[0].received == [b"a", word]
    feed.close()
    assert desk.call("Quick", b"alive") == b"alive"


def test_a_cancelled_stream_is_told_once(desk: TransportDesk) -> None:
    feed = Feed(b"a")
    answers = desk.stream(iter(feed))
    next(answers)
    answers.cancel()
    until(lambda: desk.server.open_streams == 0)
    assert settles(lambda: desk.streams[0].cancelled) == 1
    assert "half_close" not in desk.streams[0].calls
    feed.close()


def test_a_stream_whose_deadline_passes_is_told_once(desk: TransportDesk) -> None:
    feed = Feed(b"a")
    assert error_of(desk.stream(iter(feed), seconds=0.5)).code() is grpc.StatusCode.DEADLINE_EXCEEDED
    until(lambda: desk.server.open_streams == 0)
    assert settles(lambda: desk.streams[0].cancelled) == 1
    feed.close()


def test_a_stream_whose_connection_is_closed_is_told_once(desk: TransportDesk) -> None:
    gone, feed = desk.connect(), Feed(b"a", b"b")
    answers = desk.stream(iter(feed), channel=gone)
    assert [next(answers), next(answers)] == [b"a", b"b"]
    gone.close()
    until(lambda: desk.server.open_streams == 0)
    assert settles(lambda: desk.streams[0].cancelled) == 1
    feed.close()


CLIENT = """
import sys, time, grpc
def messages():
    yield b"a"
    time.sleep(60)
answers = grpc.insecure_channel(sys.argv[1]).stream_stream("/transport.test.Echo/Stream")(messages())
next(answers)
print("open", flush=True)
time.sleep(60)
"""


def test_a_stream_whose_client_is_killed_is_told_once(desk: TransportDesk) -> None:
    with subprocess.Popen([sys.executable, "-c", CLIENT, desk.address], stdout=subprocess.PIPE, text=True) as client:
        assert client.stdout is not None
        assert client.stdout.readline() == "open\n"
        client.kill()
    until(lambda: desk.server.open_streams == 0)
    assert settles(lambda: desk.streams[0].cancelled) == 1


def test_a_stream_at_work_holds_its_client_back(desk: TransportDesk) -> None:
    sent = 0

    def messages() -> Iterator[bytes]:
        nonlocal sent
        yield b"block"
        for _ in range(2_000):
            sent += 1
            yield PIECE

    answers = desk.stream(messages(), seconds=60)
    until(lambda: bool(desk.streams) and desk.streams[0].inside)
    assert settles(lambda: sent) < 1_000  # of 64 kB: less than half of it was taken
    assert desk.call("Quick", b"others go on") == b"others go on"
    desk.streams[0].release()
    assert list(answers) == []
    assert len(desk.streams[0].received) == 2_001


def test_a_client_that_does_not_read_is_held_back(desk: TransportDesk) -> None:
    sent = 0

    def messages() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(6_000):
            sent += 1
            yield bytes(64_000)

    answers = desk.stream(messages(), seconds=100)
    assert len(next(answers)) == 64_000
    assert settles(lambda: sent) < 5_000
    answers.cancel()
    until(lambda: desk.server.open_streams == 0)


def test_a_cancelled_client_frees_a_stream_that_is_at_work(desk: TransportDesk) -> None:
    feed = Feed(b"block")
    answers = desk.stream(iter(feed))
    until(lambda: bool(desk.streams) and desk.streams[0].inside)
    answers.cancel()
    until(lambda: desk.server.open_streams == 0)
    until(lambda: not desk.streams[0].inside)
    assert desk.streams[0].cancelled == 1
    feed.close()


def test_one_stream_too_many_is_refused_and_unary_calls_go_on(desk: TransportDesk) -> None:
    feeds = [Feed(b"a") for _ in range(8)]
    open_ones = [desk.stream(iter(feed)) for feed in feeds]
    assert [next(answers) for answers in open_ones] == [b"a"] * 8
    assert desk.server.open_streams == 8
    error = error_of(desk.stream(iter([b"a"])))
    assert (error.code().name, error.details()) == (
        "RESOURCE_EXHAUSTED",
        "8 streams are open already, as many as the settings allow. "
        "Put more requests on one stream, or raise the limit.",
    )
    assert desk.call("Lane", b"alive") == b"alive"
    feeds[0].close()
    assert list(open_ones[0]) == []
    until(lambda: desk.server.open_streams == 7)
    assert list(desk.stream(iter([b"again"]))) == [b"again"]
    until(lambda: all(stream.cancelled == 1 for stream in desk.streams if "half_close" in stream.calls))
    for feed in feeds[1:]:
        feed.close()


def test_opening_and_leaving_leaves_nothing_behind(desk: TransportDesk) -> None:
    before = threading.active_count()
    for _ in range(40):
        answers = desk.stream(iter([b"a", b"b"]))
        next(answers)
        answers.cancel()
    until(lambda: desk.server.open_streams == 0)
    assert [stream.cancelled for stream in desk.streams if stream.received] == [1] * sum(
        bool(stream.received) for stream in desk.streams
    )
    assert threading.active_count() < before + 40
