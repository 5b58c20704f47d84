"""The outline after any history: what is kept of an account is what would be found out afresh.

Each seed is a history of the simulation: debits, refunds, reservations, actions, transfers, monitors that fire or fail,
groups, windows, calls, sweeps, clocks that jump, accounts that are read again. An operation that is refused, or dry,
must leave the outlines of what it was decided on as true as one that is kept.
"""

import json
from collections.abc import Iterator

import pytest

from accounts.account import Account
from accounts.balance import DEFAULT_BALANCE_ID, Balance, BalanceKind, BalanceTerms
from accounts.book import Page
from accounts.bounds import Bounds, Levels
from accounts.called_number import CalledNumber
from accounts.charge import ChargeRequest
from accounts.counter_window import rolled
from accounts.document_text import account_text
from accounts.outline import Outline
from accounts.payer import Payers
from accounts.usable import UNIT_KINDS, useful
from actions.folder import EMPTY_PLAN_BOOK, PlanBook, read_folder
from ratingd.store.store import Store, open_store
from tariffs.zone import UTC
from tests.decided_by_hand import HandDesk
from tests.simulation.folder import BEGIN, DAY, HOUR, SETS, WATCHES, files
from tests.simulation.test_simulation import history
from triggers.monitor import arm

STEPS = 1000
YEAR = 365 * DAY
SEEDS = (31, 32, 33, 34)
NEW_DEFAULT = Balance("", BalanceTerms(DEFAULT_BALANCE_ID, BalanceKind.MONETARY), 0)


@pytest.fixture
def store(sqlite_url: str) -> Iterator[Store]:
    """An empty one."""
    opened = open_store(sqlite_url)
    opened.migrate()
    yield opened
    opened.close()


def plan_book() -> PlanBook:
    book, findings = read_folder(files(SETS, WATCHES), EMPTY_PLAN_BOOK, now_ns=BEGIN, zone=UTC)
    assert book is not None, findings
    return book


def afresh(account: Account) -> Account:
    """The same account, of which nothing has been worked out."""
    copy = account.copy()
    copy.outline = None
    copy.reservations = ()
    return copy


def ends(outline: Outline) -> tuple[int, int, bool, bool]:
    return outline.first_expiry_ns, outline.first_end_ns, outline.of_calls, outline.shared


def levels(found: Levels | None) -> tuple[int | None, int | None]:
    return (None, None) if found is None else (found.floor, found.ceiling)


def told(bounds: Bounds, account: Account) -> list[object]:
    balances = [levels(bounds.of_balance(balance)) for balance in [*account.balances, NEW_DEFAULT]]
    return [bounds.always, balances, [levels(bounds.of_counter(counter)) for counter in account.counters]]


def check_places(account: Account, kept: Outline, book: PlanBook) -> None:
    """The balances that pay, in their order."""
    for tor in UNIT_KINDS:
        request = ChargeRequest(account.key, "call", "", "49123", tor, BEGIN, BEGIN + 1, UTC)
        copy = afresh(account)
        payers = Payers(Page(copy), CalledNumber(book.tariff, "49123"), request, BEGIN)
        useful(payers.caller, payers.number, request)
        assert kept.units.get(tor) in (None, copy.outlined().units[tor])
        assert kept.money in (None, copy.outlined().money)


def check_bounds(account: Account, kept: Outline) -> None:
    """Where they hold from and until, the bounds are those of the monitors; and all that hold already are known."""
    if kept.bounds is None:
        return
    for now_ns in (kept.armed_from_ns, (kept.armed_from_ns + kept.armed_until_ns) // 2, kept.armed_until_ns - 1):
        page = Page(afresh(account))
        page.account.disabled = False
        arm(page, now_ns, set())
        assert page.bounds is not None
        assert told(kept.bounds, account) == told(page.bounds, account)
        assert kept.bounds.holding >= page.bounds.holding


def check_windows(account: Account, kept: Outline, now_ns: int) -> None:
    """Up to where nothing needs to be asked no counter begins a window and no call is over."""
    if kept.windows_zone is None:
        return
    last_ns = min(kept.windows_until_ns - 1, now_ns + YEAR)
    for at_ns in (now_ns, now_ns + HOUR, now_ns + DAY, last_ns):
        if at_ns <= last_ns:
            copy = afresh(account)
            assert rolled(copy, at_ns, kept.windows_zone) is copy


def played(seed: int, store: Store, book: PlanBook) -> Iterator[tuple[Account, int]]:
    """The accounts that each operation was decided on, as they are at hand after it, and when."""
    desk = HandDesk(store, book)
    for step in json.loads(json.dumps(history(seed, STEPS))):
        for each in step.get("steps", (step,)):
            desk.play(each)
            for key in desk.laid:
                account = desk.held[key].account
                if account is not None:
                    yield account, desk.now_ns


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_kept_of_an_account_is_what_would_be_found_out_afresh(seed: int, store: Store) -> None:
    book, bounded = plan_book(), 0
    for account, now_ns in played(seed, store, book):
        kept = account.outline
        if kept is not None:
            assert ends(kept) == ends(afresh(account).outlined())
            check_places(account, kept, book)
            check_bounds(account, kept)
            check_windows(account, kept, now_ns)
            bounded += kept.bounds is not None
    assert bounded > STEPS / 10


@pytest.mark.parametrize("seed", SEEDS)
def test_an_account_that_was_at_hand_is_not_changed_by_what_comes_later(seed: int, store: Store) -> None:
    """The committing thread may be writing it down still."""
    states: dict[int, tuple[Account, str]] = {}
    for account, _ in played(seed, store, plan_book()):
        states.setdefault(id(account), (account, account_text(account)))
    assert len(states) > STEPS / 2
    assert [text for account, text in states.values() if account_text(account) != text] == []
