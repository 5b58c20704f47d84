"""The command line against a daemon that serves, and against the private one it starts for a folder."""

import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ratingd.cli import main
from tests.e2e.serving import serving
from tests.e2e.shell import SAMPLE, Shell
from tests.golden_file import GOLDEN, agrees

MONDAY = "2026-11-16 10:00:00"


def test_load_says_what_changes_and_a_dry_run_changes_nothing(empty: Shell) -> None:
    pretended = empty.json("tariffs", "load", str(SAMPLE), "--dry-run")
    assert (pretended["loaded"], len(pretended["accounts"])) == (False, 12)
    assert empty.json("tariffs", "show")["version"] == ""
    assert empty.json("account", "list") == []
    loaded = empty.json("tariffs", "load", str(SAMPLE))
    assert (loaded["loaded"], loaded["version"]) == (True, "1")
    assert empty.json("tariffs", "show", "--names")["rating_plans"] == ["RP_FLAT", "RP_RETAIL", "RP_SMS"]
    again = empty.json("tariffs", "load", str(SAMPLE), "--dry-run")
    assert [account for account in again["accounts"] if account["changes"]] == []


def test_a_folder_with_faults_is_refused_and_shown(shell: Shell) -> None:
    shown = shell.table("tariffs", "load", str(GOLDEN / "faulty"), exits=1)
    assert "Rates.csv:2:3" in shown
    assert "Rates.csv:3:4" in shown
    assert shell.json("tariffs", "show")["version"] == "1"


def test_a_folder_of_the_daemon_is_loaded_where_it_is_allowed(sqlite_url: str, tmp_path: Path) -> None:
    with serving(
        sqlite_url, default_tenant="example.org", log_format="none", tariff_folders=(SAMPLE.parent,)
    ) as served:
        shell = Shell(served)
        assert "NOT_ALLOWED" in shell.run("tariffs", "load", str(tmp_path), "--on-server", exits=1).stderr
        assert shell.json("tariffs", "load", str(SAMPLE), "--on-server")["loaded"]
    assert "there is no folder" in CliRunner().invoke(main, ["tariffs", "load", "/nowhere"]).stderr


def test_cost_is_shown_to_people(shell: Shell) -> None:
    asked = ("4930123456", "--subject", "1006", "--usage", "90s", "--at", MONDAY)
    agrees("cost.txt", shell.table("cost", *asked))
    agrees("explain.txt", shell.table("explain", *asked))
    assert (
        shell.json("explain", *asked)["cost"]
        == shell.json("cost", *asked)
        == {**shell.json("cost", *asked), "cost": "0.2"}
    )


def test_no_price_is_explained_and_refused(shell: Shell) -> None:
    assert "DESTINATION_UNRATED" in shell.run("cost", "4420", exits=1).stderr
    assert "No price (DESTINATION_UNRATED)" in shell.table("explain", "4420", exits=1)


def test_costs_of_a_file_keep_its_order_and_errors_are_lines(shell: Shell) -> None:
    good = '{"destination": "4930123456", "usage": "%ds", "time_start": "2026-11-16T10:00:00Z", "id": %d}\n'
    asked = [good % (60 + number, number) for number in range(200)]
    asked[50:50] = ['{"destination": "4420", "usage": "1s"}\n', "# a comment\n", "{\n", '{"usge": "1s"}\n']
    told = shell.lines("cost", "--from", "-", given="".join(asked), exits=1)
    assert [line["id"] for line in told if "id" in line] == list(range(200))
    assert [line["cost"] for line in told[:3]] == ["0.17", "0.171", "0.172"]
    assert [(line["line"], line["error"]["reason"]) for line in told if "error" in line] == [
        (51, "DESTINATION_UNRATED"),
        (53, "INVALID_JSON"),
        (54, "INVALID_REQUEST"),
    ]
    assert len(shell.json("cost", "--from", "-", given=good % (60, 1))) == 1


def test_a_line_that_breaks_the_reader_is_an_error_line(shell: Shell) -> None:
    lines = '{"usage": ' + "9" * 5_000 + '}\n{"destination": "4930123456", "usage": "60s"}\n'
    told = shell.lines("cost", "--from", "-", "--at", MONDAY, given=lines, exits=1)
    assert told[0]["error"]["reason"] == "INVALID_JSON"
    assert told[1]["cost"] == "0.17"


def test_verify_refuses_an_account_that_nobody_knows(shell: Shell) -> None:
    assert "ACCOUNT_UNKNOWN" in shell.run("verify", "--account", "nobody", exits=1).stderr


def test_what_a_line_leaves_out_is_what_the_options_say(shell: Shell) -> None:
    lines = '{"destination": "4930123456"}\n{"destination": "4930123456", "usage": "60s"}\n'
    told = shell.lines("cost", "--from", "-", "--usage", "90s", "--at", MONDAY, given=lines)
    assert [line["cost"] for line in told] == ["0.2", "0.17"]


def test_account_is_created_topped_up_shown_and_removed(shell: Shell) -> None:
    shell.run("account", "set", "77", "--triggers", "STANDARD", "--time-zone", "Europe/Berlin")
    shell.run("account", "balance", "add", "77", "5", "--id", "MAIN", "--weight", "10")
    shell.run("account", "balance", "add", "77", "10m", "--kind", "voice", "--id", "V", "--destination", "DST_NATIONAL",
              "--destination", "!DST_MOBILE", "--expiry", "2036-01-01T00:00:00Z")  # fmt: skip
    shell.run("account", "balance", "debit", "77", "1.5", "--id", "MAIN")
    shell.run("account", "balance", "set", "77", "3", "--kind", "sms", "--id", "S")
    shell.run("account", "balance", "remove", "77", "--kind", "sms", "--id", "S")
    shown = shell.table("account", "show", "77")
    shown = re.sub(r"20(?!36)\d\d-\d\d-\d\dT[\d:]+Z", "2026-11-21T04:00:00Z", shown)
    agrees("account_show.txt", re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "KEY", shown))
    assert shell.json("account", "list", "--prefix", "7")[0]["account"] == "77"
    moved = [(entry["balance_id"], entry["delta"], entry["after"]) for entry in shell.lines("account", "ledger", "77")
             if "delta" in entry]  # fmt: skip
    assert ("MAIN", "-1.5", "3.5") in moved
    shell.run("account", "remove", "77", "--yes")
    assert "ACCOUNT_UNKNOWN" in shell.run("account", "show", "77", exits=1).stderr


@pytest.mark.parametrize(
    "command",
    [
        ("account", "set", "1001", "--disabled"),
        ("account", "balance", "add", "1001", "5", "--id", "MAIN"),
        ("account", "balance", "set", "1001", "5", "--id", "MAIN"),
        ("account", "balance", "debit", "1001", "5", "--id", "MAIN"),
        ("account", "balance", "remove", "1001", "--id", "MAIN"),
        ("account", "execute", "1001", "STOP_SPENDING"),
        ("account", "remove", "1001"),
        ("triggers", "reset", "1001", "--as-fired"),
    ],
)
def test_a_dry_run_changes_nothing(shell: Shell, command: tuple[str, ...]) -> None:
    before = shell.json("account", "show", "1001")
    shell.run(*command, "--dry-run")
    assert shell.json("account", "show", "1001") == before


def test_a_key_is_done_once(shell: Shell) -> None:
    for _ in range(2):
        shell.run("account", "balance", "add", "1001", "5", "--id", "MAIN", "--key", "topup-1")
    refused = shell.run("account", "balance", "add", "1001", "6", "--id", "MAIN", "--key", "topup-1", exits=1)
    assert "IDEMPOTENCY_KEY_REUSED" in refused.stderr
    assert shell.json("account", "show", "1001")["balances"][0]["value"] == "25"


OPERATIONS = """
    {"op": "SetAccount", "account": "77"}
    {"op": "AddBalance", "account": "77", "kind": "*monetary", "id": "M", "amount": "1.00"}
    {"op": "GetMaxSessionTime", "account": "77", "destination": "4930123456", "usage": "1h", "time_start": "2026-11-16T10:00:00Z"}
    {"op": "max_debit", "account": "77", "destination": "4930123456", "usage": "90s", "time_start": "2026-11-16T10:00:00Z"}
    {"op": "Refund", "account": "77", "charge_id": "@5"}
    {"op": "Refund", "account": "77", "charge_id": "@9"}
    {"op": "Debit", "account": "77", "destination": "4930123456", "usage": "-1s"}
    {"op": "RemoveAccount", "account": "77"}
"""  # noqa: E501

# line | the account's money afterwards | the reply, or the reason of the error
DONE = """
    2 | -   | operation
    3 | 1   | operation
    4 | 1   | 890s
    5 | 0.8 | 0.2
    6 | 1   | 0.2
    7 | -   | INVALID_REQUEST
    8 | 1   | INVALID_USAGE
    9 | -   | operation
"""


def summary(line: dict[str, Any]) -> tuple[str, str, str]:
    balances = (line.get("account") or {}).get("balances", [])
    reply = line.get("reply", {})
    said = line["error"]["reason"] if "error" in line else reply.get("usage") or reply.get("cost") or reply.get("money")
    return str(line["line"]), balances[0]["value"] if balances else "-", said or "operation"


@pytest.mark.parametrize("private", [False, True])
def test_operations_of_a_file_are_answered_line_by_line(shell: Shell, tmp_path: Path, private: bool) -> None:
    file = tmp_path / "operations.jsonl"
    file.write_text(OPERATIONS)
    more = ("--tariffs", str(SAMPLE), "--tenant", "example.org") if private else ()
    told = shell.lines("account", "run", str(file), *more, exits=1)
    wanted = [tuple(cell.strip() for cell in row.split("|")) for row in DONE.strip().splitlines()]
    assert [summary(line) for line in told] == wanted


RESERVING = """
    {"op": "AddBalance", "account": "78", "kind": "*monetary", "id": "M", "amount": "1"}
    {"op": "GetMaxSessionTime", "account": "78", "destination": "4930123456", "usage": "1h", "at": "x"}
    {"op": "GetMaxSessionTime", "account": "78", "call_id": "a", "destination": "4930123456", "usage": "2m", "reserve": "10m"}
    {"op": "MaxDebit", "account": "78", "destination": "4930123456", "usage": "1h", "request_type": "*postpaid"}
    {"op": "Debit", "account": "78", "call_id": "a", "destination": "4930123456", "final": true}
"""  # noqa: E501


def test_reservations_and_request_types_are_written_like_all_else(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "operations.jsonl"
    file.write_text(RESERVING)
    told = shell.lines("account", "run", str(file), exits=1)
    assert told[1]["error"]["reason"] == "INVALID_REQUEST"
    (held,) = told[2]["reply"]["reservation"]["held"]
    assert (held["balance_id"], [each["call_id"] for each in told[2]["account"]["reservations"]]) == ("M", ["a"])
    assert (told[3]["reply"]["granted"], told[3]["reply"]["cost"]) == ("3600s", "0")
    assert told[4]["account"]["reservations"] == []


def test_a_folder_is_priced_without_a_daemon() -> None:
    asked = ["4930123456", "--tenant", "example.org", "--usage", "90s", "--at", MONDAY, "--tariffs", str(SAMPLE)]
    cost = CliRunner().invoke(main, ["cost", *asked, "-o", "json"])
    explained = CliRunner().invoke(main, ["explain", *asked])
    assert json.loads(cost.stdout)["cost"] == "0.2"
    assert "Total 0.2" in explained.stdout


def test_a_folder_with_faults_is_not_priced() -> None:
    refused = CliRunner().invoke(main, ["cost", "49", "--tariffs", str(GOLDEN / "faulty")])
    assert refused.exit_code == 1
    assert "Rates.csv:3:4" in refused.stderr
    assert "TARIFF_REFUSED" in refused.stderr


COMPLETED = """
    ratingd account show 100         | 1001 1002 1003 1004 1005 1006 1007 1008 1009
    ratingd account execute 1001 ST  | START_FAMILY START_MINUTES START_MONEY STOP_SPENDING
    ratingd account set 1 --plan P   | PACKAGE_FAMILY PACKAGE_MEMBER PACKAGE_MONEY PACKAGE_RETAIL
    ratingd account set --triggers S | STANDARD
    ratingd tariffs                  | check load show
"""


@pytest.mark.parametrize("row", COMPLETED.strip().splitlines())
def test_the_shell_completes_commands_and_names(shell: Shell, monkeypatch: pytest.MonkeyPatch, row: str) -> None:
    typed, _, wanted = (part.strip() for part in row.partition("|"))
    words = typed.split()
    monkeypatch.setenv("RATINGD_LISTEN", shell.address)
    monkeypatch.setenv("COMP_WORDS", typed)
    monkeypatch.setenv("COMP_CWORD", str(len(words) - (1 if words[-1] != "tariffs" else 0)))
    told = CliRunner().invoke(main, prog_name="ratingd", env={"_RATINGD_COMPLETE": "bash_complete"}).stdout
    assert " ".join(line.partition(",")[2] for line in told.split()) == wanted


def test_triggers_outbox_status_and_verify(shell: Shell) -> None:
    shell.run("account", "execute", "1001", "STOP_SPENDING")
    assert shell.json("account", "show", "1001")["disabled"]
    shell.run("triggers", "reset", "1001", "--as-fired", "--group", "STANDARD", "--id", "LOW_CREDIT")
    fired = shell.lines("triggers", "list", "--fired")
    assert [(trigger["account"], trigger["unique_id"]) for trigger in fired] == [("1001", "LOW_CREDIT")]
    assert "LOW_CREDIT" in shell.table("triggers", "list", "1001", "--fired")
    shell.run("triggers", "reset", "1001")
    assert shell.lines("triggers", "list", "--fired") == []
    sent = shell.lines("outbox", "list")
    assert [entry["kind"] for entry in sent] == ["webhook"]
    assert (
        "1 would be sent again" in shell.table("outbox", "replay", "--all", "--dry-run") or sent[0]["state"] != "dead"
    )
    assert shell.json("status")["tariff_version"] == "1"
    verified = shell.json("verify")
    assert (verified["agree"], verified["accounts"]) == (True, 12)
    assert "all agree" in shell.table("verify", "--account", "1001")


def test_serve_ends_in_order_on_sigterm(tmp_path: Path) -> None:
    serve = [sys.executable, "-m", "ratingd", "serve", "--listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0"]
    url = f"sqlite:///{tmp_path / 'ratingd.db'}"
    with subprocess.Popen(
        [*serve, "--database-url", url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as daemon:
        assert daemon.stdout is not None
        assert daemon.stdout.readline().startswith("ratingd listens on 127.0.0.1:")
        assert daemon.stdout.readline().startswith("HTTP on http://127.0.0.1:")
        daemon.send_signal(signal.SIGTERM)
        _, log = daemon.communicate(timeout=30)
    assert daemon.returncode == 0
    assert "Traceback" not in log


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite:///FOLDER/other.db", "cannot listen on ADDRESS: it is in use"),
        ("sqlite:////nowhere/other.db", "cannot create /nowhere/other.db"),
        ("postgresql://127.0.0.1:1/ratingd", "connection refused"),
    ],
)
def test_a_daemon_that_cannot_serve_says_why(shell: Shell, tmp_path: Path, url: str, said: str) -> None:
    serve = [sys.executable, "-m", "ratingd", "serve", "--listen", shell.address, "--http-listen", ""]
    url = url.replace("FOLDER", str(tmp_path))
    ended = subprocess.run([*serve, "--database-url", url], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert said.replace("ADDRESS", shell.address).lower() in ended.stderr.lower()
