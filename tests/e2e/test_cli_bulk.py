"""Files of requests, and what people mistype: every line has its answer, every slip a word and an exit code."""

import json
from pathlib import Path

import pytest

from tests.e2e.shell import Shell
from tests.golden_file import agrees
from tests.table import table

MONDAY = "2026-11-16 10:00:00"
RUN = """
{"op": "SetBalances", "account": "55", "balances": [{"kind": "*monetary", "id": "A", "value": "3", "weight": "20"}, {"balance": {"kind": "*voice", "id": "V"}, "value": "10m"}]}
{"op": "SetBalances", "account": "55", "balances": [{"kind": "*monetary", "id": "A", "value": "9"}, {"kind": "*voice", "value": "1m"}]}
{"op": "AddBalance", "account": "66", "kind": "*monetary", "id": "B", "amount": "1"}
{"op": "TransferBalance", "account": "55", "kind": "*monetary", "balance_id": "A", "to_account": "66", "to_balance_id": "B", "amount": "2"}
{"op": "SetTrigger", "account": "55", "trigger": {"group": "OPS", "unique_id": "LOW", "type": "*min_balance", "kind": "*monetary", "threshold": "0.5", "actions_id": "STOP_SPENDING"}}
{"op": "SetScores", "account": "55", "scores": {"score.masking": "12.5"}}
{"op": "RemoveTriggers", "account": "55", "group": "OPS"}
{"op": "GetAccount", "account": "55"}
"""  # noqa: E501


def test_operations_of_every_kind_run_from_a_file(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "run.jsonl"
    file.write_text(RUN, encoding="utf-8")
    told = shell.json("account", "run", str(file), exits=1)
    assert [line.get("error", {}).get("reason", "") for line in told] == ["", "INVALID_REQUEST", *[""] * 6]
    assert list(told[1]["error"]["fields"]) == ["balances[1].balance.id"]
    last = told[-1]["account"]
    assert {each["id"]: each["value"] for each in last["balances"]} == {"A": "1", "V": "600s"}
    assert (last["scores"], last["triggers"]) == ({"score.masking": "12.5"}, [])
    assert told[3]["account"]["account"] == "55"
    assert shell.json("account", "show", "66")["balances"][0]["value"] == "3"


def test_a_list_of_json_is_one_document_and_jsonl_a_line_each(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "run.jsonl"
    file.write_text('{"op": "GetAccount", "account": "1001"}\n' * 3, encoding="utf-8")
    assert [line["line"] for line in shell.json("account", "run", str(file))] == [1, 2, 3]
    assert [line["line"] for line in shell.lines("account", "run", str(file))] == [1, 2, 3]
    file.write_text("# nothing\n", encoding="utf-8")
    assert shell.json("account", "run", str(file)) == []


@pytest.mark.parametrize(
    ("line", "reason", "said"),
    [
        (b'{"id": NaN, "destination": "4930123456"}', "INVALID_JSON", "NaN is no JSON"),
        (b'{"id": 1, "usage": -Infinity}', "INVALID_JSON", "-Infinity is no JSON"),
        (b'{"destination": "49\xff"}', "INVALID_JSON", "the line is not UTF-8"),
        (b'{"destination": "\\ud800"}', "INVALID_REQUEST", "half of a character"),
        (b'{"extra_fields": {"\\ud800": "x"}}', "INVALID_REQUEST", "half of a character"),
        (b"[1]", "INVALID_JSON", "an object is wanted"),
    ],
)
def test_a_line_that_is_no_request_is_an_error_line(
    shell: Shell, tmp_path: Path, line: bytes, reason: str, said: str
) -> None:
    file = tmp_path / "calls.jsonl"
    file.write_bytes(line + b'\n{"destination": "4930123456", "usage": "60s"}\n')
    told = shell.lines("cost", "--from", str(file), "--at", MONDAY, exits=1)
    assert (told[0]["error"]["reason"], told[1]["cost"]) == (reason, "0.17")
    assert said in told[0]["error"]["message"]


def test_an_id_comes_back_whatever_it_is(shell: Shell) -> None:
    ids = ["\ud800", "ä", None, {"a": [1]}, True]
    lines = "".join(json.dumps({"id": id, "destination": "4930123456", "usage": "60s"}) + "\n" for id in ids)
    assert [line["id"] for line in shell.lines("cost", "--from", "-", "--at", MONDAY, given=lines)] == ids


@table("""
    address        | said
    nowhere        | 'nowhere' is not HOST:PORT
    localhost:     | 'localhost:' is not HOST:PORT
    :8090          | ':8090' is not HOST:PORT
    host:99999     | 'host:99999' is not HOST:PORT
    http://h:1/x   | is not HOST:PORT
""")
def test_an_address_that_is_none_is_misuse(shell: Shell, address: str, said: str) -> None:
    shell.address = address
    refused = shell.run("account", "list", exits=2)
    assert said in refused.stderr


def test_nobody_at_an_address_is_a_refusal(shell: Shell) -> None:
    shell.address = "127.0.0.1:1"
    assert "UNREACHABLE" in shell.run("account", "list", exits=1).stderr


def test_factors_say_what_a_unit_of_usage_takes(shell: Shell) -> None:
    add = ("account", "balance", "add", "88", "100s", "--kind", "voice", "--id", "F")
    shell.run(*add, "--factor", "PREM=2.5", "--factor", "a=b=1")
    assert shell.json("account", "show", "88")["balances"][0]["factors"] == {"PREM": "2.5", "a=b": "1"}
    shell.run("account", "balance", "set", "88", "--kind", "voice", "--id", "F", "--factor", "PREM=3")
    assert shell.json("account", "show", "88")["balances"][0]["factors"]["PREM"] == "3"
    for wrong in ("PREM", "PREM=", "=2"):
        assert "gives no number" in shell.run(*add, "--factor", wrong, exits=2).stderr
    assert "factors[PREM]" in shell.run(*add, "--factor", "PREM=-1", exits=1).stderr


def test_accounts_are_counted(shell: Shell) -> None:
    listed = shell.json("account", "list")
    assert shell.json("account", "list", "--count") == {"count": len(listed)}
    shell.run("account", "set", "1001", "--disabled")
    assert shell.json("account", "list", "--count", "--disabled") == {
        "count": 1 + sum(each["disabled"] for each in listed)
    }
    assert shell.table("account", "list", "--count", "--prefix", "1001").strip() == "1"


def test_distances_read_well_for_every_kind_that_is_watched(shell: Shell) -> None:
    """Time as time, messages as a number, a score as points; what is not there yet stands at nothing."""
    account = ("triggers", "set", "99")
    shell.run("account", "balance", "set", "99", "90m", "--kind", "voice", "--id", "V")
    shell.run("account", "balance", "set", "99", "25", "--kind", "sms", "--id", "S")
    shell.run("account", "balance", "set", "99", "7.5", "--id", "M")
    for id, type, kind, at, *more in (
        ("TALK", "*min_balance", "*voice", "10m", "--balance", "V"),
        ("TEXTS", "*min_balance", "*sms", "5", "--balance", "S"),
        ("MONEY", "*max_balance", "*monetary", "10"),
        ("DAILY", "*max_event_counter", "*voice", "2h", "--window", "day"),
        ("CALLS", "*max_event_counter", "*event_connect", "3", "--window", "hour"),
        ("EACH", "*max_event_counter", "*monetary", "1.5", "--window", "call"),
        ("NONE", "*min_balance", "*data", "1024"),
    ):
        shell.run(*account, f"OPS/{id}", "--type", type, "--kind", kind, "--at", at, "--run", "STOP_SPENDING", *more)
    score = ("--balance", "score.masking", "--run", "STOP_SPENDING", "--type", "*max_score")
    shell.run(*account, "OPS/MASKED", *score, "--at", "70")
    shell.run("account", "scores", "99", "score.masking=12.5", "b.asr.300=44")
    agrees("triggers_list.txt", shell.table("triggers", "list", "99"))
