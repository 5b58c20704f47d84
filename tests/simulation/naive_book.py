"""The second book: accounts as a person would keep them on paper, with nothing shared with the engine's own.

Every operation works on a draft, a full copy of each account it looks at; only one that succeeds is kept. There is no
arithmetic over several increments anywhere in this model: what happens n times is done n times.
"""

import copy
import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from tests.simulation.folder import NANO, Watch

Key = tuple[str, str]  # tenant, account
Call = tuple[str, str, str]  # owner, switch, call
numbers = itertools.count()


@dataclass
class Balance:
    id: str
    type: str
    value: int
    weight: float = 0
    expires: int | None = None
    dests: dict[str, bool] = field(default_factory=dict)
    subject: str = ""
    cats: dict[str, bool] = field(default_factory=dict)
    groups: tuple[str, ...] = ()
    timings: dict[str, bool] = field(default_factory=dict)
    factors: dict[str, str] = field(default_factory=dict)
    blocker: bool = False
    disabled: bool = False
    number: int = field(default_factory=lambda: next(numbers))

    def expired(self, at: int) -> bool:
        return self.expires is not None and self.expires < at


@dataclass
class Counter:
    id: str
    type: str
    of: str  # "event" or "balance"
    watch: Watch  # the first that named it: its filter counts
    value: int = 0
    window: str = ""
    since: int = 0
    call: str = ""
    fired: set[tuple[str, str]] = field(default_factory=set)
    expires: int | None = None


@dataclass
class Trigger:
    group: str
    watch: Watch
    executed: bool = False
    last: int | None = None


@dataclass
class Hold:
    call: Call
    expires: int
    held: dict[int, int]  # number of a balance to an amount
    others: list[Key] = field(default_factory=list)  # whose balances it holds too; told on the caller's alone


@dataclass
class OpenCall:
    seen: int
    expires: int


@dataclass
class Account:
    key: Key
    balances: list[Balance] = field(default_factory=list)
    counters: list[Counter] = field(default_factory=list)
    triggers: list[Trigger] = field(default_factory=list)
    allow_negative: bool = False
    disabled: bool = False
    zone: str = ""
    plans: list[str] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    scores: dict[str, int] = field(default_factory=dict)

    def groups(self) -> set[str]:
        return {group for balance in self.balances for group in balance.groups}

    def default(self) -> Balance | None:
        return next((b for b in self.balances if b.id == "*default" and b.type == "*monetary"), None)


def scale(type: str) -> int:
    return 1 if type == "*voice" else NANO


class Failed(Exception):
    """The operation is refused, with this word, and changes nothing."""


@dataclass
class Draft:
    """What one operation sees: copies of accounts, made when first looked at, and what it sends outside."""

    world: "World"
    now: int
    accounts: dict[Key, Account | None] = field(default_factory=dict)
    outside: list[tuple[Any, ...]] = field(default_factory=list)
    dirty: set[int] = field(default_factory=set)
    tried: set[tuple[Key, str, str]] = field(default_factory=set)
    evaluating: frozenset[Key] = frozenset()
    calls: dict[Key, dict[tuple[str, str], OpenCall]] = field(default_factory=dict)

    def account(self, key: Key) -> Account | None:
        if key not in self.accounts:
            self.accounts[key] = copy.deepcopy(self.world.accounts.get(key))
        return self.accounts[key]

    def create(self, key: Key) -> Account:
        account = self.account(key)
        if account is None:
            account = self.accounts[key] = Account(key)
        return account

    def saved(self) -> tuple[Any, ...]:
        return copy.deepcopy(self.accounts), list(self.outside), set(self.dirty)

    def restore(self, saved: tuple[Any, ...]) -> None:
        self.accounts, self.outside, self.dirty = saved

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


def zone_of(name: str) -> tzinfo:
    return ZoneInfo(name) if name else UTC


def local(at: int, zone: str) -> datetime:
    return datetime.fromtimestamp(at // NANO, zone_of(zone))


def midnight(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def instant(at: datetime) -> int:
    return int(at.timestamp()) * NANO


def next_midnight(at: int, zone: str) -> int:
    day = midnight(local(at, zone))
    return instant((day.replace(tzinfo=None) + timedelta(days=1)).replace(tzinfo=zone_of(zone)))


def of_day(at: int, zone: str) -> int:
    """Nanoseconds on the local clock since its midnight."""
    shown = local(at, zone)
    return (shown.hour * 3600 + shown.minute * 60 + shown.second) * NANO + at % NANO


def week_day(at: int, zone: str) -> int:
    return local(at, zone).isoweekday() % 7
