"""Call events by HTTP: good, malformed, oversized, repeated, of the future, out of order."""

import time
from collections.abc import Iterator

import pytest

from tests.e2e.http_client import HttpClient, http
from tests.e2e.masking import CALLERS, VICTIM, attack, attempt

EVENTS = ("/event", "/api/v1/event")
POSTED = (*EVENTS, "/api/cdr")
RECORD = {"caller_id": "+4930111", "destination": "+4930999", "duration": 42, "timestamp": 1732161129.5}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpClient]:
    with http(f"sqlite:///{tmp_path_factory.mktemp('http')}/ratingd.db", http_body_bytes_max=1_048_576) as client:
        yield client


@pytest.mark.parametrize("path", EVENTS)
def test_an_event_is_answered_with_its_verdict(client: HttpClient, path: str) -> None:
    answer = client.post(path, attempt(0, call_id=f"c{path}", b_number="+4930777"))
    verdict = {
        "call_id": f"c{path}", "action": "ALLOW", "reasons": [], "masking_probability": 0.0, "risk_score": 0.0,
        "incident_id": "", "duplicate": False, "model_version": 0,
    }  # fmt: skip
    assert answer == {
        "accepted": 1, "duplicate": False, "detected": False, "alert_id": None, "incident_id": None,
        "verdict": verdict,
    }  # fmt: skip


def test_the_fifth_caller_is_cut_and_told_of(client: HttpClient) -> None:
    answer = attack(client)
    assert (answer["accepted"], answer["detected"], answer["verdict"]["action"]) == (5, True, "DISCONNECT")
    assert [(told["index"], told["call_id"], told["reasons"]) for told in answer["verdicts"]] == [
        (4, "masked-4", ["masking"])
    ]
    incident = client.get(f"/api/incidents/{answer['incident_id']}")
    assert (incident["b_number"], incident["severity"], incident["max_distinct"]) == (VICTIM, "CRITICAL", 5)
    assert (incident["a_numbers"], incident["trunks"]) == (list(CALLERS), ["t-7"])
    assert [call["call_id"] for call in incident["flagged_calls"]] == [f"masked-{n}" for n in range(5)]
    assert [shown["id"] for shown in client.get("/api/incidents", b_number=VICTIM)] == [answer["incident_id"]]
    [alert] = [alert for alert in client.get("/api/alerts") if alert["id"] == answer["alert_id"]]
    assert (alert["severity"], alert["status"], alert["subject"]["value"]) == ("CRITICAL", "Open", VICTIM)
    assert client.get("/api/explain/masked-4")["score"] == 100


@pytest.mark.parametrize("path", EVENTS)
def test_a_repeat_is_answered_as_it_was(client: HttpClient, path: str) -> None:
    first = client.post(path, attempt(0, call_id=f"again{path}", b_number="+4930888"))
    again = client.post(path, attempt(0, call_id=f"again{path}", b_number="+4930888"))
    assert (first["duplicate"], again["duplicate"], again["accepted"]) == (False, True, 1)
    assert again["verdict"] == first["verdict"] | {"duplicate": True}


def test_a_record_is_one_call(client: HttpClient) -> None:
    answer = client.post("/api/cdr", RECORD)
    assert answer == {
        "success": True, "caller_id": "+4930111", "risk_score": 0.0, "is_fraud": False, "cluster_id": None,
        "fraud_type": None, "alerts_generated": 0,
    }  # fmt: skip
    seen = client.get("/api/stats")["total_calls"]
    assert client.post("/api/cdr", RECORD)["success"]
    assert client.get("/api/stats")["total_calls"] == seen, "the same record is the same call"


def test_a_record_of_a_masking_run_is_fraud(client: HttpClient) -> None:
    now = time.time()
    answers = [
        client.post("/api/cdr", {"source": caller, "destination": "+4930444", "duration": 0, "timestamp": now})
        for caller in CALLERS
    ]
    assert [answer["is_fraud"] for answer in answers] == [False] * 4 + [True]
    assert (answers[-1]["fraud_type"], answers[-1]["alerts_generated"], answers[-1]["cluster_id"]) == (
        "masking", 1, None,
    )  # fmt: skip


@pytest.mark.parametrize("path", POSTED)
@pytest.mark.parametrize("body", [b"{", b"", b'{"a": NaN}', b"\xff", b"[" * 100_000, b'{"a": 1} 2'])
def test_what_is_no_json_is_told_so(client: HttpClient, path: str, body: bytes) -> None:
    told = client.refused("POST", path, 400, content=body, headers={"content-type": "application/json"})
    assert told.startswith("MALFORMED ")


@pytest.mark.parametrize("path", POSTED)
def test_a_form_is_no_json(client: HttpClient, path: str) -> None:
    assert "Content-Type: application/json" in client.refused("POST", path, 400, data={"a_number": "1"})


@pytest.mark.parametrize("path", POSTED)
@pytest.mark.parametrize("body", [1, "INVITE", [[]], {}, {"event_type": "RING", "source": []}])
def test_what_is_no_event_names_what_is_wrong(client: HttpClient, path: str, body: object) -> None:
    assert client.refused("POST", path, 422, json=body).startswith("INVALID_REQUEST ")


@pytest.mark.parametrize("path", EVENTS)
def test_a_batch_is_taken_whole_or_not_at_all(client: HttpClient, path: str) -> None:
    seen = client.get("/api/stats")["total_calls"]
    good, bad = attempt(0, call_id="whole", b_number="+49301"), {"event_type": "INVITE", "a_number": ""}
    told = client.ask("POST", path, 422, json=[good, bad, good, 7])
    assert told["detail"] == [
        {"loc": ["body", 1, "b_number"], "msg": "is missing: it says who is called"},
        {"loc": ["body", 3], "msg": "an object is wanted, not 7"},
    ]
    assert client.get("/api/stats")["total_calls"] == seen
    assert client.refused("POST", path, 422, json=[]).startswith("INVALID_REQUEST")
    assert "at most 10000 events" in client.refused("POST", path, 413, json=[1] * 10_001)


@pytest.mark.parametrize("path", [*POSTED, "/api/v1/analyze", "/api/v1/lists/blacklist", "/api/alerts/1/resolve"])
@pytest.mark.parametrize("announced", [True, False])
def test_a_body_that_is_too_large_is_not_read(client: HttpClient, path: str, announced: bool) -> None:
    large = b" " * 1_100_000
    content = large if announced else iter([large[:100_000]] * 11)
    told = client.refused("POST", path, 413, content=content, headers={"content-type": "application/json"})
    assert told.startswith("REQUEST_TOO_LARGE ")
    assert "1048576 bytes" in told


@pytest.mark.parametrize("path", EVENTS)
def test_an_event_of_the_future_counts_as_of_when_it_came(client: HttpClient, path: str) -> None:
    number = f"+49305{len(path)}1234"
    calls = [attempt(n, call_id=f"f{path}{n}", b_number=number, timestamp=time.time() + 3600 * n) for n in range(5)]
    answer = client.post(path, calls)
    assert answer["verdict"]["action"] == "DISCONNECT", "all five came within a second, whatever their clocks say"


def test_a_record_of_the_future_counts_as_of_when_it_came(client: HttpClient) -> None:
    number = "+49305991234"
    client.post("/api/cdr", {**RECORD, "destination": number, "timestamp": time.time() + 86_400})
    assert client.get(f"/api/v1/metrics/{number}")["total_attempts"] == 1


@pytest.mark.parametrize("path", EVENTS)
def test_events_out_of_order_are_the_same_run(client: HttpClient, path: str) -> None:
    number, now = f"+49306{len(path)}1234", time.time()
    late = [attempt(n, call_id=f"o{path}{n}", b_number=number, timestamp=now - 4 + n) for n in (4, 0, 3, 1, 2)]
    answers = [client.post(path, each) for each in late]
    incident = client.get(f"/api/incidents/{answers[-1]['incident_id']}")
    assert [call["call_id"] for call in incident["flagged_calls"]] == [f"o{path}{n}" for n in range(5)]


def test_a_record_out_of_order_is_counted_where_it_belongs(client: HttpClient) -> None:
    number, now = "+49306991234", time.time()
    for ago in (1, 200, 100):
        client.post("/api/cdr", {**RECORD, "destination": number, "timestamp": now - ago, "duration": 0})
    report = client.get(f"/api/v1/metrics/{number}", window="60")
    assert (report["total_attempts"], report["window_seconds"]) == (1, 60)
    assert client.get(f"/api/v1/metrics/{number}", window="300")["total_attempts"] == 3
