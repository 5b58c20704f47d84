"""What is stored of lists and blocks holds, whoever stored it, in whatever order."""

import threading
from collections.abc import Iterator

import pytest

from ratingd.fraud.blocks import BLOCK, NUMBER, Blocks, block
from ratingd.fraud.lists_in_force import ListsInForce
from ratingd.store.fraud_lists import Stamps
from ratingd.store.fraud_rows import FraudBatch, ListRow
from ratingd.store.store import Store, open_store
from triggers.numbers.number_list import NumberLists
from triggers.numbers.number_reading import NumberReader

NOW_MS = 1_795_262_400_000
CALLED = NumberReader("DE").read("+49891")


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    store = open_store(store_url)
    store.migrate()
    yield store
    store.close()


class Daemon:
    """What holds at one of the daemons on a database."""

    def __init__(self, store: Store, shelf: "Slow | None" = None) -> None:
        self.blocks = Blocks()
        self.lists = NumberLists()
        self.held = 0
        self.in_force = ListsInForce(shelf or store.fraud, self.blocks, self.hold)

    def hold(self, lists: NumberLists) -> None:
        self.held += 1
        self.lists = lists

    def refuses(self, a: str) -> bool:
        return self.lists.blacklisted(NumberReader("DE").read(a), CALLED, "t", NOW_MS) is not None


class Slow:
    """A shelf whose first answer about one of the lists, or about all, is read and then kept back."""

    def __init__(self, store: Store, list: str) -> None:
        self._store = store
        self._list = list
        self.asked, self.go_on = threading.Event(), threading.Event()

    def lists(self, list: str = "") -> list[ListRow]:
        rows = self._store.fraud.lists(list)
        if list == self._list and not self.asked.is_set():
            self.asked.set()
            assert self.go_on.wait(10)
        return rows

    def list_stamps(self) -> Stamps:
        return self._store.fraud.list_stamps()


def entry(value: str, created_ms: int = NOW_MS, reason: str = "") -> ListRow:
    return ListRow("blacklist", "number", value, reason, "ann", created_ms, 0)


def blocked(value: str) -> ListRow:
    return block(NUMBER, value, "masking", "ratingd", NOW_MS, NOW_MS + 1_000)


def store_rows(store: Store, *rows: ListRow) -> None:
    store.fraud.commit(FraudBatch(lists=rows))


def test_who_comes_second_is_not_undone_by_who_read_first(store: Store) -> None:
    shelf = Slow(store, "")
    daemon = Daemon(store, shelf)
    first = threading.Thread(target=daemon.in_force.changed)
    first.start()
    assert shelf.asked.wait(10)
    store_rows(store, entry("+49301"))
    second = threading.Thread(target=daemon.in_force.changed)
    second.start()
    second.join(0.05)  # so that it may go ahead, if it can
    shelf.go_on.set()
    first.join(10)
    second.join(10)
    assert daemon.held == 2
    assert daemon.refuses("+49301")


def test_a_block_that_is_stored_while_lists_are_read_stays(store: Store) -> None:
    shelf = Slow(store, BLOCK)
    daemon = Daemon(store, shelf)
    reading = threading.Thread(target=daemon.in_force.changed)
    reading.start()
    assert shelf.asked.wait(10)
    store_rows(store, blocked("+49302"))
    daemon.blocks.take([blocked("+49302")])  # as the writer does after its commit
    shelf.go_on.set()
    reading.join(10)
    assert [row.value for row in daemon.blocks.entries] == ["+49302"]


def test_what_one_daemon_stores_is_followed_by_another_and_read_once(store: Store) -> None:
    daemon = Daemon(store)
    daemon.in_force.changed()
    store_rows(store, entry("+49301"), blocked("+49302"))
    daemon.in_force.follow()
    assert daemon.refuses("+49301")
    assert [row.value for row in daemon.blocks.entries] == ["+49302"]
    seen = (daemon.held, daemon.blocks.changes)
    daemon.in_force.follow()
    assert (daemon.held, daemon.blocks.changes) == seen
    store.fraud.commit(FraudBatch(lists_removed=[("blacklist", "number", "+49301"), ("block", NUMBER, "+49302")]))
    daemon.in_force.follow()
    assert (daemon.refuses("+49301"), daemon.blocks.entries) == (False, [])


def test_a_block_alone_leaves_the_lists_and_what_held_already_unread(store: Store) -> None:
    daemon = Daemon(store)
    store_rows(store, blocked("+49302"))
    daemon.blocks.take([blocked("+49302")])
    seen = (daemon.held, daemon.blocks.changes)
    daemon.in_force.follow()
    assert (daemon.held, daemon.blocks.changes) == seen


def test_stamps_tell_apart_what_was_added_replaced_or_removed(store: Store) -> None:
    stamps = [store.fraud.list_stamps()]
    store_rows(store, entry("+1", 1_000), entry("+2", 2_000))
    stamps.append(store.fraud.list_stamps())
    store_rows(store, entry("+1", 1_500, "other"))
    stamps.append(store.fraud.list_stamps())
    store.fraud.commit(FraudBatch(lists_removed=[("blacklist", "number", "+1")]))
    stamps.append(store.fraud.list_stamps())
    assert stamps == [
        {}, {"blacklist": (2, 2_000, 3_000)}, {"blacklist": (2, 2_000, 3_500)}, {"blacklist": (1, 2_000, 2_000)},
    ]  # fmt: skip
