"""A number is looked up and reported, by HTTP and by gRPC, as those who were rung by it would."""

import time
from collections.abc import Iterator
from datetime import datetime

import grpc
import pytest

from ratingd.v1 import fraud_pb2
from ratingd.v1.fraud_pb2_grpc import FraudServiceStub
from tests.api_desk import refused
from tests.e2e.http_client import HttpClient, http
from tests.e2e.masking import CALLERS, VICTIM, attack

WANGIRI = "+37190012345"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpClient]:
    with http(f"sqlite:///{tmp_path_factory.mktemp('lookup')}/ratingd.db", default_region="DE") as client:
        attack(client)
        yield client


@pytest.fixture(scope="module")
def stub(client: HttpClient) -> Iterator[FraudServiceStub]:
    with grpc.insecure_channel(client.daemon.address) as channel:
        yield FraudServiceStub(channel)


def check(client: HttpClient, number: str) -> dict[str, object]:
    told: dict[str, object] = client.post("/api/check-number", {"number": number})
    return told


def test_a_number_that_nobody_has_heard_of_is_safe(client: HttpClient) -> None:
    told = check(client, "0171 1234567")
    assert {name: told[name] for name in ("status", "risk_score", "category", "reports", "carrier", "last_active")} == {
        "status": "SAFE", "risk_score": 0, "category": "Legitimate", "reports": 0, "carrier": "T-Mobile",
        "last_active": "Never",
    }  # fmt: skip
    assert (told["number"], told["number_type"], told["region"]) == ("+491711234567", "mobile", "DE")
    assert (told["fraud_type"], told["campaign_id"], told["anomaly_score"]) == (None, None, 0)
    assert (told["explanation"], told["explanations"], told["lists"]) == ("nothing is known against it", [], [])


def test_who_took_part_in_a_masking_run_is_suspicious_and_the_victim_is_not(client: HttpClient) -> None:
    caller, victim = check(client, CALLERS[0]), check(client, VICTIM)
    assert (caller["status"], caller["fraud_type"], caller["category"]) == ("SUSPICIOUS", "masking", "Call masking")
    assert caller["category_confidence"] == "HIGH"
    assert "masked with a probability" in str(caller["explanation"])
    assert (victim["status"], victim["risk_score"]) == ("SAFE", 0)
    for told in (caller, victim):
        assert abs(seconds(str(told["last_active"])) - time.time()) < 60


def test_lists_decide(client: HttpClient, stub: FraudServiceStub) -> None:
    client.post("/api/v1/lists/blacklist", {"kind": "prefix", "value": "371900", "reason": "Wangiri range"})
    answered = client.post("/api/v1/lists/blacklist", {"value": "371900"}, 422)
    assert answered["detail"] == [{"loc": ["body", "kind"], "msg": "Field required"}]
    told = check(client, "00371 900 12345")
    assert (told["status"], told["risk_score"], told["number"]) == ("DANGEROUS", 100, WANGIRI)
    assert told["lists"] == [
        {"list": "blacklist", "kind": "prefix", "value": "+371900", "reason": "Wangiri range", "expiry": None}
    ]
    client.post("/api/v1/lists/whitelist", {"kind": "number", "value": CALLERS[1], "side": "caller"})
    spared = stub.CheckNumber(fraud_pb2.CheckNumberRequest(number=CALLERS[1]))
    assert (spared.status, spared.risk_score, spared.category) == ("SAFE", 10, "Legitimate")
    assert [(part.name, part.risk) for part in spared.parts][-1] == ("whitelist", 10)


def test_people_make_a_number_suspicious_and_not_dangerous(client: HttpClient, stub: FraudServiceStub) -> None:
    number = "+442071234567"
    body = {"number": number, "category": "irs", "comment": "says he is from the tax office"}
    assert client.post("/api/report", body) == {"number": number, "counted": True, "reports": 1}
    assert client.post("/api/report", body) == {"number": number, "counted": False, "reports": 1}
    for who in ("ann", "bob", "cid", "dan"):
        request = fraud_pb2.ReportNumberRequest(number=number, category="irs", reporter=who)
        assert stub.ReportNumber(request).counted
    told = check(client, number)
    assert (told["status"], told["risk_score"], told["reports"]) == ("SUSPICIOUS", 60, 5)
    assert (told["fraud_type"], told["category"]) == ("authority_impersonation", "Authority impersonation")


def test_twenty_reports_an_hour_are_taken(stub: FraudServiceStub) -> None:
    for place in range(20):
        request = fraud_pb2.ReportNumberRequest(number=f"+4930666{place:03}", category="other", reporter="eve")
        stub.ReportNumber(request)
    with pytest.raises(grpc.RpcError) as caught:
        stub.ReportNumber(fraud_pb2.ReportNumberRequest(number=WANGIRI, category="other", reporter="eve"))
    told = refused(caught.value)
    assert (told.code, told.reason) == ("RESOURCE_EXHAUSTED", "TOO_MANY_REQUESTS")
    assert told.retry_ms > 3_000_000


@pytest.mark.parametrize("number", ["hello", "anonymous", "+", "+49", "12345678901234567890"])
def test_what_is_no_number_is_refused(client: HttpClient, stub: FraudServiceStub, number: str) -> None:
    told = client.refused("POST", "/api/check-number", 422, json={"number": number})
    assert "is no telephone number" in told
    assert "default_region" in told
    with pytest.raises(grpc.RpcError) as caught:
        stub.CheckNumber(fraud_pb2.CheckNumberRequest(number=number))
    assert refused(caught.value).fields.keys() == {"number"}


def test_each_look_is_written_down(client: HttpClient, stub: FraudServiceStub) -> None:
    stub.CheckNumber(fraud_pb2.CheckNumberRequest(number="+4930 777 1", who="ann"))
    stub.Explain(fraud_pb2.ExplainRequest(subject="masked-0", who="ann"))
    audits = client.daemon.store.fraud.audits(who="ann")
    assert [(each.row.what, each.row.subject, each.row.details) for each in audits] == [
        ("lookup", "masked-0", "explain"), ("lookup", "+49307771", "check-number"),
    ]  # fmt: skip


def test_a_call_that_goes_on_is_explained_by_its_caller(client: HttpClient) -> None:
    caller = "+491711234500"
    client.post("/event", {"event_type": "INVITE", "call_id": "ringing", "a_number": caller, "b_number": "+49307772"})
    explained = client.get("/api/explain/ringing")
    assert (explained["kind"], explained["subject"]) == ("call", "ringing")
    assert explained["score"] == client.get(f"/api/explain/{caller}")["score"]


def test_a_call_that_nobody_knows_is_not_explained(client: HttpClient) -> None:
    answered = client.ask("GET", "/api/explain/no-such-call", 404)
    assert answered["code"] == "NOT_FOUND"
    assert "no call 'no-such-call' is known" in answered["detail"]


def test_a_call_is_explained_the_same_by_both(client: HttpClient, stub: FraudServiceStub) -> None:
    by_http = client.get("/api/explain/masked-0")
    by_grpc = stub.Explain(fraud_pb2.ExplainRequest(subject="masked-0"))
    assert (by_grpc.score, by_grpc.kind, by_grpc.model) == (by_http["score"], "call", by_http["model"])
    assert [each.text for each in by_grpc.explanations] == [each["text"] for each in by_http["explanations"]]
    assert [each.id for each in by_grpc.rules] == [each["id"] for each in by_http["rules"]] == ["masking"]


def test_without_anybody_who_finds_them_there_are_no_campaigns(client: HttpClient, stub: FraudServiceStub) -> None:
    assert client.get("/api/campaigns") == []
    assert client.get("/api/campaigns", status="Active", limit=3) == []
    assert client.get("/api/graph")["metrics"]["node_count"] == 0
    assert "CMP-2026-1" in client.refused("GET", "/api/campaigns/CMP-2026-1/graph", 404)
    assert not stub.ListCampaigns(fraud_pb2.ListCampaignsRequest()).campaigns
    with pytest.raises(grpc.RpcError) as caught:
        stub.ListCampaigns(fraud_pb2.ListCampaignsRequest(status="Sleeping"))
    assert "Emerging, Active, Dormant, Closed" in refused(caught.value).fields["status"]


def seconds(instant: str) -> float:
    return datetime.fromisoformat(instant).timestamp()
