"""The native transport's outbox: everything is said once, in its order, and a bunch at a time."""

import threading
from itertools import pairwise
from typing import cast

import pytest

from ratingd.api.edge_module import MESSAGE, Said
from ratingd.api.edge_outbox import Outbox
from ratingd.api.status import status_of
from ratingd.engine.command import Reply


def test_a_bunch_is_said_at_once() -> None:
    sent: list[list[Said]] = []
    outbox = Outbox(sent.append)
    outbox.reply(1, Reply(0, b"answer"))
    outbox.say(2, MESSAGE, b"message")
    assert sent == []
    outbox.flush()
    outbox.flush()
    assert sent == [[(1, 0, b"answer"), (2, MESSAGE, b"message")]]


def test_an_answer_that_is_none_fails_its_own_call_only(capsys: pytest.CaptureFixture[str]) -> None:
    sent: list[Said] = []

    def send(said: list[Said]) -> None:
        if any(not isinstance(message, bytes) for _, _, message in said):
            raise TypeError("'str' object is not an instance of 'bytes'")
        sent.extend(said)

    outbox = Outbox(send)
    outbox.reply(1, Reply(0, b"before"))
    outbox.say(2, 0, cast(bytes, "text"))
    outbox.reply(3, Reply(0, b"after"))
    outbox.flush()
    assert [(call, code) for call, code, _ in sent] == [(1, 0), (2, 13), (3, 0)]
    assert "TypeError" in status_of(Reply(*sent[1][1:])).message
    assert "edge.not_said" in capsys.readouterr().err
    outbox.flush()
    assert len(sent) == 3


def test_nothing_is_lost_or_said_twice_among_many_threads() -> None:
    sent: list[Said] = []
    outbox = Outbox(sent.extend)

    def talk(call: int) -> None:
        for number in range(2_000):
            outbox.say(call, number)
            if number % 7 == call:
                outbox.flush()

    threads = [threading.Thread(target=talk, args=(call,)) for call in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    outbox.flush()
    assert len(sent) == 8_000
    for call in range(4):
        words = [word for who, word, _ in sent if who == call]
        assert all(later == earlier + 1 for earlier, later in pairwise(words))
