"""Kill the daemon while a plan runs for thousands of accounts: each gets it once, and none is left out.

Once it is an order, a run by hand, and once the regular instant of an entry that is due a few seconds after its load.
At the end the accounts' own money is looked at, and `ratingd verify` agrees.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest

from ratingd.v1.accounts_pb2 import ListAccountsRequest
from ratingd.v1.accounts_pb2_grpc import AccountServiceStub
from ratingd.v1.admin_pb2 import GetScheduleOrderRequest, ListSchedulesRequest, RunScheduleRequest, ScheduleOrder
from ratingd.v1.admin_pb2_grpc import AdminServiceStub
from ratingd.v1.tariffs_pb2_grpc import TariffServiceStub
from tests.e2e.serving import uploads
from tests.faults.daemon_process import DaemonProcess

ACTIONS = "ADD_1,*topup,,,M,*monetary,,,,,,,1,,,,10\n"
PLANS = {
    "order": {"Timings.csv": "NEW_YEAR,*any,1,1,*any,00:00:00\n", "ActionPlans.csv": "P,ADD_1,NEW_YEAR,10\n"},
    "instant": {"Timings.csv": "SOON,*any,*any,*any,*any,+{delay}s\n", "ActionPlans.csv": "P,ADD_1,SOON,10\n"},
}
ENTRIES = {"order": "P/ADD_1@NEW_YEAR", "instant": "P/ADD_1@SOON"}
KILLS = 2


class Admin:
    """One question to a daemon that may just have been killed."""

    def __init__(self, address: str) -> None:
        self._address = address

    def order(self, id: str) -> ScheduleOrder:
        with grpc.insecure_channel(self._address) as channel:
            found: ScheduleOrder = AdminServiceStub(channel).GetScheduleOrder(
                GetScheduleOrderRequest(id=id), timeout=30
            )
        return found

    def run(self) -> ScheduleOrder:
        with grpc.insecure_channel(self._address) as channel:
            request = RunScheduleRequest(plan="P", idempotency_key="once")
            found: ScheduleOrder = AdminServiceStub(channel).RunSchedule(request, timeout=30)
        return found

    def entry(self, name: str) -> tuple[int, bool]:
        """For how many accounts the entry has run, and whether that is all of them."""
        with grpc.insecure_channel(self._address) as channel:
            listed = AdminServiceStub(channel).ListSchedules(ListSchedulesRequest(), timeout=30)
        (found,) = [each for each in listed.schedules if each.entry == name]
        return found.progress.accounts_done, found.HasField("last_done_time")

    def money(self) -> dict[str, int]:
        """The money of every account, in whole units."""
        with grpc.insecure_channel(self._address) as channel:
            accounts, token, found = AccountServiceStub(channel), "", {}
            while True:
                page = accounts.ListAccounts(ListAccountsRequest(page_size=500, page_token=token), timeout=60)
                for account in page.accounts:
                    found[account.account] = sum(balance.value.money.units for balance in account.balances)
                token = page.next_page_token
                if not token:
                    return found


def load(address: str, kind: str, count: int, delay_s: int) -> None:
    rows = "".join(f"cgrates.org,{number:06},P,,,\n" for number in range(count))
    files = {"Actions.csv": ACTIONS, "AccountActions.csv": rows, **PLANS[kind]}
    with grpc.insecure_channel(address, options=[("grpc.max_receive_message_length", -1)]) as channel:
        content = {path: text.replace("{delay}", str(delay_s)).encode() for path, text in files.items()}
        assert TariffServiceStub(channel).LoadTariff(uploads(content), timeout=500).loaded


def until(question: Callable[[], tuple[int, bool]], beyond: int, within_s: float) -> bool:
    """Wait until more than `beyond` accounts are done; whether all are."""
    deadline = time.monotonic() + within_s
    while True:
        done, complete = question()
        if complete or done > beyond:
            return complete
        assert time.monotonic() < deadline, f"stands at {done}"
        time.sleep(0.05)


def killed_on_its_way(daemon: DaemonProcess, question: Callable[[], tuple[int, bool]], count: int) -> int:
    """Kill and start the daemon while the plan runs, until it is done; how often it was killed in the middle."""
    kills = 0
    for number in range(KILLS):
        if until(question, count * number // (KILLS + 1), 120):
            break
        daemon.kill()
        daemon.start()
        kills += 1
    until(question, count, 500)
    return kills


@pytest.fixture
def daemon(store_url: str, tmp_path: Path) -> Iterator[DaemonProcess]:
    daemon = DaemonProcess({"RATINGD_DATABASE_URL": store_url}, tmp_path / "daemon.log")
    daemon.start()
    yield daemon
    daemon.kill()


COUNTS = [pytest.param(2_500, 4, id="short"), pytest.param(100_000, 120, id="long", marks=pytest.mark.long)]


@pytest.mark.timeout(1500)
@pytest.mark.parametrize("kind", list(PLANS))
@pytest.mark.parametrize(("count", "delay_s"), COUNTS)
def test_plan_reaches_each_account_once_though_the_daemon_is_killed(
    kind: str, count: int, delay_s: int, daemon: DaemonProcess
) -> None:
    load(daemon.address, kind, count, delay_s)
    admin = Admin(daemon.address)
    id = admin.run().id if kind == "order" else ""

    def question() -> tuple[int, bool]:
        if kind == "instant":
            return admin.entry(ENTRIES[kind])
        order = admin.order(id)
        return order.progress.accounts_done, order.state == ScheduleOrder.DONE

    began = time.monotonic()
    kills = killed_on_its_way(daemon, question, count)
    sys.stdout.write(f"{count} accounts, {kills} kills, {time.monotonic() - began:.1f} s\n")
    assert kills > 0, "it was done before it was killed: the run proves nothing"
    assert set(admin.money().values()) == {1}
    assert len(admin.money()) == count
    verify = subprocess.run(
        [sys.executable, "-m", "ratingd", "verify", "--address", daemon.address, "--output", "json"],
        capture_output=True, text=True, timeout=500, check=False,
    )  # fmt: skip
    assert json.loads(verify.stdout)["agree"], verify.stdout + verify.stderr
