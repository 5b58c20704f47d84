"""Usable balances: those of one account that may pay for a request, and what of the number each was agreed for.

What counts is the time of the call: a balance that expired yesterday still pays for a call of the day before. How much
is left is not asked here but when it is its turn, so that a balance that a monitor tops up in mid-call goes on paying.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from accounts.balance import Balance, BalanceKind
from accounts.called_number import CalledNumber
from accounts.charge import ChargeRequest
from accounts.payer import NOTHING_HELD, Payer
from tariffs.span import Match

ANY: Final = "*any"
UNIT_KINDS: Final[Mapping[str, BalanceKind]] = {
    kind.value: kind for kind in BalanceKind if kind is not BalanceKind.MONETARY
}
ZERO: Final = "*zero"  # begins the rating subject of units that are free
NO_PLAN: Final = "*none"  # the rating plan of what units pay for


class Usable:
    """A balance that may pay, whose it is, and what other calls hold of it.

    `gone` is set once it left its account in mid-call, or its owner may not pay any more.
    """

    __slots__ = ("balance", "destination_id", "gone", "held", "payer", "precision", "prefix")

    def __init__(self, balance: Balance, payer: Payer, prefix: str = "", destination_id: str = "") -> None:
        self.balance: Final = balance
        self.payer: Final = payer
        self.held: Final = payer.held.get(balance.uuid, 0) if payer.held is not NOTHING_HELD else 0
        self.prefix: Final = prefix
        self.destination_id: Final = destination_id
        self.precision: Final = len(prefix)
        self.gone = False

    @property
    def spendable(self) -> int:
        """What this call may take of it."""
        return self.balance.value - self.held

    @property
    def listed(self) -> bool:
        """Whether it is one of those that are asked at all: an empty one only if it is shared, or blocks."""
        terms = self.balance.terms
        return self.balance.value > self.held or terms.blocker or bool(terms.shared_groups)

    def free_match(self, destination: str) -> Match:
        """What a span that only units pay says about its price."""
        if self.destination_id:
            return Match("", NO_PLAN, self.prefix, self.destination_id)
        return Match("", NO_PLAN, destination, ANY)


def useful(payer: Payer, number: CalledNumber, request: ChargeRequest) -> tuple[list[Usable], list[Usable]]:
    """The units and the money of an account that may pay, in the order in which they are tried."""
    kind = UNIT_KINDS.get(request.tor)
    own: list[Usable] = []
    generic: list[Usable] = []
    money: list[Usable] = []
    start_ns, category = request.start_ns, request.category
    for balance in payer.page.account.balances:
        terms = balance.terms
        if terms.disabled or (terms.expires_at_ns is not None and terms.expires_at_ns < start_ns):
            continue
        if terms.categories and not terms.categories.get(category, False):
            continue
        usable = _towards(balance, payer, number) if terms.destinations else Usable(balance, payer)
        if usable is None:
            continue
        if terms.kind is BalanceKind.MONETARY:
            if not terms.rating_subject.startswith(ZERO):  # nonsense for money, refused where it is written
                money.append(usable)
        elif terms.kind is kind:
            own.append(usable)
        elif terms.kind is BalanceKind.GENERIC:
            generic.append(usable)
    return _in_order(own + generic), _in_order(money)


def _in_order(found: list[Usable]) -> list[Usable]:
    if len(found) > 1:
        found.sort(key=_rank, reverse=True)  # a stable sort keeps equals in order of creation, reversed or not
    return found


def _rank(usable: Usable) -> tuple[int, Decimal]:
    return usable.precision, usable.balance.terms.weight


def _towards(balance: Balance, payer: Payer, number: CalledNumber) -> Usable | None:
    """Match a number by its longest prefix that names one of the balance's destinations.

    Excluded wins over included at the same prefix. A balance that only excludes is decided by the longest prefix that
    any destination has, and applies to numbers that have none.
    """
    agreed = balance.terms.destinations
    if ANY in agreed:
        return Usable(balance, payer)
    excludes_only = not any(agreed.values())
    for prefix, ids in number.prefixes:
        named = [id for id in ids if id in agreed]
        if named:
            return Usable(balance, payer, prefix, named[0]) if all(agreed[id] for id in named) else None
        if excludes_only:
            return Usable(balance, payer, prefix)
    return Usable(balance, payer) if excludes_only else None
