"""Several accounts that share, and calls of any of them.

    groups      | before                              | call          | answer              | after
    FAM=*lowest | a: SH=2(share:FAM) ; b: SH=1(share:FAM) | a debit 60s | cost 0.6 rated 60s | a: SH=2 ; b: SH=0.4

Accounts are parted by semicolons and written as `tests.account_scene` tells; they join the groups that their balances
carry in the order in which they stand. A strategy that is another for one caller follows the others by a comma
(`FAM=*lowest,a:*highest`). A call begins with who calls; a balance in a run has its owner before it where that is
another (`60s@0.6[b.SH]`). Before a call only the caller is laid in the book: what else it needs has to be asked for.
"""

from collections.abc import Callable, Iterable, Mapping
from itertools import count
from typing import Final, TypeVar

from accounts.account import Account, AccountKey, Bound
from accounts.balance import Balance
from accounts.book import AccountsNeeded, Book, Page
from accounts.charge import (
    CallCost,
    Charge,
    ChargeRequest,
    Granted,
    Increment,
    Judge,
    Reached,
    RefundCost,
    Refused,
    StoppedBy,
)
from accounts.debit import debit
from accounts.max_debit import max_debit
from accounts.refund import refund
from accounts.refusal import refuse_early
from accounts.session_time import max_session_time
from accounts.shared_group import SharedGroup, Strategy, group_key, groups_of
from tariffs.money import decimal_text
from tests.account_scene import (
    RULES,
    TARIFF,
    account,
    balances_text,
    cost_text,
    granted_text,
    request,
    runs_of,
    usage_text,
)
from tests.verdict import Verdict, put_in_force

TENANT: Final = "cgrates.org"
Result = TypeVar("Result")
Say = Callable[[Book, Reached], Verdict]


class Members:
    """Accounts of one tenant. A step works on copies, which stay unless it is refused."""

    def __init__(self, groups: str, before: str) -> None:
        self.groups: Final = strategies(groups)
        self.accounts: Final[dict[AccountKey, Account]] = {}
        for part in before.split(";"):
            name, _, balances = part.strip().partition(":")
            self.add(name, balances)
        self.pauses: list[Reached] = []
        self.last: CallCost | None = None
        self.charge: Charge | None = None
        self.laid: dict[AccountKey, Page | None] = {}  # the pages of the last step
        self._ids = count(1)

    def add(self, name: str, balances: str) -> None:
        """An account whose balances have uuids of their own. It joins the groups that they carry."""
        found = account(balances)
        assert found is not None
        own = [Balance(f"{name}.{each.uuid}", each.terms, each.value) for each in found.balances]
        made = Account(key_of(name), own, allow_negative=found.allow_negative, disabled=found.disabled)
        self.accounts[made.key] = made
        for group in groups_of(made):
            row = self.accounts.setdefault(group_key(TENANT, group), Account(group_key(TENANT, group)))
            row.members = (*row.members, name)

    def call(self, text: str, bounds: tuple[Bound, ...] = (), say: Say | None = None) -> str:
        name, verb, usage, *words = text.split()
        key = key_of(name)
        asked = request(words, usage, key)
        early = refuse_early(asked, self.accounts.get(key), RULES)
        if early is not None:
            return early.reason
        if verb == "max":
            return granted_text(self.granted(asked), asked.tor)
        settle = debit if verb == "debit" else max_debit
        outcome = self.carried_out(
            key,
            lambda page, judge: settle(page, TARIFF, asked, RULES, judge, self._new_id, self.groups),
            bounds,
            say,
        )
        if isinstance(outcome, Refused):
            return outcome.reason
        self.last = outcome
        self.charge = Charge("C1", asked, runs_of(outcome), (0,) * len(runs_of(outcome)))
        return cost_text(outcome, asked)

    def granted(self, asked: ChargeRequest) -> Granted | Refused:
        book = Book()
        page = Page(self.accounts[asked.key], book=book)
        while True:
            try:
                found = max_session_time(page, TARIFF, asked, RULES, self.groups)
            except AccountsNeeded as needed:
                for key in needed.keys:
                    _lay(book, key, self.accounts.get(key))
            else:
                assert not any(other.changes or other.dirty for other in book.pages.values() if other is not None)
                return found

    def refund(self, runs: tuple[int, ...] | None = None) -> RefundCost:
        charge = self.charge
        assert charge is not None
        return self.carried_out(charge.request.key, lambda page, judge: refund(page, TARIFF, charge, runs, judge))

    def carried_out(
        self,
        key: AccountKey,
        step: Callable[[Page, Judge], Result],
        bounds: tuple[Bound, ...] = (),
        say: Say | None = None,
    ) -> Result:
        """Carry an operation out, again from its begin with each account that it turns out to need."""
        keys = [key]
        while True:
            book = Book()
            for each in keys:
                found = self.accounts.get(each)
                _lay(book, each, None if found is None else found.copy())
            page = book.page(key)
            assert page is not None
            self.pauses.clear()
            try:
                put_in_force(book, bounds)
                result = self._carried_out(step, page, say)
            except AccountsNeeded as needed:
                keys += needed.keys
                continue
            self.laid = book.pages
            if not isinstance(result, Refused):
                self.accounts.update({k: p.account for k, p in book.pages.items() if p is not None})
            return result

    def _carried_out(self, step: Callable[[Page, Judge], Result], page: Page, say: Say | None) -> Result:
        def judge(reached: Reached) -> StoppedBy | None:
            assert say is not None, f"paused after {reached.used} without a bound"
            self.pauses.append(reached)
            verdict = say(page.book, reached)
            put_in_force(page.book, verdict.bounds)
            return verdict.stop

        return step(page, judge)

    def told(self) -> str:
        """All accounts as they are written before a call; without terms."""
        shown = [self.accounts[key] for key in self.accounts if not key.account.startswith("*")]
        return " ; ".join(f"{each.key.account}: {balances_text(each)}".strip() for each in shown)

    def runs(self) -> str:
        assert self.last is not None
        caller = "" if self.charge is None else self.charge.request.key.account
        return " ; ".join(" ".join(_run_text(run, caller) for run in span.increments) for span in self.last.timespans)

    def _new_id(self) -> str:
        return f"new{next(self._ids)}"


def key_of(name: str) -> AccountKey:
    return AccountKey(TENANT, name)


def strategies(text: str) -> Mapping[str, SharedGroup]:
    found: dict[str, SharedGroup] = {}
    for word in text.split():
        id, _, rows = word.partition("=")
        by_caller: dict[str, Strategy] = {}
        for row in rows.split(","):
            caller, _, strategy = row.rpartition(":")
            by_caller[f"{TENANT}:{caller}" if caller else "*any"] = Strategy(strategy)
        found[id] = SharedGroup(id, by_caller)
    return found


def play(rows: Iterable[tuple[str, ...]]) -> None:
    """Play the rows of a scene: name, groups, before, call, answer, after, and the runs where a row tells them."""
    scene = Members("", "a:")
    for row in rows:
        name, groups, before, call, answer, after, *runs = row
        if before:
            scene = Members(groups, before)
        assert scene.call(call) == answer, f"{name}: {call}"
        assert scene.told() == after, f"{name}: {call}"
        if runs:
            assert scene.runs() == runs[0], f"{name}: {call}"


def _lay(book: Book, key: AccountKey, found: Account | None) -> None:
    if found is None:
        book.pages[key] = None
    else:
        Page(found, book=book)


def _run_text(run: Increment, caller: str) -> str:
    many = f"{run.count}*" if run.count > 1 else ""
    price = f"@{decimal_text(run.cost)}" if run.cost else ""
    payers = []
    if run.unit is not None:
        payers.append(_owned(run.unit.balance_id, run.payer.account, caller))
    if run.money is not None:
        payers.append(_owned(run.money.balance_id, run.money_payer.account, caller))
    return f"{many}{usage_text(run.duration, '*voice')}{price}[{'+'.join(payers)}]"


def _owned(id: str, owner: str, caller: str) -> str:
    return id if owner == caller else f"{owner}.{id}"
