"""Disconnects: told at once, at every reconnect, and again until somebody says what became of the call."""

import json
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from accounts.account import AccountKey
from ratingd import observe
from ratingd.delivery.disconnect_order import Disconnect, Outcome
from ratingd.delivery.disconnects import DeskTerms, DisconnectDesk, Watcher
from ratingd.store.rows import Batch, OutboxEntry, shard_of
from ratingd.store.store import Store, open_store

A = AccountKey("cgrates.org", "1001")
SECOND = 1_000_000_000
NEVER = DeskTerms(again_ns=3600 * SECOND)
SOON = DeskTerms(again_ns=SECOND // 20)


@pytest.fixture(autouse=True)
def quiet() -> None:
    observe.configure(observe.LogFormat.NONE)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    opened.migrate()
    yield opened
    opened.close()


@contextmanager
def desk_of(store: Store, terms: DeskTerms = NEVER) -> Iterator[DisconnectDesk]:
    desk = DisconnectDesk(store, terms)
    desk.start()
    try:
        yield desk
    finally:
        desk.stop()


class Switch:
    """A stream of a switch, as a queue of what it was told."""

    def __init__(self, desk: DisconnectDesk, switch_id: str) -> None:
        self.told: queue.Queue[Disconnect] = queue.Queue()
        self.watcher: Watcher = desk.watch(switch_id, self.told.put)

    def next(self) -> Disconnect:
        return self.told.get(timeout=10)

    def calls(self, count: int) -> list[str]:
        return sorted(self.next().call_id for _ in range(count))

    def hears_nothing(self) -> bool:
        try:
            self.told.get(timeout=0.15)
        except queue.Empty:
            return True
        return False


def cut(store: Store, call_id: str, switch_id: str = "sbc-1", created_ns: int | None = None) -> None:
    now_ns = time.time_ns() if created_ns is None else created_ns
    body = {
        "call_id": call_id,
        "switch_id": switch_id,
        "reason": "DISCONNECT",
        "tenant": A.tenant,
        "account": A.account,
    }
    entry = OutboxEntry(
        f"d-{call_id}", A, shard_of(A), "disconnect", switch_id, json.dumps(body), now_ns, due_ns=now_ns
    )
    store.commit(Batch(outbox=[entry]))


def state(store: Store) -> dict[str, str]:
    return {entry.id: entry.state for entry in store.outbox.entries()}


def test_switch_is_told_and_its_answer_is_the_end(store: Store) -> None:
    with desk_of(store) as desk:
        switch = Switch(desk, "sbc-1")
        cut(store, "c1")
        desk.wake()
        told = switch.next()
        assert (told.id, told.call_id, told.switch_id, told.reason) == ("d-c1", "c1", "sbc-1", "DISCONNECT")
        assert (told.tenant, told.account, told.attempt) == ("cgrates.org", "1001", 1)
        assert state(store) == {"d-c1": "waiting"}
        assert switch.watcher.answer("d-c1", Outcome.CUT)
        assert state(store) == {"d-c1": "delivered"}
        assert not switch.watcher.answer("d-c1", Outcome.CUT)
        assert not switch.watcher.answer("d-c9", Outcome.CUT)


def test_switch_that_connects_late_hears_what_waits_for_it(store: Store) -> None:
    cut(store, "c1")
    cut(store, "c2")
    cut(store, "c3", "sbc-2")
    with desk_of(store) as desk:
        switch = Switch(desk, "sbc-1")
        assert switch.calls(2) == ["c1", "c2"]
        assert switch.hears_nothing()


def test_unanswered_is_told_again_after_a_time_and_at_reconnect(store: Store) -> None:
    cut(store, "c1")
    with desk_of(store, SOON) as desk:
        switch = Switch(desk, "sbc-1")
        assert [switch.next().attempt for _ in range(3)] == [1, 2, 3]
    with desk_of(store) as desk:
        switch = Switch(desk, "sbc-1")
        assert switch.next().call_id == "c1"
        switch.watcher.close()
        again = Switch(desk, "sbc-1")
        assert again.next().call_id == "c1"
        assert switch.hears_nothing()


def test_answered_while_what_waits_is_read_is_not_told_anew(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    read, read_again = store.outbox.waiting_for, threading.Event()
    with desk_of(store) as desk:
        switch = Switch(desk, "sbc-1")
        cut(store, "c-1")
        desk.wake()
        order = switch.next()

        def answered_meanwhile(*asked: Any, **more: Any) -> list[OutboxEntry]:
            waiting = read(*asked, **more)
            if not read_again.is_set():
                assert switch.watcher.answer(order.id, Outcome.CUT)
                read_again.set()
            return waiting

        monkeypatch.setattr(store.outbox, "waiting_for", answered_meanwhile)
        desk.wake()
        assert read_again.wait(10)
        assert switch.hears_nothing()


def test_failed_is_told_again(store: Store) -> None:
    cut(store, "c1")
    with desk_of(store, SOON) as desk:
        switch = Switch(desk, "sbc-1")
        assert switch.watcher.answer(switch.next().id, Outcome.FAILED, "busy")
        assert switch.next().attempt == 2
        (entry,) = store.outbox.entries()
        assert (entry.state, entry.last_error) == ("waiting", "busy")


def test_unknown_call_is_the_end_when_all_who_watch_agree(store: Store) -> None:
    with desk_of(store, SOON) as desk:
        one, two, all_ = Switch(desk, "sbc-1"), Switch(desk, "sbc-1"), Switch(desk, "*")
        cut(store, "c1")
        desk.wake()
        assert [switch.next().call_id for switch in (one, two, all_)] == ["c1"] * 3
        assert one.watcher.answer("d-c1", Outcome.CALL_UNKNOWN)
        assert one.watcher.answer("d-c1", Outcome.CALL_UNKNOWN)
        assert two.watcher.answer("d-c1", Outcome.CALL_UNKNOWN)
        assert state(store) == {"d-c1": "waiting"}
        assert all_.watcher.answer("d-c1", Outcome.CALL_UNKNOWN)
        if store.shared and state(store) == {"d-c1": "waiting"}:  # another daemon's streams are given the time to look
            assert all_.next().attempt == 2
            assert all_.watcher.answer("d-c1", Outcome.CALL_UNKNOWN)
        assert state(store) == {"d-c1": "delivered"}


def test_one_that_cut_the_call_settles_it_for_all(store: Store) -> None:
    with desk_of(store) as desk:
        one, two = Switch(desk, "sbc-1"), Switch(desk, "")
        cut(store, "c1")
        desk.wake()
        assert (one.next().call_id, two.next().call_id) == ("c1", "c1")
        assert two.watcher.answer("d-c1", Outcome.CUT)
        assert not one.watcher.answer("d-c1", Outcome.CUT)


def test_switch_cannot_answer_for_another(store: Store) -> None:
    with desk_of(store) as desk:
        one, two = Switch(desk, "sbc-1"), Switch(desk, "sbc-2")
        cut(store, "c1")
        desk.wake()
        one.next()
        assert not two.watcher.answer("d-c1", Outcome.CUT)
        assert two.hears_nothing()


def test_stream_that_breaks_does_not_silence_the_others(store: Store) -> None:
    def broken(_: Disconnect) -> None:
        raise RuntimeError("gone")

    with desk_of(store) as desk:
        desk.watch("sbc-1", broken)
        switch = Switch(desk, "sbc-1")
        cut(store, "c1")
        desk.wake()
        assert switch.next().call_id == "c1"
        assert desk.watching == 1


def test_orders_nobody_answered_for_days_are_put_aside(store: Store) -> None:
    cut(store, "c1", created_ns=time.time_ns() - 73 * 3600 * SECOND)
    cut(store, "c2")
    with desk_of(store):
        deadline = time.monotonic() + 10
        while state(store) != {"d-c1": "dead", "d-c2": "waiting"}:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_order_of_another_daemon_reaches_the_switch(postgresql_url: str) -> None:
    here, there = open_store(postgresql_url), open_store(postgresql_url)
    here.migrate()
    with desk_of(here) as desk:
        switch = Switch(desk, "sbc-1")
        cut(there, "c1")
        assert switch.next().call_id == "c1"
    here.close()
    there.close()
