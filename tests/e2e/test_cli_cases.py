"""`ratingd fraud lookup`, `report`, `explain`, `campaigns`, `case`: what an analyst types after a masking run."""

from collections.abc import Iterator

import pytest

from ratingd.fraud.alert import CRITICAL, Alert
from ratingd.v1.accounts_pb2 import AddBalanceRequest, BalanceSelector
from ratingd.v1.accounts_pb2_grpc import AccountServiceStub
from ratingd.v1.fraud_pb2 import CallEvent
from ratingd.v1.fraud_pb2_grpc import FraudServiceStub
from tests.api_desk import FOLDER
from tests.e2e.serving import Serving, serving
from tests.e2e.shell import Shell
from tests.e2e.test_cases import WANGIRI, Campaigns

B = "+4930654321"
CALLER = "+4930123400"


@pytest.fixture
def quiet(sqlite_url: str) -> Iterator[Serving]:
    with serving(sqlite_url, log_format="none", default_region="DE", default_tenant="cgrates.org") as served:
        stub, at_ms = FraudServiceStub(served.channel), served.daemon.start_ns // 1_000_000
        for number in range(5):
            event = CallEvent(
                call_id=f"c{number}", kind=CallEvent.INVITE, time_ms=at_ms + number, a_number=f"+493012340{number}",
                b_number=B, trunk="t-7", switch_id="sbc-1",
            )  # fmt: skip
            stub.SubmitCallEvent(event, timeout=20)
        yield served


@pytest.fixture
def shell(quiet: Serving) -> Shell:
    return Shell(quiet)


def test_a_number_is_looked_up_as_it_is_written(shell: Shell) -> None:
    found = shell.json("fraud", "lookup", "030 123400")
    assert (found["number"], found["status"], found["fraud_type"]) == (CALLER, "SUSPICIOUS", "masking")
    shown = shell.table("fraud", "lookup", CALLER)
    for told in (CALLER, "SUSPICIOUS", "Call masking (confidence HIGH)", "masked with a probability", "DE", "nobody"):
        assert told in shown
    shown = shell.table("fraud", "lookup", "+491711234567")
    for told in ("SAFE, 0 of 100", "Legitimate", "T-Mobile", "it may be ported", "never"):
        assert told in shown
    refused = shell.run("fraud", "lookup", "hello", exits=1).stderr
    assert refused.count("is no telephone number") == 1


def test_a_number_is_reported_once_a_day(shell: Shell) -> None:
    shown = shell.table("fraud", "report", WANGIRI, "wangiri", "-m", "rang once", "--reporter", "ann")
    assert f"{WANGIRI} noted; 1 people reported it" in shown
    assert "today already" in shell.table("fraud", "report", WANGIRI, "wangiri", "--reporter", "ann")
    shell.run("fraud", "report", WANGIRI, "rude", exits=2)
    assert "1 people within 30 days" in shell.table("fraud", "lookup", WANGIRI)


def test_a_call_is_explained(shell: Shell) -> None:
    shown = shell.table("fraud", "explain", "c4")
    for told in ("100 of 100", "rule_based", f"5 callers rang {B} within the window", "masking", "CRITICAL"):
        assert told in shown


def test_a_case_is_one_page_and_is_confirmed_and_dismissed(shell: Shell) -> None:
    shown = shell.table("fraud", "case", "1", "--who", "ann")
    for told in (f"Masked calls to {B}", "CRITICAL", "5 callers", "c0", "c4", CALLER, "SUSPICIOUS", "SAFE", "masking",
                 "no account here pays", "disconnect: 5 calls flagged", "ann"):  # fmt: skip
        assert told in shown
    case = shell.json("fraud", "case", "1")
    assert case["kind"] == "alert"
    assert [call["call_id"] for call in case["calls"]] == [f"c{n}" for n in range(5)]
    assert shell.json("fraud", "case", case["incident"]["id"])["kind"] == "incident"
    shown = shell.table("fraud", "confirm", "1", "-m", "seen before", "--who", "ann")
    assert "alert 1 is fraud (masking): 5 calls and numbers labelled; resolved: alert 1." in shown
    assert "number +4930123400 is no fraud: 1 calls and numbers labelled." in shell.table("fraud", "dismiss", CALLER)
    shown = shell.table("fraud", "case", "1")
    for told in ("seen before", "case.label", "alert.resolve", "no fraud"):
        assert told in shown
    assert "there is no case 'nothing'" in shell.run("fraud", "case", "nothing", exits=1).stderr


def test_campaigns_are_listed_drawn_and_opened(quiet: Serving, shell: Shell) -> None:
    assert shell.json("fraud", "campaigns") == []
    quiet.daemon.fraud.investigation.follow(Campaigns())
    (campaign,) = shell.json("fraud", "campaigns", "--status", "active")
    assert (campaign["id"], campaign["risk_score"]) == ("CMP-2026-1", 90.0)
    assert "Wangiri +371 #1" in shell.table("fraud", "campaigns")
    assert "callee:+4930111" in shell.table("fraud", "campaigns", "--graph", "CMP-2026-1")
    assert shell.json("fraud", "campaigns", "--graph", "all")["node_count"] == 1
    shown = shell.table("fraud", "case", "CMP-2026-1")
    for told in ("CMP-2026-1 Wangiri +371 #1", "wangiri, likely to 90 %", "LV (threat 90)", WANGIRI):
        assert told in shown
    assert "there is no campaign" in shell.run("fraud", "campaigns", "--graph", "CMP-1", exits=1).stderr


def test_alerts_by_loss_begin_with_the_one_that_may_cost_most(quiet: Serving, shell: Shell) -> None:
    quiet.load(FOLDER)
    asked = AddBalanceRequest(account="1001", idempotency_key="o", balance=BalanceSelector(kind="*monetary", id="M"))
    asked.amount.money.units = 50
    AccountServiceStub(quiet.channel).AddBalance(asked, timeout=20)
    now_ms = quiet.daemon.start_ns // 1_000_000
    quiet.daemon.fraud.book.raise_now(
        Alert(CRITICAL, "Premium calls", "", "irsf", "irsf", "account", "cgrates.org:1001", now_ms, now_ms, now_ms,
              account="1001")
    )  # fmt: skip
    assert [alert["id"] for alert in shell.json("fraud", "alerts", "--by-loss")] == [2, 1]
    shown = shell.table("fraud", "alerts", "--by-loss")
    assert "may be lost" in shown
    assert "47.5" in shown
    assert "may be lost" not in shell.table("fraud", "alerts")
    shown = shell.table("fraud", "case", "2")
    assert "47.5: 95 %" in shown
    assert "no tariff prices what was called" in shown
