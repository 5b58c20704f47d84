"""A plan of many accounts: in chunks, with figures on the way, stopped within one and gone on with."""

import threading
from collections.abc import Callable

import pytest

from accounts.account import AccountKey
from ratingd import observe
from ratingd.engine.command import Command, Reply
from ratingd.engine.operation import ExecuteSet, SetAccount
from ratingd.scheduler.effects import Effects
from ratingd.scheduler.scheduler import Scheduler, SchedulerOptions
from ratingd.scheduler.walk import CHUNK
from tests.test_scheduler import MIDNIGHT, PLANS, join, plans_of, playing, scheduler_of


@pytest.fixture(autouse=True)
def quiet() -> None:
    observe.configure(observe.LogFormat.NONE)


def test_stop_comes_within_a_chunk_and_the_next_start_goes_on(store_url: str) -> None:
    with playing(store_url) as (desk, clock):
        names = [f"{n:04}" for n in range(CHUNK + 50)]
        for answer in [desk.send(name, SetAccount(plans=("DAILY",))) for name in names]:
            answer.result(20)
        seen: list[str] = []

        def submit(command: Command, done: Callable[[Reply], None]) -> None:
            seen.append(command.key.account)
            if len(seen) == 250:
                stopping.stop()
            desk.engine.submit(command, done)

        plans = lambda: plans_of(desk, clock)  # noqa: E731
        stopping = Scheduler(desk.store, submit, plans, SchedulerOptions(), clock)
        stopping.look()
        clock.now_ns = MIDNIGHT
        stopping.look()
        assert len(seen) == 300  # the third hundred was in the queue and is waited for
        desk.restart()
        scheduler_of(desk, clock).look()
        assert {desk.money(name) for name in names} == {"1"}


def test_progress_of_a_long_run_is_kept_and_told(sqlite_url: str) -> None:
    with playing(sqlite_url) as (desk, clock):
        names = [f"{n:04}" for n in range(3 * CHUNK)]
        for answer in [desk.send(name, SetAccount(plans=("DAILY",))) for name in names]:
            answer.result(20)
        scheduler = scheduler_of(desk, clock)
        scheduler.look()
        told, kept = observe.counters().get("schedule.progress", 0), []
        clock.now_ns = MIDNIGHT

        def submit(command: Command, done: Callable[[Reply], None]) -> None:
            row = desk.store.schedules.get("DAILY/ADD_1@MIDNIGHT", "")
            kept.append(None if row is None else (row.running_ns, row.accounts, row.members))
            desk.engine.submit(command, done)

        Scheduler(desk.store, submit, lambda: plans_of(desk, clock), SchedulerOptions(), clock).look()
        assert list(dict.fromkeys(kept))[1:] == [(MIDNIGHT, CHUNK, 3 * CHUNK), (MIDNIGHT, 2 * CHUNK, 3 * CHUNK)]
        assert observe.counters()["schedule.progress"] == told + 3
        row = desk.store.schedules.get("DAILY/ADD_1@MIDNIGHT", "")
        assert row is not None
        assert (row.ran_ns, row.accounts, row.refused, row.running_ns) == (MIDNIGHT, 3 * CHUNK, 0, None)


def test_many_accounts_are_run_in_chunks(sqlite_url: str) -> None:
    with playing(sqlite_url) as (desk, clock):
        names = [f"{n:04}" for n in range(CHUNK + 20)]
        for answer in [desk.send(name, SetAccount(plans=("DAILY",))) for name in names]:
            answer.result(20)
        scheduler = scheduler_of(desk, clock)
        scheduler.look()
        assert len(desk.store.members("DAILY")) == len(names)
        clock.now_ns = MIDNIGHT
        scheduler.look()
        assert {desk.money(name) for name in names} == {"1"}


def test_effect_whose_answer_is_kept_no_longer_is_done_and_not_refused(sqlite_url: str) -> None:
    with playing(sqlite_url) as (desk, clock):
        join(desk, "1001", "DAILY")
        scheduler_of(desk, clock).look()
        desk.ask("1001", ExecuteSet("ADD_1", create=False), f"sched:DAILY/ADD_1@MIDNIGHT:{MIDNIGHT}:1001")
        clock.now_ns = MIDNIGHT
        desk.store.forget_replies(MIDNIGHT)
        desk.restart()
        scheduler_of(desk, clock).look()
        row = desk.store.schedules.get("DAILY/ADD_1@MIDNIGHT", "")
        assert row is not None
        assert (desk.money("1001"), row.ran_ns, row.refused) == ("1", MIDNIGHT, 0)


def test_effect_that_could_not_be_repeated_is_not_refused_by_its_repetition(sqlite_url: str) -> None:
    """A crash after the set took MINUTES away: there is nothing to take away again, and nothing has failed."""
    files = {"Actions.csv": b"TAKE,*remove_balance,,,MINUTES,*monetary,,,,,,,,,,,10\n", "ActionPlans.csv": b""}
    with playing(sqlite_url, PLANS | files) as (desk, _):
        desk.top_up("1001", 5, "MINUTES")
        for _ in range(2):
            effects = Effects(desk.engine.submit, threading.Event())
            take = ExecuteSet("TAKE", create=False)
            assert effects.run([AccountKey("cgrates.org", "1001")], take, lambda key: "sched:TAKE:1001") == 0
            assert desk.money("1001") == "0"
            desk.restart()
