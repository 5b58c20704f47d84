"""Loading a tariff: whole or not at all, accounts brought to their rows once, also when a crash comes between."""

from pathlib import Path

from accounts.account import AccountKey
from ratingd.engine.load_report import LoadReport
from ratingd.engine.operation import SetAccount
from tests.engine_desk import FOLDER, Desk, debit

ACCOUNTS = {
    **FOLDER,
    "Actions.csv": b"TOP,*topup,,,M,*monetary,,,,,*unlimited,,10,10,false,false,10\n",
    "ActionPlans.csv": b"PACK,TOP,*asap,10\n",
    "ActionTriggers.csv": b"GRP,LOW,*min_balance,2,false,0,,,M,*monetary,,,,,,,,,,TOP,10\n",
    "AccountActions.csv": b"cgrates.org,1001,PACK,GRP,,\ncgrates.org,1002,PACK,GRP,true,\n",
}


def changes(report: LoadReport) -> dict[str, tuple[str, ...]]:
    return {difference.key.account: difference.changes for difference in report.accounts}


def test_a_folder_is_in_force_and_its_accounts_are_there(store_url: str) -> None:
    with Desk(store_url, folder={}) as desk:
        report = desk.engine.tariffs.load(ACCOUNTS)
        assert report.version == 1
        assert report.counts["accounts"] == 2
        assert desk.money("1001") == "10"
        assert desk.account("1002").allow_negative
        assert desk.ask("1001", debit("1001", 60)).endswith("cost 0.6")
        desk.restart()
        assert desk.ask("1001", debit("1001", 60)).endswith("cost 0.6")
        assert desk.money("1001") == "8.8"


def test_a_fault_leaves_the_old_tariff_and_all_accounts(sqlite_url: str) -> None:
    with Desk(sqlite_url, folder={}) as desk:
        desk.engine.tariffs.load(ACCOUNTS)
        broken = {
            **ACCOUNTS,
            "Rates.csv": b"RT,0,cheap,60s,60s,0s\n",
            "AccountActions.csv": b"cgrates.org,1003,PACK,,,\n",
        }
        report = desk.engine.tariffs.load(broken)
        assert report.version is None
        assert [(finding.file, finding.line, finding.column) for finding in report.findings] == [("Rates.csv", 1, 3)]
        assert desk.engine.account(AccountKey("cgrates.org", "1003")) is None
        assert desk.ask("1001", debit("1001", 60)).endswith("cost 0.6")


def test_loading_again_changes_nothing(sqlite_url: str) -> None:
    with Desk(sqlite_url, folder={}) as desk:
        desk.engine.tariffs.load(ACCOUNTS)
        desk.ask("1001", SetAccount(disabled=True))
        report = desk.engine.tariffs.load(ACCOUNTS)
        assert report.version == 2
        assert changes(report) == {"1001": (), "1002": ()}
        assert desk.account("1001").disabled
        assert desk.money("1001") == "10"


def test_asap_entries_run_again_where_that_is_asked_for(sqlite_url: str) -> None:
    with Desk(sqlite_url, folder={}) as desk:
        desk.engine.tariffs.load(ACCOUNTS)
        desk.engine.tariffs.load(ACCOUNTS, rerun_asap=True)
        assert desk.money("1001") == "20"


def test_a_dry_run_tells_and_does_nothing(sqlite_url: str) -> None:
    with Desk(sqlite_url, folder={}) as desk:
        report = desk.engine.tariffs.load(ACCOUNTS, dry_run=True)
        assert report.version is None
        assert changes(report)["1001"] == ("new account", "join plan PACK", "add trigger GRP/LOW", "run TOP now")
        assert desk.engine.account(AccountKey("cgrates.org", "1001")) is None
        assert desk.engine.plans.current(desk.engine.clock()).number == 0


def test_an_import_cut_short_is_finished_at_the_next_start_and_tops_up_once(sqlite_url: str, tmp_path: Path) -> None:
    """A crash after the version was stored, before its accounts were: `resume` does what is left."""
    with Desk(sqlite_url, folder={}) as desk:
        desk.engine.tariffs.load(ACCOUNTS)
        desk.engine.store.keep_cursor("import:1", "")
        desk.restart()
        desk.engine.tariffs.resume()
        assert desk.money("1001") == "10"
        assert desk.engine.store.cursor("import:1") == "done"


def test_another_daemon_learns_of_a_tariff_before_it_holds(postgresql_url: str) -> None:
    with Desk(postgresql_url, folder={}) as one, Desk(postgresql_url, folder={}) as other:
        one.engine.tariffs.load(ACCOUNTS)
        assert other.engine.plans.current(other.engine.clock()).number == 1
        assert other.ask("1001", debit("1001", 60)).endswith("cost 0.6")
