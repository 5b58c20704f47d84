"""Streams whose messages the engine answers, as `Charge` is: bounded in flight, answered in bunches, ended in order."""

from typing import Any

import grpc
import pytest

from tests.e2e.transport.desk import Feed, TransportDesk, settles
from tests.e2e.transport.test_going_down import stopping
from tests.waiting import until


def opened(desk: TransportDesk, feed: Any) -> Any:
    return desk.stream(iter(feed), method="LaneStream")


def error_of(answers: Any) -> Any:
    with pytest.raises(grpc.RpcError) as error:
        list(answers)
    return error.value


def test_every_message_is_answered_once_and_in_order(desk: TransportDesk) -> None:
    messages = [b"%d" % number for number in range(5_000)]
    assert list(opened(desk, messages)) == messages
    until(lambda: desk.lane_streams[0].cancelled == 1)


def test_many_streams_at_once(desk: TransportDesk) -> None:
    channels = [desk.connect() for _ in range(4)]
    messages = [b"%d" % number for number in range(500)]
    answers = [desk.stream(iter(messages), method="LaneStream", channel=channels[n % 4]) for n in range(8)]
    assert [list(each) for each in answers] == [messages] * 8
    until(lambda: desk.server.open_streams == 0)


def test_what_the_engine_answers_out_of_order_is_sent_as_it_comes(desk: TransportDesk) -> None:
    desk.charger.hold = True
    feed = Feed(b"a", b"b", b"c")
    answers = opened(desk, feed)
    until(lambda: len(desk.charger.waiting) == 3)
    desk.charger.answer([2, 0])
    assert [next(answers), next(answers)] == [b"c", b"a"]
    desk.charger.answer()
    feed.close()
    assert list(answers) == [b"b"]


def test_answers_that_come_at_once_are_sent(desk: TransportDesk) -> None:
    desk.charger.at_once = True
    feed = Feed(b"a")
    answers = opened(desk, feed)
    assert next(answers) == b"a"
    feed.send(b"b")
    assert next(answers) == b"b"
    feed.close()
    assert list(answers) == []


def test_a_client_that_waits_for_nobody_is_held_back(desk: TransportDesk) -> None:
    desk.charger.hold = True
    sent = 0

    def messages() -> Any:
        nonlocal sent
        for _ in range(3_000):
            sent += 1
            yield bytes(60_000)

    answers = desk.stream(messages(), seconds=60, method="LaneStream")
    until(lambda: len(desk.charger.waiting) >= 16)
    assert settles(lambda: sent) < 2_000
    desk.charger.hold = False
    desk.charger.answer()
    assert sum(1 for _ in answers) == 3_000


def test_a_client_that_has_sent_all_gets_all_answers(desk: TransportDesk) -> None:
    desk.charger.hold = True
    answers = opened(desk, [b"a", b"b"])
    until(lambda: len(desk.charger.waiting) == 2)
    desk.charger.answer([0])
    assert next(answers) == b"a"
    desk.charger.answer()
    assert list(answers) == [b"b"]


def test_a_wrong_message_ends_the_stream(desk: TransportDesk) -> None:
    feed = Feed(b"a")
    answers = opened(desk, feed)
    assert next(answers) == b"a"
    feed.send(b"refuse")
    error = error_of(answers)
    assert (error.code(), error.details()) == (grpc.StatusCode.INVALID_ARGUMENT, "word: is not liked")
    until(lambda: desk.lane_streams[0].cancelled == 1)
    feed.close()


def test_a_client_that_is_gone_harms_nobody(desk: TransportDesk) -> None:
    desk.charger.hold = True
    gone, feed = desk.connect(), Feed(b"a", b"b")
    answers = desk.stream(iter(feed), channel=gone, method="LaneStream")
    until(lambda: len(desk.charger.waiting) == 2)
    gone.close()
    until(lambda: desk.server.open_streams == 0)
    desk.charger.answer()
    desk.charger.hold = False
    assert list(opened(desk, [b"next"])) == [b"next"]
    assert settles(lambda: desk.lane_streams[0].cancelled) == 1
    feed.close()
    assert answers.code() is not grpc.StatusCode.OK


def test_going_down_answers_what_is_in_progress(desk: TransportDesk) -> None:
    desk.charger.hold = True
    feed = Feed(b"a", b"b")
    answers = opened(desk, feed)
    until(lambda: len(desk.charger.waiting) == 2)
    with stopping(desk, 20) as took:
        desk.charger.answer()
        assert [next(answers), next(answers)] == [b"a", b"b"]
        error = error_of(answers)
        assert (error.code(), error.details()) == (grpc.StatusCode.UNAVAILABLE, "going down")
    assert took.seconds < 10
    feed.close()
