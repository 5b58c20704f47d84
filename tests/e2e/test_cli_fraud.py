"""`ratingd fraud` against a daemon that has seen a masking run."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from ratingd.cli import main
from ratingd.v1.fraud_pb2 import CallEvent
from ratingd.v1.fraud_pb2_grpc import FraudServiceStub
from tests.e2e.serving import Serving, serving
from tests.e2e.shell import Shell

B = "+4930654321"
ONE_RULE = "many,robocall,a,attempts.600 >= 9,HIGH,HIGH,*alert,false,1h,many calls\n"


@pytest.fixture
def quiet(sqlite_url: str) -> Iterator[Serving]:
    with serving(sqlite_url, log_format="none", default_region="DE") as served:
        yield served


@pytest.fixture
def shell(quiet: Serving) -> Shell:
    """On a daemon where five called one number at once."""
    stub, at_ms = FraudServiceStub(quiet.channel), quiet.daemon.start_ns // 1_000_000
    for number in range(5):
        event = CallEvent(
            call_id=f"c{number}", kind=CallEvent.INVITE, time_ms=at_ms + number, a_number=f"+493012340{number}",
            b_number=B, trunk="t-7", switch_id="sbc-1",
        )  # fmt: skip
        stub.SubmitCallEvent(event, timeout=20)
    return Shell(quiet)


def test_alerts_are_listed_and_shown_with_the_evidence(shell: Shell) -> None:
    (alert,) = shell.json("fraud", "alerts")
    assert (alert["severity"], alert["status"], alert["subject"], alert["count"]) == ("CRITICAL", "new", B, 1)
    shown = shell.table("fraud", "show", str(alert["id"]))
    for evidence in ("CRITICAL", B, "t-7", "sbc-1", "+4930123400", "c0", "c4", "5 callers", "disconnect: "):
        assert evidence in shown
    told = shell.json("fraud", "show", str(alert["id"]))
    assert [call["call_id"] for call in told["incident"]["calls"]] == ["c0", "c1", "c2", "c3", "c4"]
    assert told["incident"]["calls"][0]["time"].endswith("Z")
    assert shell.json("fraud", "show", alert["incident_id"]) == told["incident"]
    assert [run["id"] for run in shell.lines("fraud", "incidents", "--number", "030 654321")] == [alert["incident_id"]]
    assert shell.json("fraud", "incidents", "--since", "1h", "--severity", "low") == []
    assert B in shell.table("fraud", "incidents")


def test_an_alert_is_acknowledged_and_resolved(shell: Shell) -> None:
    assert shell.json("fraud", "ack", "1", "--who", "ann")["acked_by"] == "ann"
    assert "acked" in shell.table("fraud", "alerts")
    closed = shell.json("fraud", "resolve", "1", "--verdict", "false_positive", "-m", "our own test", "--who", "ben")
    assert (closed["status"], closed["comment"]) == ("false_positive", "our own test")
    assert shell.json("fraud", "alerts") == []
    assert len(shell.json("fraud", "alerts", "--status", "all")) == 1
    assert "false_positive by ben" in shell.table("fraud", "show", "1")
    assert "already" in shell.run("fraud", "ack", "1", exits=1).stderr


def test_what_is_not_there_is_told(shell: Shell) -> None:
    assert "there is no alert 9" in shell.run("fraud", "show", "9", exits=1).stderr
    assert "there is no incident 'ffff'" in shell.run("fraud", "show", "ffff", exits=1).stderr


def test_a_call_is_analysed_and_traffic_is_shown_and_forgotten(shell: Shell) -> None:
    found = shell.json("fraud", "analyze", "+4930999", B, "--callers", "6")
    assert (found["is_masking"], found["action"]) == (True, "DISCONNECT")
    assert "6 callers within the window" in shell.table("fraud", "analyze", "+4930999", B, "--callers", "6")
    metrics = shell.json("fraud", "metrics", B, "--window", "1h")
    assert (metrics["window_seconds"], metrics["values"]["attempts"]) == (3600, 5.0)
    assert "distinct_a" in shell.table("fraud", "metrics", B)
    assert shell.json("fraud", "metrics", "t-7", "--kind", "trunk")["values"]["attempts"] == 5.0
    assert "is forgotten" in shell.table("fraud", "metrics", B, "--reset")
    assert shell.json("fraud", "metrics", B)["values"]["attempts"] == 0.0
    assert "a length of time" in shell.run("fraud", "metrics", B, "--window", "5", exits=2).stderr


def test_lists_are_kept_by_hand_and_by_file(shell: Shell, tmp_path: Path) -> None:
    added = shell.json("fraud", "whitelist", "add", "0800 1234567", "--reason", "sales, north", "--who", "ann")
    assert (added["list"], added["value"], added["who"]) == ("b_whitelist", "+498001234567", "ann")
    shell.run("fraud", "whitelist", "add", "pbx", "--kind", "trunk", "--callers")
    shell.run("fraud", "whitelist", "add", "+4990056", "--kind", "prefix", "--threshold", "60", "--window", "10s")
    shell.run("fraud", "blacklist", "add", "+37190", "--kind", "prefix", "--until", "+720h")
    unclear = shell.run("fraud", "blacklist", "add", "+37190", "--until", "tomorrow", exits=2).stderr
    assert "--until: 'tomorrow' is not an instant; wanted is" in unclear
    shown = shell.table("fraud", "whitelist", "list")
    assert "sales, north" in shown
    assert "60 callers within 10 s" in shown
    assert [entry["list"] for entry in shell.json("fraud", "blacklist", "list")] == ["blacklist"]
    exported = shell.table("fraud", "whitelist", "export")
    kept = tmp_path / "lists.csv"
    kept.write_text(exported)
    for value, *more in (["+498001234567"], ["pbx", "--kind", "trunk", "--callers"], ["4990056", "--kind", "prefix"]):
        shell.run("fraud", "whitelist", "remove", value, *more)
    assert shell.json("fraud", "whitelist", "list") == []
    assert "3 entries can be added" in shell.table("fraud", "whitelist", "import", str(kept), "--dry-run")
    assert shell.json("fraud", "whitelist", "import", str(kept))["entries"] == 3
    assert shell.table("fraud", "whitelist", "export") == exported
    refused = shell.table("fraud", "blacklist", "import", str(kept), exits=1)
    assert "3 entries are not added" in refused
    assert "has no number" in shell.run("fraud", "blacklist", "remove", "+4930111111", exits=1).stderr


def test_rules_are_shown_checked_and_loaded(shell: Shell, tmp_path: Path) -> None:
    assert "as they come with ratingd" in shell.table("fraud", "rules", "show")
    file = tmp_path / "rules.csv"
    file.write_text(shell.table("fraud", "rules", "show", "--text"))
    assert CliRunner().invoke(main, ["fraud", "rules", "check", str(file)]).exit_code == 0
    file.write_text(ONE_RULE)
    assert shell.json("fraud", "rules", "load", str(file), "--dry-run")["rules"] == 1
    assert shell.json("fraud", "rules", "show")["source"] == "shipped"
    assert "1 rules are in force" in shell.table("fraud", "rules", "load", str(file), "--who", "ann")
    assert "set by ann" in shell.table("fraud", "rules", "show")
    file.write_text(ONE_RULE.replace("attempts", "attemps"))
    assert "attemps" in shell.table("fraud", "rules", "load", str(file), exits=1)
    checked = CliRunner().invoke(main, ["fraud", "rules", "check", str(file), "--output", "json"])
    assert (checked.exit_code, json.loads(checked.stdout)["findings"][0]["line"]) == (1, 1)
    assert shell.json("fraud", "rules", "show")["text"] == ONE_RULE


def test_the_window_is_shown_and_changed(shell: Shell) -> None:
    assert "5 callers within 5 s are a masking run" in shell.table("fraud", "detection")
    changed = shell.json("fraud", "detection", "--window", "10s", "--threshold", "7")
    assert changed == {"window_seconds": 10.0, "threshold": 7}
    assert shell.json("fraud", "detection") == changed
    assert "1 to 60 seconds" in shell.run("fraud", "detection", "--window", "2m", exits=1).stderr


def test_proposals_are_listed(shell: Shell) -> None:
    assert shell.json("fraud", "proposals") == []
    assert "callers in 24 h" in shell.table("fraud", "proposals")
