"""What an operator does with one account on the command line: transfers, triggers of its own, scores, the past."""

import json
import time

import pytest

from tests.e2e.shell import Shell


def at_now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + f".{time.time_ns() % 10**9:09d}Z"


def value(shell: Shell, account: str, balance: str) -> str:
    held = {each["id"]: each["value"] for each in shell.json("account", "show", account)["balances"]}
    return str(held[balance])


def test_money_moves_from_one_account_to_another(shell: Shell) -> None:
    before = value(shell, "1002", "MAIN")
    shell.run("account", "balance", "transfer", "1001", "3.5", "--id", "MAIN", "--to", "1002", "--to-id", "GIFT")
    assert (value(shell, "1001", "MAIN"), value(shell, "1002", "GIFT")) == ("16.5", "3.5")
    shell.run(
        "account", "balance", "transfer", "1001", "--id", "MAIN", "--to", "1002", "--to-id", "GIFT", "--until", "5"
    )
    assert (value(shell, "1001", "MAIN"), value(shell, "1002", "GIFT")) == ("15", "5")
    assert value(shell, "1002", "MAIN") == before
    refused = ("account", "balance", "transfer", "1001", "100", "--id", "MAIN", "--to", "1002", "--to-id", "GIFT")
    assert "ACTIONS_FAILED" in shell.run(*refused, exits=1).stderr
    assert value(shell, "1001", "MAIN") == "15"


def test_a_trigger_of_its_own_fires_and_shows_its_distance(shell: Shell) -> None:
    named = ("triggers", "set", "1001", "OPS/LOW")
    shell.run(*named, "--type", "*min_balance", "--kind", "*monetary", "--balance", "MAIN", "--at", "18", "--run",
              "STOP_SPENDING")  # fmt: skip
    low = {each["unique_id"]: each for each in shell.json("triggers", "list", "1001")}["LOW"]
    assert (low["observed"], low["distance"], low["executed"]) == ("20", "2", False)
    shell.run("account", "balance", "debit", "1001", "2", "--id", "MAIN")
    assert shell.json("account", "show", "1001")["disabled"]
    assert "which?" in shell.run("triggers", "remove", "1001", exits=2).stderr
    shell.run("triggers", "remove", "1001", "--group", "OPS")
    assert "LOW" not in [each["unique_id"] for each in shell.json("triggers", "list", "1001")]


def test_a_daily_cap_of_its_own_counts_over_the_day(shell: Shell) -> None:
    shell.run("triggers", "set", "1001", "OPS/CAP", "--type", "*max_event_counter", "--kind", "*monetary", "--at", "2",
              "--window", "day", "--run", "STOP_SPENDING")  # fmt: skip
    counter = {each["id"]: each for each in shell.json("account", "show", "1001")["counters"]}["CAP"]
    assert counter["window"] == "*day"
    assert "trigger.window" in shell.run(
        "triggers", "set", "1001", "OPS/BAD", "--type", "*min_balance", "--kind", "*monetary", "--at", "2", "--window",
        "day", "--run", "STOP_SPENDING", exits=1).stderr  # fmt: skip


def test_a_score_fires_its_monitor(shell: Shell) -> None:
    shell.run("triggers", "set", "1001", "FRAUD/MASKING", "--type", "*max_score", "--balance", "score.masking", "--at",
              "70", "--run", "STOP_SPENDING")  # fmt: skip
    shell.run("account", "scores", "1001", "score.masking=69.5")
    assert not shell.json("account", "show", "1001")["disabled"]
    shell.run("account", "scores", "1001", "score.masking=85")
    shown = shell.json("account", "show", "1001")
    assert (shown["disabled"], shown["scores"]) == (True, {"score.masking": "85"})
    shell.run("account", "scores", "1001", "score.masking=")
    assert shell.json("account", "show", "1001")["scores"] == {}
    assert "scores" in shell.run("account", "scores", "1001", "masking=5", exits=1).stderr


def test_the_account_of_a_past_moment_is_rebuilt(shell: Shell) -> None:
    before = at_now()
    shell.run("account", "balance", "debit", "1001", "5", "--id", "MAIN")
    then = at_now()
    shell.run("account", "balance", "debit", "1001", "5", "--id", "MAIN")
    past = shell.json("account", "history", "1001", "--at", then)
    assert {each["id"]: each["value"] for each in past["account"]["balances"]}["MAIN"] == "15"
    assert past["version"] == shell.json("account", "history", "1001", "--at", before)["version"] + 1
    assert "account" not in shell.json("account", "history", "1001", "--at", "2020-01-01 00:00:00")
    assert "There was no account" in shell.table("account", "history", "1001", "--at", "2020-01-01 00:00:00")
    assert "ACCOUNT_UNKNOWN" in shell.run("account", "history", "nobody", "--at", then, exits=1).stderr


def test_show_tells_the_last_movements_and_the_open_calls(shell: Shell) -> None:
    debit = {"op": "Debit", "account": "1006", "destination": "4930123456", "usage": "60s"}
    shell.run("account", "run", "-", given=json.dumps(debit | {"switch_id": "s", "call_id": "c"}))
    shown = shell.json("account", "show", "1006")
    assert [(each["switch_id"], each["call_id"]) for each in shown["open_calls"]] == [("s", "c")]
    assert shown["open_calls"][0]["fields"]["Destination"] == "4930123456"
    assert (shown["ledger"][0]["operation"], shown["ledger"][0]["call_id"]) == ("debit", "c")
    table = shell.table("account", "show", "1006")
    assert "open call" in table
    assert "4930123456" in table


@pytest.mark.parametrize(
    "command",
    [
        ("account", "balance", "transfer", "1001", "1", "--id", "MAIN", "--to", "1002", "--to-id", "GIFT"),
        ("triggers", "set", "1001", "A/B", "--type", "*max_score", "--balance", "score.risk", "--at", "7", "--run",
         "STOP_SPENDING"),
        ("triggers", "remove", "1001", "--all"),
        ("account", "scores", "1001", "score.risk=5"),
    ],
)  # fmt: skip
def test_a_dry_run_changes_nothing(shell: Shell, command: tuple[str, ...]) -> None:
    before = [shell.json("account", "show", account) for account in ("1001", "1002")]
    shell.run(*command, "--dry-run")
    assert [shell.json("account", "show", account) for account in ("1001", "1002")] == before
