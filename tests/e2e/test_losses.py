"""Alerts in the order of what may still be lost, by the tariff in force and the balances of now."""

from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from ratingd.fraud.alert import CRITICAL, HIGH, LOW, Alert
from ratingd.v1 import fraud_pb2
from ratingd.v1.accounts_pb2 import AddBalanceRequest, BalanceSelector
from ratingd.v1.accounts_pb2_grpc import AccountServiceStub
from ratingd.v1.fraud_pb2_grpc import FraudServiceStub
from tests.api_desk import FOLDER, refused
from tests.e2e.http_client import HttpClient, http
from tests.e2e.serving import Serving

BALANCES = {"1001": 50, "1002": 400, "1003": 7}


class Scene:
    def __init__(self, client: HttpClient, channel: grpc.Channel) -> None:
        self.client, self.fraud = client, client.daemon.fraud
        self.stub: Any = FraudServiceStub(channel)
        Serving(client.daemon, channel).load(FOLDER)  # 0.60 a minute to 49
        accounts: Any = AccountServiceStub(channel)
        for account, units in BALANCES.items():
            asked = AddBalanceRequest(account=account, idempotency_key="opening",
                                      balance=BalanceSelector(kind="*monetary", id="M"))  # fmt: skip
            asked.amount.money.units = units
            accounts.AddBalance(asked, timeout=20)
        self.now_ms = client.daemon.start_ns // 1_000_000

    def called(self, account: str, number: str) -> str:
        """A call of an account to a number; its id."""
        call_id = f"{account}-{number}"
        self.client.post("/event", {"event_type": "INVITE", "call_id": call_id, "a_number": "+4930111",
                                    "b_number": number, "account": account})  # fmt: skip
        return call_id

    def alert(self, severity: str, account: str, *call_ids: str, detector: str = "irsf") -> int:
        found = Alert(severity, "Premium calls", "", detector, detector, "account", f"cgrates.org:{account}",
                      self.now_ms, self.now_ms, self.now_ms, call_ids=list(call_ids), account=account)  # fmt: skip
        return self.fraud.book.raise_now(found).id


@pytest.fixture
def scene(store_url: str) -> Iterator[Scene]:
    with (
        http(store_url, default_tenant="cgrates.org") as client,
        grpc.insecure_channel(client.daemon.address) as channel,
    ):
        yield Scene(client, channel)


def test_the_alert_that_may_cost_most_comes_first(scene: Scene) -> None:
    german = scene.called("1001", "+4930222333"), scene.called("1002", "+4930222333")
    first = scene.alert(CRITICAL, "1001", german[0])
    second = scene.alert(HIGH, "1002", german[1])
    nobody = scene.alert(CRITICAL, "nobody", detector="unknown")
    unpriced = scene.alert(LOW, "1003", scene.called("1003", "+37190012345"))
    told = scene.client.get("/api/alerts", order="loss")
    assert [each["id"] for each in told] == [second, first, unpriced, nobody]
    assert [each["expected_loss"]["loss"] for each in told] == [300.0, 47.5, 1.75, 0.0]
    loss = told[0]["expected_loss"]
    assert (loss["probability"], loss["price_per_minute"], loss["balance"], loss["accounts"]) == (0.75, 0.6, 400.0, 1)
    assert "no tariff prices" in told[2]["expected_loss"]["basis"]
    assert "no account here" in told[3]["expected_loss"]["basis"]
    assert [each["id"] for each in scene.client.get("/api/alerts", order="loss", limit=2)] == [second, first]
    assert [each["id"] for each in scene.client.get("/api/alerts")] == [unpriced, nobody, second, first]


def test_grpc_ranks_the_same_and_says_the_money(scene: Scene) -> None:
    first = scene.alert(CRITICAL, "1001", scene.called("1001", "+4930222333"))
    second = scene.alert(CRITICAL, "1003", scene.called("1003", "+4930222333"))
    told = scene.stub.ListAlerts(fraud_pb2.ListAlertsRequest(order="loss", status="open"), timeout=20).alerts
    assert [each.id for each in told] == [first, second]
    assert (told[0].expected_loss.loss.units, told[0].expected_loss.loss.nanos) == (47, 500_000_000)
    assert told[0].expected_loss.balance.units == 50
    with pytest.raises(grpc.RpcError) as caught:
        scene.stub.ListAlerts(fraud_pb2.ListAlertsRequest(order="cost"), timeout=20)
    assert refused(caught.value).fields.keys() == {"order"}


def test_an_alert_that_is_resolved_is_not_ranked_unless_asked_for(scene: Scene) -> None:
    id = scene.alert(CRITICAL, "1001", scene.called("1001", "+4930222333"))
    scene.client.post(f"/api/alerts/{id}/resolve", {"verdict": "true_positive"})
    assert scene.client.get("/api/alerts", order="loss") == []
    assert [each["id"] for each in scene.client.get("/api/alerts", order="loss", status="Resolved")] == [id]


def test_each_caller_of_a_masking_run_is_an_account(scene: Scene) -> None:
    batch = [
        {"event_type": "INVITE", "call_id": f"m-{n}", "a_number": f"+493011122{n}", "b_number": "+4930999888",
         "account": account}
        for n, account in enumerate(["1001", "1002", "1003", "x", "y"])
    ]  # fmt: skip
    scene.client.post("/event", batch)
    [told] = scene.client.get("/api/alerts", order="loss")
    loss = told["expected_loss"]
    assert (loss["accounts"], loss["balance"]) == (3, 457.0)
    assert loss["loss"] == pytest.approx(457.0 * loss["probability"])
