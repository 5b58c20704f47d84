"""Schedules over gRPC and the command line, on a daemon whose own scheduler runs them."""

import re
from collections.abc import Iterator

import pytest
from click.testing import CliRunner
from google.protobuf import text_format

from ratingd.cli import main
from ratingd.engine.operation import SetAccount
from ratingd.v1.admin_pb2 import (
    GetScheduleOrderRequest,
    ListSchedulesRequest,
    PauseScheduleRequest,
    ReplaySchedulesRequest,
    ResumeScheduleRequest,
    RunScheduleRequest,
)
from tests.api_desk import ApiDesk, Refused
from tests.e2e.serving import serving
from tests.e2e.shell import Shell
from tests.golden_file import agrees
from tests.table import table

FOLDER = {
    "Destinations.csv": b"DST,49\n",
    "Rates.csv": b"RT,0.05,0.60,60s,1s,0s\n",
    "DestinationRates.csv": b"DR,DST,RT,*up,4,0,\n",
    "RatingPlans.csv": b"RP,DR,*any,10\n",
    "RatingProfiles.csv": b"cgrates.org,call,*any,2020-01-01T00:00:00Z,RP,\n",
    "Timings.csv": b"MIDNIGHT,*any,*any,*any,*any,00:00:00\nLAST,*any,*any,31,*any,06:30:00\n",
    "Actions.csv": b"ADD_1,*topup,,,M,*monetary,,,,,,,1,,,,10\nSET_10,*topup_reset,,,M,*monetary,,,,,,,10,,,,10\n",
    "ActionPlans.csv": b"DAILY,ADD_1,MIDNIGHT,10\nDAILY,SET_10,*asap,20\nMONTHLY,ADD_1,LAST,10.5\n",
    "AccountActions.csv": b"cgrates.org,1001,DAILY,,,\ncgrates.org,1002,DAILY,,,\ncgrates.org,1003,MONTHLY,,,\n",
}
DAILY = "DAILY/ADD_1@MIDNIGHT"
WINDOW = ("--from", "2026-11-01T00:00:00Z", "--to", "2026-11-04T00:00:00Z")


@pytest.fixture
def shell(request: pytest.FixtureRequest) -> Iterator[Shell]:
    """On SQLite, or on the database that a row names."""
    url = request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_url")
    with serving(url, log_format="none") as served:
        served.load(FOLDER)
        yield Shell(served)


def money(shell: Shell, account: str) -> str:
    (balance,) = shell.json("account", "show", account)["balances"]
    return str(balance["value"])


@pytest.mark.parametrize("shell", ["sqlite", "postgresql"], indirect=True)
def test_an_operator_runs_replays_pauses_and_resumes(shell: Shell) -> None:
    pretended = shell.json("schedules", "run", "DAILY", "--account", "1001", "--dry-run")
    assert ([step["entry"] for step in pretended["steps"]], pretended["id"]) == (["DAILY/SET_10@*asap", DAILY], "")
    done = shell.json("schedules", "run", DAILY, "--key", "k1")
    assert (done["state"], done["progress"]["accounts_done"]) == ("DONE", 2)
    assert shell.json("schedules", "run", DAILY, "--key", "k1")["id"] == done["id"]
    assert [money(shell, account) for account in ("1001", "1002")] == ["11", "11"]
    assert "Done: 2 runs." in shell.table("schedules", "run", "DAILY", "--account", "1001")
    assert money(shell, "1001") == "11"  # set to 10, then one more
    for _ in range(2):
        assert shell.json("schedules", "replay", "DAILY", *WINDOW)["progress"]["accounts_done"] == 6
    assert [money(shell, account) for account in ("1001", "1002")] == ["14", "14"]
    assert "would be paused" in shell.table("schedules", "pause", "DAILY", "--dry-run")
    assert shell.json("schedules", "pause", "DAILY")["entries"] == [DAILY]
    assert "paused since" in shell.table("schedules", "list", "--plan", "DAILY")
    assert "already" in shell.table("schedules", "pause", "DAILY")
    assert "0 runs since" in shell.table("schedules", "resume", "DAILY", "--skip", "--dry-run")
    assert shell.json("schedules", "resume", "DAILY", "--make-up")["changed"]
    assert "was not paused" in shell.table("schedules", "resume", "DAILY", "--make-up")
    assert shell.json("schedules", "order", done["id"])["kind"] == "RUN"
    assert "say what becomes" in shell.run("schedules", "resume", "DAILY", exits=2).stderr
    assert "Near it: DAILY" in shell.run("schedules", "run", "DAYLY", exits=1).stderr
    assert "start_time" in shell.run("schedules", "replay", "--from", "x", "--to", "y", exits=2).stderr


def test_list_is_shown_to_people(shell: Shell) -> None:
    shell.run("schedules", "replay", "MONTHLY", "--from", "2026-08-01T00:00:00Z", "--to", "2026-11-01T00:00:00Z")
    shell.run("schedules", "pause", "DAILY")
    told = shell.table("schedules", "list")
    for pattern, word in (
        (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "00000000-0000-4000-8000-000000000000"),
        (r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", "2026-11-22T00:00:00Z"),
    ):
        told = re.sub(pattern, word, told)
    agrees("schedules_list.txt", told)


COMPLETED = """
    ratingd schedules                     | list order pause replay resume run
    ratingd schedules run DA              | DAILY DAILY/ADD_1@MIDNIGHT DAILY/SET_10@*asap
    ratingd schedules pause M             | MONTHLY MONTHLY/ADD_1@LAST
    ratingd schedules list --plan DAILY/A | DAILY/ADD_1@MIDNIGHT
"""


def test_the_shell_completes_plans_and_entries(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    for row in COMPLETED.strip().splitlines():
        typed, _, wanted = (part.strip() for part in row.partition("|"))
        words = typed.split()
        monkeypatch.setenv("RATINGD_LISTEN", shell.address)
        monkeypatch.setenv("COMP_WORDS", typed)
        monkeypatch.setenv("COMP_CWORD", str(len(words) - (1 if words[-1] != "schedules" else 0)))
        told = CliRunner().invoke(main, prog_name="ratingd", env={"_RATINGD_COMPLETE": "bash_complete"}).stdout
        assert " ".join(sorted(line.partition(",")[2] for line in told.split())) == wanted


@pytest.fixture
def desk(sqlite_url: str) -> Iterator[ApiDesk]:
    """A daemon that holds no lock: it stores what is asked of it, and runs nothing."""
    with ApiDesk(sqlite_url, folder=FOLDER) as desk:
        yield desk


def test_a_daemon_that_runs_nothing_takes_orders_and_pauses(desk: ApiDesk) -> None:
    desk.engine.perform(desk.key("1001"), SetAccount(plans=("DAILY",)), "join")
    order = desk.ask(desk.admin.RunSchedule, RunScheduleRequest(plan="DAILY", idempotency_key="k"))
    assert (order.state, order.progress.accounts_total) == (order.WAITING, 1)
    assert desk.ask(desk.admin.GetScheduleOrder, GetScheduleOrderRequest(id=order.id)).state == order.WAITING
    paused = desk.ask(desk.admin.PauseSchedule, PauseScheduleRequest(entry=DAILY))
    assert (list(paused.entries), paused.changed) == ([DAILY], True)
    listed = desk.ask(desk.admin.ListSchedules, ListSchedulesRequest(plan="DAILY"))
    assert [(each.entry, each.HasField("paused_since_time")) for each in listed.schedules] == [
        (DAILY, True),
        ("DAILY/SET_10@*asap", False),
    ]
    assert [each.id for each in listed.orders] == [order.id]


@table("""
    method          | asked                                  | reason
    RunSchedule     | plan:"DAILY"                           | INVALID_IDEMPOTENCY_KEY
    RunSchedule     | idempotency_key:"k"                    | INVALID_REQUEST
    RunSchedule     | plan:"DAILY" idempotency_key:"k" only_existing:true | INVALID_REQUEST
    RunSchedule     | plan:"NO" dry_run:true                 | ACTION_PLAN_UNKNOWN
    RunSchedule     | entry:"NO" dry_run:true                | NOT_FOUND
    RunSchedule     | plan:"DAILY" account:"9" dry_run:true only_existing:true | ACCOUNT_UNKNOWN
    ReplaySchedules | dry_run:true                           | INVALID_REQUEST
    ReplaySchedules | dry_run:true start_time:{seconds:5} end_time:{seconds:5} | INVALID_REQUEST
    PauseSchedule   | plan:"NO"                              | ACTION_PLAN_UNKNOWN
    ResumeSchedule  | plan:"DAILY"                           | INVALID_REQUEST
    ListSchedules   | plan:"NO"                              | ACTION_PLAN_UNKNOWN
    ListSchedules   | order_page_size:-1                     | INVALID_REQUEST
    GetScheduleOrder | id:""                                 | INVALID_REQUEST
""")
def test_refusals(desk: ApiDesk, method: str, asked: str, reason: str) -> None:
    kinds = {
        "RunSchedule": RunScheduleRequest,
        "ReplaySchedules": ReplaySchedulesRequest,
        "PauseSchedule": PauseScheduleRequest,
        "ResumeSchedule": ResumeScheduleRequest,
        "ListSchedules": ListSchedulesRequest,
        "GetScheduleOrder": GetScheduleOrderRequest,
    }
    with pytest.raises(Refused) as refused:
        desk.ask(getattr(desk.admin, method), text_format.Parse(asked, kinds[method]()))
    assert refused.value.reason == reason
