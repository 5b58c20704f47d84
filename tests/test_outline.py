"""The outline: what one debit has worked out serves the next, until something else than a value has changed."""

from collections.abc import Callable

import pytest

from accounts.account import (
    Account,
    AccountKey,
    AccountTrigger,
    CounterKind,
    ThresholdType,
    TriggerTerms,
    UnitCounter,
    Window,
)
from accounts.balance import Balance, BalanceKind, BalanceTerms
from accounts.balance_filter import ANY_BALANCE
from accounts.book import Page
from accounts.bounds import Bounds, Levels
from actions.perform import drop_over
from triggers.monitor import arm

MAIN = Balance("M", BalanceTerms("MAIN", BalanceKind.MONETARY), 100)
FLOOR = TriggerTerms("G", "FLOOR", ThresholdType.MIN_BALANCE, 20, "SET", kind="*monetary")
LATER = TriggerTerms("G", "LATER", ThresholdType.MIN_BALANCE, 50, "SET", kind="*monetary", activates_at_ns=1_000)
ENDING = TriggerTerms("G", "ENDING", ThresholdType.MIN_BALANCE, 60, "SET", kind="*monetary", expires_at_ns=1_000)
SLEEPING = TriggerTerms(
    "G", "SLEEPING", ThresholdType.MIN_BALANCE, 50, "SET", kind="*monetary", recurrent=True, min_sleep_ns=300
)
GONE = TriggerTerms("G", "GONE", ThresholdType.BALANCE_EXPIRED, 0, "SET", kind="*monetary")
OTHER = BalanceTerms("OTHER", BalanceKind.MONETARY)


def watched(*triggers: AccountTrigger) -> Account:
    return Account(AccountKey("cgrates.org", "1001"), [MAIN.copy()], triggers=list(triggers))


def armed(account: Account, now_ns: int) -> Bounds:
    """The bounds that the next debit finds on its page."""
    page = Page(account.borrowing(), lent=account)
    arm(page, now_ns, set())
    assert page.bounds is not None
    return page.bounds


def floor(account: Account, now_ns: int) -> int | None:
    levels: Levels | None = armed(account, now_ns).of_balance(MAIN)
    return None if levels is None else levels.floor


def test_copies_share_what_was_worked_out() -> None:
    account = watched(AccountTrigger(FLOOR))
    account.outlined()
    assert armed(account, 500) is armed(account, 900)


def test_monitor_is_seen_from_the_instant_at_which_it_becomes_active() -> None:
    account = watched(AccountTrigger(FLOOR), AccountTrigger(LATER))
    account.outlined()
    assert [floor(account, now_ns) for now_ns in (500, 999, 1_000, 999)] == [20, 20, 50, 20]


def test_monitor_that_has_ended_is_not_seen_any_more() -> None:
    account = watched(AccountTrigger(FLOOR), AccountTrigger(ENDING))
    account.outlined()
    assert [floor(account, now_ns) for now_ns in (500, 1_000, 1_001, 1_000)] == [60, 60, 20, 60]


def test_recurrent_monitor_is_seen_when_it_has_slept() -> None:
    account = watched(AccountTrigger(FLOOR), AccountTrigger(SLEEPING, last_executed_ns=400))
    account.outlined()
    assert [floor(account, now_ns) for now_ns in (500, 699, 700)] == [20, 20, 50]


def test_expired_balance_is_seen_from_the_instant_at_which_it_has_expired() -> None:
    account = watched(AccountTrigger(GONE))
    account.balances.append(Balance("E", BalanceTerms("E", BalanceKind.MONETARY, expires_at_ns=1_000), 5))
    account.outlined()
    assert [armed(account, now_ns).always for now_ns in (500, 1_000, 1_001, 1_000)] == [False, False, True, False]


def test_monitor_whose_set_failed_is_seen_by_the_next_debit() -> None:
    account = watched(AccountTrigger(FLOOR))
    account.outlined()
    page = Page(account.borrowing(), lent=account)
    arm(page, 500, {(account.key, "G", "FLOOR")})
    assert page.bounds is not None
    assert (page.bounds.of_balance(MAIN), floor(account, 500)) == (None, 20)


def test_monitor_that_a_disabled_account_has_noted_is_seen_once_it_is_enabled() -> None:
    account = watched(AccountTrigger(FLOOR, last_executed_ns=500))
    account.outlined()
    account.disabled = True
    assert floor(account, 500) is None
    account.disabled = False
    assert floor(account, 500) == 20


def test_balances_that_one_debit_has_changed_are_clean_for_the_next() -> None:
    account = watched(AccountTrigger(FLOOR))
    account.outlined()
    page = Page(account.borrowing(), lent=account)
    page.move(page.own_balance(page.account.balances[0]), -90)
    arm(page, 500, set())
    assert page.bounds is not None
    assert [sorted(bounds.holding) for bounds in (page.bounds, armed(page.account, 500))] == [["M"], []]


def test_mark_is_made_on_triggers_of_the_page_alone() -> None:
    account = watched(AccountTrigger(FLOOR))
    account.outlined()
    before = armed(account, 500)
    page = Page(account.borrowing(), lent=account)
    page.own()
    page.mark(page.account.triggers[0], executed=True, last_executed_ns=500)
    assert armed(page.account, 501).of_balance(MAIN) is None
    assert not account.triggers[0].executed
    assert armed(account, 501) is before


def test_balance_pays_on_the_page_and_the_others_are_still_those_of_the_account() -> None:
    account = watched()
    account.balances.append(Balance("E", OTHER, 5))
    page = Page(account.borrowing(), lent=account)
    page.move(page.own_balance(page.account.balances[0]), -90)
    assert [balance.value for balance in page.account.balances] == [MAIN.value - 90, 5]
    assert [balance.value for balance in account.balances] == [MAIN.value, 5]
    assert page.account.balances[1] is account.balances[1]


def test_balance_that_has_paid_is_the_same_when_all_are_copied() -> None:
    account = watched()
    account.balances.append(Balance("E", OTHER, 5))
    page = Page(account.borrowing(), lent=account)
    paying = page.own_balance(page.account.balances[0])
    page.own()
    assert page.account.balances[0] is paying
    assert page.account.balances[1] is not account.balances[1]


def test_balance_that_is_lent_is_never_moved() -> None:
    account = watched()
    page = Page(account.borrowing(), lent=account)
    with pytest.raises(AssertionError, match="balance M is another account's"):
        page.move(account.balances[0], -1)


def test_triggers_that_stay_when_others_have_ended_are_still_those_of_the_account() -> None:
    account = watched(AccountTrigger(FLOOR), AccountTrigger(ENDING))
    page = Page(account.borrowing(), lent=account)
    drop_over(page, 1_001)
    page.own()
    page.mark(page.account.triggers[0], executed=True, last_executed_ns=1_001)
    assert [trigger.executed for trigger in (*page.account.triggers, *account.triggers)] == [True, False, False]


def changeable() -> Page:
    """A page of an account that has something of everything, and whose outline has been drawn up."""
    account = watched(AccountTrigger(FLOOR))
    account.counters.append(
        UnitCounter("C", "*monetary", CounterKind.EVENT, ANY_BALANCE, window=Window.CALL, call="c1")
    )
    account.outlined()
    return Page(account.borrowing(), lent=account)


def undo_nothing(page: Page) -> None:
    savepoint = page.savepoint()
    page.account.outlined()
    page.roll_back(savepoint)


MORE_THAN_VALUES: dict[str, Callable[[Page], None]] = {
    "a balance comes": lambda page: page.open(Balance("N", OTHER, 0), {}),
    "a balance goes": lambda page: page.close(page.account.balances[0]),
    "a balance has other terms": lambda page: page.amend(page.account.balances[0], OTHER, {}),
    "a trigger is marked": lambda page: page.mark(AccountTrigger(FLOOR), executed=True, last_executed_ns=5),
    "a monitor is marked in a call": lambda page: page.mark_in_call(page.account.counters[0], ("G/FLOOR",)),
    "other triggers": lambda page: page.replace_triggers([], []),
    "other counters": lambda page: page.replace_counters([], []),
    "a score": lambda page: page.set_score("score.irsf", 5),
    "the account goes": lambda page: page.remove(),
    "a set is undone": undo_nothing,
}


@pytest.mark.parametrize("change", MORE_THAN_VALUES.values(), ids=MORE_THAN_VALUES.keys())
def test_what_changes_more_than_values_forgets_the_outline_of_its_copy(change: Callable[[Page], None]) -> None:
    page = changeable()
    kept = page.account.outline
    change(page)
    assert (kept is None, page.account.outline) == (False, None)


def test_values_leave_the_outline_as_it_is() -> None:
    page = changeable()
    kept = page.account.outline
    page.move(page.own_balance(page.account.balances[0]), -5)
    page.count(page.account.counters[0], 5)
    page.disable(True)
    assert page.account.outline is kept
