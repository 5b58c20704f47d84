"""Accounts, ledgers and the daemon itself, over a real server."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from ratingd.store.rows import Batch, OutboxEntry, shard_of
from ratingd.v1 import accounts_pb2, admin_pb2
from ratingd.v1.accounts_pb2 import (
    AddBalanceRequest,
    BalanceSelector,
    DebitBalanceRequest,
    SetBalanceRequest,
    SetBalancesRequest,
)
from ratingd.v1.amount_pb2 import Amount
from ratingd.v1.charging_pb2 import RefundRequest
from tests.api_desk import ApiDesk, Refused, debit


@pytest.fixture
def desk(sqlite_url: str) -> Iterator[ApiDesk]:
    with ApiDesk(sqlite_url) as desk:
        yield desk


def money(units: int, nanos: int = 0) -> Amount:
    amount = Amount()
    amount.money.units, amount.money.nanos = units, nanos
    return amount


def selector(kind: str, name: str) -> BalanceSelector:
    return BalanceSelector(kind=kind, id=name)


def test_an_account_is_created_changed_and_removed(desk: ApiDesk) -> None:
    request = accounts_pb2.SetAccountRequest(
        account="1001", idempotency_key="a", time_zone="Europe/Berlin", trigger_groups=["GROUP"]
    )
    change = desk.ask(desk.accounts.SetAccount, request)
    assert change.operation_id
    assert (change.account.tenant, change.account.time_zone) == ("cgrates.org", "Europe/Berlin")
    assert [trigger.unique_id for trigger in change.account.triggers] == ["HIGH"]
    assert change.account.triggers[0].threshold.money.units == 1000

    request = accounts_pb2.SetAccountRequest(account="1001", idempotency_key="b", disabled=True)
    assert desk.ask(desk.accounts.SetAccount, request).account.disabled
    assert desk.account("1001").time_zone == "Europe/Berlin"

    desk.ask(desk.accounts.RemoveAccount, accounts_pb2.RemoveAccountRequest(account="1001", idempotency_key="c"))
    with pytest.raises(Refused, match="1001"):
        desk.account("1001")
    with pytest.raises(Refused, match="1001") as refused:
        desk.ask(desk.accounts.RemoveAccount, accounts_pb2.RemoveAccountRequest(account="1001", idempotency_key="d"))
    assert refused.value.reason == "ACCOUNT_UNKNOWN"


def test_balances_of_every_kind_are_added_set_taken_and_removed(desk: ApiDesk) -> None:
    minutes = AddBalanceRequest(account="1001", idempotency_key="v", balance=selector("*voice", "MIN"))
    minutes.amount.duration.seconds = 600
    minutes.balance.destinations.names["DST_49"] = True
    minutes.balance.weight.value = "10.5"
    minutes.expiry = "2099-01-01T00:00:00Z"
    voice = desk.ask(desk.accounts.AddBalance, minutes).account.balances[0]
    assert (voice.id, voice.value.duration.seconds, voice.weight.value) == ("MIN", 600, "10.5")
    assert dict(voice.destinations) == {"DST_49": True}
    assert voice.expire_time.ToJsonString() == "2099-01-01T00:00:00Z"

    messages = AddBalanceRequest(account="1001", idempotency_key="s", balance=selector("*sms", "SMS"))
    messages.amount.units.value = "2.5"
    desk.ask(desk.accounts.AddBalance, messages)
    for key in ("m1", "m2"):
        more = AddBalanceRequest(account="1001", idempotency_key=key, balance=selector("*monetary", "M"))
        more.amount.CopyFrom(money(2))
        desk.ask(desk.accounts.AddBalance, more)
    assert desk.money("1001") == 4_000_000_000

    taken = DebitBalanceRequest(account="1001", idempotency_key="d", balance=selector("*monetary", "M"))
    taken.amount.CopyFrom(money(-1, -500_000_000))
    desk.ask(desk.accounts.DebitBalance, taken)
    assert desk.money("1001") == 2_500_000_000

    fixed = SetBalanceRequest(account="1001", idempotency_key="f", balance=selector("*monetary", "M"), value=money(9))
    desk.ask(desk.accounts.SetBalance, fixed)
    assert desk.money("1001") == 9_000_000_000

    gone = accounts_pb2.RemoveBalanceRequest(account="1001", idempotency_key="g", balance=selector("*sms", "SMS"))
    kinds = [balance.kind for balance in desk.ask(desk.accounts.RemoveBalance, gone).account.balances]
    assert kinds == ["*voice", "*monetary"]


def settings(*balances: tuple[str, str, int], key: str = "s", **given: Any) -> SetBalancesRequest:
    """`(kind, id, value)` of each balance: seconds of voice, whole units of money."""
    request = SetBalancesRequest(account="set", idempotency_key=key, **given)
    for kind, id, value in balances:
        wanted = request.balances.add(balance=BalanceSelector(kind=kind, id=id))
        if kind == "*voice":
            wanted.value.duration.seconds = value
        else:
            wanted.value.money.units = value
    return request


def test_several_balances_are_set_in_one_step(desk: ApiDesk) -> None:
    request = settings(("*monetary", "M", 5), ("*voice", "V", 60), ("*monetary", "M", 7))
    request.balances[1].factors["PREM"] = "2.5"
    done = desk.ask(desk.accounts.SetBalances, request)
    assert [(each.id, each.value.money.units, each.value.duration.seconds) for each in done.account.balances] == [
        ("M", 7, 0),
        ("V", 0, 60),
    ]
    assert done.account.balances[1].factors == {"PREM": "2.5"}
    assert desk.ask(desk.accounts.SetBalances, request).operation_id == done.operation_id


def test_of_several_balances_all_are_set_or_none(desk: ApiDesk) -> None:
    desk.ask(desk.accounts.SetBalances, settings(("*monetary", "M", 7), ("*voice", "V", 60)))
    wrong = settings(("*monetary", "A", 5), ("*monetary", "FREE", 1), key="w")
    wrong.balances[1].balance.rating_subject = "*zero1s"  # money that counts units: refused when it is done
    with pytest.raises(Refused) as refused:
        desk.ask(desk.accounts.SetBalances, wrong)
    assert refused.value.reason == "INVALID_RATING_SUBJECT"
    assert [each.id for each in desk.account("set").balances] == ["M", "V"]
    for asked, field in (
        (settings(key="n"), "balances"),
        (settings(("*monetary", "M", 1), ("*monetary", "", 1), key="i"), "balances[1].balance.id"),
        (settings(("*gold", "M", 1), key="k"), "balances[0].balance.kind"),
        (settings(*[("*monetary", "M", 1)] * 101, key="m"), "balances"),
    ):
        with pytest.raises(Refused) as refused:
            desk.ask(desk.accounts.SetBalances, asked)
        assert list(refused.value.fields) == [field]
    pretended = desk.ask(desk.accounts.SetBalances, settings(("*monetary", "M", 99), key="", dry_run=True))
    assert pretended.account.balances[0].value.money.units == 99
    assert desk.account("set").balances[0].value.money.units == 7


def test_a_dry_run_shows_the_account_afterwards_and_changes_nothing(desk: ApiDesk) -> None:
    desk.top_up("1001", 5)
    before = desk.account("1001")
    change = desk.ask(
        desk.accounts.AddBalance,
        AddBalanceRequest(account="1001", dry_run=True, balance=selector("*monetary", "M"), amount=money(5)),
    )
    assert change.operation_id == ""
    assert change.account.balances[0].value.money.units == 10
    assert desk.account("1001") == before


def test_the_same_top_up_twice_adds_once(desk: ApiDesk) -> None:
    desk.top_up("1001", 5, key="once")
    desk.top_up("1001", 5, key="once")
    assert desk.money("1001") == 5_000_000_000
    with pytest.raises(Refused) as refusal:
        desk.top_up("1001", 6, key="once")
    assert refusal.value.reason == "IDEMPOTENCY_KEY_REUSED"


def test_an_action_set_runs_and_its_triggers_are_reset(desk: ApiDesk) -> None:
    run = accounts_pb2.ExecuteActionsRequest(account="1001", idempotency_key="x", actions_id="BONUS")
    desk.ask(desk.accounts.ExecuteActions, run)
    assert desk.money("1001") == 2_000_000_000
    armed = accounts_pb2.SetTriggersRequest(account="1001", idempotency_key="t", groups=["GROUP"])
    desk.ask(desk.accounts.SetTriggers, armed)
    desk.top_up("1001", 1000)
    assert [trigger.executed for trigger in desk.account("1001").triggers] == [True]
    again = accounts_pb2.ResetTriggersRequest(account="1001", idempotency_key="r", group="GROUP")
    desk.ask(desk.accounts.ResetTriggers, again)
    counters = accounts_pb2.ResetCountersRequest(account="1001", idempotency_key="c")
    assert desk.ask(desk.accounts.ResetCounters, counters).account.account == "1001"


def test_accounts_are_listed_in_pages(desk: ApiDesk) -> None:
    for number in range(7):
        desk.top_up(f"10{number}", 1)
    desk.top_up("2000", 1)
    off = accounts_pb2.SetAccountRequest(account="103", idempotency_key="off", disabled=True)
    desk.ask(desk.accounts.SetAccount, off)
    found, token = list[str](), ""
    for _ in range(3):
        page = desk.ask(
            desk.accounts.ListAccounts,
            accounts_pb2.ListAccountsRequest(page_size=3, page_token=token, account_prefix="10"),
        )
        found += [account.account for account in page.accounts]
        token = page.next_page_token
    assert found == [f"10{number}" for number in range(7)]
    assert token == ""
    disabled = desk.ask(desk.accounts.ListAccounts, accounts_pb2.ListAccountsRequest(disabled=True))
    assert [account.account for account in disabled.accounts] == ["103"]
    elsewhere = desk.ask(desk.accounts.ListAccounts, accounts_pb2.ListAccountsRequest(tenant="cgrates"))
    assert not elsewhere.accounts


@pytest.mark.parametrize("token", ["nonsense", "bm8", "WzFd"])
def test_a_page_token_that_nobody_gave_out(desk: ApiDesk, token: str) -> None:
    with pytest.raises(Refused) as refusal:
        desk.ask(desk.accounts.ListAccounts, accounts_pb2.ListAccountsRequest(page_token=token))
    assert list(refusal.value.fields) == ["page_token"]


def test_the_ledger_tells_each_movement_newest_first(desk: ApiDesk) -> None:
    desk.top_up("1001", 5)
    request = debit()
    request.call.switch_id, request.call.call_id = "sbc-1", "c-1"
    charge = desk.ask(desk.charging.Debit, request)
    desk.ask(desk.charging.Refund, RefundRequest(account="1001", idempotency_key="back", charge_id=charge.charge_id))
    gone = accounts_pb2.RemoveBalanceRequest(account="1001", idempotency_key="g", balance=selector("*monetary", "M"))
    desk.ask(desk.accounts.RemoveBalance, gone)

    told, token = [], ""
    while True:
        page = desk.ask(
            desk.accounts.ListLedger,
            accounts_pb2.ListLedgerRequest(account="1001", page_size=1, page_token=token),
        )
        told += list(page.entries)
        token = page.next_page_token
        if not token:
            break
    assert [(entry.change, entry.balance_id) for entry in told] == [
        ("gone", "M"),
        ("value", "M"),
        ("value", "M"),
        ("balance", "M"),
    ]
    back, drawn = told[1], told[2]
    assert (back.delta.money.nanos, back.after.money.units) == (600_000_000, 5)
    assert (drawn.delta.money.nanos, drawn.idempotency_key) == (-600_000_000, "k")
    assert (drawn.switch_id, drawn.call_id) == ("sbc-1", "c-1")
    assert drawn.operation_id == charge.charge_id
    assert told[3].after.money.units == 5


def test_the_daemon_tells_how_it_is(desk: ApiDesk) -> None:
    with pytest.raises(Refused):
        desk.ask(desk.charging.Debit, debit("1009"))
    status = desk.ask(desk.admin.Status, admin_pb2.StatusRequest())
    assert (status.version, status.store, status.tariff_version) == ("test", "sqlite", "1")
    assert status.counters["debit.refused reason=ACCOUNT_UNKNOWN"] >= 1


def test_dead_entries_of_the_outbox_are_listed_and_replayed(desk: ApiDesk) -> None:
    desk.top_up("1001", 5)
    key = desk.key("1001")
    switch, body = "sw", json.dumps({"a": 1})  # a switch that does not watch: what is replayed goes on waiting
    entry = OutboxEntry("e1", key, shard_of(key), "disconnect", switch, body, 5, state="dead")
    desk.store.commit(Batch(outbox=(entry,)))
    (listed,) = desk.ask(desk.admin.ListOutbox, admin_pb2.ListOutboxRequest(state=admin_pb2.OUTBOX_DEAD)).entries
    assert (listed.id, listed.target, listed.account, listed.body) == ("e1", switch, "1001", body)
    of_account = admin_pb2.ListOutboxRequest(tenant="cgrates.org", account="1001")
    assert len(desk.ask(desk.admin.ListOutbox, of_account).entries) == 1
    dry_run = admin_pb2.ReplayOutboxRequest(ids=["e1"], dry_run=True)
    assert [desk.ask(desk.admin.ReplayOutbox, dry_run).replayed for _ in range(2)] == [1, 1]
    with pytest.raises(Refused, match=r"NOT_FOUND.*nothing in the outbox has the id 'e2', 'e3', so"):
        desk.ask(desk.admin.ReplayOutbox, admin_pb2.ReplayOutboxRequest(ids=["e2", "e1", "e3"]))
    assert desk.ask(desk.admin.ReplayOutbox, admin_pb2.ReplayOutboxRequest(ids=["e1"])).replayed == 1
    assert desk.ask(desk.admin.ReplayOutbox, admin_pb2.ReplayOutboxRequest()).replayed == 0


def test_verify_is_served(desk: ApiDesk) -> None:
    assert desk.ask(desk.admin.Verify, admin_pb2.VerifyRequest(account="1001")).accounts == 1
