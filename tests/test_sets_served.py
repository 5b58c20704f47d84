"""Action sets through the engine: what they do to other accounts and what they record is of one transaction."""

from accounts.account import AccountKey
from ratingd.engine.operation import ExecuteSet, SetAccount
from tariffs.money import NANO
from tests.engine_desk import FOLDER, Desk

TO_1002 = b'"{""DestinationAccountID"":""cgrates.org:1002"",""DestinationBalanceID"":""POT""}"'
SETS = (
    b"MOVE3,*transfer_balance," + TO_1002 + b",,M,,,,,,,,3,,,,20\n"
    b"MOVE3,*cdrlog,,,,,,,,,,,,,,,10\n"
    b'GONE,*remove_account,"{""Account"":""1002""}",,,,,,,,,,,,,,10\n'
    b"UNDONE,*transfer_balance," + TO_1002 + b",,M,,,,,,,,3,,,,20\n"
    b"UNDONE,*cgr_rpc,,,,,,,,,,,,,,,10\n"
)
PLANS = FOLDER | {"Actions.csv": SETS, "ActionPlans.csv": b"DAILY,MOVE3,*daily,10\n"}


def test_a_transfer_and_its_record_are_stored_together_and_survive(store_url: str) -> None:
    with Desk(store_url, folder=PLANS) as desk:
        desk.top_up("1001", 10)
        desk.top_up("1002", 1)
        answers = [desk.ask("1001", ExecuteSet("MOVE3")) for _ in range(4)]
        assert answers == ["AccountAnswer"] * 3 + ["ACTIONS_FAILED"]
        desk.restart()
        assert (desk.money("1001"), desk.money("1002")) == ("1", "10")
        records = desk.store.cdrs.page(AccountKey("cgrates.org", "1001"))
        assert [(record.run_id, record.cost) for record in records] == [("*transfer_balance", 3 * NANO)] * 3


def test_a_set_that_fails_leaves_both_sides_and_no_record(store_url: str) -> None:
    with Desk(store_url, folder=PLANS) as desk:
        desk.top_up("1001", 10)
        desk.top_up("1002", 1)
        assert desk.ask("1001", ExecuteSet("UNDONE")) == "ACTIONS_FAILED"
        assert (desk.money("1001"), desk.money("1002")) == ("10", "1")


def test_another_account_is_removed_with_its_plans(store_url: str) -> None:
    with Desk(store_url, folder=PLANS) as desk:
        desk.top_up("1001", 10)
        desk.top_up("1002", 1)
        desk.ask("1002", SetAccount(plans=("DAILY",)))
        assert len(desk.store.members("DAILY")) == 1
        desk.ask("1001", ExecuteSet("GONE"))
        assert desk.engine.account(AccountKey("cgrates.org", "1002")) is None
        assert desk.store.members("DAILY") == []
        assert desk.ask("1001", ExecuteSet("MOVE3")) == "ACTIONS_FAILED"  # there is nobody to transfer to
        desk.top_up("1002", 1)
        assert desk.ask("1001", ExecuteSet("MOVE3")) == "AccountAnswer"
        assert (desk.money("1001"), desk.money("1002")) == ("7", "4")
