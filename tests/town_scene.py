"""Towns: several accounts under one plan book, and sets that are run on one of them and may change others.

    town = Town(SETS, "a8: MON=10; XD: DB=1")
    town.run("a8", "MOVE3")
    assert town.told() == "a8: MON=7; XD: DB=4"

As in the engine an operation begins with the page of its own account, and begins again with those it asked for. What it
records must rebuild every account; where it fails, every document must be as it was, byte for byte.
"""

import json
from collections.abc import Sequence
from dataclasses import replace

from accounts.account import Account, AccountKey
from accounts.account_state import amount_text
from accounts.book import AccountsNeeded, Book, Page
from accounts.document import account_document
from accounts.replay import replay
from actions.action import Action
from actions.context import ActionContext
from actions.failure import ActionFailed
from actions.folder import PlanBook
from actions.outside import Outside
from actions.perform import run_set
from actions.trigger_groups import attach_groups
from tariffs.zone import UTC
from tests.action_scene import SATURDAY_TEN, balances


class Town:
    """`outside` collects what the sets send, `refused` why the last one failed."""

    def __init__(self, plan_book: PlanBook, before: str) -> None:
        self.book = plan_book
        self.accounts = {
            key_of(name): Account(key_of(name), balances(held))
            for name, _, held in (part.strip().rpartition(": ") for part in before.split(";"))
        }
        self.context = ActionContext(SATURDAY_TEN, UTC, self.new_id)
        self.outside: list[Outside] = []
        self.refused = ""
        self.begins = 0  # of the last operation
        self._ids = 0

    def attach(self, name: str, group: str) -> "Town":
        page = Page(self.accounts[key_of(name)])
        attach_groups(page, [group], self.book.catalogue)
        return self

    def run(self, name: str, actions: str | Sequence[Action]) -> "Town":
        wanted = self.book.catalogue.action_sets[actions].actions if isinstance(actions, str) else actions
        self.refused, laid, self.begins = "", {key_of(name)}, 0
        while True:
            self.begins += 1
            book = self._lay(laid)
            page = book.page(key_of(name))
            assert page is not None
            try:
                outside = run_set(wanted, page, self.book.catalogue, replace(self.context, tried=set()))
            except AccountsNeeded as needed:
                laid |= set(needed.keys)
            except ActionFailed as failed:
                self.refused = str(failed)
                self._check_unchanged(book)
                return self
            else:
                self._keep(book)
                self.outside += outside
                return self

    def told(self) -> str:
        return "; ".join(f"{key.account}: {_told(account)}".rstrip() for key, account in self.accounts.items())

    def total(self) -> int:
        return sum(balance.value for account in self.accounts.values() for balance in account.balances)

    def new_id(self) -> str:
        self._ids += 1
        return f"n{self._ids}"

    def _lay(self, keys: set[AccountKey]) -> Book:
        book = Book()
        for key in keys:
            account = self.accounts.get(key)
            if account is None:
                book.pages[key] = None
            else:
                Page(account.copy(), book=book)
        return book

    def _keep(self, book: Book) -> None:
        for key, page in book.pages.items():
            if page is None or not page.changes:
                continue
            page.account.updated_ns = self.context.now_ns
            record = json.loads(json.dumps(page.changes))
            rebuilt = replay(self.accounts[key].copy(), record, self.context.now_ns)
            if page.removed:
                assert rebuilt is None
                del self.accounts[key]
            else:
                assert rebuilt is not None
                assert account_document(rebuilt) == account_document(page.account)
                self.accounts[key] = page.account

    def _check_unchanged(self, book: Book) -> None:
        for key, page in book.pages.items():
            if page is not None:
                assert page.changes == []
                assert json.dumps(account_document(page.account)) == json.dumps(account_document(self.accounts[key]))


def key_of(name: str) -> AccountKey:
    tenant, _, account = name.rpartition(":")
    return AccountKey(tenant or "cgrates.org", account)


def _told(account: Account) -> str:
    words = [f"{b.terms.id or '_'}={amount_text(b.value, b.terms.kind.value)}" for b in account.balances]
    words += ["disabled"] * account.disabled
    words += [f"fired:{t.terms.unique_id}" for t in account.triggers if t.executed]
    return " ".join(words)
