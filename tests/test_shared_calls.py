"""What a call leaves with the other members of a group when it ends, whichever way it ends."""

from accounts.account import ThresholdType, TriggerTerms, Window
from accounts.balance import BalanceKind
from accounts.balance_filter import BalanceFilter
from actions.action import Action, ActionType
from ratingd.engine.operation import GetMaxSessionTime, Operation, ReadAccount, RemoveAccount, RunActions, SetTrigger
from ratingd.store.verify import verify
from tariffs.money import NANO
from tests.action_scene import SATURDAY_TEN
from tests.engine_desk import Desk, charge, debit

CEILING = TriggerTerms(
    "G", "U", ThresholdType.MAX_EVENT_COUNTER, 9 * NANO, "NONE", kind="*monetary", window=Window.CALL
)  # fmt: skip


def family(desk: Desk) -> None:
    """1001 has 5.00 that it shares; 1002 has nothing and calls."""
    for account, units in (("1001", 5), ("1002", 0)):
        shared = BalanceFilter(kind=BalanceKind.MONETARY, id="SH", shared_groups={"FAM": True})
        desk.ask(account, RunActions((Action("", ActionType.TOPUP, filter=shared, units=units * NANO),), create=True))


def test_the_end_of_a_call_closes_its_counter_at_the_member_who_paid(store_url: str) -> None:
    with Desk(store_url, clock=lambda: SATURDAY_TEN) as desk:
        family(desk)
        desk.ask("1001", SetTrigger(CEILING))
        desk.ask("1002", debit("1002", 60, call_id="c1"))
        assert [counter.value for counter in desk.account("1001").counters] == [6 * NANO // 10]
        desk.ask("1002", debit("1002", 0, call_id="c1", final=True))
        assert desk.account("1001").counters == []
        assert not verify(desk.store).differences


def test_a_caller_who_is_removed_holds_nothing_of_others(store_url: str) -> None:
    removals: tuple[Operation, ...] = (RemoveAccount(), RunActions((Action("", ActionType.REMOVE_ACCOUNT),)))
    for removal in removals:
        with Desk(store_url, clock=lambda: SATURDAY_TEN) as desk:
            family(desk)
            desk.ask("1002", GetMaxSessionTime(charge("1002", 60, call_id="c1"), reserve_ns=3600 * NANO))
            assert [r.call for r in desk.account("1001").reservations] == [("1002", "sw", "c1")]
            desk.ask("1002", removal)
            assert desk.account("1001").reservations == ()
            assert not verify(desk.store).differences


def test_what_a_call_holds_is_read_until_it_expires(store_url: str) -> None:
    now = [SATURDAY_TEN]
    with Desk(store_url, clock=lambda: now[0]) as desk:
        desk.top_up("1001", 5)
        desk.ask("1001", GetMaxSessionTime(charge("1001", 60, call_id="c1"), reserve_ns=60 * NANO))
        seen = []
        for now[0] in (SATURDAY_TEN, SATURDAY_TEN + 60 * NANO - 1, SATURDAY_TEN + 60 * NANO):
            assert desk.ask("1001", ReadAccount()) == "AccountAnswer"
            seen.append(len(desk.account("1001").reservations))
    assert seen == [1, 1, 0]
