"""What a lane does while it has little to do, and while it is shared: who commits, and for what it waits."""

import itertools
import threading
import time
from typing import Final

from accounts.account import AccountKey
from ratingd.engine.cache import Held
from ratingd.engine.command import Command, Reply
from ratingd.engine.lane import LaneLimits
from ratingd.engine.operation import Operation, ReadAccount
from ratingd.store.rows import Batch, OpenCall
from ratingd.store.store import Store
from tests.engine_desk import Desk, debit, words
from tests.waiting import until

KEY: Final = AccountKey("cgrates.org", "1001")
PATIENT: Final = LaneLimits(gather_us=20_000_000)  # longer than a test waits


class Answered:
    """Which threads gave the answers, in their order."""

    def __init__(self, desk: Desk) -> None:
        self._desk: Final = desk
        self._serial: Final = itertools.count()
        self.by: Final[list[str]] = []
        self._some: Final = threading.Condition()

    def submit(self, count: int, operation: Operation = ReadAccount()) -> None:  # noqa: B008 (it has no parts)
        keys = [str(next(self._serial)) for _ in range(count)]
        self._desk.engine.submit_all([(Command(KEY, operation, words, key, b"f"), self._note) for key in keys])

    def _note(self, _: Reply) -> None:
        with self._some:
            self.by.append(threading.current_thread().name)
            self._some.notify()

    def submit_until_idle(self) -> None:
        """One request after the other, until the deciding thread waits and leaves one to whoever brings it."""
        for _ in range(1000):
            before = len(self.by)
            self.submit(1)
            assert self.are(before + 1)
            if self.by[-1] == threading.current_thread().name:
                return
            time.sleep(0.005)
        raise AssertionError(f"always seen through by {set(self.by)}")

    def are(self, count: int, timeout: float = 10) -> bool:
        with self._some:
            return self._some.wait_for(lambda: len(self.by) == count, timeout)


def test_a_lone_request_is_seen_through_by_the_thread_that_brings_it(sqlite_url: str) -> None:
    with Desk(sqlite_url) as desk:
        answered = Answered(desk)
        answered.submit_until_idle()
        answered.submit(1, debit("1001", 60))
        assert answered.by[-1] == threading.current_thread().name


def test_a_lone_request_waits_its_turn_behind_what_is_under_way(sqlite_url: str) -> None:
    with Desk(sqlite_url, store=Slow) as desk:
        assert isinstance(desk.store, Slow)
        desk.store.may_go_on.set()
        answered = Answered(desk)
        answered.submit_until_idle()
        desk.store.may_go_on.clear()
        before = len(answered.by)
        bringing = threading.Thread(target=answered.submit, args=(1, debit("1001", 60)), name="bringing")
        bringing.start()
        answered.submit(1, debit("1001", 60))
        answered.submit(1)
        assert not answered.are(before + 1, timeout=0.2)
        desk.store.may_go_on.set()
        assert answered.are(before + 3)
        bringing.join()


def test_a_shared_lane_waits_until_there_are_as_many_again_and_no_longer(sqlite_url: str) -> None:
    with Desk(sqlite_url, limits=PATIENT) as desk:
        answered = Answered(desk)
        answered.submit(4)
        assert answered.are(4)
        answered.submit(3)
        assert not answered.are(7, timeout=0.2)
        answered.submit(1)
        assert answered.are(8)
        assert set(answered.by) == {"lane-0-commit"}


def test_a_shared_lane_does_not_wait_for_ever(sqlite_url: str) -> None:
    with Desk(sqlite_url, limits=LaneLimits(gather_us=50_000)) as desk:
        answered = Answered(desk)
        answered.submit(4)
        assert answered.are(4)
        begun = time.monotonic()
        answered.submit(1)
        assert answered.are(5)
        assert time.monotonic() - begun >= 0.05
        assert answered.by[-1] == "lane-0-decide"
        answered.submit_until_idle()


class Slow(Store):
    """A real store whose commits wait until they may go on."""

    def __init__(self, store: Store) -> None:
        super().__init__(store.database)
        self.may_go_on: Final = threading.Event()

    def commit(self, batch: Batch) -> None:
        assert self.may_go_on.wait(20)
        super().commit(batch)


def test_a_lane_does_not_wait_for_more_than_its_queue_takes(sqlite_url: str) -> None:
    """While a batch is committed, one of four is decided on two by two; afterwards no more than two ever wait."""
    limits = LaneLimits(queue_max=2, gather_us=20_000_000)
    with Desk(sqlite_url, store=Slow, lanes=1, limits=limits) as desk:
        assert isinstance(desk.store, Slow)
        answered = Answered(desk)
        for _ in range(3):
            answered.submit(2, debit("1001", 60))
            until(lambda: desk.engine.lanes[0].queued == 0)
        desk.store.may_go_on.set()
        assert answered.are(6)
        answered.submit(2)
        assert answered.are(8)


def test_a_lane_that_gathers_ends_at_once(sqlite_url: str) -> None:
    with Desk(sqlite_url, limits=PATIENT) as desk:
        answered = Answered(desk)
        answered.submit(4)
        assert answered.are(4)
        answered.submit(3)
        begun = time.monotonic()
        desk.engine.stop(15)
        assert answered.are(7)
        assert time.monotonic() - begun < 10


def call(number: int, expires_ns: int) -> OpenCall:
    return OpenCall("sw", f"c{number}", KEY, 0, expires_ns)


def test_calls_that_are_over_are_not_kept_at_hand() -> None:
    stored = {("sw", "c0"): call(0, 10)}
    held = Held(0, None, 0, stored)
    held.note_call(call(1, 30), 5)
    assert set(held.open_calls) == {("sw", "c0"), ("sw", "c1")}
    held.note_call(call(2, 20), 10)
    assert set(held.open_calls) == {("sw", "c1"), ("sw", "c2")}
    held.drop_call(call(2, 20))
    held.note_call(call(3, 40), 20)
    assert set(held.open_calls) == {("sw", "c1"), ("sw", "c3")}
    held.note_call(call(4, 50), 30)
    assert set(held.open_calls) == {("sw", "c3"), ("sw", "c4")}


def test_who_fails_to_be_told_does_not_end_the_lane(sqlite_url: str) -> None:
    """The transport and the neighbours raise: what was decided is answered all the same, and so is what comes next."""

    def raising(*_: object) -> None:
        raise RuntimeError("nobody listens")

    with Desk(sqlite_url) as desk:
        desk.engine.on_answered(raising)
        answered = Answered(desk)
        for count in (4, 5, 6):
            answered.submit(count - len(answered.by), debit("1001", 60))
            assert answered.are(count)
