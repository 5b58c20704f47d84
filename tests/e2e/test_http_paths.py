"""What people and programs ask by HTTP: health, metrics, analyses, alerts, lists, dead letters, and the page of all."""

import time
from collections.abc import Iterator

import pytest

from accounts.account import AccountKey
from ratingd.store.fraud_rows import FraudBatch
from ratingd.store.rows import OutboxEntry, shard_of
from tests.e2e.http_client import HttpClient, http
from tests.e2e.masking import CALLERS, VICTIM, attack, attempt


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpClient]:
    with http(f"sqlite:///{tmp_path_factory.mktemp('http')}/ratingd.db") as client:
        attack(client)
        yield client


def audits(client: HttpClient, what: str) -> list[tuple[str, str, str]]:
    return [(each.row.who, each.row.subject, each.row.details) for each in client.daemon.store.fraud.audits(what=what)]


def test_it_says_that_it_is_there_and_well(client: HttpClient) -> None:
    assert client.get("/") == {"message": "ratingd Online", "version": client.daemon.version}
    for path in ("/health", "/healthz"):
        told = client.get(path)
        assert told["status"] == "ok"
        assert told["checks"] == {
            "db": "ok", "kafka": "off", "model": "off", "scheduler": "ok", "detection": "ok", "transport": "ok",
        }  # fmt: skip
        assert told["uptime_s"] > 0


def test_stats_are_those_of_a_dashboard(client: HttpClient) -> None:
    told = client.get("/api/stats")
    assert set(told) == {
        "total_calls", "blocked_threats", "active_campaigns_count", "total_fraud_detected", "threat_index",
        "victims_saved", "network_load", "calls_per_second",
    }  # fmt: skip
    assert told["total_calls"] >= 5
    assert (told["active_campaigns_count"], told["threat_index"]) == (0, 0.0)
    assert client.get("/api/campaigns") == []


def test_metrics_of_numbers_and_trunks(client: HttpClient) -> None:
    called = client.get(f"/api/v1/metrics/{VICTIM}")
    assert (called["b_number"], called["total_attempts"], called["window_seconds"]) == (VICTIM, 5, 300)
    assert (called["asr"], called["distinct_a"]) == (0, 5)
    assert {"aloc", "overlap_ratio", "answered_calls", "concurrent_callers", "calculated_at"} <= set(called)
    assert client.get(f"/api/v1/metrics/a/{CALLERS[0]}")["total_attempts"] == 1
    assert client.get("/api/v1/metrics/trunk/t-7", window="3600")["total_attempts"] == 5
    assert ("http 127.0.0.1", VICTIM, "metrics.b") in audits(client, "lookup")


@pytest.mark.parametrize("window", ["0", "-5", "301", "week", ""])
def test_a_window_that_is_not_kept_is_refused(client: HttpClient, window: str) -> None:
    told = client.refused("GET", f"/api/v1/metrics/{VICTIM}", 422, params={"window": window})
    assert '"query", "window"' in told


def test_metrics_are_forgotten_on_request(client: HttpClient) -> None:
    client.post("/event", attempt(0, call_id="to-forget", b_number="+4930555123"))
    assert client.delete("/api/v1/metrics/+4930555123") == {"status": "reset", "b_number": "+4930555123"}
    assert client.get("/api/v1/metrics/+4930555123")["total_attempts"] == 0
    assert audits(client, "metrics.reset") == [("http 127.0.0.1", "+4930555123", "")]


def test_an_analysis_counts_nothing(client: HttpClient) -> None:
    call = {"call_id": "asked", "a_number": "+4930111", "b_number": "+4930666123"}
    asked = client.post("/api/v1/analyze", call)
    assert (asked["is_masking"], asked["action"], asked["method"]) == (False, "ALLOW", "rule_based")
    what_if = client.post("/api/v1/analyze", {**call, "distinct_a_count": 6, "timestamp": time.time()})
    assert (what_if["is_masking"], what_if["action"]) == (True, "DISCONNECT")
    assert what_if["features_used"]["distinct_a_count"] == 6
    assert client.get("/api/v1/metrics/+4930666123")["total_attempts"] == 0


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"call_id": "c", "a_number": "1"}, "b_number"),
        ({"call_id": "c", "a_number": "1", "b_number": "2", "distinct_a_count": "5"}, "distinct_a_count"),
        ({"call_id": "c", "a_number": "1", "b_number": "2", "short_call_ratio": 1.5}, "short_call_ratio"),
        ({"call_id": "c", "a_number": "1", "b_number": "2", "timestamp": "soon"}, "a time is wanted"),
    ],
)
def test_an_analysis_of_what_cannot_be_is_refused(client: HttpClient, body: object, told: str) -> None:
    assert told in client.refused("POST", "/api/v1/analyze", 422, json=body)


def test_an_alert_is_acknowledged_and_resolved(client: HttpClient) -> None:
    [alert] = client.get("/api/alerts", severity="CRITICAL", status="Open", since=time.time() - 3600)
    assert alert["time"].endswith("s ago")
    id = alert["id"]
    acked = client.post(f"/api/alerts/{id}/ack")
    assert (acked["status"], acked["state"], acked["acked_by"]) == ("Investigating", "acked", "http 127.0.0.1")
    assert [each["id"] for each in client.get("/api/alerts", status="acked")] == [id]
    resolved = client.post(f"/api/alerts/{id}/resolve", {"comment": "a test", "verdict": "false_positive"})
    assert (resolved["status"], resolved["state"], resolved["comment"]) == ("Resolved", "false_positive", "a test")
    assert client.get("/api/alerts", status="Open") == []
    assert client.refused("POST", f"/api/alerts/{id}/ack", 409).startswith("CONFLICT ")
    assert client.refused("POST", "/api/alerts/999999/ack", 404).startswith("NOT_FOUND ")
    assert client.refused("POST", f"/api/alerts/{id}/resolve", 422, json={"verdict": "maybe"})
    assert [who for who, _, _ in audits(client, "alert.ack")] == ["http 127.0.0.1"]


@pytest.mark.parametrize("query", [{"severity": "BAD"}, {"status": "lost"}, {"limit": 0}, {"since": "yesterday"}])
def test_a_filter_of_alerts_that_means_nothing_is_refused(client: HttpClient, query: dict[str, str]) -> None:
    assert client.refused("GET", "/api/alerts", 422, params=query).startswith("INVALID_REQUEST ")


def test_an_incident_that_is_not_there(client: HttpClient) -> None:
    assert client.refused("GET", "/api/incidents/nothing", 404).startswith("NOT_FOUND ")


def test_a_blacklisted_caller_is_refused_until_he_is_taken_off(client: HttpClient) -> None:
    entry = client.post("/api/v1/lists/blacklist", {"kind": "prefix", "value": "37190", "reason": "premium"})
    assert (entry["list"], entry["value"], entry["who"], entry["expiry"]) == (
        "blacklist", "+37190", "http 127.0.0.1", None,
    )  # fmt: skip
    call = {"event_type": "INVITE", "a_number": "+37190012345", "b_number": "+4930222444"}
    assert client.post("/event", call)["verdict"]["reasons"] == ["blacklist"]
    assert [each["value"] for each in client.get("/api/v1/lists/blacklist")] == ["+37190"]
    assert client.delete("/api/v1/lists/blacklist", kind="prefix", value="+37190")["status"] == "removed"
    assert client.refused("DELETE", "/api/v1/lists/blacklist?kind=prefix&value=%2B37190", 404)
    assert client.post("/event", {**call, "call_id": "later"})["verdict"]["action"] == "ALLOW"
    assert len(audits(client, "list.add")) == len(audits(client, "list.remove")) == 1


def test_a_whitelisted_number_is_spared(client: HttpClient) -> None:
    spared = "+498001234567"
    entry = client.post("/api/v1/lists/whitelist", {"kind": "number", "value": spared, "threshold": 60})
    assert (entry["list"], entry["threshold"]) == ("b_whitelist", 60)
    calls = [attempt(n, call_id=f"s{n}", b_number=spared) for n in range(5)]
    assert not client.post("/event", calls)["detected"]
    trunk = client.post("/api/v1/lists/whitelist", {"kind": "trunk", "value": "pbx-7"})
    assert trunk["list"] == "a_whitelist"
    assert client.ask("DELETE", f"/api/v1/lists/whitelist?kind=number&value={spared}")["kind"] == "number"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"kind": "number"}, 422),
        ({"kind": "letter", "value": "1"}, 422),
        ({"kind": "prefix", "value": "+49x"}, 422),
        ({"kind": "number", "value": "nobody"}, 404),
        ({"kind": "number", "value": "112"}, 403),
        ({"kind": "trunk", "value": "t-1", "expiry": 1_000_000_000}, 409),
        ({"kind": "trunk", "value": "t-1", "colour": "red"}, 422),
    ],
)
def test_an_entry_that_cannot_hold_is_refused(client: HttpClient, body: object, status: int) -> None:
    client.refused("POST", "/api/v1/lists/blacklist", status, json=body)
    assert client.refused("GET", "/api/v1/lists/greylist", 404)


def test_a_dead_letter_is_tried_again(client: HttpClient) -> None:
    store = client.daemon.store
    key = AccountKey("cgrates.org", "1001")
    url = "https://127.0.0.1:1/never"
    entry = OutboxEntry("dead-1", key, shard_of(key), "webhook", url, "{}", time.time_ns(), due_ns=2**62)
    store.fraud.commit(FraudBatch(outbox=[entry]))
    assert client.refused("POST", "/api/v1/deadletters/dead-1/replay", 409).startswith("CONFLICT ")
    assert store.outbox.dead("dead-1", "HTTP 404")
    [told] = client.get("/api/v1/deadletters")
    assert (told["id"], told["kind"], told["target"], told["account"], told["last_error"]) == (
        "dead-1", "webhook", url, "1001", "HTTP 404",
    )  # fmt: skip
    assert client.post("/api/v1/deadletters/dead-1/replay") == {"status": "waiting", "id": "dead-1"}
    assert client.refused("POST", "/api/v1/deadletters/dead-9/replay", 404).startswith("NOT_FOUND ")


def test_what_is_not_there_says_what_is(client: HttpClient) -> None:
    assert "GET /docs lists what there is" in client.refused("GET", "/nothing", 404)
    answer = client.client.put("/api/v1/lists/blacklist")
    assert (answer.status_code, answer.headers["allow"]) == (405, "DELETE, GET, POST")


def test_the_page_of_all_loads_nothing_from_anywhere(client: HttpClient) -> None:
    answer = client.client.get("/docs")
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "http://" not in answer.text
    assert "https://" not in answer.text
    assert "<script" not in answer.text
    for path in client.get("/openapi.json")["paths"]:
        assert f"<code>{path}</code>" in answer.text


def test_a_name_that_is_not_this_machine_is_refused(client: HttpClient) -> None:
    told = client.refused("GET", "/api/stats", 400, headers={"host": "evil.example.org"})
    assert "no name of this service" in told


def test_a_number_is_found_by_a_pseudonym_where_numbers_are_not_stored(store_url: str) -> None:
    with http(store_url, hash_numbers=True, number_key="0123456789abcdef") as client:
        answer = attack(client)
        incident = client.get(f"/api/incidents/{answer['incident_id']}")
        assert incident["b_number"].startswith("h:")
        assert client.get(f"/api/v1/metrics/{VICTIM}")["total_attempts"] == 5
        assert client.get("/api/incidents", b_number=VICTIM)[0]["id"] == answer["incident_id"]
        assert len(audits(client, "lookup")) == 3
        assert not [subject for _, subject, _ in audits(client, "lookup") if VICTIM in subject]


def test_too_many_requests_are_told_when_to_come_again(sqlite_url: str) -> None:
    with http(sqlite_url, http_requests_per_second=3) as client:
        answers = [client.client.get("/") for _ in range(30)]
        late = [answer for answer in answers if answer.status_code == 429]
        assert late
        assert (late[0].json()["code"], late[0].headers["retry-after"]) == ("TOO_MANY_REQUESTS", "1")
        assert client.client.get("/health").status_code == 200
        assert client.client.get("/metrics").status_code == 200
