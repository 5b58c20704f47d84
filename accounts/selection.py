"""Selection: which balances may pay for a piece of a call, and in which order.

Account 1001 has 60 minutes for every number (weight 30), 60 for Germany (20) and 60 for Telekom mobiles (10) and calls
4915123. The most exact destination comes first, so Telekom's are used first and the heaviest last: weight decides only
between balances that are equally exact, and the order of creation between those of equal weight. A balance that is
shared brings in those of its group at its own place (`accounts.sharing`).

The lists are made before the first turn and stay: a balance that a monitor creates is not used before the next request.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from mypy_extensions import mypyc_attr

from accounts.book import Page
from accounts.charge import ChargeRequest
from accounts.payer import Payers
from accounts.shared_group import SharedGroup
from accounts.sharing import Sharing
from accounts.usable import Usable, useful

NO_SHARED_GROUPS: Final[Mapping[str, SharedGroup]] = MappingProxyType({})


@mypyc_attr(acyclic=True, free_list_len=1)
class Selection:
    """The balances of one request, in the order in which they are tried: first all units, then all money."""

    __slots__ = ("_caller", "_passed_over", "money", "units")

    def __init__(
        self, payers: Payers, request: ChargeRequest, shared_groups: Mapping[str, SharedGroup] = NO_SHARED_GROUPS
    ) -> None:
        units, money = useful(payers.caller, payers.number, request)
        if payers.caller.page.account.outlined().shared and _any_shared(units, money):
            sharing = Sharing(payers, request, shared_groups, (units, money))
            units, money = sharing.expanded(units, 0), sharing.expanded(money, 1)
        self.units: Final = units
        self.money: Final = money
        self._caller: Final = payers.caller.page
        self._passed_over: Final[set[Page]] = set()

    def forget_gone(self) -> bool:
        """Mark the balances that actions have taken away meanwhile, and all those of a member that may not pay now.

        Tells whether such a member has been found: its balances stay out of use to the end of the charge.
        """
        kept: dict[Page, set[int]] = {}
        members = len(self._passed_over)
        for usable in self.units + self.money:
            page = usable.payer.page
            if page not in kept:
                kept[page] = self._kept(page)
            usable.gone = id(usable.balance) not in kept[page]
        return len(self._passed_over) > members

    def _kept(self, page: Page) -> set[int]:
        if page.removed or (page.account.disabled and page is not self._caller):
            self._passed_over.add(page)
        return set() if page in self._passed_over else {id(balance) for balance in page.account.balances}


def _any_shared(units: list[Usable], money: list[Usable]) -> bool:
    return bool([usable for usable in units + money if usable.balance.terms.shared_groups])
