"""The field's classic scene, over real gRPC, with a real switch that cuts and a real receiver that is told.

An account has two balances of 5 and monitors: at most 5 calls, a floor of 2, ceilings of 20 and 30. Five calls fire the
counter, a top-up to 21 fires and posts, one to 31 disables the account and cuts its open call. Every monitor is marked
executed, and none has fired twice.
"""

from collections.abc import Iterator

import grpc
import pytest

from ratingd.v1.account_pb2 import Account
from ratingd.v1.accounts_pb2 import AddBalanceRequest, BalanceSelector, GetAccountRequest, SetTriggersRequest
from ratingd.v1.accounts_pb2_grpc import AccountServiceStub
from ratingd.v1.call_pb2 import Call, CallCost
from ratingd.v1.charging_pb2 import DebitRequest
from ratingd.v1.charging_pb2_grpc import ChargingServiceStub
from ratingd.v1.sessions_pb2 import Disconnect
from tests.alert_receiver import AlertReceiver
from tests.e2e.serving import Serving, serving
from tests.e2e.switch import Switch

FOLDER = {
    "Destinations.csv": "DST_49,49\n",
    "Rates.csv": "RT,0,0.60,60s,60s,0s\n",
    "DestinationRates.csv": "DR,DST_49,RT,*up,4,0,\n",
    "RatingPlans.csv": "RP,DR,*any,10\n",
    "RatingProfiles.csv": "cgrates.org,call,*any,,RP,\n",
    "Actions.csv": (
        "WARN,*log,,,,,,,,,,,,,,,10\n"
        "TELL,*http_post,{url},,,,,,,,,,,,,,10\n"
        "STOP,*disable_account,,,,,,,,,,,,,,,30\n"
        "STOP,*force_disconnect_sessions,;;;;,,,,,,,,,,,,,,20\n"
        "STOP,*http_post_async,{url},,,,,,,,,,,,,,10\n"
    ),
    "ActionTriggers.csv": (
        "STANDARD,CALLS,*max_event_counter,5,false,0,,,,*event_connect,,,,,,,,,,WARN,10\n"
        "STANDARD,LOW,*min_balance,2,false,0,,,,*monetary,,,,,,,,,,WARN,10\n"
        "STANDARD,HIGH,*max_balance,20,false,0,,,,*monetary,,,,,,,,,,TELL,10\n"
        "STANDARD,ABSURD,*max_balance,30,false,0,,,,*monetary,,,,,,,,,,STOP,20\n"
    ),
}


@pytest.fixture
def receiver() -> Iterator[AlertReceiver]:
    with AlertReceiver(b"the-secret") as receiver:
        yield receiver


@pytest.fixture
def daemon(store_url: str, receiver: AlertReceiver) -> Iterator[Serving]:
    with serving(store_url, webhook_secret="the-secret", webhook_hosts=("127.0.0.1",), webhook_private=True) as daemon:
        daemon.load({path: text.replace("{url}", receiver.url).encode() for path, text in FOLDER.items()})
        yield daemon


def test_counter_ceilings_disable_and_disconnect(daemon: Serving, receiver: AlertReceiver) -> None:
    accounts, charging = AccountServiceStub(daemon.channel), ChargingServiceStub(daemon.channel)
    with Switch(daemon.channel, "sbc-1") as switch:
        for balance, weight in (("A", "10"), ("B", "20")):
            top_up(accounts, f"opening-{balance}", balance, 5, weight)
        accounts.SetTriggers(SetTriggersRequest(account="1001", idempotency_key="arm", groups=["STANDARD"]))
        assert executed(accounts) == set()

        for number in range(1, 5):
            charge(charging, f"call-{number}", 60, final=True)
        assert executed(accounts) == set()
        assert charge(charging, "call-5", 60, final=True).cost.nanos == 600_000_000
        assert executed(accounts) == {"CALLS", "LOW"}  # the fifth minute took B from 2.6 to 2.0

        charge(charging, "call-6", 60)  # stays open
        top_up(accounts, "to-21", "A", 16)
        assert executed(accounts) == {"CALLS", "LOW", "HIGH"}
        assert [alert.body["trigger"]["UniqueID"] for alert in receiver.wait_for(bool, 5)] == ["HIGH"]
        assert switch.cut == []

        top_up(accounts, "to-31", "A", 10)
        account = read(accounts)
        assert account.disabled
        assert executed(accounts) == {"CALLS", "LOW", "HIGH", "ABSURD"}
        cuts = switch.wait_for_cuts(1, 5)
        assert [(cut.call_id, cut.trigger_group, cut.trigger_id) for cut in cuts] == [("call-6", "STANDARD", "ABSURD")]

        alerts = receiver.wait_for(lambda alerts: len(alerts) >= 2, 5)
        assert [alert.body["trigger"]["UniqueID"] for alert in alerts] == ["HIGH", "ABSURD"]
        assert all(alert.verified for alert in alerts)
        assert alerts[1].body["account_state"]["Disabled"] is True
        assert alerts[1].body["trigger"]["Observed"] == "31"

        with pytest.raises(grpc.RpcError) as refused:
            charge(charging, "call-7", 60)
        assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
        top_up(accounts, "to-41", "A", 10)  # above both ceilings: they have fired already
        assert len(receiver.wait_for(lambda alerts: len(alerts) > 2, 0.5)) == 2
        assert len(switch.cut) == 1


def top_up(accounts: AccountServiceStub, key: str, balance: str, units: int, weight: str = "") -> None:
    selector = BalanceSelector(kind="*monetary", id=balance)
    if weight:
        selector.weight.value = weight
    request = AddBalanceRequest(account="1001", idempotency_key=key, balance=selector)
    request.amount.money.units = units
    accounts.AddBalance(request, timeout=10)


def charge(charging: ChargingServiceStub, call_id: str, seconds: int, *, final: bool = False) -> CallCost:
    call = Call(account="1001", destination="49123", call_id=call_id, switch_id="sbc-1")
    call.time_start.seconds = 1_795_255_200
    call.usage.duration.seconds = seconds
    request = DebitRequest(call=call, idempotency_key=f"debit-{call_id}", final=final)
    cost: CallCost = charging.Debit(request, timeout=10)
    return cost


def read(accounts: AccountServiceStub) -> Account:
    account: Account = accounts.GetAccount(GetAccountRequest(account="1001"), timeout=10)
    return account


def executed(accounts: AccountServiceStub) -> set[str]:
    return {trigger.unique_id for trigger in read(accounts).triggers if trigger.executed}


def test_a_disconnect_is_repeated_until_the_switch_answers(daemon: Serving) -> None:
    accounts, charging = AccountServiceStub(daemon.channel), ChargingServiceStub(daemon.channel)
    top_up(accounts, "opening", "A", 5)
    accounts.SetTriggers(SetTriggersRequest(account="1001", idempotency_key="arm", groups=["STANDARD"]))
    charge(charging, "call-1", 60)
    top_up(accounts, "to-34", "A", 30)
    with Switch(daemon.channel, "sbc-1", answering=False) as silent:
        first: list[Disconnect] = silent.wait_for_cuts(1, 5)
    with Switch(daemon.channel, "sbc-1") as switch:
        again = switch.wait_for_cuts(1, 10)
    assert first[0].disconnect_id == again[0].disconnect_id
    assert again[0].call_id == "call-1"
    with Switch(daemon.channel, "sbc-1") as later:
        assert later.wait_for_cuts(1, 0.5) == []
