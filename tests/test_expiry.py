"""What is swept away: expired balances of idle accounts, and answers that need not be kept."""

from collections.abc import Callable

import pytest

from accounts.account import AccountKey
from ratingd import observe
from ratingd.engine.command import Command, Reply
from ratingd.engine.operation import ExecuteSet
from ratingd.errors import ActionsFailed
from ratingd.scheduler.expiry import EXPIRING
from ratingd.scheduler.scheduler import Scheduler, SchedulerOptions
from tests.test_scheduler import DAY, HOUR, PLANS, plans_of, playing, scheduler_of


@pytest.fixture(autouse=True)
def quiet() -> None:
    observe.configure(observe.LogFormat.NONE)


def test_many_expiries_at_once_are_swept_in_one_go(store_url: str) -> None:
    """More than a chunk of them, and one that remains due does not come up again and again."""
    expiring = b"GIVE,*topup,,,M,*monetary,,,,,2026-11-21T11:00:00Z,,5,,,,10\n"
    with playing(store_url, PLANS | {"Actions.csv": PLANS["Actions.csv"] + expiring}) as (desk, clock):
        names = [f"{n:04}" for n in range(EXPIRING + 30)]
        for answer in [desk.send(name, ExecuteSet("GIVE")) for name in names]:
            answer.result(20)
        asked: list[str] = []

        def submit(command: Command, done: Callable[[Reply], None]) -> None:
            asked.append(command.key.account)
            if command.key.account == "0007":
                done(command.encode(ActionsFailed("its set refuses")))
            else:
                desk.engine.submit(command, done)

        scheduler = Scheduler(desk.store, submit, lambda: plans_of(desk, clock), SchedulerOptions(), clock)
        clock.now_ns += 2 * HOUR
        for _ in range(3):
            scheduler.expire()
        assert sorted(asked) == names
        assert desk.store.due_accounts(clock.now_ns) == [AccountKey("cgrates.org", "0007")]


def test_expired_balance_leaves_an_idle_account(sqlite_url: str) -> None:
    expiring = b"GIVE,*topup,,,M,*monetary,,,,,2026-11-21T11:00:00Z,,5,,,,10\n"
    with playing(sqlite_url, PLANS | {"Actions.csv": PLANS["Actions.csv"] + expiring}) as (desk, clock):
        desk.ask("1001", ExecuteSet("GIVE"))
        scheduler = scheduler_of(desk, clock)
        scheduler.expire()
        assert len(desk.account("1001").balances) == 1
        clock.now_ns += 2 * HOUR
        scheduler.expire()
        assert desk.account("1001").balances == []


def test_tidying_forgets_old_replies(sqlite_url: str) -> None:
    with playing(sqlite_url) as (desk, clock):
        key = AccountKey("cgrates.org", "1001")
        desk.ask("1001", ExecuteSet("ADD_1"), "k1")
        clock.now_ns += 8 * DAY
        desk.ask("1001", ExecuteSet("ADD_1"), "k2")
        scheduler_of(desk, clock).tidy()
        known = desk.store.replies([(key, "k1"), (key, "k2")])
        assert [known[key, name].reply is None for name in ("k1", "k2")] == [True, False]


def test_tidying_ends_when_the_daemon_stops_and_goes_on_from_there(sqlite_url: str) -> None:
    with playing(sqlite_url) as (desk, clock):
        for answer in [desk.send(f"{n}", ExecuteSet("ADD_1"), f"k{n}") for n in range(2100)]:
            answer.result(20)
            clock.now_ns += 1
        clock.now_ns += 8 * DAY
        stops = iter([False, True])
        some = desk.store.forget_replies(clock.now_ns, lambda: next(stops))
        assert 0 < some < 2100
        assert some + desk.store.forget_replies(clock.now_ns) == 2100
