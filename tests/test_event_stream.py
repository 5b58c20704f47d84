"""The CallEvents stream: verdicts at once, `stored` once a commit, held back where too much waits for the disk."""

import time
from collections.abc import Callable, Sequence

import pytest
from google.rpc import error_details_pb2

from ratingd.api.event_message import EventReader, framed
from ratingd.api.event_stream import BATCH_MAX, PLACES, PLACES_MIN, EventStream, StoredNews
from ratingd.api.status import status_of
from ratingd.engine.command import Reply
from ratingd.errors import InvalidRequest, Overloaded, Unavailable
from ratingd.v1.fraud_pb2 import CallEvent as CallEventMessage
from ratingd.v1.fraud_pb2 import CallEventsRequest, CallEventsResponse
from triggers.calls.call_event import CallEvent
from triggers.calls.verdict import ALLOW, CHALLENGE, DISCONNECT, Verdict
from triggers.numbers.number_reading import NumberReader

NOW_NS = 1_795_262_400_000_000_000
UNSTORED_MAX = 10


class Desk:
    """Disconnects calls named "bad", knows those named "again", and stores when it is told to."""

    def __init__(self) -> None:
        self.reader = EventReader(NumberReader(), default_tenant="example.org")
        self.taken: list[str] = []
        self.waiting: list[Callable[[Exception | None], None]] = []
        self.bodies: list[bytes] = []
        self.full = False
        self.at_once = False

    def take(
        self,
        events: Sequence[CallEvent],
        bodies: Sequence[bytes],
        source: str,
        stored: Callable[[Exception | None], None] | None = None,
        received_ns: int = 0,
    ) -> list[Verdict]:
        assert stored is not None
        assert 0 < received_ns <= time.perf_counter_ns()
        assert source == "grpc"
        if self.full:
            raise Overloaded(200_000, 100)
        self.taken += [event.call_id for event in events]
        self.bodies += bodies
        if self.at_once:
            stored(None)
        else:
            self.waiting.append(stored)
        return [verdict_of(event.call_id) for event in events]


def verdict_of(call_id: str) -> Verdict:
    if call_id.startswith("bad"):
        return Verdict(call_id, DISCONNECT, ("masking", "wangiri"), probability=0.8, risk=80.5, incident_id="i1")
    if call_id.startswith("odd"):
        return Verdict(call_id, CHALLENGE)
    return Verdict(call_id, ALLOW, duplicate=call_id == "again")


class Told:
    """An outlet that remembers."""

    def __init__(self) -> None:
        self.messages: list[CallEventsResponse] = []
        self.last: Reply | None = None
        self.finished = 0
        self.places = 0
        self.flushes = 0

    def send(self, message: bytes) -> None:
        assert not self.finished
        self.messages.append(CallEventsResponse.FromString(message))

    def finish(self, reply: Reply | None = None) -> None:
        self.finished += 1
        self.last = reply

    def ready(self) -> None:
        self.places += 1

    def flush(self) -> None:
        self.flushes += 1

    def said(self) -> list[tuple[int, int]]:
        """What was seen and stored, message by message."""
        return [(message.seen, message.stored) for message in self.messages]


class Scene:
    def __init__(self, places: int = PLACES_MIN) -> None:
        self.desk = Desk()
        self.told = Told()
        self.news = StoredNews()
        self.stream = EventStream(self.desk, self.told, self.news, lambda: NOW_NS, UNSTORED_MAX, places)

    def send(self, *call_ids: str) -> CallEventsResponse:
        self.stream.receive(request(*call_ids))
        return self.told.messages[-1]

    def commit(self, count: int = 1_000, error: Exception | None = None) -> None:
        """So many messages are on disk."""
        waiting, self.desk.waiting = self.desk.waiting[:count], self.desk.waiting[count:]
        for stored in waiting:
            stored(error)
        self.news.tell()


def event(call_id: str) -> CallEventMessage:
    b_number = "" if call_id == "wrong" else "+4930654321"
    return CallEventMessage(call_id=call_id, kind=CallEventMessage.INVITE, a_number="+4930123456", b_number=b_number)


def request(*call_ids: str) -> bytes:
    return CallEventsRequest(events=map(event, call_ids)).SerializeToString()


def test_calls_that_are_allowed_need_no_word_of_their_own() -> None:
    scene = Scene()
    answer = scene.send("a", "bad1", "odd", "again", "b")
    assert answer.seen == 5
    assert [(told.index, told.call_id, told.action) for told in answer.verdicts] == [
        (1, "bad1", DISCONNECT),
        (2, "odd", CHALLENGE),
        (3, "again", ALLOW),
    ]
    bad, odd, again = answer.verdicts
    assert (list(bad.reasons), bad.masking_probability, bad.risk_score) == (["masking", "wangiri"], 0.8, 80.5)
    assert (bad.incident_id, bad.duplicate, again.duplicate) == ("i1", False, True)
    assert (list(odd.reasons), odd.masking_probability) == ([], 0.0)


def test_what_is_stored_is_told_once_a_commit_and_counts_from_the_first_event() -> None:
    scene = Scene()
    scene.send("a", "b")
    scene.send("c")
    scene.send("d")
    scene.commit(2)
    scene.commit()
    assert scene.told.said() == [(2, 0), (3, 0), (4, 0), (0, 3), (0, 4)]
    scene.commit()
    assert len(scene.told.messages) == 5


def test_a_later_message_on_disk_says_nothing_while_an_earlier_one_is_not() -> None:
    scene = Scene()
    scene.send("a")
    scene.send("b")
    first, second = scene.desk.waiting
    second(None)
    scene.news.tell()
    assert scene.told.said() == [(1, 0), (2, 0)]
    first(None)
    scene.news.tell()
    assert scene.told.said()[-1] == (0, 2)


def test_what_was_stored_before_it_was_answered_is_told_with_the_answer() -> None:
    scene = Scene()
    scene.desk.at_once = True
    scene.send("a")
    scene.news.tell()
    assert scene.told.said() == [(1, 1)]


def test_an_event_that_is_wrong_is_named_and_the_others_count() -> None:
    scene = Scene()
    answer = scene.send("a", "wrong", "bad")
    assert [(fault.index, fault.field) for fault in answer.faults] == [(1, "b_number")]
    assert answer.verdicts[0].index == 2
    assert scene.desk.taken == ["a", "bad"]
    scene.commit()
    assert scene.told.said() == [(3, 0), (0, 3)]
    assert scene.send("wrong").stored == 4


def test_the_bytes_that_are_logged_are_those_that_came() -> None:
    scene = Scene()
    scene.send("a", "wrong", "b")
    assert scene.desk.bodies == [framed(event(name).SerializeToString()) for name in "ab"]


def test_a_message_that_is_none_ends_the_stream_and_so_does_one_of_too_many_events() -> None:
    scene = Scene()
    with pytest.raises(InvalidRequest, match=r"is not a ratingd\.v1\.CallEventsRequest"):
        scene.stream.receive(b"\xff")
    with pytest.raises(InvalidRequest, match="events: 1001 in one message; at most 1000 are allowed"):
        scene.send(*["a"] * (BATCH_MAX + 1))
    assert scene.desk.taken == []


def test_a_message_of_nothing_is_answered() -> None:
    scene = Scene()
    scene.stream.receive(b"")
    assert scene.told.said() == [(0, 0)]
    assert scene.told.places == 1


def test_a_stream_with_too_much_to_store_takes_no_more_until_it_is() -> None:
    scene = Scene()
    scene.send(*["a"] * UNSTORED_MAX)
    assert scene.told.places == 1
    scene.send("b")
    scene.send("c")
    assert scene.told.places == 1
    scene.commit(1)
    assert scene.told.places == 3
    assert [message.seen for message in scene.told.messages[:3]] == [10, 11, 12]  # answered all the same


def test_of_large_messages_fewer_are_taken_at_once() -> None:
    scene = Scene(PLACES)
    scene.desk.at_once = True
    for _ in range(PLACES):
        scene.send(*["a"] * 64)
    assert PLACES - scene.told.places == PLACES - 8  # so many places are kept from it: eight messages at once
    for _ in range(8):
        scene.send("a")
    assert scene.told.places == PLACES + 8  # small ones have them all again
    for _ in range(PLACES):
        scene.send(*["a"] * 1_000)
    assert 2 * PLACES + 8 - scene.told.places == PLACES - PLACES_MIN


def test_a_daemon_without_room_says_when_to_come_again() -> None:
    scene = Scene()
    scene.desk.full = True
    with pytest.raises(Overloaded) as error:
        scene.send("a")
    assert error.value.retry_after_ms == 100


def test_a_client_that_has_sent_all_is_let_go_when_all_is_stored() -> None:
    scene = Scene()
    scene.send("a")
    scene.stream.half_close()
    assert not scene.told.finished
    scene.commit()
    assert (scene.told.said(), scene.told.finished, scene.told.last) == ([(1, 0), (0, 1)], 1, None)


def test_a_client_that_sent_nothing_is_let_go_at_once() -> None:
    scene = Scene()
    scene.stream.half_close()
    assert (scene.told.finished, scene.told.messages) == (1, [])


def test_going_down_stores_what_was_taken_and_takes_no_more() -> None:
    scene = Scene()
    scene.send("a")
    scene.stream.drain()
    scene.stream.receive(request("b"))
    assert scene.desk.taken == ["a"]
    scene.commit()
    assert scene.told.said() == [(1, 0), (0, 1)]
    assert scene.told.last is not None
    assert status_of(scene.told.last).message.startswith("the daemon is going down")


@pytest.mark.parametrize(
    ("error", "reason", "text"),
    [
        (Unavailable("the events were looked at and could not be stored"), "UNAVAILABLE", "could not be stored"),
        (ZeroDivisionError(), "INVARIANT_BROKEN", "ZeroDivisionError while events were stored"),
    ],
)
def test_events_that_will_never_be_stored_end_the_stream(error: Exception, reason: str, text: str) -> None:
    scene = Scene()
    scene.send("a")
    scene.send("b")
    scene.commit(1, error)
    assert scene.told.finished == 1
    assert scene.told.last is not None
    status = status_of(scene.told.last)
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    assert (info.reason, text in status.message) == (reason, True)
    scene.commit()
    assert scene.told.finished == 1


def test_a_client_that_is_gone_is_told_nothing_and_its_events_are_stored() -> None:
    scene = Scene()
    scene.send("a")
    scene.stream.cancel()
    scene.commit()
    assert scene.told.said() == [(1, 0)]
    assert scene.told.finished == 0


def test_verdicts_of_many_events_do_not_wait_for_the_end_of_the_bunch() -> None:
    scene = Scene()
    scene.send("a")
    assert scene.told.flushes == 0
    scene.send(*["b"] * 31)
    assert scene.told.flushes == 1
