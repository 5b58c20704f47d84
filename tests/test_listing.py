"""Counting accounts looks at each of them: a few counts at a time, and the lanes keep connections to read by."""

import threading
import time
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ratingd.api import listing
from ratingd.api.config import ApiConfig
from ratingd.api.method import Method
from ratingd.engine.command import Reply
from ratingd.v1.accounts_pb2 import CountAccountsResponse
from tests.waiting import until

RESOURCE_EXHAUSTED = 8


class Directory:
    """Counts for as long as the test wants."""

    def __init__(self) -> None:
        self.released = threading.Event()
        self.counting = 0

    def count(self, tenant: str | None, *, prefix: str, disabled: bool | None) -> int:
        self.counting += 1
        assert self.released.wait(20)
        return 7


def test_a_count_too_many_is_refused_and_the_others_come_to_their_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "COUNT_WAIT_S", 0.05)
    directory = Directory()
    shelves = cast(Any, SimpleNamespace(directory=directory))
    methods = listing.Listing(ApiConfig(time.time_ns), shelves).methods()
    count = next(m for m in methods if isinstance(m, Method) and m.name.endswith("/CountAccounts"))
    replies: list[Reply] = []
    threads = [threading.Thread(target=lambda: replies.append(cast(Reply, count.prepare(b"", None)))) for _ in range(3)]
    for thread in threads:
        thread.start()
    until(lambda: len(replies) == 1)
    assert (replies[0].code, directory.counting) == (RESOURCE_EXHAUSTED, 2)
    directory.released.set()
    for thread in threads:
        thread.join(20)
    assert [CountAccountsResponse.FromString(reply.body).count for reply in replies[1:]] == [7, 7]
    assert cast(Reply, count.prepare(b"", None)).code == 0
