"""The second book: accounts as a person would keep them on paper, with nothing shared with the engine's own.

Every operation works on a draft, a full copy of each account it looks at; only one that succeeds is kept. There is no
arithmetic over several increments anywhere in this model: what happens n times is done n times.
"""

import copy
from dataclasses import dataclass, field
from typing import Any

from tests.simulation.naive_account import Account, Balance, Key, OpenCall
from tests.simulation.naive_windows import roll


@dataclass
class Draft:
    """What one operation sees: copies of accounts, made when first looked at, and what it sends outside."""

    world: "World"
    now: int
    accounts: dict[Key, Account | None] = field(default_factory=dict)
    outside: list[tuple[Any, ...]] = field(default_factory=list)
    dirty: set[int] = field(default_factory=set)
    noted: set[Key] = field(default_factory=set)  # whose change is kept though it may come to nothing, like 0 added
    tried: set[tuple[Key, str, str]] = field(default_factory=set)
    evaluating: frozenset[Key] = frozenset()
    calls: dict[Key, dict[tuple[str, str], OpenCall]] = field(default_factory=dict)

    def account(self, key: Key) -> Account | None:
        if key not in self.accounts:
            self.accounts[key] = copy.deepcopy(self.world.accounts.get(key))
            roll(self.accounts[key], self.now)
        return self.accounts[key]

    def create(self, key: Key) -> Account:
        account = self.account(key)
        if account is None:
            account = self.accounts[key] = Account(key)
        return account

    def saved(self) -> tuple[Any, ...]:
        return copy.deepcopy(self.accounts), list(self.outside), set(self.dirty), set(self.noted)

    def restore(self, saved: tuple[Any, ...]) -> None:
        self.accounts, self.outside, self.dirty, self.noted = saved

    def balance(self, key: Key, number: int) -> Balance | None:
        """Balances are named by their number, never held: a set that is undone leaves other objects."""
        account = self.account(key)
        return None if account is None else next((b for b in account.balances if b.number == number), None)


@dataclass
class World:
    """All that is stored."""

    accounts: dict[Key, Account] = field(default_factory=dict)
    groups: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    charges: dict[tuple[Key, str], Any] = field(default_factory=dict)
    outside: list[tuple[Any, ...]] = field(default_factory=list)
    open_calls: dict[Key, dict[tuple[str, str], OpenCall]] = field(default_factory=dict)

    def keep(self, draft: Draft) -> None:
        """What a successful operation leaves, members of shared groups included."""
        for key, account in draft.accounts.items():
            before = self.accounts.get(key)
            if key not in draft.noted and only_rolled(before, account, draft.now):
                continue
            had = before.groups() if before is not None else set()
            has = account.groups() if account is not None else set()
            for group in sorted(has - had):
                self.groups.setdefault((key[0], group), []).append(key[1])
            for group in had - has:
                self.groups[key[0], group].remove(key[1])
            if account is None:
                self.accounts.pop(key, None)
            else:
                self.accounts[key] = account
        self.outside += draft.outside


def only_rolled(before: Account | None, account: Account | None, now: int) -> bool:
    """Whether nothing has happened to an account but that windows began. It is left as it was, then, and begins them
    again when it is next looked at: not in a window ahead of a clock that is set back meanwhile."""
    if before is None or account is None:
        return False
    rolled = copy.deepcopy(before)
    roll(rolled, now)
    return rolled == account and len(rolled.counters) == len(before.counters)
