"""Charges of any kind on accounts of any kind: what a grant promises, what an explanation says, what a refund returns.

A scene is three accounts, two groups, balances with every term there is, and a request with every option there is. What
a dry run grants is drawn at once to the nanosecond, from the very balances that it named, and takes none of them below
zero; the increments of a charge are the movements of its balances; and a charge that is refunded whole has not been.
"""

from collections.abc import Callable
from itertools import count
from typing import Final

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from accounts.account import Account, AccountKey, CounterKind, UnitCounter
from accounts.balance import Balance
from accounts.balance_filter import ANY_BALANCE
from accounts.book import Book, Page
from accounts.charge import CallCost, Charge, ChargeRequest, Granted, Refused, no_judge
from accounts.debit import debit
from accounts.holding import held_draws, hold
from accounts.max_debit import max_debit
from accounts.refund import refund
from accounts.session_time import max_session_time
from accounts.shared_group import SharedGroup, Strategy, group_key
from tests.account_scene import PRICES, RULES, TARIFF, balance, request, runs_of

TENANT: Final = "cgrates.org"
NAMES: Final = ("1001", "1002", "1003")
NOW_NS: Final = 1
GROUPS: Final = ("FAM", "WORK")
Movements = dict[str, int]  # by the uuid of a balance
Settle = Callable[..., CallCost | Refused]

SHARED: Final = st.sampled_from(["", "", "share:FAM", "share:WORK", "share:FAM+WORK"])
COMMON: Final = st.tuples(
    SHARED,
    st.sampled_from(["", "", "w5", "w9"]),
    st.sampled_from(["", "", "to:DST_49", "to:DST_4915", "to:!DST_4915", "to:DST_44"]),
    st.sampled_from(["", "", "", "on:SAT", "on:!NIGHT", "on:MORNING", "on:SUN"]),
    st.sampled_from(["", "", "", "", "blocker"]),
    st.sampled_from(["", "", "", "", "until:2026-11-21T11:59:45", "disabled"]),
)
MONEY: Final = st.tuples(
    COMMON, st.sampled_from(["", "", "subj:HALF", "subj:CFSUB", "subj:FREE"]), st.integers(0, 400)
).map(lambda drawn: ("", drawn[0], drawn[1], f"{drawn[2] / 100:.2f}"))
VOICE: Final = st.tuples(
    COMMON,
    st.sampled_from(["", "", "subj:*zero1m", "subj:HALF", "subj:CFSUB", "factor:P*2.5", "factor:P*0.3"]),
    st.integers(0, 200),
).map(lambda drawn: ("voice:", drawn[0], drawn[1], f"{drawn[2]}s"))
GENERIC: Final = st.tuples(
    COMMON, st.sampled_from(["", "subj:*zero30s", "subj:HALF", "factor:P*1.7"]), st.integers(0, 10**11)
).map(lambda drawn: ("generic:", drawn[0], drawn[1], str(drawn[2])))
BALANCES: Final = st.lists(MONEY | VOICE | GENERIC, max_size=4)
REQUESTS: Final = st.tuples(
    st.sampled_from([name for name in PRICES if not name.startswith("neg") and name not in ("sms", "data", "bulk")]),
    st.sampled_from(["49123", "4915123", "44123"]),
    st.sampled_from(["2026-11-21T10:00:00", "2026-11-21T11:59:30", "2026-11-21T23:59:30", "2026-11-20T23:59:45"]),
    st.integers(1, 700),
    st.sampled_from(["", "factor:P"]),
    st.sampled_from(["", "", "loop:1", "loop:1 index:400s"]),
    st.sampled_from(["", "", "sofar:0.5", "sofar:1.2"]),
    st.sampled_from(["", "", "rounding"]),
)


@st.composite
def scenes(draw: st.DrawFn) -> "Town":
    accounts = []
    for name in NAMES:
        found = []
        for number, (kind, terms, priced, value) in enumerate(draw(BALANCES)):
            words = " ".join(word for word in (*terms, priced) if word)
            made = balance(f"{kind}B{number}={value}({words})")
            found.append(Balance(f"{name}.B{number}", made.terms, made.value))
        accounts.append(Account(AccountKey(TENANT, name), found))
    return Town(accounts, draw(st.sampled_from(Strategy)))


@st.composite
def requests(draw: st.DrawFn, caller: str = "1001", call: str = "A", rounds: bool = True) -> ChargeRequest:
    category, number, at, seconds, *options, rounding = draw(REQUESTS)
    words = f"cat:{category} to:{number} at:{at} id:{call} {' '.join(options)} {rounding if rounds else ''}".split()
    return request(words, f"{seconds}s", AccountKey(TENANT, caller))


class Town:
    """Accounts that share. Every charge works on copies; `after` are those of the last one."""

    def __init__(self, accounts: list[Account], strategy: Strategy) -> None:
        self.accounts: Final = {account.key: account for account in accounts}
        self.groups: Final = {group: SharedGroup(group, {"*any": strategy}) for group in GROUPS}
        for group in GROUPS:
            members = [a.key.account for a in accounts if any(group in b.terms.shared_groups for b in a.balances)]
            self.accounts[group_key(TENANT, group)] = Account(group_key(TENANT, group), members=tuple(members))

    def __repr__(self) -> str:
        shown = [(balance.uuid, balance.value, balance.terms) for a in self.accounts.values() for balance in a.balances]
        return f"Town({[*map(str, shown)]}, {next(iter(self.groups.values())).strategies})"

    def page(self, key: AccountKey) -> Page:
        book = Book()
        for account in self.accounts.values():
            Page(account.copy(), book=book)
        found = book.page(key)
        assert found is not None
        return found

    def granted(self, asked: ChargeRequest) -> Granted | Refused:
        return max_session_time(self.page(asked.key), TARIFF, asked, RULES, self.groups, NOW_NS)

    def charged(self, asked: ChargeRequest, settle: Settle) -> tuple[Page, CallCost | Refused]:
        page, ids = self.page(asked.key), count()
        new_id = lambda: f"new{next(ids)}"  # noqa: E731
        return page, settle(page, TARIFF, asked, RULES, no_judge, new_id, self.groups, NOW_NS)

    def keep(self, page: Page) -> None:
        for key, each in page.book.pages.items():
            if each is not None:
                self.accounts[key] = each.account

    def moved(self, page: Page) -> Movements:
        """What each balance has gained or lost on the pages of a charge."""
        found: Movements = {}
        for each in page.book.pages.values():
            if each is not None:
                before = {balance.uuid: balance.value for balance in self.accounts[each.account.key].balances}
                for balance in each.account.balances:
                    found[balance.uuid] = balance.value - before.get(balance.uuid, 0)
        return {uuid: delta for uuid, delta in found.items() if delta}


def explained(cost: CallCost) -> Movements:
    found: Movements = {}
    for run in runs_of(cost):
        if run.unit is not None:
            found[run.unit.uuid] = found.get(run.unit.uuid, 0) - run.unit.amount * run.count
        if run.money is not None:
            found[run.money.uuid] = found.get(run.money.uuid, 0) - run.cost * run.count
    return {uuid: delta for uuid, delta in found.items() if delta}


@settings(max_examples=100, deadline=None)
@given(scenes(), requests())
def test_what_is_granted_is_drawn_at_once_and_from_what_it_named(town: Town, asked: ChargeRequest) -> None:
    granted = town.granted(asked)
    page, outcome = town.charged(asked, max_debit)
    if isinstance(granted, Refused):
        assert outcome == granted
        return
    assert not isinstance(outcome, Refused)
    assert outcome.granted == granted.usage
    assert explained(outcome) == town.moved(page)
    if not asked.perform_rounding:
        named = {uuid: -amount for held in held_draws(granted).values() for uuid, amount in held.items() if amount}
        assert named == town.moved(page)
        assert all(b.value >= 0 for each in page.book.pages.values() if each for b in each.account.balances)


@settings(max_examples=100, deadline=None)
@given(scenes(), requests(rounds=False), requests("1002", "B", rounds=False), requests("1003", "C", rounds=False))
def test_what_a_call_holds_is_there_whoever_asks_meanwhile(
    town: Town, asked: ChargeRequest, second: ChargeRequest, third: ChargeRequest
) -> None:
    granted = town.granted(asked)
    assume(isinstance(granted, Granted) and granted.usage)
    assert isinstance(granted, Granted)
    page = town.page(asked.key)
    hold(page, asked, granted, 10**18)
    town.keep(page)
    again = town.granted(asked)
    assert isinstance(again, Granted)
    assert again.usage == granted.usage
    for other in (second, third):
        other_page, _ = town.charged(other, max_debit)
        town.keep(other_page)
    page, outcome = town.charged(asked.ending_at(asked.start_ns + granted.usage), debit)
    assert not isinstance(outcome, Refused)
    assert outcome.granted == granted.usage
    assert not outcome.overdrawn
    assert all(b.value >= 0 for each in page.book.pages.values() if each for b in each.account.balances)


@settings(max_examples=100, deadline=None)
@given(scenes(), requests(), st.sampled_from([debit, max_debit]), st.booleans(), st.booleans())
def test_a_charge_is_what_its_increments_say_and_a_refund_of_them_leaves_nothing(
    town: Town, asked: ChargeRequest, settle: Settle, allow: bool, counted: bool
) -> None:
    town.accounts[asked.key].allow_negative = allow
    for account in town.accounts.values():
        account.counters.extend(
            UnitCounter(f"{kind}{of}", kind, of, ANY_BALANCE)
            for kind in ("*monetary", "*voice") if counted for of in CounterKind
        )  # fmt: skip
    page, outcome = town.charged(asked, settle)
    if isinstance(outcome, Refused):
        return
    assert explained(outcome) == town.moved(page)
    assert outcome.cost == sum(run.cost * run.count for run in runs_of(outcome))
    assert outcome.cost == sum(span.cost for span in outcome.timespans)
    before = dict(town.accounts)
    town.keep(page)
    runs = runs_of(outcome)
    page = town.page(asked.key)
    cost = refund(page, TARIFF, Charge("C", asked, runs, (0,) * len(runs)), None, no_judge)
    assert not cost.not_refunded
    assert cost.money == outcome.cost
    town.accounts.update(before)
    assert town.moved(page) == {}
    for each in page.book.pages.values():
        assert each is not None
        assert all(counter.value == 0 for counter in each.account.counters)
