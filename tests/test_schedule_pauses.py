"""Schedules that are held: over restarts, within a chunk of a run, and what becomes of the instants in between."""

from collections.abc import Callable

import pytest

from ratingd import observe
from ratingd.engine.command import Command, Reply
from ratingd.engine.operation import SetAccount
from ratingd.scheduler.desk import ScheduleDesk
from ratingd.scheduler.scheduler import Scheduler, SchedulerOptions
from ratingd.scheduler.walk import CHUNK
from tests.table import table
from tests.test_schedule_orders import DAILY, desk_of, lifting
from tests.test_scheduler import DAY, MIDNIGHT, join, plans_of, playing, scheduler_of


@pytest.fixture(autouse=True)
def quiet() -> None:
    observe.configure(observe.LogFormat.NONE)


@table("""
    days in the pause | missed  | money
    1                 | made up | 1
    1                 | skipped | 0
    5                 | made up | 5      # longer than `catch_up`, which is about daemons that were down
    5                 | skipped | 0
""")
def test_what_falls_into_a_pause_is_made_up_or_skipped(
    days_in_the_pause: str, missed: str, money: str, sqlite_url: str
) -> None:
    with playing(sqlite_url) as (desk, clock):
        join(desk, "1001", "DAILY")
        join(desk, "1002", "RESET")
        scheduler_of(desk, clock).look()
        assert desk_of(desk, clock).pause("DAILY", "").changed
        for _ in range(int(days_in_the_pause)):
            clock.now_ns += DAY
            desk.restart()
            scheduler_of(desk, clock).look()
        assert (desk.money("1001"), desk.money("1002")) == ("0", "10")
        held = desk_of(desk, clock).resume(lifting(clock, "DAILY", make_up=missed == "made up"))
        assert (held.changed, held.missed) == (True, int(days_in_the_pause))
        desk.restart()
        scheduler_of(desk, clock).look()
        assert desk.money("1001") == money
        clock.now_ns += DAY
        scheduler_of(desk, clock).look()
        assert desk.money("1001") == str(int(money) + 1)


def test_pause_holds_a_run_within_a_chunk_and_what_had_begun_is_finished(store_url: str) -> None:
    with playing(store_url) as (desk, clock):
        names = [f"{n:04}" for n in range(2 * CHUNK)]
        for answer in [desk.send(name, SetAccount(plans=("DAILY",))) for name in names]:
            answer.result(20)
        seen: list[str] = []

        def submit(command: Command, done: Callable[[Reply], None]) -> None:
            seen.append(command.key.account)
            if len(seen) == 50:
                desk_of(desk, clock).pause("", DAILY)
            desk.engine.submit(command, done)

        scheduler = Scheduler(desk.store, submit, lambda: plans_of(desk, clock), SchedulerOptions(), clock)
        scheduler.look()
        clock.now_ns = MIDNIGHT
        scheduler.look()
        scheduler.look()
        (listed,) = desk_of(desk, clock).listed("DAILY")
        assert listed.row is not None
        assert (len(seen), listed.row.running_ns, listed.row.accounts) == (CHUNK, MIDNIGHT, CHUNK)
        assert listed.paused_since_ns == MIDNIGHT
        clock.now_ns += 2 * DAY
        desk_of(desk, clock).resume(lifting(clock, entry=DAILY, make_up=False))
        scheduler.look()
        assert {desk.money(name) for name in names} == {"1"}


def test_entry_waits_until_both_its_own_pause_and_that_of_its_plan_are_lifted(sqlite_url: str) -> None:
    with playing(sqlite_url) as (desk, clock):
        join(desk, "1001", "DAILY")
        scheduler, operator = scheduler_of(desk, clock), desk_of(desk, clock)
        scheduler.look()
        operator.pause("", DAILY)
        operator.pause("DAILY", "")
        assert not operator.pause("DAILY", "").changed
        clock.now_ns = MIDNIGHT
        operator.resume(lifting(clock, "DAILY", make_up=True))
        scheduler.look()
        assert desk.money("1001") == "0"
        operator.resume(lifting(clock, entry=DAILY, make_up=True))
        scheduler.look()
        assert desk.money("1001") == "1"
        assert not operator.resume(lifting(clock, "DAILY", make_up=True)).changed


def test_pause_of_a_plan_that_has_gone_can_be_lifted(sqlite_url: str) -> None:
    with playing(sqlite_url) as (desk, clock):
        desk_of(desk, clock).pause("DAILY", "")
        emptied = ScheduleDesk(desk.store, dict, "UTC", clock)
        assert emptied.resume(lifting(clock, "DAILY", make_up=False)).changed
        assert desk.store.schedules.pauses() == []
