"""Whose balances may pay for a request, and in which order they have their turns (accounting 3.2, 3.7)."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from tests.simulation.folder import DESTINATIONS, GROUPS, SECOND, TIMINGS
from tests.simulation.naive_account import Balance, Call, Key, of_day, scale, week_day
from tests.simulation.naive_book import Draft

Order = Callable[[list[tuple[Key, int]], list[str]], list[tuple[Key, int]]]  # balances and their ids


@dataclass(frozen=True)
class Request:
    key: Key
    category: str
    subject: str
    number: str
    tor: str
    start: int
    usage: int
    zone: str = ""
    duration_index: int = 0
    loop_index: int = 0
    so_far: int = 0
    factor: str = ""
    switch: str = ""
    call: str = ""
    final: bool = False
    deny_negative: bool = False
    force_duration: bool = False
    perform_rounding: bool = False
    max_rate: int | None = None  # nano for a minute
    type: str = "*prepaid"

    @property
    def cgr(self) -> str:
        return f"{self.switch}/{self.call}" if self.call else ""

    @property
    def holder(self) -> Call:
        return self.key[1], self.switch, self.call


class Payers:
    """The balances of the caller and of the members of its groups. `turn_at` is where the turn at hand begins."""

    def __init__(self, draft: Draft, request: Request, order: Order) -> None:
        self.draft, self.request, self.order = draft, request, order
        self.turn_at = request.start
        self.passed_over: set[Key] = set()  # members that a monitor has disabled on the way

    def held(self, key: Key, number: int) -> int:
        account = self.draft.account(key)
        holds = [] if account is None else account.holds
        return sum(
            hold.held.get(number, 0)
            for hold in holds
            if hold.expires > self.draft.now and (hold.call != self.request.holder or not self.request.call)
        )

    def spendable(self, at: tuple[Key, int]) -> int:
        balance = self.draft.balance(*at)
        return 0 if balance is None else balance.value - self.held(*at)

    def worth(self, at: tuple[Key, int]) -> Fraction:
        """What is left of a balance in its own unit: a nanosecond, a message, a byte."""
        balance = self.draft.balance(*at)
        return Fraction(0) if balance is None else Fraction(self.spendable(at), scale(balance.type))

    def useful(self, key: Key, types: tuple[str, ...]) -> list[tuple[Balance, int]]:
        """Balances of an account that may pay, and how exactly they mean the number, in the account's own order."""
        account = self.draft.account(key)
        found = []
        for type in types:
            for balance in [] if account is None else account.balances:
                if balance.type != type or balance.disabled or balance.expired(self.request.start):
                    continue
                if balance.cats and not balance.cats.get(self.request.category, False):
                    continue
                if type == "*monetary" and balance.subject.startswith("*zero"):
                    continue
                precision = precision_of(balance.dests, self.request.number)
                if precision is not None:
                    found.append((balance, precision))
        return sorted(found, key=lambda each: (-each[1], -each[0].weight))

    def choose(self, types: tuple[str, ...]) -> list[tuple[Key, int]]:
        """The balances in the order in which they have their turns, those of shared groups in place of one's own."""
        mine = self.useful(self.request.key, types)
        found: list[tuple[Key, int]] = []
        for balance, _ in mine:
            if not balance.groups:
                found.append((self.request.key, balance.number))
            for group in sorted(balance.groups):
                found += self.of_group(group, types)
        return found

    def of_group(self, group: str, types: tuple[str, ...]) -> list[tuple[Key, int]]:
        tenant, name = self.request.key
        found: list[tuple[Key, int]] = []
        for member in self.draft.world.groups.get((tenant, group), []):
            key = (tenant, member)
            account = self.draft.account(key)
            if account is None or (account.disabled and member != name):
                continue
            found += [(key, balance.number) for balance, _ in self.useful(key, types) if group in balance.groups]
        rows = GROUPS.get(group, {})
        strategy = rows.get(f"{tenant}:{name}") or rows.get("*any") or "*mine_random"
        if strategy.endswith("lowest"):
            found.sort(key=self.worth)
        elif strategy.endswith("highest"):
            found.sort(key=lambda at: -self.worth(at))
        else:
            found = self.order(found, [self.name((*at, 0)) for at in found])
        if strategy.startswith("*mine"):
            own = [place for place, at in enumerate(found) if at[0] == self.request.key]
            if own:
                found[0], found[own[0]] = found[own[0]], found[0]
        granted = self.granted_order()
        found.sort(key=lambda at: granted.index(at[1]) if at[1] in granted else len(granted))
        return found

    def reserved(self) -> bool:
        account = self.draft.account(self.request.key)
        holds = [] if account is None or not self.request.call else account.holds
        return any(hold.call == self.request.holder and hold.expires > self.draft.now for hold in holds)

    def holds_of(self, number: int) -> bool:
        holds = [hold for account in self.draft.accounts.values() if account is not None for hold in account.holds]
        mine = [hold for hold in holds if self.request.call and hold.call == self.request.holder]
        return any(hold.expires > self.draft.now and hold.held.get(number) for hold in mine)

    def granted_order(self) -> list[int]:
        """The balances that the call holds, as they were to pay: in a group they keep that order."""
        account = self.draft.account(self.request.key)
        for hold in [] if account is None or not self.request.call else account.holds:
            if hold.call == self.request.holder and hold.expires > self.draft.now:
                return hold.order
        return []

    def active(self, balance: Balance) -> bool:
        """The timing test, at the start of the portion."""
        given = balance.timings
        if any(not wanted and self.in_timing(name) for name, wanted in given.items()):
            return False
        wanted = [name for name, include in given.items() if include]
        return not wanted or any(self.in_timing(name) for name in wanted)

    def in_timing(self, name: str) -> bool:
        days, begin, end = TIMINGS[name]
        if days and week_day(self.turn_at, self.request.zone) not in days:
            return False
        return begin <= of_day(self.turn_at, self.request.zone) // SECOND * SECOND <= end

    def present(self, at: tuple[Key, int]) -> Balance | None:
        """A balance that is still there and whose owner, if it is another member, has not been disabled meanwhile."""
        balance = self.draft.balance(*at)
        account = self.draft.account(at[0])
        if balance is None or account is None or at[0] in self.passed_over:
            return None
        return balance

    def name(self, part: tuple[Key, int, int] | None) -> str:
        balance = None if part is None else self.draft.balance(part[0], part[1])
        return "" if balance is None else balance.id


def precision_of(dests: dict[str, bool], number: str) -> int | None:
    """How exactly a balance means a number: the length of the prefix that decides; None: not at all."""
    if not dests or "*any" in dests:
        return 0
    for length in range(len(number), 0, -1):
        known = [id for id, prefix in DESTINATIONS.items() if prefix == number[:length]]
        named = [id for id in known if id in dests]
        if named:
            return length if all(dests[id] for id in named) else None
        if known and not any(dests.values()):
            return length
    return None if any(dests.values()) else 0
