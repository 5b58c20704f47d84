"""Two tenants of a whole daemon: schedules, streams, reservations, the outbox and the books are each tenant's own.

As in test_tenants their names begin alike, and their accounts, groups, calls and keys are named the same.
"""

from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from ratingd.v1 import accounts_pb2, admin_pb2, charging_pb2
from ratingd.v1.account_pb2 import Account
from ratingd.v1.accounts_pb2_grpc import AccountServiceStub
from ratingd.v1.admin_pb2_grpc import AdminServiceStub
from ratingd.v1.charging_pb2_grpc import ChargingServiceStub
from tests.api_desk import FOLDER, call, refused
from tests.e2e.serving import Serving, serving
from tests.waiting import until

TENANTS = ("op", "op2")
NOBODY = "http://127.0.0.1:1/"
RATED = FOLDER | {
    "RatingProfiles.csv": b"op,call,*any,,RP,\nop2,call,*any,,RP,\n",
    "SharedGroups.csv": b"FAMILY,*any,*lowest,\nFAMILY,op:1002,*highest,\nEMPTY,op2:1001,*lowest,\n",
    "Actions.csv": b"ADD,*topup,,,M,*monetary,,,,FAMILY,,,10,,,,10\n"
    + b"TELL,*http_post_async,"
    + NOBODY.encode()
    + b",,,,,,,,,,,,,,10\n",
    "ActionPlans.csv": b"DAILY,ADD,*daily,10\n",
    "ActionTriggers.csv": b"GROUP,HIGH,*max_balance,1000,false,0,,,,*monetary,,,,,,,,,,ADD,10\n",
    "AccountActions.csv": b"".join(
        b"%s,%d,DAILY,,,\n" % (tenant, n) for tenant in (b"op", b"op2") for n in (1001, 1002)
    ),
}


class Desk:
    def __init__(self, served: Serving) -> None:
        self.accounts = AccountServiceStub(served.channel)
        self.admin = AdminServiceStub(served.channel)
        self.charging = ChargingServiceStub(served.channel)

    def account(self, tenant: str, account: str = "1001") -> Account:
        found: Account = self.accounts.GetAccount(accounts_pb2.GetAccountRequest(tenant=tenant, account=account))
        return found

    def money(self, tenant: str, account: str = "1001") -> int:
        return sum(int(each.value.money.units) for each in self.account(tenant, account).balances)

    def run(self, **given: Any) -> admin_pb2.ScheduleOrder:
        given = {"plan": "DAILY", "idempotency_key": "run"} | given
        order = self.admin.RunSchedule(admin_pb2.RunScheduleRequest(**given))
        until(lambda: self.order(order.id).state == admin_pb2.ScheduleOrder.DONE)
        return self.order(order.id)

    def order(self, id: str) -> admin_pb2.ScheduleOrder:
        found: admin_pb2.ScheduleOrder = self.admin.GetScheduleOrder(admin_pb2.GetScheduleOrderRequest(id=id))
        return found

    def everybody(self) -> list[int]:
        return [self.money(tenant, account) for tenant in TENANTS for account in ("1001", "1002")]


@pytest.fixture
def desk(store_url: str) -> Iterator[Desk]:
    with serving(store_url, log_format="none") as served:
        served.load(RATED)
        yield Desk(served)


def test_a_schedule_is_run_for_one_account_one_tenant_or_all(desk: Desk) -> None:
    assert desk.run(tenant="op", account="1001").progress.accounts_done == 1
    assert desk.everybody() == [10, 0, 0, 0]
    assert desk.run(tenant="op2", idempotency_key="b").progress.accounts_done == 2
    assert desk.everybody() == [10, 0, 10, 10]
    assert desk.run(idempotency_key="c").progress.accounts_done == 4
    assert desk.everybody() == [20, 10, 20, 20]


def test_a_group_is_no_account_that_a_schedule_could_be_run_for(desk: Desk) -> None:
    with pytest.raises(grpc.RpcError) as error:
        desk.run(tenant="op", account="*group:FAMILY")
    assert "account" in refused(error.value).fields


def test_groups_counts_and_books_are_told_by_tenant(desk: Desk) -> None:
    desk.run(tenant="op")
    desk.accounts.SetAccount(
        accounts_pb2.SetAccountRequest(tenant="op", account="7", disabled=True, idempotency_key="k")
    )
    counted = [
        [desk.accounts.CountAccounts(accounts_pb2.CountAccountsRequest(tenant=tenant, **given)).count for given in (
            dict[str, Any](), {"disabled": True}, {"account_prefix": "100"},
        )] for tenant in (*TENANTS, "o")
    ]  # fmt: skip
    assert counted == [[3, 1, 2], [2, 0, 2], [0, 0, 0]]
    listed = [
        desk.accounts.ListSharedGroups(accounts_pb2.ListSharedGroupsRequest(tenant=tenant)).groups for tenant in TENANTS
    ]
    assert [[(each.id, dict(each.strategies), list(each.members)) for each in groups] for groups in listed] == [
        [("EMPTY", {}, []), ("FAMILY", {"*any": "*lowest", "op:1002": "*highest"}, ["1001", "1002"])],
        [("EMPTY", {"op2:1001": "*lowest"}, []), ("FAMILY", {"*any": "*lowest"}, [])],
    ]
    verified = [desk.admin.Verify(admin_pb2.VerifyRequest(tenant=tenant)) for tenant in (*TENANTS, "o")]
    assert [(each.accounts, len(each.differences)) for each in verified] == [(3, 0), (2, 0), (0, 0)]


def test_shared_groups_are_listed_in_pages(desk: Desk) -> None:
    for group in ("A", "FAMILY", "Z"):
        request = accounts_pb2.AddBalanceRequest(tenant="op", account="9", idempotency_key=group)
        request.balance.kind, request.balance.id = "*monetary", group
        request.balance.shared_groups.names[group] = True
        request.amount.money.units = 1
        desk.accounts.AddBalance(request)
    told, asked = [], accounts_pb2.ListSharedGroupsRequest(tenant="op", page_size=1)
    while True:
        page = desk.accounts.ListSharedGroups(asked)
        told += [(each.id, list(each.members)) for each in page.groups]
        asked.page_token = page.next_page_token
        if not asked.page_token:
            break
    assert told == [("A", ["9"]), ("EMPTY", []), ("FAMILY", ["9"]), ("Z", ["9"])]
    with pytest.raises(grpc.RpcError) as error:
        desk.accounts.GetSharedGroup(accounts_pb2.GetSharedGroupRequest(tenant="op2", id="Z"))
    assert refused(error.value).reason == "NOT_FOUND"


def test_calls_of_one_name_reserve_and_debit_each_for_its_tenant(desk: Desk) -> None:
    desk.run()
    limits = []
    for tenant in TENANTS:
        request = charging_pb2.GetMaxSessionTimeRequest(idempotency_key="r")
        request.call.CopyFrom(call("1001", 300, tenant=tenant, call_id="c1", switch_id="s1"))
        request.reserve.seconds = 600
        limits.append(desk.charging.GetMaxSessionTime(request).usage.duration.seconds)
    assert limits == [300, 300]
    requests = []
    for number, tenant in enumerate(TENANTS * 2):
        debit = charging_pb2.DebitRequest(call=call("1001", 60, tenant=tenant, call_id="c1", switch_id="s1"))
        debit.idempotency_key = f"d{number // 2}"
        requests.append(charging_pb2.ChargeRequest(correlation_id=str(number), debit=debit))
    answers = {each.correlation_id: each for each in desk.charging.Charge(iter(requests))}
    assert [answers[str(number)].WhichOneof("response") for number in range(4)] == ["debit"] * 4
    for tenant in TENANTS:
        (held,) = desk.account(tenant).reservations
        assert sum(each.amount.money.units * 10**9 + each.amount.money.nanos for each in held.held) == 1_800_000_000
    assert desk.everybody()[1] == desk.everybody()[3]


def test_the_outbox_tells_whose_entries_they_are(desk: Desk) -> None:
    for tenant in TENANTS:
        desk.accounts.ExecuteActions(accounts_pb2.ExecuteActionsRequest(
            tenant=tenant, account="1001", actions_id="TELL", idempotency_key="t"))  # fmt: skip
    for tenant in TENANTS:
        listed = desk.admin.ListOutbox(admin_pb2.ListOutboxRequest(tenant=tenant, account="1001")).entries
        assert [(each.tenant, each.account) for each in listed] == [(tenant, "1001")]
        of_all = desk.admin.ListOutbox(admin_pb2.ListOutboxRequest(tenant=tenant)).entries
        assert [each.tenant for each in of_all] == [tenant]
    assert len(desk.admin.ListOutbox(admin_pb2.ListOutboxRequest()).entries) == 2
    with pytest.raises(grpc.RpcError) as error:
        desk.admin.ListOutbox(admin_pb2.ListOutboxRequest(account="1001"))
    assert "tenant" in refused(error.value).fields
