"""A case is opened by the id of whatever an analyst has at hand, says all of it, and is confirmed or dismissed."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import grpc
import pytest

from ratingd.fraud.alert import HIGH, Alert
from ratingd.v1 import fraud_pb2
from ratingd.v1.fraud_pb2_grpc import FraudServiceStub
from tests.api_desk import refused
from tests.e2e.http_client import HttpClient, http
from tests.e2e.masking import CALLERS, VICTIM, attack

WANGIRI = "+37190012345"


class Campaigns:
    """One, as whoever finds campaigns tells of it."""

    def __init__(self) -> None:
        self.shown = {
            "id": "CMP-2026-1", "name": "Wangiri +371 #1", "fraud_type": "wangiri", "risk_score": 90.0,
            "severity": "HIGH", "affected_users": 300, "callers": 2, "first_seen": 1.0, "last_seen": 2.0,
            "regions": [{"name": "LV", "calls": 300, "threat": 90.0}], "velocity": 30.0, "density": 0.5,
            "status": "Active", "confidence": 0.9, "merged_into": None,
        }  # fmt: skip

    def campaigns(self, status: str = "", limit: int = 50) -> Sequence[Mapping[str, Any]]:
        return [self.shown] if status in ("", "Active") else []

    def campaign(self, id: str) -> Mapping[str, Any] | None:
        return self.shown if id == self.shown["id"] else None

    def graph(self, id: str | None = None) -> Mapping[str, Any] | None:
        node = {"id": f"caller:{WANGIRI}", "kind": "caller", "label": WANGIRI, "risk": 90.0,
                "campaign_id": "CMP-2026-1", "calls": 300}  # fmt: skip
        edge = {"source": node["id"], "target": "callee:+4930111", "calls": 1, "weight": 0.1, "last_ts": 2.0}
        metrics = {"node_count": 1, "edge_count": 1, "density": 0.5, "velocity": 30.0}
        shown = {"nodes": [node], "edges": [edge], "metrics": metrics, "truncated": False}
        return shown if id in (None, self.shown["id"]) else None

    def campaign_of(self, number: str) -> Mapping[str, Any] | None:
        return self.shown if number == WANGIRI else None

    def callers(self, id: str) -> Sequence[str]:
        return [WANGIRI, "+37190012346"]


@pytest.fixture
def client(sqlite_url: str) -> Iterator[HttpClient]:
    with http(sqlite_url, default_region="DE") as client:
        attack(client)
        yield client


@pytest.fixture
def stub(client: HttpClient) -> Iterator[Any]:
    with grpc.insecure_channel(client.daemon.address) as channel:
        yield FraudServiceStub(channel)


def labels(client: HttpClient) -> dict[tuple[str, str], tuple[int, str, str]]:
    """The label that counts of each subject: fraud or not, its kind, who said so."""
    found = client.daemon.store.labels.current()
    return {(each.subject_kind, each.subject): (each.label, each.kind, each.who) for each in found}


def test_an_alert_is_told_with_its_run_its_calls_and_its_callers(client: HttpClient) -> None:
    [alert] = client.get("/api/alerts")
    told = client.get(f"/api/cases/{alert['id']}")
    assert (told["id"], told["kind"], told["fraud_type"]) == (str(alert["id"]), "alert", "masking")
    assert told["incident"]["b_number"] == VICTIM
    assert [call["call_id"] for call in told["calls"]] == [f"masked-{n}" for n in range(5)]
    assert {call["trunk"] for call in told["calls"]} == {"t-7"}
    assert [each["number"] for each in told["numbers"]] == [*CALLERS, VICTIM]
    assert [each["status"] for each in told["numbers"]] == ["SUSPICIOUS"] * 5 + ["SAFE"]
    assert told["rules"][0]["id"] == "masking"
    assert "distinct" in told["explanations"][0]["feature"]
    assert {deed["what"] for deed in told["deeds"]} >= {"lookup", "action"}
    assert told["expected_loss"]["basis"] == "no account here pays for these calls"
    assert (told["calls_total"], told["labels"], told["campaign"]) == (5, [], None)


def test_the_incident_the_call_and_the_number_lead_to_the_same(client: HttpClient, stub: Any) -> None:
    [alert] = client.get("/api/alerts")
    by_incident = client.get(f"/api/cases/{alert['incident_id']}")
    assert (by_incident["kind"], [each["id"] for each in by_incident["alerts"]]) == ("incident", [alert["id"]])
    by_call = client.get("/api/cases/masked-3")
    assert (by_call["kind"], by_call["title"]) == ("call", f"Call of {CALLERS[3]} to {VICTIM}")
    assert [each["number"] for each in by_call["numbers"]] == [CALLERS[3], VICTIM]
    assert any(f"rang {VICTIM} within the window" in each["text"] for each in by_call["explanations"])
    by_number = stub.GetCase(fraud_pb2.GetCaseRequest(id="030 1112 20", who="ann"), timeout=20)
    assert (by_number.id, by_number.kind) == (CALLERS[0], "number")
    assert [call.call_id for call in by_number.calls] == ["masked-0"]
    assert by_number.numbers[0].status == "SUSPICIOUS"
    victim = client.get(f"/api/cases/{VICTIM}")
    assert {call["call_id"] for call in victim["calls"]} == {f"masked-{n}" for n in range(5)}
    assert victim["numbers"][0]["status"] == "SAFE"
    assert {call["masking_probability"] for call in victim["calls"]} == {by_call["calls"][0]["masking_probability"]}
    [audit] = client.daemon.store.fraud.audits(who="ann")
    assert (audit.row.what, audit.row.subject, audit.row.details) == ("lookup", CALLERS[0], "case number")


def test_a_confirmed_alert_labels_its_calls_and_is_resolved(client: HttpClient) -> None:
    [alert] = client.get("/api/alerts")
    told = client.post(f"/api/cases/{alert['id']}/label", {"verdict": "confirm", "comment": "seen it before"})
    assert told == {"id": str(alert["id"]), "kind": "alert", "fraud": True, "fraud_type": "masking", "labelled": 5,
                    "alerts": [alert["id"]]}  # fmt: skip
    who = "http 127.0.0.1"
    assert labels(client) == {("call", f"masked-{n}"): (1, "masking", who) for n in range(5)}
    after = client.get(f"/api/cases/{alert['id']}")
    assert (after["alerts"][0]["state"], after["alerts"][0]["comment"]) == ("resolved", "seen it before")
    assert {"case.label", "alert.resolve"} <= {deed["what"] for deed in after["deeds"]}
    assert [label["fraud"] for label in after["labels"]] == [True] * 5
    assert after["expected_loss"] is None  # nobody waits for it any more


def test_an_analyst_may_change_his_mind(client: HttpClient, stub: Any) -> None:
    [alert] = client.get("/api/alerts")
    for verdict in ("confirm", "dismiss"):
        request = fraud_pb2.LabelCaseRequest(id=alert["incident_id"], verdict=verdict, who="ann")
        told = stub.LabelCase(request, timeout=20)
        assert (told.subject_kind, told.labelled, list(told.alerts)) == ("incident", 5, [alert["id"]])
    assert labels(client)["call", "masked-0"] == (0, "", "ann")
    assert client.get("/api/alerts")[0]["state"] == "false_positive"
    assert [label.fraud for label in stub.GetCase(fraud_pb2.GetCaseRequest(id="masked-0")).labels] == [False, True]


def test_an_alert_that_is_resolved_with_a_verdict_is_labelled(client: HttpClient) -> None:
    [alert] = client.get("/api/alerts")
    client.post(f"/api/alerts/{alert['id']}/resolve", {"comment": "no time"})
    assert labels(client) == {}
    client.post(f"/api/alerts/{alert['id']}/resolve", {"verdict": "false_positive"})
    assert set(labels(client).values()) == {(0, "", "http 127.0.0.1")}


def test_one_call_that_is_dismissed_closes_no_alert(client: HttpClient) -> None:
    told = client.post("/api/cases/masked-2/label", {"verdict": "dismiss"})
    assert (told["labelled"], told["alerts"]) == (1, [])
    assert client.get("/api/alerts")[0]["state"] == "new"


def test_a_number_is_labelled_and_what_is_open_against_it_is_resolved(client: HttpClient) -> None:
    now_ms = client.daemon.start_ns // 1_000_000
    id = client.daemon.fraud.book.raise_now(
        Alert(HIGH, "Wangiri", "", "wangiri", "wangiri", "a_number", WANGIRI, now_ms, now_ms, now_ms)
    ).id
    client.post("/api/v1/lists/blacklist", {"kind": "number", "value": WANGIRI, "reason": "rings once"})
    case = client.get(f"/api/cases/{WANGIRI}")
    assert (case["kind"], case["fraud_type"], case["numbers"][0]["status"]) == ("number", "wangiri", "DANGEROUS")
    assert [(each["list"], each["reason"]) for each in case["lists"]] == [("blacklist", "rings once")]
    assert "list.add" in [deed["what"] for deed in case["deeds"]]
    told = client.post(f"/api/cases/{WANGIRI}/label", {"verdict": "confirm", "kind": "irsf"})
    assert (told["labelled"], told["fraud_type"], told["alerts"]) == (1, "irsf", [id])
    assert labels(client) == {("number", WANGIRI): (1, "irsf", "http 127.0.0.1")}


def test_a_campaign_is_a_case_of_its_callers(client: HttpClient, stub: Any) -> None:
    client.daemon.fraud.investigation.follow(Campaigns())
    case = client.get("/api/cases/CMP-2026-1")
    assert (case["kind"], case["title"], case["campaign"]["risk_score"]) == ("campaign", "Wangiri +371 #1", 90.0)
    first = case["numbers"][0]
    assert (first["status"], first["risk_score"], first["campaign_id"]) == ("SUSPICIOUS", 81, "CMP-2026-1")
    assert stub.LabelCase(fraud_pb2.LabelCaseRequest(id="CMP-2026-1", verdict="confirm")).labelled == 2
    assert labels(client)["number", WANGIRI] == (1, "wangiri", "grpc")
    assert stub.GetCase(fraud_pb2.GetCaseRequest(id="CMP-2026-1")).campaign.regions[0].name == "LV"
    [listed] = stub.ListCampaigns(fraud_pb2.ListCampaignsRequest(status="Active")).campaigns
    assert (listed.id, listed.affected_users, listed.last_seen.seconds) == ("CMP-2026-1", 300, 2)
    graph = stub.GetCampaignGraph(fraud_pb2.GetCampaignGraphRequest(id="CMP-2026-1"))
    assert (graph.nodes[0].label, graph.edges[0].target, graph.node_count) == (WANGIRI, "callee:+4930111", 1)
    assert client.get("/api/campaigns/CMP-2026-1/graph")["nodes"][0]["kind"] == "caller"
    assert client.get("/api/campaigns", status="Dormant") == []


def test_an_alert_says_in_which_campaign_its_caller_is(client: HttpClient, stub: Any) -> None:
    [masking] = client.get("/api/alerts")
    assert masking["cluster_id"] is None
    client.daemon.fraud.investigation.follow(Campaigns())
    now_ms = client.daemon.start_ns // 1_000_000
    about = Alert(HIGH, "Wangiri", "", "wangiri", "wangiri", "a_number", WANGIRI, now_ms, now_ms, now_ms)
    id = client.daemon.fraud.book.raise_now(about).id
    told = {each["id"]: each["cluster_id"] for each in client.get("/api/alerts")}
    assert told == {id: "CMP-2026-1", masking["id"]: None}
    assert stub.GetAlert(fraud_pb2.GetAlertRequest(id=id)).cluster_id == "CMP-2026-1"
    assert stub.GetAlert(fraud_pb2.GetAlertRequest(id=masking["id"])).cluster_id == ""
    cdr = {"caller_id": WANGIRI, "destination": VICTIM, "duration": 3, "timestamp": now_ms / 1000}
    assert client.post("/api/cdr", cdr)["cluster_id"] == "CMP-2026-1"


@pytest.mark.parametrize("id", ["999999", "4f0c2c6a1d8e9b37", "CMP-2026-99", "hello"])
def test_what_is_no_case_is_told_with_where_to_look(client: HttpClient, stub: Any, id: str) -> None:
    if id == "999999":  # six digits are an extension, which is a number
        assert client.get(f"/api/cases/{id}")["kind"] == "number"
        return
    assert "`ratingd fraud alerts`" in client.refused("GET", f"/api/cases/{id}", 404)
    with pytest.raises(grpc.RpcError) as caught:
        stub.GetCase(fraud_pb2.GetCaseRequest(id=id))
    assert refused(caught.value).code == "NOT_FOUND"


def test_a_verdict_that_is_none_is_refused(client: HttpClient, stub: Any) -> None:
    assert "verdict" in client.refused("POST", "/api/cases/masked-0/label", 422, json={"verdict": "maybe"})
    for field, request in {
        "verdict": fraud_pb2.LabelCaseRequest(id="masked-0", verdict="maybe"),
        "kind": fraud_pb2.LabelCaseRequest(id="masked-0", verdict="confirm", kind="Call Masking!"),
        "id": fraud_pb2.LabelCaseRequest(verdict="confirm"),
    }.items():
        with pytest.raises(grpc.RpcError) as caught:
            stub.LabelCase(request)
        assert refused(caught.value).fields.keys() == {field}
    assert labels(client) == {}
