"""Windows, calls and scores through the engine: rolled before each operation, stored, and read as they stand."""

from accounts.account import Account, AccountKey, ThresholdType, TriggerTerms, Window
from accounts.balance import BalanceKind
from accounts.balance_filter import BalanceFilter
from accounts.charge import ChargeRequest
from actions.action import Action, ActionType
from ratingd.engine.batch import next_due
from ratingd.engine.operation import (
    Debit,
    ExpireDue,
    RemoveTriggers,
    ResetCounters,
    ResetTriggers,
    RunActions,
    SetAccount,
    SetScores,
    SetTrigger,
)
from tariffs.money import NANO
from tariffs.zone import UTC
from tests.engine_desk import FOLDER, SATURDAY_TEN, Desk, debit

PLANS = FOLDER | {
    "Actions.csv": b"DIS,*disable_account,,,,,,,,,,,,,,,10\n",
    "Destinations.csv": b"DST_49,49\nDST_44,44\n",
}
BOTH = PLANS | {"DestinationRates.csv": b"DR,*any,RT,*up,4,0,\n"}
KEY = AccountKey("cgrates.org", "1001")
DAY = 86_400 * NANO


class Clock:
    def __init__(self) -> None:
        self.now = SATURDAY_TEN

    def __call__(self) -> int:
        return self.now


def cap(unique_id: str, window: Window, threshold: int, actions_id: str = "NONE") -> SetTrigger:
    return SetTrigger(
        TriggerTerms("CAPS", unique_id, ThresholdType.MAX_EVENT_COUNTER, threshold, actions_id, "*monetary",
                     window=window)
    )  # fmt: skip


def told(account: Account) -> str:
    counters = [f"{c.id}{'@' + c.call[:4] if c.call else ''}={c.value / NANO:g}" for c in account.counters]
    return " ".join(counters + [f"fired:{t.terms.unique_id}" for t in account.triggers if t.executed])


def values(desk: Desk, account: str) -> list[tuple[str, float]]:
    return sorted((counter.id, counter.value / NANO) for counter in desk.account(account).counters)


def test_a_day_ends_at_the_midnight_of_the_account(store_url: str) -> None:
    clock = Clock()
    with Desk(store_url, folder=PLANS, clock=clock) as desk:
        desk.top_up("1001", 10)
        desk.ask("1001", SetAccount(time_zone="America/New_York"))
        desk.ask("1001", cap("DAY", Window.DAY, 2 * NANO))
        desk.ask("1001", debit("1001", 60))
        clock.now = SATURDAY_TEN + 19 * 3600 * NANO - 1  # 04:59:59.999999999Z on Sunday
        assert told(desk.account("1001")) == "DAY=0.6"
        clock.now += 1
        assert told(desk.account("1001")) == "DAY=0"
        desk.ask("1001", debit("1001", 120))
        assert told(desk.account("1001")) == "DAY=1.2"
        desk.restart()
        assert told(desk.account("1001")) == "DAY=1.2"


def test_a_daily_cap_that_disables_fires_once_a_day(store_url: str) -> None:
    clock = Clock()
    with Desk(store_url, folder=PLANS, clock=clock) as desk:
        desk.top_up("1001", 10)
        desk.ask("1001", cap("DAY", Window.DAY, 12 * NANO // 10, "DIS"))
        assert desk.ask("1001", debit("1001", 600)).endswith("cost 1.2")
        assert told(desk.account("1001")) == "DAY=1.2 fired:DAY"
        clock.now += DAY
        desk.ask("1001", SetAccount(disabled=False))
        assert told(desk.account("1001")) == "DAY=0"
        assert desk.ask("1001", debit("1001", 600)).endswith("cost 1.2")
        assert desk.account("1001").disabled


def test_calls_are_counted_each_for_itself_and_closed_by_their_last_debit(store_url: str) -> None:
    clock = Clock()
    with Desk(store_url, folder=PLANS, clock=clock) as desk:
        desk.top_up("1001", 10)
        desk.ask("1001", cap("CALL", Window.CALL, 12 * NANO // 10))
        desk.ask("1001", debit("1001", 60, call_id="c1"))
        desk.ask("1001", debit("1001", 120, call_id="c2"))
        desk.ask("1001", debit("1001", 60))
        assert values(desk, "1001") == [("CALL", 0.6), ("CALL", 1.2)]
        desk.restart()
        desk.ask("1001", debit("1001", 60, call_id="c1", final=True))
        assert values(desk, "1001") == [("CALL", 1.2)]
        clock.now += 7 * DAY
        assert desk.account("1001").counters == []


def test_the_counters_of_a_call_that_nobody_closes_fall_due(store_url: str) -> None:
    clock = Clock()
    with Desk(store_url, folder=PLANS, clock=clock) as desk:
        desk.top_up("1001", 10)
        desk.ask("1001", cap("CALL", Window.CALL, 9 * NANO))
        desk.ask("1001", debit("1001", 60, call_id="c1"))
        over_ns = next_due(desk.account("1001"))
        assert over_ns is not None
        clock.now = over_ns
        assert desk.store.due_accounts(over_ns, 10) == [KEY]
        desk.ask("1001", ExpireDue())
        assert (desk.store.due_accounts(over_ns, 10), next_due(desk.account("1001"))) == ([], None)


def sharing(units: int) -> RunActions:
    filter = BalanceFilter(kind=BalanceKind.MONETARY, id="SH", shared_groups={"FAMILY": True})
    return RunActions((Action("", ActionType.TOPUP, filter=filter, units=units * NANO),), create=True)


def family(desk: Desk, **limits: int) -> None:
    """1001 has the money of the group, 1002 calls, and 1003 takes no part; each is watched by its call and its day."""
    for account, units in (("1001", 10), ("1002", 0), ("1003", 0)):
        desk.ask(account, sharing(units))
        desk.ask(account, cap("CALL", Window.CALL, 9 * NANO))
        desk.ask(account, cap("DAY", Window.DAY, limits.get("day", 9 * NANO), "DIS"))


def test_the_counters_of_the_member_that_pays_move_and_those_of_no_other(store_url: str) -> None:
    with Desk(store_url, folder=PLANS) as desk:
        family(desk)
        untouched = desk.account("1003").updated_ns
        desk.ask("1002", debit("1002", 60, call_id="c1"))
        desk.ask("1002", debit("1002", 60, call_id="c2"))
        assert values(desk, "1001") == [("CALL", 0.6), ("CALL", 0.6), ("DAY", 1.2)]
        assert (told(desk.account("1002")), told(desk.account("1003"))) == ("DAY=0", "DAY=0")
        assert desk.account("1003").updated_ns == untouched
        desk.ask("1002", debit("1002", 60, call_id="c1", final=True))
        assert values(desk, "1001") == [("CALL", 0.6), ("DAY", 1.8)]


def test_a_member_that_its_own_monitor_disables_pays_no_more_and_the_call_goes_on(store_url: str) -> None:
    with Desk(store_url, folder=PLANS) as desk:
        family(desk, day=12 * NANO // 10)
        assert desk.ask("1002", debit("1002", 180)).endswith("cost 1.8")
        assert (desk.account("1001").disabled, desk.account("1002").disabled) == (True, False)
        assert (desk.money("1001"), desk.money("1002")) == ("8.8", "-0.6")


def test_a_score_is_told_kept_and_watched(store_url: str) -> None:
    risk = TriggerTerms(
        "RISK", "R", ThresholdType.MAX_SCORE, 80 * NANO, "DIS", filter=BalanceFilter(id="score.risk")
    )  # fmt: skip
    with Desk(store_url, folder=PLANS) as desk:
        desk.top_up("1001", 10)
        desk.ask("1001", SetTrigger(risk))
        desk.ask("1001", SetScores({"score.risk": 79 * NANO, "b.asr.300": 15 * NANO}))
        account = desk.account("1001")
        assert (account.disabled, dict(account.scores)) == (False, {"score.risk": 79 * NANO, "b.asr.300": 15 * NANO})
        desk.ask("1001", SetScores({"score.risk": 80 * NANO, "b.asr.300": None}))
        desk.restart()
        account = desk.account("1001")
        assert (account.disabled, dict(account.scores), told(account)) == (True, {"score.risk": 80 * NANO}, "fired:R")


def test_triggers_are_set_changed_reset_and_removed_one_by_one(store_url: str) -> None:
    with Desk(store_url, folder=PLANS) as desk:
        desk.top_up("1001", 10)
        desk.ask("1001", cap("A", Window.NONE, NANO))
        desk.ask("1001", cap("B", Window.DAY, NANO, "DIS"))
        desk.ask("1001", debit("1001", 60))
        assert told(desk.account("1001")) == "A=0.6 B=0.6"
        desk.ask("1001", cap("B", Window.DAY, NANO // 2, "DIS"))  # evaluated at once, by the value it had
        assert told(desk.account("1001")) == "A=0.6 B=0.6 fired:B"
        desk.ask("1001", SetAccount(disabled=False))
        desk.ask("1001", cap("B", Window.DAY, 9 * NANO, "DIS"))
        assert told(desk.account("1001")) == "A=0.6 B=0.6 fired:B"  # it keeps its mark
        desk.ask("1001", ResetTriggers(group="CAPS", unique_id="B"))
        assert told(desk.account("1001")) == "A=0.6 B=0.6"
        desk.ask("1001", cap("B", Window.WEEK, 9 * NANO, "DIS"))
        assert told(desk.account("1001")) == "A=0.6 B=0"
        desk.ask("1001", RemoveTriggers(unique_id="A"))
        assert told(desk.account("1001")) == "B=0"
        desk.ask("1001", RemoveTriggers(group="CAPS"))
        assert (desk.account("1001").triggers, desk.account("1001").counters) == ([], [])


def test_a_debit_of_nothing_takes_no_expired_balance_from_its_monitor(sqlite_url: str) -> None:
    """A new day begins with it, and that is a change; yet no monitor has been looked at."""
    clock = Clock()
    gone = TriggerTerms("CAPS", "GONE", ThresholdType.BALANCE_EXPIRED, 0, "DIS", "*monetary")
    package = Action("", ActionType.TOPUP, filter=BalanceFilter(kind=BalanceKind.MONETARY, id="PACKAGE"), expiry="+60s")
    with Desk(sqlite_url, folder=PLANS, clock=clock) as desk:
        desk.ask("1001", RunActions((package,), create=True))
        desk.ask("1001", cap("DAY", Window.DAY, 2 * NANO))
        desk.ask("1001", SetTrigger(gone))
        clock.now += DAY
        desk.ask("1001", debit("1001", 0))
        assert not desk.account("1001").disabled
        desk.ask("1001", ExpireDue())
        assert desk.account("1001").disabled
        assert desk.account("1001").balances == []


def test_a_call_that_draws_nothing_takes_what_has_expired_though_it_is_counted(sqlite_url: str) -> None:
    """0.30 cannot pay a minute, but it was asked for the connect fee of 0: its monitors have been looked at."""
    clock = Clock()
    package = Action("", ActionType.TOPUP, filter=BalanceFilter(kind=BalanceKind.VOICE, id="PACKAGE"), expiry="+60s")
    money = Action("", ActionType.TOPUP, filter=BalanceFilter(kind=BalanceKind.MONETARY, id="M"), units=NANO * 3 // 10)
    call = ChargeRequest(
        KEY, "call", "1001", "49123", "*voice", SATURDAY_TEN, SATURDAY_TEN + 60 * NANO, UTC, deny_negative=True,
    )  # fmt: skip
    with Desk(sqlite_url, folder=PLANS, clock=clock) as desk:
        desk.ask("1001", RunActions((money, package), create=True))
        desk.ask("1001", cap("CALL", Window.CALL, 2 * NANO))
        clock.now += 61 * NANO
        assert desk.ask("1001", Debit(call)).endswith("cost 0")
        assert [balance.terms.id for balance in desk.account("1001").balances] == ["M"]
        assert told(desk.account("1001")) == ""


def test_a_floor_that_a_counter_is_reset_to_holds_at_the_next_debit_of_anything(sqlite_url: str) -> None:
    """Level, not edge: what calls to 44 cost is back at 0, and a call to 49 is when that is looked at."""
    terms = TriggerTerms(
        "CAPS", "IDLE", ThresholdType.MIN_EVENT_COUNTER, 0, "DIS", "*monetary",
        filter=BalanceFilter(destinations={"DST_44": True}),
    )  # fmt: skip
    with Desk(sqlite_url, folder=BOTH) as desk:
        desk.top_up("1001", 10)
        desk.ask("1001", SetTrigger(terms))
        desk.ask("1001", SetAccount(disabled=False))
        desk.ask("1001", debit("1001", 60, destination="44123"))
        desk.ask("1001", ResetTriggers())
        for _ in range(2):
            desk.ask("1001", debit("1001", 60))
        assert (values(desk, "1001"), desk.account("1001").disabled) == ([("IDLE", 0.6)], False)
        desk.ask("1001", ResetCounters())
        desk.ask("1001", debit("1001", 60))
        assert desk.account("1001").disabled
