"""Usable balances: those of one account that may pay for a request, and what of the number each was agreed for.

What counts is the time of the call: a balance that expired yesterday still pays for a call of the day before. How much
is left is not asked here but when it is its turn, so that a balance that a monitor tops up in mid-call goes on paying.
"""

from typing import Final

from mypy_extensions import mypyc_attr

from accounts.account import Account
from accounts.balance import Balance, BalanceKind, BalanceTerms
from accounts.called_number import CalledNumber
from accounts.charge import ChargeRequest
from accounts.payer import NOTHING_HELD, Payer
from tariffs.span import Match

ANY: Final = "*any"
UNIT_KINDS: Final[dict[str, BalanceKind]] = {
    kind.value: kind for kind in BalanceKind if kind is not BalanceKind.MONETARY
}
ZERO: Final = "*zero"  # begins the rating subject of units that are free
NO_PLAN: Final = "*none"  # the rating plan of what units pay for


@mypyc_attr(acyclic=True, free_list_len=1)
class Usable:
    """A balance that may pay, whose it is, and what other calls hold of it.

    It is one that its page may change. `gone` is set once it left its account in mid-call, or its owner may not pay any
    more.
    """

    __slots__ = ("balance", "destination_id", "gone", "held", "payer", "precision", "prefix")

    def __init__(self, balance: Balance, payer: Payer, prefix: str = "", destination_id: str = "") -> None:
        self.balance: Final = payer.page.own_balance(balance)
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
    account = payer.page.account
    outline = account.outlined()
    tor = request.tor if request.tor in UNIT_KINDS else ""
    units = outline.units.get(tor)
    if units is None:
        units = outline.units[tor] = _unit_places(account, tor)
    money = outline.money
    if money is None:
        money = outline.money = _places(account, BalanceKind.MONETARY)
    return _of(units, payer, number, request), _of(money, payer, number, request)


def _unit_places(account: Account, tor: str) -> list[int]:
    """Where the balances of the event's own kind stand in the account, then the generic ones, heaviest first."""
    kind = UNIT_KINDS.get(tor)
    own = [] if kind is None or kind is BalanceKind.GENERIC else _places(account, kind)
    return _heaviest_first(account, own + _places(account, BalanceKind.GENERIC))


def _places(account: Account, kind: BalanceKind) -> list[int]:
    """Where the balances of a kind stand that are in use, heaviest first."""
    balances = enumerate(account.balances)
    found = [place for place, balance in balances if balance.terms.kind is kind and _in_use(balance.terms)]
    return _heaviest_first(account, found)


def _in_use(terms: BalanceTerms) -> bool:
    if terms.kind is BalanceKind.MONETARY and terms.rating_subject.startswith(ZERO):
        return False  # nonsense for money, refused where it is written
    return not terms.disabled


def _heaviest_first(account: Account, places: list[int]) -> list[int]:
    """A stable sort keeps equals in order of creation, reversed or not."""
    return sorted(places, key=lambda place: account.balances[place].terms.weight, reverse=True)


def _of(places: list[int], payer: Payer, number: CalledNumber, request: ChargeRequest) -> list[Usable]:
    """Those of some balances that may pay, the most exact destination first; equals keep their order."""
    found: list[Usable] = []
    exact = False
    balances = payer.page.account.balances
    for place in places:
        balance = balances[place]
        terms = balance.terms
        if terms.expires_at_ns is not None and terms.expires_at_ns < request.start_ns:
            continue
        if terms.categories and not terms.categories.get(request.category, False):
            continue
        usable = _towards(balance, payer, number) if terms.destinations else Usable(balance, payer)
        if usable is not None:
            found.append(usable)
            exact = exact or usable.precision > 0
    if exact and len(found) > 1:
        found.sort(key=_precision, reverse=True)
    return found


def _precision(usable: Usable) -> int:
    return usable.precision


def _towards(balance: Balance, payer: Payer, number: CalledNumber) -> Usable | None:
    """Match a number by its longest prefix that names one of the balance's destinations.

    Excluded wins over included at the same prefix. A balance that only excludes is decided by the longest prefix that
    any destination has, and applies to numbers that have none.
    """
    agreed, excludes_only = balance.terms.destinations, balance.terms.excludes_only
    if ANY in agreed:
        return Usable(balance, payer)
    for prefix, ids in number.prefixes:
        named = ""
        for id in ids:
            included = agreed.get(id)
            if included is False:
                return None
            if included and not named:
                named = id
        if named or excludes_only:
            return Usable(balance, payer, prefix, named)
    return Usable(balance, payer) if excludes_only else None
