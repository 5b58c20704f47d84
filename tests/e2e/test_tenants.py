"""Two tenants on one daemon: nothing that one asks for reads or moves anything of the other's.

Their names begin alike (`op` and `op2`), their accounts, shared groups and idempotency keys are named the same.
"""

from collections.abc import Iterator

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from ratingd.v1 import accounts_pb2, charging_pb2
from ratingd.v1.account_pb2 import Account
from ratingd.v1.accounts_pb2 import BalanceSelector, NameSet
from tests.api_desk import FOLDER, SATURDAY_TEN, ApiDesk, Refused, call

TENANTS = ("op", "op2")
RATED = FOLDER | {
    "RatingProfiles.csv": b"op,call,*any,,RP,\nop2,call,*any,,RP,\n",
    "SharedGroups.csv": b"FAMILY,*any,*lowest,\n",
    "Actions.csv": FOLDER["Actions.csv"]
    + b'STEAL,*transfer_balance,"{""DestinationAccountID"":""op:1001"",""DestinationBalanceID"":""M""}"'
    + b",,M,*monetary,,,,,,,1,,,,10\n"
    + b'WIPE,*remove_account,"{""Tenant"":""op"",""Account"":""1001""}",,,,,,,,,,,,,,10\n',
}


@pytest.fixture
def desk(store_url: str) -> Iterator[ApiDesk]:
    with ApiDesk(store_url, folder=RATED) as desk:
        for tenant, units in zip(TENANTS, (10, 20), strict=True):
            for account in ("1001", "1002"):
                top_up(desk, tenant, account, units)
        yield desk


def top_up(desk: ApiDesk, tenant: str, account: str, units: int, key: str = "k") -> None:
    selector = BalanceSelector(kind="*monetary", id="M", shared_groups=NameSet(names={"FAMILY": True}))
    request = accounts_pb2.AddBalanceRequest(tenant=tenant, account=account, idempotency_key=key, balance=selector)
    request.amount.money.units = units
    desk.ask(desk.accounts.AddBalance, request)


def money(desk: ApiDesk, tenant: str, account: str) -> float:
    request = accounts_pb2.GetAccountRequest(tenant=tenant, account=account)
    found: Account = desk.ask(desk.accounts.GetAccount, request)
    return float(sum(each.value.money.units + each.value.money.nanos / 1e9 for each in found.balances))


def held(desk: ApiDesk) -> dict[str, list[float]]:
    return {tenant: [money(desk, tenant, account) for account in ("1001", "1002")] for tenant in TENANTS}


def debit(desk: ApiDesk, tenant: str, account: str, seconds: int, key: str) -> str:
    request = charging_pb2.DebitRequest(call=call(account, seconds, tenant=tenant), idempotency_key=key)
    return str(desk.ask(desk.charging.Debit, request).charge_id)


def test_keys_and_balances_are_each_tenants_own(desk: ApiDesk) -> None:
    assert held(desk) == {"op": [10, 10], "op2": [20, 20]}
    debit(desk, "op", "1001", 600, "d")
    assert held(desk) == {"op": [4, 10], "op2": [20, 20]}
    debit(desk, "op2", "1001", 600, "d")
    assert held(desk) == {"op": [4, 10], "op2": [14, 20]}


def test_a_shared_group_of_one_name_is_two_groups(desk: ApiDesk) -> None:
    debit(desk, "op", "1001", 1800, "d")  # 18.00: 9.60 of its own, then 8.40 of 1002's; none of the other tenant's 40
    assert held(desk) == {"op": [0.4, 1.6], "op2": [20, 20]}
    debit(desk, "op", "1002", 600, "e")
    assert money(desk, "op", "1002") == pytest.approx(-4.4)
    assert held(desk)["op2"] == [20, 20]


def test_lists_show_one_tenant_and_no_groups(desk: ApiDesk) -> None:
    for tenant in TENANTS:
        listed = desk.ask(desk.accounts.ListAccounts, accounts_pb2.ListAccountsRequest(tenant=tenant))
        assert [(each.tenant, each.account) for each in listed.accounts] == [(tenant, "1001"), (tenant, "1002")]
    with pytest.raises(Refused, match="group"):
        desk.ask(desk.accounts.GetAccount, accounts_pb2.GetAccountRequest(tenant="op", account="*group:FAMILY"))


def test_a_charge_of_one_tenant_is_unknown_to_the_other(desk: ApiDesk) -> None:
    charge = debit(desk, "op", "1001", 60, "d")
    request = charging_pb2.RefundRequest(tenant="op2", account="1001", idempotency_key="r", charge_id=charge)
    with pytest.raises(Refused) as refused:
        desk.ask(desk.charging.Refund, request)
    assert refused.value.reason == "CHARGE_UNKNOWN"
    assert held(desk) == {"op": [9.4, 10], "op2": [20, 20]}


@pytest.mark.parametrize("actions_id", ["STEAL", "WIPE"])
def test_no_action_reaches_into_another_tenant(desk: ApiDesk, actions_id: str) -> None:
    """The sets name accounts of `op`; run on an account of `op2` they are refused whole."""
    request = accounts_pb2.ExecuteActionsRequest(
        tenant="op2", account="1001", idempotency_key="x", actions_id=actions_id
    )
    with pytest.raises(Refused) as refused:
        desk.ask(desk.accounts.ExecuteActions, request)
    assert refused.value.reason == "ACTIONS_FAILED"
    assert held(desk) == {"op": [10, 10], "op2": [20, 20]}


def test_ledgers_calls_and_the_past_are_of_one_tenant(desk: ApiDesk) -> None:
    debit(desk, "op", "1001", 60, "d")
    for tenant, moved in zip(TENANTS, (2, 1), strict=True):
        ledger = desk.ask(desk.accounts.ListLedger, accounts_pb2.ListLedgerRequest(tenant=tenant, account="1001"))
        assert len(ledger.entries) == moved
        past = accounts_pb2.GetAccountHistoryRequest(tenant=tenant, account="1001")
        past.time.CopyFrom(Timestamp(seconds=SATURDAY_TEN + 10**8))
        assert desk.ask(desk.accounts.GetAccountHistory, past).version == moved
    with pytest.raises(Refused) as refused:
        desk.ask(desk.accounts.ListOpenCalls, accounts_pb2.ListOpenCallsRequest(tenant="op3", account="1001"))
    assert refused.value.reason == "ACCOUNT_UNKNOWN"


def test_removing_an_account_leaves_its_namesake(desk: ApiDesk) -> None:
    request = accounts_pb2.RemoveAccountRequest(tenant="op", account="1001", idempotency_key="gone")
    desk.ask(desk.accounts.RemoveAccount, request)
    assert money(desk, "op2", "1001") == 20
