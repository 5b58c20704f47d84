"""Accounts that others write too: who waits for them, who does not, and what the passing of time sets off."""

import threading
from collections.abc import Callable
from dataclasses import replace

from accounts.account import AccountKey, ThresholdType, TriggerTerms
from accounts.balance import BalanceKind
from accounts.balance_filter import BalanceFilter
from actions.action import Action, ActionType
from ratingd.engine.batch import next_due
from ratingd.engine.lane import LaneLimits
from ratingd.engine.operation import ExpireDue, GetMaxSessionTime, RunActions, SetTrigger
from ratingd.store.faults import VersionConflict
from ratingd.store.rows import Batch
from ratingd.store.store import Store, open_store
from ratingd.store.verify import verify
from tariffs.money import NANO
from tests.engine_desk import FOLDER, SATURDAY_TEN, Desk, charge, debit

HOT = AccountKey("cgrates.org", "hot")
MINUTE = 60 * NANO


class Contested(Store):
    """A real store to which, when told to, somebody else has written in between."""

    def __init__(self, store: Store) -> None:
        super().__init__(store.database)
        self.conflicts: list[AccountKey] = []
        self.committed: list[set[AccountKey]] = []
        self.moment: Callable[[], None] = lambda: None

    def commit(self, batch: Batch) -> None:
        self.moment()
        for conflict in [key for key in self.conflicts if any(write.key == key for write in batch.accounts)]:
            self.conflicts.remove(conflict)
            raise VersionConflict([conflict])
        super().commit(batch)
        self.committed.append({write.key for write in batch.accounts})


def test_after_a_conflict_the_others_go_on_without_the_contested_account(store_url: str) -> None:
    gate = threading.Event()
    with Desk(store_url, lanes=1, store=Contested) as desk:
        store = desk.store
        assert isinstance(store, Contested)
        for account in ("hot", "calm", "first"):
            desk.top_up(account, 10)
        store.moment = lambda: assert_opens(gate)
        waiting = [desk.send("first", debit("first", 60))]  # while it is committed, the others share a batch
        waiting += [desk.send(account, debit(account, 60)) for account in ("hot", "calm") * 3]
        store.conflicts, store.committed = [HOT], []
        gate.set()
        assert {each.result(20).body.decode().split()[-1] for each in waiting} == {"0.6"}
        assert (desk.money("hot"), desk.money("calm")) == ("8.2", "8.2")
        assert not any(HOT in batch for batch in store.committed)  # it was stored while its row was locked


def assert_opens(gate: threading.Event) -> None:
    assert gate.wait(20)


def test_a_row_that_is_kept_locked_makes_its_own_requests_busy_and_no_others(postgresql_url: str) -> None:
    limits = LaneLimits(locking_timeout_ms=300)
    with Desk(postgresql_url, lanes=1, limits=limits, lock_timeout_ms=100) as desk:
        for account in ("hot", "calm"):
            desk.top_up(account, 10)
        other = open_store(postgresql_url)
        with other.holding([HOT]):
            waiting = [desk.send(account, debit(account, 60), f"k{n}") for n, account in enumerate(("hot", "calm") * 5)]
            replies = [each.result(20).body.decode().split()[-1] for each in waiting]
        other.close()
        assert replies == ["ACCOUNT_BUSY", "0.6"] * 5
        assert desk.ask("hot", debit("hot", 60), "k0").endswith("cost 0.6")  # that it was busy was not kept
        assert (desk.money("hot"), desk.money("calm")) == ("9.4", "7")
        assert not verify(desk.store).differences


# -- the sweep


def expiring(units: int, expiry: str) -> RunActions:
    filter = BalanceFilter(kind=BalanceKind.MONETARY, id="E")
    return RunActions((Action("", ActionType.TOPUP, filter=filter, units=units * NANO, expiry=expiry),), create=True)


def watching(unique_id: str, type: ThresholdType, threshold: int = 0) -> SetTrigger:
    filter = BalanceFilter(kind=BalanceKind.MONETARY, id="E")
    return SetTrigger(TriggerTerms("T", unique_id, type, threshold, "DIS", "*monetary", filter))


PLANS = FOLDER | {"Actions.csv": b"DIS,*disable_account,,,,,,,,,,,,,,,10\n"}


class Clock:
    def __init__(self) -> None:
        self.now = SATURDAY_TEN

    def __call__(self) -> int:
        return self.now


def test_the_passing_of_time_evaluates_expiry_alone(store_url: str) -> None:
    clock = Clock()
    with Desk(store_url, folder=PLANS, clock=clock) as desk:
        desk.ask("1001", expiring(5, "+1h"))
        low = watching("LOW", ThresholdType.MIN_BALANCE, 100 * NANO)
        desk.ask("1001", replace(low, terms=replace(low.terms, activates_at_ns=SATURDAY_TEN + MINUTE)))
        desk.ask("1001", watching("GONE", ThresholdType.BALANCE_EXPIRED))
        clock.now += 3600 * NANO + 1
        assert desk.store.due_accounts(clock.now) == [AccountKey("cgrates.org", "1001")]
        desk.ask("1001", ExpireDue())
        account = desk.account("1001")
        assert {t.terms.unique_id: t.executed for t in account.triggers} == {"LOW": False, "GONE": True}
        assert (account.balances, account.disabled) == ([], True)
        assert desk.store.due_accounts(clock.now) == []
        assert not verify(desk.store).differences


def test_a_reservation_that_expires_lets_go(store_url: str) -> None:
    clock = Clock()
    with Desk(store_url, clock=clock) as desk:
        desk.top_up("1001", 1)
        ask = GetMaxSessionTime(charge("1001", 60, call_id="c1"), reserve_ns=MINUTE)
        desk.ask("1001", ask)
        account = desk.account("1001")
        assert [sum(r.held.values()) for r in account.reservations] == [6 * NANO // 10]
        assert next_due(account) == SATURDAY_TEN + MINUTE
        clock.now += MINUTE + 1
        desk.ask("1001", ExpireDue())
        account = desk.account("1001")
        assert (account.reservations, next_due(account)) == ((), None)
        assert not verify(desk.store).differences
