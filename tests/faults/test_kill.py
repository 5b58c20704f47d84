"""Kill the daemon, or the database under it, at random instants while sixty-four clients debit.

Afterwards by the clients' own books: every balance is top-ups minus acknowledged debits, no debit is there twice,
`ratingd verify` agrees, and each alert that is due has arrived.
"""

import asyncio
import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest

from ratingd.v1.accounts_pb2 import AddBalanceRequest, BalanceSelector, GetAccountRequest, SetTriggersRequest
from ratingd.v1.accounts_pb2_grpc import AccountServiceStub
from ratingd.v1.amount_pb2 import Amount
from ratingd.v1.tariffs_pb2 import TariffFile, TariffOptions, TariffUpload
from ratingd.v1.tariffs_pb2_grpc import TariffServiceStub
from tests.alert_receiver import AlertReceiver
from tests.faults.daemon_process import DaemonProcess
from tests.faults.switch_clients import NANO, Clients
from tests.postgres_server import PostgresServer

ACCOUNTS = [f"{number}" for number in range(1000, 1200)]
OPENING = 1_000_000  # currency units, so that nobody runs dry

PLAN = {
    "Destinations.csv": "DST,49\n",
    "Rates.csv": "RT,0.05,0.60,60s,1s,0s\n",
    "DestinationRates.csv": "DR,DST,RT,*up,4,0,\n",
    "RatingPlans.csv": "RP,DR,*any,10\n",
    "RatingProfiles.csv": "cgrates.org,call,*any,2020-01-01T00:00:00Z,RP,\n",
    "Actions.csv": "ALERT,*http_post_async,{url},,,,,,,,,,,,false,false,10\n",
    "ActionTriggers.csv": "SPEND,FIRST,*max_event_counter,{threshold},false,0,,,,*monetary,,,,,,,,,,ALERT,10\n",
}


class Killing(threading.Thread):
    """Kills something `times` times at uniformly random instants within `within_s`, and brings it back."""

    def __init__(
        self, clients: Clients, times: int, within_s: float, kill: Callable[[], None], revive: Callable[[], None]
    ) -> None:
        super().__init__(daemon=True)
        chance = random.Random(11)
        self._clients = clients
        self._instants = sorted(chance.uniform(0, within_s) for _ in range(times))
        self._kill, self._revive = kill, revive
        self.done = 0
        self.error: BaseException | None = None

    def run(self) -> None:
        begin = time.monotonic()
        lost = 0.0  # time spent reviving does not count: the instants are of running time
        try:
            for instant in self._instants:
                time.sleep(max(0.0, begin + lost + instant - time.monotonic()))
                before = time.monotonic()
                self._kill()
                self._revive()
                lost += time.monotonic() - before
                self.done += 1
        except BaseException as error:  # noqa: BLE001 (raised again where the test joins)
            self.error = error
            self._clients.given_up = f"what was killed did not come back: {error}"


@pytest.fixture
def receiver() -> Iterator[AlertReceiver]:
    with AlertReceiver(b"the-secret") as receiver:
        yield receiver


def settings_for(url: str) -> dict[str, str]:
    return {
        "RATINGD_DATABASE_URL": url,
        "RATINGD_WEBHOOK_SECRET": "the-secret",
        "RATINGD_WEBHOOK_HOSTS": "127.0.0.1",
        "RATINGD_WEBHOOK_PRIVATE": "true",
    }


def load(address: str, receiver: AlertReceiver, threshold: str) -> None:
    with grpc.insecure_channel(address) as channel:
        parts = [TariffUpload(options=TariffOptions())]
        for path, text in PLAN.items():
            content = text.replace("{url}", receiver.url).replace("{threshold}", threshold).encode()
            parts.append(TariffUpload(file=TariffFile(path=path, content=content)))
        report = TariffServiceStub(channel).LoadTariff(iter(parts), timeout=60)
        assert report.loaded
        accounts = AccountServiceStub(channel)
        for account in ACCOUNTS:
            opening = AddBalanceRequest(account=account, idempotency_key="opening", amount=Amount(),
                                        balance=BalanceSelector(kind="*monetary", id="MAIN"))  # fmt: skip
            opening.amount.money.units = OPENING
            accounts.AddBalance(opening, timeout=30)
            arming = SetTriggersRequest(account=account, idempotency_key="arm", groups=["SPEND"])
            accounts.SetTriggers(arming, timeout=30)


def check(address: str, clients: Clients, receiver: AlertReceiver, threshold: int) -> None:
    books = clients.books
    due = set()
    with grpc.insecure_channel(address) as channel:
        accounts = AccountServiceStub(channel)
        for name in ACCOUNTS:
            account = accounts.GetAccount(GetAccountRequest(account=name), timeout=30)
            (balance,) = account.balances
            held = balance.value.money.units * NANO + balance.value.money.nanos
            assert held == OPENING * NANO + books.topped_up[name] - books.charged[name], name
            (counter,) = account.counters
            counted = counter.value.money.units * NANO + counter.value.money.nanos
            assert counted == books.charged[name], name
            fired = books.charged[name] >= threshold * NANO
            assert account.triggers[0].executed == fired, name
            if fired:
                due.add(name)
    assert due, "no monitor was reached: the run proves nothing about alerts"
    arrived = receiver.wait_for(lambda alerts: {alert.body["account"] for alert in alerts} >= due, 60)
    assert {alert.body["account"] for alert in arrived} == due
    assert all(alert.verified for alert in arrived)
    assert len({alert.body["id"] for alert in arrived}) == len(due), "a monitor fired twice for one account"
    verify = subprocess.run(
        [sys.executable, "-m", "ratingd", "verify", "--address", address, "--output", "json"],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert verify.returncode == 0, verify.stdout + verify.stderr
    assert json.loads(verify.stdout)["agree"]


def play(
    daemon: DaemonProcess, receiver: AlertReceiver, debits: int, kills: int, seconds: float,
    kill: Callable[[], None], revive: Callable[[], None], threshold: int,
) -> None:  # fmt: skip
    daemon.start()
    try:
        load(daemon.address, receiver, str(threshold))
        clients = Clients(daemon.address, ACCOUNTS, debits, 64, seed=7)
        killing = Killing(clients, kills, seconds, kill, revive)
        killing.start()
        asyncio.run(clients.run())
        killing.join(120)
        assert killing.error is None, killing.error
        assert killing.done == kills
        sys.stdout.write(f"{clients.books.debits} debits, {clients.books.retries} retries, {killing.done} kills\n")
        check(daemon.address, clients, receiver, threshold)
    finally:
        daemon.kill()


SHORT = {"debits": 3_000, "kills": 4, "seconds": 3.0, "threshold": 6}
LONG = {"debits": 50_000, "kills": 20, "seconds": 25.0, "threshold": 100}
RUNS = [pytest.param(SHORT, id="short"), pytest.param(LONG, id="long", marks=pytest.mark.long)]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("run", RUNS)
def test_killing_the_daemon_loses_and_doubles_nothing_on_sqlite(
    run: dict[str, int], tmp_path: Path, receiver: AlertReceiver
) -> None:
    url = f"sqlite:///{tmp_path / 'ratingd.db'}"
    daemon = DaemonProcess(settings_for(url), tmp_path / "daemon.log")
    play(daemon, receiver, run["debits"], run["kills"], run["seconds"], daemon.kill, daemon.start, run["threshold"])


@pytest.mark.timeout(600)
@pytest.mark.parametrize("run", RUNS)
def test_killing_the_daemon_loses_and_doubles_nothing_on_postgresql(
    run: dict[str, int], tmp_path: Path, receiver: AlertReceiver, postgresql_url: str
) -> None:
    daemon = DaemonProcess(settings_for(postgresql_url), tmp_path / "daemon.log")
    play(
        daemon, receiver, run["debits"], run["kills"], run["seconds"], daemon.kill, daemon.start,
        run["threshold"],
    )  # fmt: skip


@pytest.mark.timeout(600)
@pytest.mark.parametrize("run", RUNS)
def test_killing_postgresql_loses_and_doubles_nothing(
    run: dict[str, int], tmp_path: Path, receiver: AlertReceiver
) -> None:
    with PostgresServer(durable=True) as server:
        url = server.new_database()
        daemon = DaemonProcess(settings_for(url), tmp_path / "daemon.log")
        play(
            daemon, receiver, run["debits"], run["kills"], run["seconds"], server.kill, server.start,
            run["threshold"],
        )  # fmt: skip
