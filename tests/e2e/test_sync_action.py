"""A synchronous POST holds back its own reply until the receiver has answered, for a while, and nobody else's."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from ratingd.v1.accounts_pb2 import AddBalanceRequest, BalanceSelector, SetTriggersRequest
from ratingd.v1.accounts_pb2_grpc import AccountServiceStub
from tests.alert_receiver import AlertReceiver
from tests.e2e.serving import Serving, serving

FOLDER = {
    "Actions.csv": "TELL,*http_post,{url},,,,,,,,,,,,,,10\n",
    "ActionTriggers.csv": "GRP,HIGH,*max_balance,20,false,0,,,,*monetary,,,,,,,,,,TELL,10\n",
}


class Gate:
    """Lets the receiver answer when it is opened."""

    def __init__(self) -> None:
        self.opened = threading.Event()

    def __call__(self, _: int) -> int:
        assert self.opened.wait(30)
        return 200


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def receiver(gate: Gate) -> Iterator[AlertReceiver]:
    with AlertReceiver(b"the-secret", gate) as receiver:
        yield receiver


def served(sqlite_url: str, receiver: AlertReceiver, sync_action_ms: int) -> "Iterator[Serving]":
    options = {"webhook_secret": "the-secret", "webhook_hosts": ("127.0.0.1",), "webhook_private": True}
    with serving(sqlite_url, sync_action_ms=sync_action_ms, **options) as daemon:
        daemon.load({path: text.replace("{url}", receiver.url).encode() for path, text in FOLDER.items()})
        accounts = AccountServiceStub(daemon.channel)
        for account in ("1001", "1002"):
            top_up(daemon, account, 1, "opening")
            accounts.SetTriggers(SetTriggersRequest(account=account, idempotency_key="arm", groups=["GRP"]), timeout=10)
        yield daemon


@pytest.fixture
def patient(sqlite_url: str, receiver: AlertReceiver) -> Iterator[Serving]:
    yield from served(sqlite_url, receiver, 5_000)


@pytest.fixture
def hasty(sqlite_url: str, receiver: AlertReceiver) -> Iterator[Serving]:
    yield from served(sqlite_url, receiver, 20)


def top_up(daemon: Serving, account: str, units: int, key: str) -> None:
    request = AddBalanceRequest(account=account, idempotency_key=key, balance=BalanceSelector(kind="*monetary", id="M"))
    request.amount.money.units = units
    AccountServiceStub(daemon.channel).AddBalance(request, timeout=20)


def test_the_reply_waits_for_the_receiver_and_others_do_not(
    patient: Serving, gate: Gate, receiver: AlertReceiver
) -> None:
    with ThreadPoolExecutor(1) as pool:
        fired: Future[None] = pool.submit(top_up, patient, "1001", 30, "fires")
        top_up(patient, "1002", 5, "quiet")  # answered while the other one's receiver thinks
        assert not fired.done()
        gate.opened.set()
        fired.result(20)
    assert [alert.body["account"] for alert in receiver.alerts] == ["1001"]


def test_a_receiver_that_takes_too_long_is_not_waited_for(hasty: Serving, gate: Gate, receiver: AlertReceiver) -> None:
    top_up(hasty, "1001", 30, "fires")
    assert receiver.alerts == []
    gate.opened.set()
    assert len(receiver.wait_for(bool, 10)) == 1
