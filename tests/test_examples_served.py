"""The worked examples that need an engine and a store: accounting 10, X 38, 41, 43, 45, 54 and 55.

The price is 0.60 a minute. Values are those of accounting 10 with its right results.
"""

from concurrent.futures import ThreadPoolExecutor

from accounts.account import AccountKey
from accounts.balance import BalanceKind
from accounts.balance_filter import BalanceFilter
from actions.action import Action, ActionType
from ratingd.engine.operation import ExecuteSet, RunActions, SetTriggers
from ratingd.store.verify import verify
from tariffs.fault import Severity
from tariffs.money import NANO, decimal_text
from tests.engine_desk import FOLDER, Desk, debit

KEY = AccountKey("cgrates.org", "1001")
ROWS = b"""TOP2,*topup,,,MON,*monetary,,,,,,,2,,,,20
TOP2,*cdrlog,"{""extra1"":""~*acnt.BalanceID""}",,,,,,,,,,,,,,15
TOP2,*http_post_async,http://127.0.0.1:9/down,,,,,,,,,,,,,,10
ORDERED,*topup,,,O,*monetary,,,,,,,10,,,,10
ORDERED,*topup_reset,,,O,*monetary,,,,,,,3,,,,30
ORDERED,*debit,,,O,*monetary,,,,,,,1,,,,20
BROKEN,*topup,,,O,*monetary,,,,,,,10,,,,20
BROKEN,*cgr_rpc,,,,,,,,,,,,,,,10
TOP10,*topup,,,MON,*monetary,,,,,,,10,10,,,10
DIS,*disable_account,,,,,,,,,,,,,,,20
BONUS,*topup,,,BONUS,*monetary,,,,,,,1,,,,20
BONUS,*http_post_async,http://127.0.0.1:9/down,,,,,,,,,,,,,,10
"""
SETS = FOLDER | {
    "Actions.csv": ROWS,
    "ActionPlans.csv": b"AP,TOP10,*asap,10\n",
    "ActionTriggers.csv": b"EMPTY,T,*min_balance,0,,,,,B,*monetary,,,,,,,,,,BONUS,10\n"
    b"SPENT,S,*max_event_counter,0.6,,,,,,*monetary,,,,,,,,,,DIS,10\n",
    "SharedGroups.csv": b"FAMILY,*any,*lowest,\n",
}


def giving(action: ActionType, id: str, units: int, **terms: object) -> RunActions:
    """What AddBalance or SetBalance do; units are nano-units."""
    filter = BalanceFilter(kind=BalanceKind.MONETARY, id=id, **terms)  # type: ignore[arg-type]
    return RunActions((Action("", action, filter=filter, units=units),), create=True)


def told(desk: Desk) -> str:
    """`MON=2 disabled fired:T #S=0.6`"""
    account = desk.account("1001")
    words = [f"{balance.terms.id}={decimal_text(balance.value)}" for balance in account.balances]
    words += ["disabled"] * account.disabled
    words += [f"fired:{trigger.terms.unique_id}" for trigger in account.triggers if trigger.executed]
    return " ".join(words + [f"#{counter.id}={decimal_text(counter.value)}" for counter in account.counters])


def test_x38_what_a_set_tells_cannot_undo_what_it_does(store_url: str) -> None:
    with Desk(store_url, folder=SETS) as desk:
        assert desk.ask("1001", ExecuteSet("TOP2", create=True)) == "AccountAnswer"
        desk.restart()
        assert told(desk) == "MON=2"
        (record,) = desk.store.cdrs.page(KEY)
        assert (record.run_id, record.cost, record.tor, record.extra_fields) == (
            "*topup", 2 * NANO, "*monetary", {"extra1": "MON"},
        )  # fmt: skip
        assert [(entry.kind, entry.state) for entry in desk.store.outbox.entries()] == [("webhook", "waiting")]


def test_x41_the_same_debit_again_is_answered_and_not_charged(store_url: str) -> None:
    with Desk(store_url) as desk:
        desk.ask("1001", giving(ActionType.SET_BALANCE, "M", 1_800_000_000))
        first = desk.ask("1001", debit("1001", 60), "abc")
        assert (desk.ask("1001", debit("1001", 60), "abc"), desk.money("1001")) == (first, "1.2")
        desk.restart()
        assert (desk.ask("1001", debit("1001", 60), "abc"), desk.money("1001")) == (first, "1.2")


def test_x43_loading_the_same_folder_again_changes_nothing(store_url: str) -> None:
    """Not the money, the fired monitor, its counter, nor that it has disabled the account."""
    folder = SETS | {"AccountActions.csv": b"cgrates.org,1001,AP,SPENT,,\n"}
    with Desk(store_url, folder={}) as desk:
        desk.engine.tariffs.load(folder)
        assert told(desk) == "MON=10 #S=0"
        desk.ask("1001", debit("1001", 60))
        assert told(desk) == "MON=9.4 disabled fired:S #S=0.6"
        report = desk.engine.tariffs.load(folder)
        assert [(each.key, each.changes) for each in report.accounts] == [(KEY, ())]
        assert told(desk) == "MON=9.4 disabled fired:S #S=0.6"


def test_x45_two_rows_for_one_account_load_nothing(sqlite_url: str) -> None:
    folder = SETS | {"AccountActions.csv": b"cgrates.org,1001,AP,,,\ncgrates.org,1001,AP,,true,\n"}
    with Desk(sqlite_url, folder={}) as desk:
        report = desk.engine.tariffs.load(folder)
        faults = [(each.file, each.line) for each in report.findings if each.severity is Severity.FAULT]
        assert (report.version, faults) == (None, [("AccountActions.csv", 2)])
        assert desk.engine.account(KEY) is None


def test_x54_a_set_runs_by_weight_and_one_that_fails_changes_nothing(store_url: str) -> None:
    with Desk(store_url, folder=SETS) as desk:
        assert desk.ask("1001", ExecuteSet("BROKEN", create=True)) == "ACTIONS_FAILED"
        assert desk.engine.account(KEY) is None
        assert desk.ask("1001", ExecuteSet("ORDERED", create=True)) == "AccountAnswer"
        assert told(desk) == "O=12"
        assert desk.ask("1001", ExecuteSet("BROKEN")) == "ACTIONS_FAILED"
        desk.restart()
        assert told(desk) == "O=12"


def test_x55_members_of_a_group_debit_at_once_and_all_succeed(store_url: str) -> None:
    """Two clients for each of two members, one minute after the other."""
    with Desk(store_url, folder=SETS, lanes=2) as desk:
        for account in ("k1", "k2"):
            desk.ask(account, giving(ActionType.TOPUP, "SH", 1000 * NANO, shared_groups={"FAMILY": True}))

        def call(client: int) -> set[str]:
            account = f"k{1 + client % 2}"
            return {desk.ask(account, debit(account, 60)).split(" ", 1)[1] for _ in range(40)}

        with ThreadPoolExecutor(4) as clients:
            assert set().union(*clients.map(call, range(4))) == {"cost 0.6"}
        assert {desk.money("k1"), desk.money("k2")} == {"904", "1000"}  # the lowest pays, and stays the lowest
        assert not verify(desk.store).differences


def test_a_debit_that_fails_after_its_monitor_fired_leaves_nothing(store_url: str) -> None:
    """The blocker pays one minute of two and is at 0: its monitor tops up and posts, and all of it is undone."""
    with Desk(store_url, folder=SETS) as desk:
        desk.ask("1001", giving(ActionType.SET_BALANCE, "B", 600_000_000, blocker=True))
        desk.ask("1001", SetTriggers(("EMPTY",), overwrite=False))
        assert desk.ask("1001", debit("1001", 120), "k") == "BALANCE_BLOCKER"
        assert (told(desk), desk.store.outbox.entries()) == ("B=0.6", [])
        desk.restart()
        assert desk.ask("1001", debit("1001", 120), "k") == "BALANCE_BLOCKER"
        assert (told(desk), desk.store.outbox.entries()) == ("B=0.6", [])
        desk.ask("1001", debit("1001", 60))
        assert told(desk) == "B=0 BONUS=1 fired:T"
        assert len(desk.store.outbox.entries()) == 1
