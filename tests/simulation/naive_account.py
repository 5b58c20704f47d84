"""The accounts of the second book, and the local clocks by which their periods go."""

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
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
    order: list[int] = field(default_factory=list)  # in which several were granted to pay; on the caller's alone too


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
