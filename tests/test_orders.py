"""Orders for accounts, over a real engine: each is done once, whatever happens in between."""

import json
import queue
from collections.abc import Iterator

import pytest

from accounts.account import AccountKey
from actions.action import ActionType
from ratingd import observe
from ratingd.engine.command import Command, Reply
from ratingd.errors import Overloaded
from ratingd.fraud.orders import AccountOrders, alert_of, named, order
from ratingd.store.fraud_rows import FraudBatch, OrderRow
from tests.engine_desk import FOLDER, Desk
from tests.waiting import until

PLAN = FOLDER | {"Actions.csv": b"GIVE,*topup,,,M,*monetary,,,,,*unlimited,,5,10,false,false,10\n"}
KEY = AccountKey("cgrates.org", "1001")


@pytest.fixture(autouse=True)
def quiet() -> None:
    observe.configure(observe.LogFormat.NONE)


@pytest.fixture
def desk(store_url: str) -> Iterator[Desk]:
    with Desk(store_url, folder=PLAN) as desk:
        yield desk


def finished(orders: AccountOrders) -> list[OrderRow]:
    found: list[OrderRow] = []

    def answered() -> bool:
        found.extend(orders.finished())
        return bool(found)

    until(answered)
    return found


def off(id: str = "fraud:irsf:1001:7", account: str = "1001") -> OrderRow:
    key = AccountKey("cgrates.org", account)
    return order(id, key, [(ActionType.LOG, ""), (ActionType.DISABLE_ACCOUNT, "")], "u-1", 1_000)


def test_an_account_does_its_actions_as_one_operation(desk: Desk) -> None:
    desk.top_up("1001", 10)
    orders = AccountOrders(desk.engine.submit)
    orders.hand_over([off()])
    assert [(row.done, row.result) for row in finished(orders)] == [(True, "done")]
    assert desk.account("1001").disabled


def test_an_account_that_there_is_none_of_is_a_result(desk: Desk) -> None:
    orders = AccountOrders(desk.engine.submit)
    orders.hand_over([off(account="9999")])
    assert [row.result for row in finished(orders)] == ["account unknown"]


def test_a_set_that_there_is_none_of_is_a_result(desk: Desk) -> None:
    desk.top_up("1001", 10)
    orders = AccountOrders(desk.engine.submit)
    orders.hand_over([order("o-1", KEY, (), "u-1", 1_000, "NOWHERE")])
    ((row),) = finished(orders)
    assert row.result.startswith("no action set 'NOWHERE' in the active tariff")


def test_what_was_done_before_a_crash_is_not_done_again(desk: Desk) -> None:
    desk.top_up("1001", 10)
    given = order("fraud:gift:1001:7", KEY, (), "u-1", 1_000, "GIVE")
    desk.store.fraud.commit(FraudBatch(orders=[given]))
    orders = AccountOrders(desk.engine.submit)
    orders.hand_over([given])
    finished(orders)
    assert desk.money("1001") == "15"
    desk.restart()  # before the order was marked
    later = AccountOrders(desk.engine.submit)
    later.resume(desk.store.fraud.orders_open())
    done = finished(later)
    desk.store.fraud.commit(FraudBatch(orders=done))
    assert ([row.result for row in done], desk.money("1001")) == (["done"], "15")
    assert desk.store.fraud.orders_open() == []


def test_what_cannot_be_taken_now_is_handed_over_again() -> None:
    taken: queue.Queue[Command] = queue.Queue()
    room = [False]

    def submit(command: Command, done: object) -> None:
        taken.put(command)
        assert callable(done)
        done(command.encode(Overloaded(10, 50)) if not room[0] else Reply(0, b"done"))

    orders = AccountOrders(submit)
    orders.hand_over([off()])
    assert (orders.finished(), taken.qsize()) == ([], 1)
    room[0] = True
    orders.again()
    orders.again()
    assert ([row.result for row in orders.finished()], taken.qsize()) == (["done"], 2)


def test_an_order_names_its_alert_and_what_it_does() -> None:
    row = off()
    assert (alert_of(row), named(row)) == ("u-1", "*log *disable_account")
    assert named(order("o", KEY, (), "u", 0, "GIVE")) == "GIVE"
    assert json.loads(row.document)["actions"] == [["*log", ""], ["*disable_account", ""]]
