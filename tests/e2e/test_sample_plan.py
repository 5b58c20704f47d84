"""What examples/README.md says of the sample plan: who pays, what it costs, and which monitor ends it."""

import json

from tests.e2e.shell import Shell

MONDAY = "2026-11-16T10:00:00Z"
# One after the other; 1011 is disabled by what 1012 spends beyond its day, and 1012 goes on with nothing.
# account | destination | usage | cost | granted | ended by | paid by
CALLS = """
    1006  | 4930123456 | 90s   | 0.2   | 90s   |                 | MAIN
    1007b | 4930123456 | 90s   | 0.2   | 90s   |                 | MAIN
    1011  | 4930123456 | 90s   | 0.2   | 90s   |                 | MAIN
    1012  | 4930123456 | 90s   | 0.2   | 90s   |                 | MAIN of 1011
    1002  | 4930123456 | 90s   | 0     | 90s   |                 | MINUTES
    1010  | 4930123456 | 90s   | 0.095 | 90s   |                 | MAIN
    1003  | 391555010  | 3600s | 15    | 2980s | DAILY_SPEND     | MAIN
    1012  | 391555010  | 3600s | 14.6  | 2900s |                 | MAIN of 1011
    1006  | 8816123456 | 180s  | 6.25  | 120s  | HIGH_RISK_SPEND | MAIN
    1004  | 49900123   | 3600s | 5.3   | 240s  | HIGH_RISK_SPEND | MAIN
"""


def asked(row: list[str]) -> str:
    account, destination, usage = row[:3]
    call = {"account": account, "destination": destination, "usage": usage, "time_start": MONDAY}
    return json.dumps({"op": "MaxDebit", **call})


def test_calls(shell: Shell) -> None:
    rows = [[cell.strip() for cell in row.split("|")] for row in CALLS.strip().splitlines()]
    told = shell.lines("account", "run", "-", given="\n".join(map(asked, rows)))
    for row, line in zip(rows, told, strict=True):
        reply = line["reply"]
        stopped_by = reply.get("stopped_by", {}).get("trigger_id", "")
        draws = [run.get("units") or run["money"] for span in reply["timespans"] for run in span["runs"]]
        paid_by = {" of ".join(filter(None, (draw["balance_id"], draw["payer"]))) for draw in draws}
        assert [*row[:3], reply["cost"], reply["granted"], stopped_by, ", ".join(paid_by)] == row
