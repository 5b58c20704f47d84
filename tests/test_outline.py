"""The outline: what one debit has worked out serves the next, until something else than a value has changed."""

from accounts.account import Account, AccountKey, AccountTrigger, ThresholdType, TriggerTerms
from accounts.balance import Balance, BalanceKind, BalanceTerms
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


def watched(*triggers: AccountTrigger) -> Account:
    return Account(AccountKey("cgrates.org", "1001"), [MAIN.copy()], triggers=list(triggers))


def armed(account: Account, now_ns: int) -> Bounds:
    """The bounds that the next debit finds on its page."""
    page = Page(account.copy_sharing_triggers(), shares_triggers=True)
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


def test_mark_is_made_on_triggers_of_the_page_alone() -> None:
    account = watched(AccountTrigger(FLOOR))
    account.outlined()
    before = armed(account, 500)
    page = Page(account.copy_sharing_triggers(), shares_triggers=True)
    page.own_triggers()
    page.mark(page.account.triggers[0], executed=True, last_executed_ns=500)
    assert armed(page.account, 501).of_balance(MAIN) is None
    assert not account.triggers[0].executed
    assert armed(account, 501) is before


def test_triggers_that_stay_when_others_have_ended_are_still_those_of_the_account() -> None:
    account = watched(AccountTrigger(FLOOR), AccountTrigger(ENDING))
    page = Page(account.copy_sharing_triggers(), shares_triggers=True)
    drop_over(page, 1_001)
    page.own_triggers()
    page.mark(page.account.triggers[0], executed=True, last_executed_ns=1_001)
    assert [trigger.executed for trigger in (*page.account.triggers, *account.triggers)] == [True, False, False]
