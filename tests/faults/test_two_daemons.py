"""Two daemons on one database, members of one shared group calling through both, and one daemon killed meanwhile."""

import asyncio
import json
import subprocess
import sys
import threading
from pathlib import Path

import grpc
import pytest

from ratingd.v1.accounts_pb2 import GetAccountRequest
from ratingd.v1.accounts_pb2_grpc import AccountServiceStub
from ratingd.v1.tariffs_pb2 import TariffFile, TariffOptions, TariffUpload
from ratingd.v1.tariffs_pb2_grpc import TariffServiceStub
from tests.faults.daemon_process import DaemonProcess
from tests.faults.switch_clients import NANO, Books, Clients

MEMBERS = ["k1", "k2"]
OPENING = 100_000
DEBITS = 1_000

PLAN = {
    "Destinations.csv": "DST,49\n",
    "Rates.csv": "RT,0.05,0.60,60s,1s,0s\n",
    "DestinationRates.csv": "DR,DST,RT,*up,4,0,\n",
    "RatingPlans.csv": "RP,DR,*any,10\n",
    "RatingProfiles.csv": "cgrates.org,call,*any,2020-01-01T00:00:00Z,RP,\n",
    "SharedGroups.csv": "FAMILY,*any,*lowest,\n",
    "Actions.csv": f"GIVE,*topup,,,SH,*monetary,,,,FAMILY,*unlimited,,{OPENING},10,false,false,10\n",
    "ActionPlans.csv": "START,GIVE,*asap,10\n",
    "AccountActions.csv": "".join(f"cgrates.org,{member},START,,false,false\n" for member in MEMBERS),
}


def load(address: str) -> None:
    parts = [TariffUpload(options=TariffOptions())]
    parts += [TariffUpload(file=TariffFile(path=path, content=text.encode())) for path, text in PLAN.items()]
    with grpc.insecure_channel(address) as channel:
        report = TariffServiceStub(channel).LoadTariff(iter(parts), timeout=60)
    assert report.loaded, report


def money(address: str) -> int:
    """What both members have together."""
    with grpc.insecure_channel(address) as channel:
        accounts = AccountServiceStub(channel)
        balances = [b for name in MEMBERS for b in accounts.GetAccount(GetAccountRequest(account=name)).balances]
    return sum(b.value.money.units * NANO + b.value.money.nanos for b in balances)


def kill_and_revive(daemon: DaemonProcess, books: Books) -> None:
    while books.debits < DEBITS // 4:
        threading.Event().wait(0.01)
    daemon.kill()
    daemon.start()


@pytest.mark.timeout(300)
def test_members_of_a_group_call_through_two_daemons_and_one_is_killed(tmp_path: Path, postgresql_url: str) -> None:
    settings = {"RATINGD_DATABASE_URL": postgresql_url}
    daemons = [DaemonProcess(settings, tmp_path / f"daemon-{number}.log") for number in range(2)]
    try:
        daemons[0].start()
        load(daemons[0].address)
        daemons[1].start()
        clients = [Clients(daemon.address, MEMBERS, DEBITS, 4, seed, 10 * seed) for seed, daemon in enumerate(daemons)]
        killing = threading.Thread(target=kill_and_revive, args=(daemons[1], clients[1].books))
        killing.start()

        async def call() -> None:
            await asyncio.gather(*(each.run() for each in clients))

        asyncio.run(call())
        killing.join(60)
        books = [each.books for each in clients]
        assert all(each.debits >= DEBITS for each in books)
        assert not books[0].charge_ids & books[1].charge_ids
        moved = sum(sum(each.topped_up.values()) - sum(each.charged.values()) for each in books)
        assert [money(daemon.address) for daemon in daemons] == [2 * OPENING * NANO + moved] * 2
        verify = subprocess.run(
            [sys.executable, "-m", "ratingd", "verify", "--address", daemons[0].address, "--output", "json"],
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert verify.returncode == 0, verify.stdout + verify.stderr
        assert json.loads(verify.stdout)["agree"]
    finally:
        for daemon in daemons:
            daemon.kill()
