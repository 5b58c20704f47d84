"""What a model saw goes on after a stop and after a kill: runs under their ids, calls that are to be cut refused."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from click.testing import CliRunner

from ratingd.cli.main import main
from ratingd.v1.fraud_pb2 import AnalyzeRequest, CallEvent, ListIncidentsRequest, Verdict
from ratingd.v1.fraud_pb2_grpc import FraudServiceStub
from tests.api_desk import Refused
from tests.e2e.scored_town import Town, caller, masking_folder, town
from tests.faults.daemon_process import DaemonProcess
from tests.waiting import until

B = "+4930222201"
BEGIN_MS = 1_795_000_000_000


def refusal(there: Town, call_id: str, a: str) -> str:
    with pytest.raises(Refused) as refused:
        there.debit("1001", call_id, a, B, key="after")
    return refused.value.reason


def test_run_goes_on_and_its_calls_stay_refused_after_a_start(sqlite_url: str) -> None:
    with town(sqlite_url, masking_folder(), masking_ml_acts=True) as before:
        before.opened("1001")
        verdicts = before.attack(B, 4)
        alert, [run] = before.alert(B), before.incidents(B)
        now_ms = before.now_ms()
    with town(sqlite_url, begin_ms=now_ms, masking_ml_acts=True) as after:
        assert [refusal(after, f"{B}-{n}", caller(B, n)) for n in (2, 3)] == ["CALL_MASKED"] * 2
        assert after.debit("1001", f"{B}-1", caller(B, 1), B) == 60
        assert after.http.post("/event", after.event(f"{B}-3", caller(B, 3), B))["duplicate"] is True
        explained = after.http.get(f"/api/explain/{B}-3")
        assert (explained["score"], explained["model"]) == (100 * run["probability_max"], "masking 1")
        assert "distinct_a_count" in [each["feature"] for each in explained["explanations"]]
        verdict = after.call(f"{B}-again", caller(B, 2), B)
        assert (verdict["action"], verdict["model_version"]) == ("DISCONNECT", 1)
        assert verdict["incident_id"] == verdicts[2]["incident_id"] == run["id"]
        [later] = after.incidents(B)
        assert (later["id"], later["calls"], later["severity"], later["response"]) == (
            run["id"], 3, "MEDIUM", "disconnect",
        )  # fmt: skip
        assert later["explanations"] == run["explanations"]
        assert later["probability_max"] >= run["probability_max"]
        assert after.alert(B)["id"] == alert["id"]
        [worse] = after.attack(B, 1, first=5)
        assert worse["incident_id"] != run["id"]
        until(lambda: after.alert(B)["severity"] == "CRITICAL")
        assert after.alert(B)["id"] == alert["id"]


def test_call_that_was_only_reported_is_known_as_such_after_a_start(sqlite_url: str) -> None:
    with town(sqlite_url, masking_folder()) as before:
        verdict = before.attack(B, 3)[2]
        now_ms = before.now_ms()
    with town(sqlite_url, begin_ms=now_ms) as after:
        again = after.call(f"{B}-2", caller(B, 2), B)
        assert (again["duplicate"], again["action"], again["reasons"], again["incident_id"]) == (
            True, "ALLOW", ["masking"], verdict["incident_id"],
        )  # fmt: skip
        until(lambda: not after.daemon.fraud.desk.rebuilding)
        after.http.post("/event", after.event(f"{B}-2", caller(B, 2), B, "BYE"))
        record = after.record(f"{B}-2")
        assert (record.flags, record.incident_id) == ("masking", verdict["incident_id"])


class Outside:
    """A daemon in a process of its own, and a switch that tells it of calls."""

    def __init__(self, url: str, log: Path) -> None:
        settings = {"DATABASE_URL": url, "DETECTION": "true", "MASKING_ML_ACTS": "true", "DEFAULT_REGION": "DE"}
        self.daemon = DaemonProcess({f"RATINGD_{name}": value for name, value in settings.items()}, log)
        self.daemon.start()

    def ask(self, method: str, request: Any) -> Any:
        with grpc.insecure_channel(self.daemon.address) as channel:
            return getattr(FraudServiceStub(channel), method)(request, timeout=20)

    def call(self, number: int) -> Any:
        event = CallEvent(
            call_id=f"c-{number}", kind=CallEvent.INVITE, time_ms=BEGIN_MS + 100 * number, a_number=caller(B, number),
            b_number=B, trunk="t-7", switch_id="sbc-1",
        )  # fmt: skip
        return self.ask("SubmitCallEvent", event)

    def given(self, folder: Path) -> None:
        """Activate a model, as an operator does."""
        for arguments in (("add", str(folder)), ("activate", "masking", "1")):
            done = CliRunner().invoke(main, ["model", *arguments, "--address", self.daemon.address])
            assert done.exit_code == 0, done.output

    def libraries(self) -> set[str]:
        """What of models it has loaded."""
        maps = Path(f"/proc/{self.daemon.pid}/maps").read_text()
        return {name for name in ("onnxruntime", "xgboost", "sklearn", "numpy") if f"/{name}" in maps}


@pytest.fixture
def outside(sqlite_url: str, tmp_path: Path) -> Iterator[Outside]:
    made = Outside(sqlite_url, tmp_path / "daemon.log")
    yield made
    made.daemon.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_daemon_loads_nothing_without_a_model_and_goes_on_with_its_run_after_a_kill(
    outside: Outside, tmp_path: Path
) -> None:
    assert (outside.call(0).model_version, outside.call(1).model_version) == (0, 0)
    assert outside.ask("Analyze", AnalyzeRequest(a_number=caller(B, 0), b_number=B)).method == "rule_based"
    assert outside.libraries() == set()
    masking_folder().write(tmp_path / "masking-1")
    outside.given(tmp_path / "masking-1")
    third = outside.call(2)
    assert (third.action, third.model_version) == (Verdict.DISCONNECT, 1)
    assert outside.libraries()
    outside.daemon.kill()
    outside.daemon.start()
    again, further = outside.call(2), outside.call(3)
    assert (again.duplicate, again.action, again.incident_id) == (True, Verdict.DISCONNECT, third.incident_id)
    assert (further.action, further.model_version) == (Verdict.DISCONNECT, 1)
    [run] = outside.ask("ListIncidents", ListIncidentsRequest(b_number=B)).incidents
    assert run.id == further.incident_id == third.incident_id
    assert (run.call_count, run.by_score, run.model_version) == (2, True, 1)
