"""What operators order of schedules: runs now and replays, stored by anyone and run by whoever holds the lock."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from accounts.account import AccountKey
from ratingd import observe
from ratingd.engine.command import Command, Reply
from ratingd.engine.operation import RemoveAccount, SetAccount
from ratingd.errors import AccountUnknown, InvalidRequest, KeyReused, NotFound, RatingdError
from ratingd.scheduler.desk import ScheduleDesk
from ratingd.scheduler.scheduler import Scheduler, SchedulerOptions
from ratingd.scheduler.walk import CHUNK
from ratingd.store.schedules import REPLAY, RESUME, RUN, Order
from tests.action_scene import instant
from tests.engine_desk import SATURDAY_TEN, Desk
from tests.table import table
from tests.test_scheduler import DAY, HOUR, MIDNIGHT, PLANS, SECOND, Clock, join, plans_of, playing, scheduler_of

DAILY = "DAILY/ADD_1@MIDNIGHT"


@pytest.fixture(autouse=True)
def quiet() -> None:
    observe.configure(observe.LogFormat.NONE)


def desk_of(desk: Desk, clock: Clock) -> ScheduleDesk:
    return ScheduleDesk(desk.store, lambda: plans_of(desk, clock), "UTC", clock)


def order(kind: str, /, key: str = "k", **fields: Any) -> Order:
    content = repr(sorted(fields.items())).encode()
    return Order(f"order-{key}", key, content, kind, **{"ordered_ns": SATURDAY_TEN, **fields})


def lifting(clock: Clock, plan_id: str = "", entry: str = "", *, make_up: bool) -> Order:
    id = f"resume-{clock.now_ns}-{plan_id}-{entry}"
    return Order(id, id, b"", RESUME, plan_id, entry, end_ns=clock.now_ns, make_up=make_up, ordered_ns=clock.now_ns)


def test_dry_runs_change_nothing(sqlite_url: str) -> None:
    with playing(sqlite_url) as (desk, clock):
        join(desk, "1001", "DAILY")
        join(desk, "1002", "DAILY", time_zone="Europe/Vienna")
        operator = desk_of(desk, clock)
        told, steps = operator.place(order(RUN, plan_id="DAILY"), dry_run=True)
        assert (told.members, [step.each.time_zone for step in steps]) == (2, ["", "Europe/Vienna"])
        assert operator.pause("DAILY", "", dry_run=True).entries == (DAILY,)
        assert (desk.store.schedules.pauses(), operator.orders(10)) == ([], [])
        operator.pause("DAILY", "")
        clock.now_ns = MIDNIGHT
        assert operator.resume(lifting(clock, "DAILY", make_up=True), dry_run=True).missed == 2
        assert len(desk.store.schedules.pauses()) == 1


X44 = PLANS | {
    "Timings.csv": b"DAY_31,*any,*any,31,*any,00:00:00\nDAY_1,*any,*any,1,*any,00:00:00\n",
    "ActionPlans.csv": b"LAST,ADD_1,DAY_31,10\nFIRST,ADD_1,DAY_1,10\n",
}


def test_replay_runs_the_instants_of_its_window_and_no_other(store_url: str) -> None:
    """X 44: 2027-01-01 to 06-02 has five last days of a month and six first ones; each runs once, and never again."""
    window = {"start_ns": instant("2027-01-01T00:00:00Z"), "end_ns": instant("2027-06-02T00:00:00Z")}
    with playing(store_url, X44) as (desk, clock):
        join(desk, "last", "LAST")
        join(desk, "first", "FIRST")
        scheduler = scheduler_of(desk, clock)
        scheduler.look()
        for key in ("a", "b", "a"):
            placed, _ = desk_of(desk, clock).place(order(REPLAY, key, **window))
            assert placed.members == 11
            scheduler.run_orders()
            assert (desk.money("last"), desk.money("first")) == ("5", "6")
            done = desk_of(desk, clock).order(placed.id)
            assert (done.accounts, done.refused, done.ended_ns) == (11, 0, SATURDAY_TEN)
        for when in ("2027-01-31T00:00:00Z", "2027-06-01T00:00:00Z", "2027-06-30T00:00:00Z"):
            clock.now_ns = instant(when)
            scheduler.look()
        assert (desk.money("last"), desk.money("first")) == ("6", "6")  # only 30 June was not replayed


@table("""
    begin                | end                  | money
    2026-11-22T00:00:00Z | 2026-11-22T00:00:01Z | 1
    2026-11-21T00:00:01Z | 2026-11-22T00:00:00Z | 0
    2026-11-21T00:00:00Z | 2026-11-22T00:00:00Z | 1
    2026-11-21T00:00:00Z | 2026-11-24T00:00:00Z | 3
""")
def test_window_holds_its_start_and_not_its_end(sqlite_url: str, begin: str, end: str, money: str) -> None:
    with playing(sqlite_url) as (desk, clock):
        join(desk, "1001", "DAILY")
        window = order(REPLAY, plan_id="DAILY", start_ns=instant(begin), end_ns=instant(end))
        desk_of(desk, clock).place(window)
        scheduler_of(desk, clock).run_orders()
        assert desk.money("1001") == money


def test_replay_does_not_repeat_what_ran_in_its_time(sqlite_url: str) -> None:
    with playing(sqlite_url) as (desk, clock):
        join(desk, "1001", "DAILY")
        scheduler = scheduler_of(desk, clock)
        for clock.now_ns in (SATURDAY_TEN, MIDNIGHT, MIDNIGHT + 3 * DAY):  # two midnights are older than `catch_up`
            scheduler.look()
        assert desk.money("1001") == "3"
        desk_of(desk, clock).place(order(REPLAY, plan_id="DAILY", start_ns=MIDNIGHT, end_ns=clock.now_ns + 1))
        scheduler.run_orders()
        assert desk.money("1001") == "4"


def test_replay_for_one_account_leaves_the_others(sqlite_url: str) -> None:
    with playing(sqlite_url) as (desk, clock):
        join(desk, "1001", "DAILY", time_zone="Europe/Vienna")
        join(desk, "1002", "DAILY")
        desk.top_up("1003", 0)
        window: dict[str, Any] = {"start_ns": MIDNIGHT - HOUR, "end_ns": MIDNIGHT, "tenant": "cgrates.org"}
        desk_of(desk, clock).place(order(REPLAY, entry=DAILY, account="1001", **window))
        scheduler_of(desk, clock).run_orders()
        assert (desk.money("1001"), desk.money("1002")) == ("1", "0")
        with pytest.raises(InvalidRequest, match="has not the plan"):
            desk_of(desk, clock).place(order(REPLAY, "x", plan_id="DAILY", account="1003", **window))


def test_run_now_is_once_for_its_key_and_for_every_member(store_url: str) -> None:
    with playing(store_url) as (desk, clock):
        for name, tz in (("1001", None), ("1002", "Asia/Tokyo")):
            join(desk, name, "DAILY", time_zone=tz)
        scheduler, operator = scheduler_of(desk, clock), desk_of(desk, clock)
        for key, money in (("a", "1"), ("a", "1"), ("b", "2")):
            operator.place(order(RUN, key, plan_id="DAILY"))
            scheduler.run_orders()
            assert {desk.money(name) for name in ("1001", "1002")} == {money}
        with pytest.raises(KeyReused):
            operator.place(order(RUN, "a", plan_id="RESET"))
        clock.now_ns = MIDNIGHT
        scheduler.look()
        assert desk.money("1001") == "3"  # midnight comes all the same


def test_orders_under_one_key_at_once_are_one_order(store_url: str) -> None:
    with playing(store_url) as (desk, clock):
        join(desk, "1001", "DAILY")
        together = threading.Barrier(6)
        placed: list[str] = []

        def place(number: int) -> None:
            wanted = replace(order(RUN, plan_id="DAILY"), id=f"order-{number}")
            together.wait()
            placed.append(desk_of(desk, clock).place(wanted)[0].id)

        threads = [threading.Thread(target=place, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (len(placed), len(set(placed)), len(desk_of(desk, clock).orders(10))) == (6, 1, 1)


def test_run_for_one_account_takes_the_entries_at_once_too(sqlite_url: str) -> None:
    files = PLANS | {"ActionPlans.csv": b"P,ADD_1,MIDNIGHT,10\nP,SET_10,*asap,20\n"}
    with playing(sqlite_url, files) as (desk, clock):
        scheduler, operator = scheduler_of(desk, clock), desk_of(desk, clock)
        asked = order(RUN, plan_id="P", tenant="cgrates.org", account="new")
        with pytest.raises(AccountUnknown):
            operator.place(asked)
        operator.place(asked, create=True)
        scheduler.run_orders()
        assert desk.money("new") == "11"
        join(desk, "1001", "P")
        assert desk.money("1001") == "10"  # *asap, as the account got the plan
        operator.place(order(RUN, "all", plan_id="P"))
        scheduler.run_orders()
        assert desk.money("1001") == "11"


def test_order_goes_on_where_a_stop_left_it(store_url: str) -> None:
    with playing(store_url) as (desk, clock):
        names = [f"{n:04}" for n in range(2 * CHUNK + 50)]
        for answer in [desk.send(name, SetAccount(plans=("DAILY",))) for name in names]:
            answer.result(20)
        asked: list[str] = []
        desk_of(desk, clock).place(order(RUN, plan_id="DAILY"))

        def submit(command: Command, done: Callable[[Reply], None]) -> None:
            asked.append(command.key.account)
            if len(asked) == CHUNK + 150:
                stopping.stop()
            desk.engine.submit(command, done)

        stopping = Scheduler(desk.store, submit, lambda: plans_of(desk, clock), SchedulerOptions(), clock)
        stopping.run_orders()
        kept = desk_of(desk, clock).order("order-k")
        assert (len(asked), kept.accounts, kept.members, kept.ended_ns) == (CHUNK + 200, CHUNK, len(names), None)
        desk.restart()
        asked.clear()
        stopping = Scheduler(desk.store, submit, lambda: plans_of(desk, clock), SchedulerOptions(), clock)
        stopping.run_orders()
        assert asked[0] == names[CHUNK]
        scheduler_of(desk, clock).run_orders()
        assert {desk.money(name) for name in names} == {"1"}
        assert desk_of(desk, clock).order("order-k").accounts == len(names)


def test_orders_of_two_daemons_are_run_by_one(postgresql_url: str) -> None:
    with playing(postgresql_url) as (desk, clock):
        join(desk, "1001", "DAILY")
        join(desk, "1002", "DAILY")
        one, two = scheduler_of(desk, clock), scheduler_of(desk, clock)
        desk_of(desk, clock).place(order(RUN, plan_id="DAILY"))
        with desk.store.database.alone("scheduler.orders") as ours:
            assert ours
            one.run_orders()
            assert desk.money("1001") == "0"
        threads = [threading.Thread(target=scheduler.run_orders) for scheduler in (one, two, one, two)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        one.run_orders()
        assert (desk.money("1001"), desk.money("1002")) == ("1", "1")


def test_what_is_refused_is_counted_and_an_account_that_went_is_not(sqlite_url: str) -> None:
    gone = b"GONE,*remove_balance,,,NOT_THERE,*monetary,,,,,,,,,,,10\n"
    files = PLANS | {"Actions.csv": PLANS["Actions.csv"] + gone, "ActionPlans.csv": b"P,GONE,MIDNIGHT,10\n"}
    with playing(sqlite_url, files) as (desk, clock):
        for name in ("1001", "1002"):
            join(desk, name, "P")
        placed, _ = desk_of(desk, clock).place(order(RUN, plan_id="P"))
        desk.ask("1002", RemoveAccount())
        scheduler_of(desk, clock).run_orders()
        done = desk_of(desk, clock).order(placed.id)
        assert (done.accounts, done.refused) == (1, 1)


@table("""
    asked                                   | told
    run plan=DAYLY                          | no action plan 'DAYLY' in the active tariff. Near it: DAILY
    run entry=DAILY/ADD_1@NIGHT             | 'DAILY/ADD_1@NIGHT' in the active tariff. Near it: DAILY/ADD_1@MIDNIGHT
    run plan=RESET entry=DAILY/ADD_1@MIDNIGHT | no schedule entry
    run                                     | plan: is empty
    run plan=DAILY account=nobody           | no account 'nobody'
    run entry=ONCE/ADD_1@*asap              | entry: 'ONCE/ADD_1@*asap' runs when an account gets the plan (*asap)
    replay entry=ONCE/ADD_1@*asap           | has no instants to replay
    replay start=1 plan=DAILY               | end_time: is not later than start_time
    pause plan=NONE                         | no action plan 'NONE'
    pause                                   | plan: is empty
    resume plan=NONE                        | no action plan 'NONE'
    order id=x                              | no order 'x'
""")
def test_what_cannot_be_meant_is_refused_with_what_is_near(asked: str, told: str, sqlite_url: str) -> None:
    with playing(sqlite_url) as (desk, clock):
        verb, *words = asked.split()
        fields = dict(word.split("=", 1) for word in words)
        operator, plan, entry = desk_of(desk, clock), fields.get("plan", ""), fields.get("entry", "")
        window = order(
            verb,
            plan_id=plan,
            entry=entry,
            account=fields.get("account", ""),
            start_ns=int(fields.get("start", 0)),
            end_ns=1,
        )
        calls: dict[str, Callable[[], object]] = {
            "run": lambda: operator.place(window),
            "replay": lambda: operator.place(window),
            "pause": lambda: operator.pause(plan, entry),
            "resume": lambda: operator.resume(lifting(clock, plan, entry, make_up=True)),
            "order": lambda: operator.order(fields["id"]),
        }
        with pytest.raises(RatingdError) as refused:
            calls[verb]()
        assert told in str(refused.value)
        assert isinstance(refused.value, InvalidRequest | NotFound)


@pytest.mark.parametrize("named", [{"plan_id": "DAILY"}, {"entry": DAILY}])
def test_order_for_what_a_new_tariff_lacks_fails_and_says_so(named: dict[str, str], sqlite_url: str) -> None:
    with playing(sqlite_url) as (desk, clock):
        join(desk, "1001", "DAILY")
        placed, _ = desk_of(desk, clock).place(order(RUN, **named))
        Scheduler(desk.store, desk.engine.submit, dict, SchedulerOptions(), clock).run_orders()
        ended = desk_of(desk, clock).order(placed.id)
        assert (ended.accounts, ended.ended_ns) == (0, SATURDAY_TEN)
        assert "no action plan 'DAILY'" in ended.error


def test_window_of_too_many_runs_is_refused(sqlite_url: str) -> None:
    files = PLANS | {"ActionPlans.csv": b"P,ADD_1,*every_minute,10\n"}
    with playing(sqlite_url, files) as (desk, clock):
        join(desk, "1001", "P")
        with pytest.raises(InvalidRequest, match="more than 100000 runs"):
            desk_of(desk, clock).place(order(REPLAY, plan_id="P", end_ns=SATURDAY_TEN), dry_run=True)


def test_list_tells_each_entry_where_its_accounts_live(sqlite_url: str) -> None:
    with playing(sqlite_url) as (desk, clock):
        join(desk, "1001", "DAILY")
        join(desk, "1002", "DAILY", time_zone="Europe/Vienna")
        scheduler = scheduler_of(desk, clock)
        scheduler.look()
        clock.now_ns = MIDNIGHT - HOUR + SECOND
        scheduler.look()
        listed = desk_of(desk, clock).listed()
        told = [(each.each.name, each.each.time_zone, each.members, each.next_due_ns) for each in listed]
        assert told == [
            (DAILY, "", 1, MIDNIGHT),
            (DAILY, "Europe/Vienna", 1, MIDNIGHT - HOUR + DAY),
            ("RESET/SET_10@FIVE_PAST", "", 0, MIDNIGHT + 300 * SECOND),
            ("ONCE/ADD_1@*asap", "", 0, None),
        ]
        assert [None if each.row is None else each.row.ran_ns for each in listed] == [None, MIDNIGHT - HOUR, None, None]
        assert desk.store.directory.zone_of_member("DAILY", AccountKey("cgrates.org", "1002")) == "Europe/Vienna"
