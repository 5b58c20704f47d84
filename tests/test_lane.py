"""Lanes: an answer only after the disk, every answer once, and no account of yesterday."""

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

import pytest

from accounts.account import AccountKey
from ratingd.engine.command import Command, Reply
from ratingd.engine.lane import LaneLimits
from ratingd.engine.operation import Refund
from ratingd.store.faults import DataRefused, RepeatedKeys, StoreUnavailable
from ratingd.store.rows import Batch, StoredReply
from ratingd.store.store import Store
from tests.engine_desk import Desk, debit, words
from tests.waiting import until


def test_the_same_key_is_answered_word_for_word_and_moves_money_once(store_url: str) -> None:
    with Desk(store_url) as desk:
        desk.top_up("1001", 10)
        first = desk.ask("1001", debit("1001", 60), "k1")
        assert first.endswith("cost 0.6")
        assert desk.ask("1001", debit("1001", 60), "k1") == first
        desk.restart()
        assert desk.ask("1001", debit("1001", 60), "k1") == first
        assert desk.money("1001") == "9.4"


def test_the_same_key_with_other_content_is_refused(store_url: str) -> None:
    with Desk(store_url) as desk:
        desk.top_up("1001", 10)
        desk.ask("1001", debit("1001", 60), "k1", content="60 s")
        assert desk.ask("1001", debit("1001", 120), "k1", content="120 s") == "IDEMPOTENCY_KEY_REUSED"
        desk.restart()
        assert desk.ask("1001", debit("1001", 120), "k1", content="120 s") == "IDEMPOTENCY_KEY_REUSED"
        assert desk.money("1001") == "9.4"


def test_a_key_whose_answer_is_forgotten_stays_used(store_url: str) -> None:
    with Desk(store_url) as desk:
        desk.top_up("1001", 10)
        desk.ask("1001", debit("1001", 60), "k1")
        desk.restart()
        desk.store.forget_replies(time.time_ns())
        assert desk.ask("1001", debit("1001", 60), "k1") == "IDEMPOTENCY_KEY_REUSED"
        assert desk.money("1001") == "9.4"


def test_a_key_belongs_to_its_account(store_url: str) -> None:
    with Desk(store_url) as desk:
        for account in ("1001", "1002"):
            desk.top_up(account, 10)
            assert desk.ask(account, debit(account, 60), "k1").endswith("cost 0.6")


def test_a_refusal_is_kept_too(store_url: str) -> None:
    with Desk(store_url) as desk:
        assert desk.ask("1001", debit("1001", 60), "k1") == "ACCOUNT_UNKNOWN"
        desk.restart()
        desk.top_up("1001", 10)
        assert desk.ask("1001", debit("1001", 60), "k1") == "ACCOUNT_UNKNOWN"
        assert desk.ask("1001", debit("1001", 60), "k2").endswith("cost 0.6")


def test_repeats_among_new_requests_fail_nobody(store_url: str) -> None:
    """A batch whose commit meets a stored key is decided again; the others in it are charged once."""
    with Desk(store_url) as desk:
        for number in range(20):
            desk.top_up(str(number), 10)
            desk.ask(str(number), debit(str(number), 60), "old")
        desk.restart()
        waiting = [desk.send(str(n), debit(str(n), 60), key) for n in range(20) for key in ("old", "new", "old")]
        replies = [each.result(20).body.decode() for each in waiting]
        assert all(reply.endswith("cost 0.6") for reply in replies)
        assert replies[0::3] == replies[2::3]
        assert {desk.money(str(n)) for n in range(20)} == {"8.8"}


def test_requests_of_one_account_are_decided_in_order(store_url: str) -> None:
    with Desk(store_url) as desk:
        desk.top_up("1001", 3)
        waiting = [desk.send("1001", debit("1001", 60)) for _ in range(10)]
        ids = [each.result(20).body.decode().split()[0] for each in waiting]
        assert ids == sorted(ids)
        assert desk.money("1001") == "-3"


def test_a_refund_sees_a_charge_that_is_not_on_disk_yet(store_url: str) -> None:
    with Desk(store_url) as desk:
        desk.top_up("1001", 10)
        charge_id = desk.ask("1001", debit("1001", 120)).split()[0]
        waiting = [desk.send("1001", Refund(charge_id)) for _ in range(5)]
        amounts = [each.result(20).body.decode().split()[-1] for each in waiting]
        assert amounts == ["1.2", "0", "0", "0", "0"]
        assert desk.money("1001") == "10"


def test_two_daemons_on_one_database_lose_nothing(postgresql_url: str) -> None:
    with Desk(postgresql_url) as one, Desk(postgresql_url) as other:
        one.top_up("1001", 1000)
        with ThreadPoolExecutor(2) as pool:
            for desk in (one, other):
                pool.submit(_debit_often, desk, "1001", 100)
        assert one.money("1001") == "880"
        assert other.money("1001") == "880"


def test_a_small_cache_reads_accounts_again(store_url: str) -> None:
    with Desk(store_url, limits=LaneLimits(accounts_max=2)) as desk:
        for number in range(20):
            desk.top_up(str(number), 10)
        waiting = [desk.send(str(n % 20), debit(str(n % 20), 60)) for n in range(200)]
        for each in waiting:
            each.result(20)
        assert {desk.money(str(n)) for n in range(20)} == {"4"}
        assert all(lane.held <= 22 for lane in desk.engine.lanes)


def test_beyond_the_queue_requests_are_told_to_come_again(sqlite_url: str) -> None:
    with Desk(sqlite_url, limits=LaneLimits(queue_max=3)) as desk:
        desk.top_up("1001", 1000)
        replies = [each.result(20) for each in [desk.send("1001", debit("1001", 60)) for _ in range(300)]]
        refused = [reply for reply in replies if reply.code]
        assert {reply.body for reply in refused} == {b"OVERLOADED"}
        assert desk.money("1001") == _left(1000, len(replies) - len(refused))


class Flaky(Store):
    """A real store whose commits fail when told to: before anything is stored, or after everything is."""

    def __init__(self, store: Store) -> None:
        super().__init__(store.database)
        self.before: Callable[[Batch], Exception | None] = lambda batch: None
        self.after: Callable[[Batch], Exception | None] = lambda batch: None

    def commit(self, batch: Batch) -> None:
        if error := self.before(batch):
            raise error
        super().commit(batch)
        if error := self.after(batch):
            raise error


@pytest.mark.parametrize("stored", [False, True])
def test_an_unknown_commit_is_unavailable_and_its_key_tells_what_became_of_it(store_url: str, stored: bool) -> None:
    with Desk(store_url, store=Flaky) as desk:
        assert isinstance(desk.store, Flaky)
        desk.top_up("1001", 10)
        faults = [StoreUnavailable("the server closed the connection")]
        setattr(desk.store, "after" if stored else "before", lambda batch: faults.pop() if faults else None)
        assert desk.ask("1001", debit("1001", 60), "k1") == "UNAVAILABLE"
        assert desk.ask("1001", debit("1001", 60), "k1").endswith("cost 0.6")
        assert desk.money("1001") == "9.4"


class Held(Flaky):
    """When told to, a commit waits until it may fail: its keys were used before, yet no reply can be read."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.begun: Final = threading.Event()
        self.may_fail: Final = threading.Event()

    def hold(self) -> None:
        self.before = self._refuse

    def replies(self, asked: Iterable[tuple[AccountKey, str]]) -> dict[tuple[AccountKey, str], StoredReply]:
        if self.begun.is_set():
            raise RuntimeError("of our own")
        return super().replies(asked)

    def _refuse(self, batch: Batch) -> Exception:
        self.before = lambda batch: None
        self.begun.set()
        assert self.may_fail.wait(20)
        return RepeatedKeys([(row.key, row.idempotency_key or "") for row in batch.operations])


def test_a_fault_while_a_lane_recovers_leaves_nobody_waiting(sqlite_url: str) -> None:
    """What was decided on top of the batch that failed is told of the fault too."""
    with Desk(sqlite_url, store=Held, lanes=1) as desk:
        assert isinstance(desk.store, Held)
        desk.top_up("1001", 10)
        desk.store.hold()
        key = AccountKey("cgrates.org", "1001")
        lost: list[Future[Reply]] = [Future(), Future()]
        desk.engine.submit_all(
            [
                (Command(key, debit("1001", 60), words, f"k{n}", b"f"), answered.set_result)
                for n, answered in enumerate(lost)
            ]
        )
        assert desk.store.begun.wait(20)
        rest = desk.send("1001", debit("1001", 60))
        until(lambda: not any(lane.queued for lane in desk.engine.lanes))
        desk.store.may_fail.set()
        assert [each.result(20).body for each in (*lost, rest)] == [b"INVARIANT_BROKEN"] * 3
        assert desk.ask("1001", debit("1001", 60)).endswith("cost 0.6")
        assert desk.money("1001") == "9.4"


def test_an_account_that_cannot_be_read_fails_its_own_requests_only(store_url: str) -> None:
    with Desk(store_url) as desk:
        for account in ("good", "bad"):
            desk.top_up(account, 10)
        desk.restart()
        with desk.store.database.write() as connection:
            connection.exec_driver_sql("UPDATE accounts SET document = '{\"format\": 99}' WHERE account = 'bad'")
        waiting = [desk.send(account, debit(account, 60)) for account in ("good", "bad") * 10]
        replies = [each.result(20).body.decode().split()[-1] for each in waiting]
        assert replies == ["0.6", "INVARIANT_BROKEN"] * 10
        assert desk.money("good") == "4"


def test_who_does_not_take_an_answer_costs_nobody_else_theirs(sqlite_url: str) -> None:
    def refuse(_: Reply) -> None:
        raise RuntimeError("gone")

    with Desk(sqlite_url) as desk:
        desk.top_up("1001", 10)
        key = AccountKey("cgrates.org", "1001")
        desk.engine.submit(Command(key, debit("1001", 60), words, "k1", b"f"), refuse)
        assert desk.ask("1001", debit("1001", 60)).endswith("cost 0.6")
        assert desk.money("1001") == "8.8"


def test_data_that_the_database_refuses_fails_its_own_request_only(store_url: str) -> None:
    with Desk(store_url, store=Flaky) as desk:
        assert isinstance(desk.store, Flaky)
        for number in range(10):
            desk.top_up(str(number), 10)
        desk.store.before = lambda batch: (
            DataRefused("no such thing") if any(row.key.account == "7" for row in batch.operations) else None
        )
        waiting = [desk.send(str(n), debit(str(n), 60)) for n in range(10)]
        replies = [each.result(20).body.decode().split()[-1] for each in waiting]
        assert replies == ["0.6"] * 7 + ["INVARIANT_BROKEN"] + ["0.6"] * 2
        desk.store.before = lambda batch: None
        assert desk.money("7") == "10"


def _debit_often(desk: Desk, account: str, times: int) -> None:
    for _ in range(times):
        desk.ask(account, debit(account, 60))


def _left(units: int, debits: int) -> str:
    tenths = units * 10 - 6 * debits
    return f"{tenths / 10:g}"
