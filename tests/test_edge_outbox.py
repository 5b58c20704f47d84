"""The native transport's outbox: everything is said once, in its order, and a bunch at a time."""

import threading
from itertools import pairwise

from ratingd.api.edge_module import MESSAGE, Said
from ratingd.api.edge_outbox import Outbox
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
