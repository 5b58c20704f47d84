"""Reservations outlive the daemon that was killed, and go when their time is over though nobody asks."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from ratingd.v1.account_pb2 import Account
from ratingd.v1.accounts_pb2 import AddBalanceRequest, BalanceSelector, GetAccountRequest
from ratingd.v1.accounts_pb2_grpc import AccountServiceStub
from ratingd.v1.charging_pb2 import (
    DebitRequest,
    GetMaxSessionTimeRequest,
    GetMaxSessionTimeResponse,
    MaxDebitRequest,
)
from ratingd.v1.charging_pb2_grpc import ChargingServiceStub
from ratingd.v1.tariffs_pb2_grpc import TariffServiceStub
from tests.api_desk import FOLDER, call
from tests.e2e.serving import uploads
from tests.faults.daemon_process import DaemonProcess

PRICE = 600_000_000  # of a minute


class Customer:
    """One prepaid account at a daemon, with 3.00."""

    def __init__(self, daemon: DaemonProcess) -> None:
        self.daemon = daemon
        with grpc.insecure_channel(daemon.address) as channel:
            TariffServiceStub(channel).LoadTariff(uploads(FOLDER), timeout=60)
            opening = AddBalanceRequest(account="1001", idempotency_key="opening")
            opening.balance.CopyFrom(BalanceSelector(kind="*monetary", id="M"))
            opening.amount.money.units = 3
            AccountServiceStub(channel).AddBalance(opening, timeout=30)

    def reserve(self, call_id: str, seconds: int, lifetime_s: int = 600) -> GetMaxSessionTimeResponse:
        request = GetMaxSessionTimeRequest(
            call=call(seconds=seconds, call_id=call_id, switch_id="sbc-1"), idempotency_key=f"{call_id}/reserve"
        )
        request.reserve.seconds = lifetime_s
        with grpc.insecure_channel(self.daemon.address) as channel:
            answer: GetMaxSessionTimeResponse = ChargingServiceStub(channel).GetMaxSessionTime(request, timeout=30)
            return answer

    def debit(self, call_id: str, number: int, seconds: int) -> int:
        """A plain debit of a piece, which would go below zero if it had to; its cost in nano-units."""
        request = DebitRequest(
            call=call(seconds=seconds, call_id=call_id, switch_id="sbc-1", loop_index=number),
            idempotency_key=f"{call_id}/{number}",
        )
        with grpc.insecure_channel(self.daemon.address) as channel:
            cost = ChargingServiceStub(channel).Debit(request, timeout=30)
            assert not cost.HasField("overdrawn")
            return int(cost.cost.units * 1_000_000_000 + cost.cost.nanos)

    def debit_what_is_free(self, key: str) -> int:
        request = MaxDebitRequest(call=call(seconds=3600), idempotency_key=key)
        with grpc.insecure_channel(self.daemon.address) as channel:
            return int(ChargingServiceStub(channel).MaxDebit(request, timeout=30).granted.duration.seconds)

    def account(self) -> Account:
        with grpc.insecure_channel(self.daemon.address) as channel:
            found: Account = AccountServiceStub(channel).GetAccount(GetAccountRequest(account="1001"), timeout=30)
            return found

    def money(self) -> int:
        values = [each.value.money for each in self.account().balances]
        return sum(int(value.units * 1_000_000_000 + value.nanos) for value in values)

    def holding(self) -> list[str]:
        return sorted(each.call_id for each in self.account().reservations)


@pytest.fixture
def customer(store_url: str, tmp_path: Path) -> Iterator[Customer]:
    daemon = DaemonProcess({"RATINGD_DATABASE_URL": store_url}, tmp_path / "daemon.log")
    daemon.start()
    try:
        yield Customer(daemon)
    finally:
        daemon.kill()


def test_what_is_held_is_held_after_a_kill(customer: Customer) -> None:
    first, second = customer.reserve("a", 120), customer.reserve("b", 600)
    assert [each.usage.duration.seconds for each in (first, second)] == [120, 180]
    assert customer.debit("a", 0, 60) == PRICE
    customer.daemon.kill()
    customer.daemon.start()
    assert customer.holding() == ["a", "b"]
    assert customer.debit_what_is_free("other") == 0
    assert customer.reserve("b", 600) == second  # a retry of what was answered before
    assert customer.debit("b", 0, 60) == PRICE
    assert customer.debit("a", 1, 60) == PRICE
    assert customer.debit("b", 1, 120) == 2 * PRICE
    assert (customer.money(), customer.holding()) == (0, [])
    verify = subprocess.run(
        [sys.executable, "-m", "ratingd", "verify", "--address", customer.daemon.address, "--output", "json"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert json.loads(verify.stdout)["agree"], verify.stderr


def test_an_account_that_nobody_asks_about_lets_go(customer: Customer) -> None:
    assert customer.reserve("a", 600, lifetime_s=1).usage.duration.seconds == 300
    assert customer.holding() == ["a"]
    deadline = time.monotonic() + 20
    while customer.holding() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert customer.holding() == []
    assert customer.debit_what_is_free("other") == 300
