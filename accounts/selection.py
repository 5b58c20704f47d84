"""Selection: which balances may pay for a piece of a call, and in which order.

Account 1001 has 60 minutes for every number (weight 30), 60 for Germany (20) and 60 for Telekom mobiles (10) and calls
4915123. The most exact destination comes first, so Telekom's are used first and the heaviest last: weight decides only
between balances that are equally exact, and the order of creation between those of equal weight.

What counts is the time of the call: a balance that expired yesterday still pays for a call of the day before. How much
is left is not asked here but when it is its turn, so that a balance that a monitor tops up in mid-call goes on paying.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from accounts.account import Account
from accounts.balance import Balance, BalanceKind
from accounts.called_number import CalledNumber
from accounts.charge import ChargeRequest
from tariffs.span import Match

ANY: Final = "*any"
UNIT_KINDS: Final[Mapping[str, BalanceKind]] = {
    kind.value: kind for kind in BalanceKind if kind is not BalanceKind.MONETARY
}
ZERO: Final = "*zero"  # begins the rating subject of units that are free
NO_PLAN: Final = "*none"  # the rating plan of what units pay for


class Usable:
    """A balance that may pay, and what of the number it was agreed for. `gone` once it left the account in mid-call."""

    __slots__ = ("balance", "destination_id", "gone", "precision", "prefix")

    def __init__(self, balance: Balance, prefix: str, destination_id: str) -> None:
        self.balance: Final = balance
        self.prefix: Final = prefix
        self.destination_id: Final = destination_id
        self.precision: Final = len(prefix)
        self.gone = False

    def free_match(self, destination: str) -> Match:
        """What a span that only units pay says about its price."""
        if self.destination_id:
            return Match("", NO_PLAN, self.prefix, self.destination_id)
        return Match("", NO_PLAN, destination, ANY)


class Selection:
    """The balances of one request, in the order in which they are tried: first all units, then all money."""

    __slots__ = ("money", "units")

    def __init__(self, account: Account, number: CalledNumber, request: ChargeRequest) -> None:
        kind = UNIT_KINDS.get(request.tor)
        own: list[Usable] = []
        generic: list[Usable] = []
        money: list[Usable] = []
        start_ns, category = request.start_ns, request.category
        for balance in account.balances:
            terms = balance.terms
            if terms.disabled or (terms.expires_at_ns is not None and terms.expires_at_ns < start_ns):
                continue
            if terms.categories and not terms.categories.get(category, False):
                continue
            usable = _towards(balance, terms.destinations, number) if terms.destinations else Usable(balance, "", "")
            if usable is None:
                continue
            if terms.kind is BalanceKind.MONETARY:
                if not terms.rating_subject.startswith(ZERO):  # nonsense for money, refused where it is written
                    money.append(usable)
            elif terms.kind is kind:
                own.append(usable)
            elif terms.kind is BalanceKind.GENERIC:
                generic.append(usable)
        self.units: Final = _in_order(own + generic)
        self.money: Final = _in_order(money)

    def forget_gone(self, account: Account) -> None:
        """Mark the balances that actions have taken from the account meanwhile."""
        kept = {id(balance) for balance in account.balances}
        for usable in self.units + self.money:
            usable.gone = id(usable.balance) not in kept


def _in_order(found: list[Usable]) -> list[Usable]:
    if len(found) > 1:
        found.sort(key=_rank, reverse=True)  # a stable sort keeps equals in order of creation, reversed or not
    return found


def _rank(usable: Usable) -> tuple[int, Decimal]:
    return usable.precision, usable.balance.terms.weight


def _towards(balance: Balance, agreed: Mapping[str, bool], number: CalledNumber) -> Usable | None:
    """Match a number by its longest prefix that names one of the balance's destinations.

    Excluded wins over included at the same prefix. A balance that only excludes is decided by the longest prefix that
    any destination has, and applies to numbers that have none.
    """
    if ANY in agreed:
        return Usable(balance, "", "")
    excludes_only = not any(agreed.values())
    for prefix, ids in number.prefixes:
        named = [id for id in ids if id in agreed]
        if named:
            return Usable(balance, prefix, named[0]) if all(agreed[id] for id in named) else None
        if excludes_only:
            return Usable(balance, prefix, "")
    return Usable(balance, "", "") if excludes_only else None
