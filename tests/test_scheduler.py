"""The scheduler over a real engine and store, by a clock that the test turns: every instant once, none twice."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from accounts.account import AccountKey
from actions.plan_schedule import ActionPlan
from ratingd import observe
from ratingd.engine.command import Command, Reply
from ratingd.engine.operation import ExecuteSet, RemoveAccount, SetAccount
from ratingd.errors import Overloaded
from ratingd.scheduler.planned import in_order, planned
from ratingd.scheduler.scheduler import Scheduler, SchedulerOptions
from ratingd.store.rows import ScheduleRow
from tests.engine_desk import FOLDER, SATURDAY_TEN, Desk

SECOND = 1_000_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR
MIDNIGHT = SATURDAY_TEN + 14 * HOUR  # Sunday, 22 November 2026, in UTC

PLANS = FOLDER | {
    "Timings.csv": b"MIDNIGHT,*any,*any,*any,*any,00:00:00\nFIVE_PAST,*any,*any,*any,*any,00:05:00\n",
    "Actions.csv": b"ADD_1,*topup,,,M,*monetary,,,,,,,1,,,,10\nSET_10,*topup_reset,,,M,*monetary,,,,,,,10,,,,10\n",
    "ActionPlans.csv": b"DAILY,ADD_1,MIDNIGHT,10\nRESET,SET_10,FIVE_PAST,10\nONCE,ADD_1,*asap,10\n",
}


class Clock:
    def __init__(self) -> None:
        self.now_ns = SATURDAY_TEN

    def __call__(self) -> int:
        return self.now_ns


@pytest.fixture(autouse=True)
def quiet() -> None:
    observe.configure(observe.LogFormat.NONE)


@contextmanager
def playing(url: str, files: dict[str, bytes] = PLANS) -> Iterator[tuple[Desk, Clock]]:
    clock = Clock()
    with Desk(url, folder=files, clock=clock) as desk:
        yield desk, clock


def scheduler_of(desk: Desk, clock: Callable[[], int]) -> Scheduler:
    plans, options = lambda: plans_of(desk, clock), SchedulerOptions()
    return Scheduler(desk.store, desk.engine.submit, plans, options, clock, steady=lambda: clock() / SECOND)


def plans_of(desk: Desk, clock: Callable[[], int]) -> Mapping[str, ActionPlan]:
    return desk.engine.plans.current(clock()).book.catalogue.action_plans


def join(desk: Desk, account: str, *plans: str, time_zone: str | None = None) -> None:
    desk.top_up(account, 0)
    desk.ask(account, SetAccount(plans=plans, time_zone=time_zone))


def test_each_instant_runs_once(sqlite_url: str) -> None:
    with playing(sqlite_url) as (desk, clock):
        join(desk, "1001", "DAILY")
        join(desk, "1002", "RESET")
        scheduler = scheduler_of(desk, clock)
        for now_ns, first, second in (
            (MIDNIGHT - SECOND, "0", "0"),
            (MIDNIGHT, "1", "0"),
            (MIDNIGHT + SECOND, "1", "0"),
            (MIDNIGHT + 5 * 60 * SECOND, "1", "10"),
            (MIDNIGHT + DAY, "2", "10"),
        ):
            clock.now_ns = now_ns
            scheduler.look()
            assert (desk.money("1001"), desk.money("1002")) == (first, second)


def test_restart_makes_up_what_was_missed_within_catch_up(store_url: str) -> None:
    with playing(store_url) as (desk, clock):
        join(desk, "1001", "DAILY")
        scheduler_of(desk, clock).look()
        clock.now_ns = MIDNIGHT + 12 * HOUR
        desk.restart()
        scheduler_of(desk, clock).look()
        assert desk.money("1001") == "1"
        clock.now_ns += 5 * DAY  # four midnights are too old, the last one is not
        scheduler_of(desk, clock).look()
        scheduler_of(desk, clock).look()
        assert desk.money("1001") == "2"


def test_missed_instants_run_oldest_first_over_all_plans(sqlite_url: str) -> None:
    with playing(sqlite_url) as (desk, clock):
        join(desk, "1001", "DAILY", "RESET")
        scheduler = scheduler_of(desk, clock)
        scheduler.look()
        clock.now_ns = MIDNIGHT + HOUR
        scheduler.look()
        assert desk.money("1001") == "10"  # +1 at 00:00, then 10 at 00:05
        clock.now_ns = MIDNIGHT + DAY
        scheduler.look()
        assert desk.money("1001") == "11"


def test_crash_in_the_middle_repeats_nothing(sqlite_url: str) -> None:
    with playing(sqlite_url) as (desk, clock):
        for name in ("1001", "1002", "1003"):
            join(desk, name, "DAILY")
        scheduler_of(desk, clock).look()
        clock.now_ns = MIDNIGHT + HOUR
        (each,) = [e for e in planned(plans_of(desk, clock), desk.store.directory.zones, "UTC") if e.plan_id == "DAILY"]
        for name in ("1001", "1002"):  # done by the one that crashed; only the first is in the cursor
            key = f"sched:{each.name}:{MIDNIGHT}:{name}"
            desk.ask(name, ExecuteSet("ADD_1", create=False), key)
        after = AccountKey("cgrates.org", "1001")
        desk.store.schedules.save(ScheduleRow(*each.place, SATURDAY_TEN, MIDNIGHT, after))
        desk.restart()
        scheduler_of(desk, clock).look()
        assert [desk.money(name) for name in ("1001", "1002", "1003")] == ["1", "1", "1"]
        row = desk.store.schedules.get(*each.place)
        assert row is not None
        assert (row.done_ns, row.running_ns, row.ran_ns) == (MIDNIGHT, None, MIDNIGHT)


def test_midnight_is_where_the_account_lives(sqlite_url: str) -> None:
    with playing(sqlite_url) as (desk, clock):
        join(desk, "vienna", "DAILY", time_zone="Europe/Vienna")
        join(desk, "utc", "DAILY")
        scheduler = scheduler_of(desk, clock)
        scheduler.look()
        assert sorted((each.name, each.time_zone) for each in scheduler.entries) == [
            ("DAILY/ADD_1@MIDNIGHT", ""),
            ("DAILY/ADD_1@MIDNIGHT", "Europe/Vienna"),
        ]
        clock.now_ns = MIDNIGHT - HOUR
        scheduler.look()
        assert (desk.money("vienna"), desk.money("utc")) == ("1", "0")
        clock.now_ns = MIDNIGHT
        scheduler.look()
        assert (desk.money("vienna"), desk.money("utc")) == ("1", "1")


def test_account_in_a_new_zone_is_not_given_what_came_before_it(sqlite_url: str) -> None:
    with playing(sqlite_url) as (desk, clock):
        join(desk, "utc", "DAILY")
        scheduler = scheduler_of(desk, clock)
        for clock.now_ns in (SATURDAY_TEN, MIDNIGHT + 10 * HOUR):
            scheduler.look()
        join(desk, "tokyo", "DAILY", time_zone="Asia/Tokyo")
        clock.now_ns += HOUR
        scheduler.look()
        assert desk.money("tokyo") == "0"
        clock.now_ns = MIDNIGHT + 15 * HOUR  # midnight there
        scheduler.look()
        assert desk.money("tokyo") == "1"


def test_removed_account_and_refused_set_do_not_hold_up_the_others(sqlite_url: str) -> None:
    files = PLANS | {"Actions.csv": PLANS["Actions.csv"] + b"CALL,*cgr_rpc,,,,,,,,,,,,,,,10\n"}
    files["ActionPlans.csv"] = b"CALLS,CALL,MIDNIGHT,20\nDAILY,ADD_1,MIDNIGHT,10\n"
    with playing(sqlite_url, files) as (desk, clock):
        join(desk, "1001", "DAILY", "CALLS")
        join(desk, "1002", "DAILY")
        join(desk, "1003", "DAILY")
        scheduler = scheduler_of(desk, clock)
        scheduler.look()
        desk.ask("1002", RemoveAccount())
        clock.now_ns = MIDNIGHT
        scheduler.look()
        assert (desk.money("1001"), desk.money("1003")) == ("1", "1")


def test_full_queue_is_asked_again(sqlite_url: str) -> None:
    with playing(sqlite_url) as (desk, clock):
        join(desk, "1001", "DAILY")
        refusals = iter([True, True])

        def submit(command: Command, done: Callable[[Reply], None]) -> None:
            if next(refusals, False):
                done(command.encode(Overloaded(1, 50)))
            else:
                desk.engine.submit(command, done)

        scheduler = Scheduler(desk.store, submit, lambda: plans_of(desk, clock), SchedulerOptions(), clock)
        scheduler.look()
        clock.now_ns = MIDNIGHT
        scheduler.look()
        assert desk.money("1001") == "1"


def test_only_one_of_two_daemons_runs(postgresql_url: str) -> None:
    with playing(postgresql_url) as (desk, clock):
        join(desk, "1001", "DAILY")
        one, two = scheduler_of(desk, clock), scheduler_of(desk, clock)
        one.look()
        two.look()
        clock.now_ns = MIDNIGHT
        with desk.store.database.alone("scheduler") as ours:
            assert ours
            one.look()
            assert desk.money("1001") == "0"
        threads = [threading.Thread(target=scheduler.look) for scheduler in (one, two, one, two)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        one.look()
        assert desk.money("1001") == "1"


def test_zone_that_another_daemon_found_empty_does_not_hold_up_the_others(postgresql_url: str) -> None:
    with playing(postgresql_url) as (desk, clock):
        join(desk, "1001", "DAILY")
        join(desk, "1002", "DAILY", time_zone="Europe/Vienna")
        one, two = scheduler_of(desk, clock), scheduler_of(desk, clock)
        one.look()
        desk.ask("1002", RemoveAccount())
        two.look()
        clock.now_ns = MIDNIGHT
        one.run_due()
        assert desk.money("1001") == "1"


def test_timer_rings_at_the_instant(sqlite_url: str) -> None:
    """The real APScheduler, with a clock that stands two seconds before midnight and then runs."""
    with playing(sqlite_url) as (desk, clock):
        join(desk, "1001", "DAILY")
        began = time.time_ns()

        def running() -> int:
            return MIDNIGHT - SECOND + (time.time_ns() - began)

        scheduler = scheduler_of(desk, running)
        scheduler.look()
        clock.now_ns = MIDNIGHT + HOUR
        scheduler.start()
        try:
            deadline = time.monotonic() + 10
            while desk.money("1001") != "1":
                assert time.monotonic() < deadline
                time.sleep(0.01)
            assert running() >= MIDNIGHT
        finally:
            scheduler.stop()


def test_clock_set_back_halts_neither_plans_nor_sweeps(sqlite_url: str) -> None:
    """The rounds of the real scheduler; the clock they look at is set back by two hours and goes on from there."""
    with playing(sqlite_url) as (desk, clock):
        join(desk, "1001", "DAILY")
        scheduler = scheduler_of(desk, clock)
        scheduler.start()
        try:
            until(lambda: bool(scheduler.entries))
            clock.now_ns -= 2 * HOUR
            join(desk, "1002", "DAILY", time_zone="+13:00")
            clock.now_ns = MIDNIGHT - 13 * HOUR + SECOND  # midnight in the new zone, still before the first look
            until(lambda: len(scheduler.entries) == 2)
            clock.now_ns = MIDNIGHT
            until(lambda: desk.money("1001") == "1")
        finally:
            scheduler.stop()


def until(holds: Callable[[], bool], within_s: float = 10.0) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_entry_that_is_new_after_a_clock_was_set_back_runs_from_now_on(sqlite_url: str) -> None:
    with playing(sqlite_url) as (desk, clock):
        scheduler = scheduler_of(desk, clock)
        clock.now_ns += 3 * DAY
        scheduler.look()
        clock.now_ns -= 3 * DAY
        join(desk, "1001", "DAILY")
        scheduler_of(desk, clock).look()
        clock.now_ns = MIDNIGHT
        scheduler_of(desk, clock).look()
        assert desk.money("1001") == "1"


def test_clock_that_was_years_ahead_for_a_while_halts_no_plan_and_doubles_nothing(sqlite_url: str) -> None:
    with playing(sqlite_url) as (desk, clock):
        join(desk, "1001", "DAILY")
        scheduler = scheduler_of(desk, clock)
        scheduler.look()
        clock.now_ns = MIDNIGHT + 4 * DAY  # still Saturday in truth; the last 24 h are made up, both midnights of them
        scheduler.look()
        assert desk.money("1001") == "2"
        clock.now_ns = SATURDAY_TEN
        scheduler.look()
        paid = []
        for days in range(7):
            clock.now_ns = MIDNIGHT + days * DAY
            scheduler.look()
            scheduler.look()
            paid.append(desk.money("1001"))
        assert paid == ["3", "4", "5", "5", "5", "6", "7"]  # what was made up on Saturday is not paid again


def test_heavier_plan_runs_first_at_one_instant(sqlite_url: str) -> None:
    files = PLANS | {"ActionPlans.csv": b"A,ADD_1,MIDNIGHT,5\nB,SET_10,MIDNIGHT,20\nC,ADD_1,MIDNIGHT,10\n"}
    with playing(sqlite_url, files) as (desk, clock):
        join(desk, "1001", "A", "B", "C")
        scheduler = scheduler_of(desk, clock)
        scheduler.look()
        clock.now_ns = MIDNIGHT
        scheduler.look()
        assert desk.money("1001") == "12"  # set to 10, then one each


def test_heavier_of_two_due_at_once_runs_first(tmp_path: Path) -> None:
    files = PLANS | {"ActionPlans.csv": b"P,ADD_1,MIDNIGHT,10\nP,SET_10,MIDNIGHT,20\nP,ADD_1,MIDNIGHT,5\n"}
    with playing(f"sqlite:///{tmp_path / 'x.db'}", files) as (desk, clock):
        entries = planned(plans_of(desk, clock), lambda _: ["", "+14:00"], "UTC")
        due = [(each, each.due(SATURDAY_TEN, MIDNIGHT)) for each in entries]
        assert [(instant - MIDNIGHT, each.name, each.time_zone) for instant, each in in_order(due)] == [
            (0, "P/SET_10@MIDNIGHT", ""),
            (0, "P/ADD_1@MIDNIGHT", ""),
            (0, "P/ADD_1@MIDNIGHT#2", ""),
        ]
