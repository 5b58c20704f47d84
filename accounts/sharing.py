"""Sharing: the balances of a group, in the order in which they pay for one of its members.

Account 1001 has 0.01 shared in FAMILY (weight 10) and 5.00 of its own (weight 5); 1002 has 3.00 in FAMILY. The shared
balance comes first and stands for the whole group: in its place 1001's 0.01 and 1002's 3.00 are tried, and only after
them the 5.00. With `*lowest` the emptier one pays first, with `*highest` the fuller, with `*random` the order is drawn
by lot; `*mine_…` then swaps the caller's first balance with the one in front, so that only these two change places.

Balances of equal value keep the order in which their owners joined, and those of one owner the order in which they pay
for the owner alone: by precision, weight and creation. A member that is disabled or gone is passed over;
the caller is not, for the call is its own. The lot is drawn from the call, the group and the balance, so that what a
call was granted and what it is then charged come from the same balances. A call that reserved goes further: the
balances that it holds come first, in the order of its grant, whatever their values have become.
"""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Final

from accounts.account import AccountKey
from accounts.book import Page
from accounts.charge import ChargeRequest
from accounts.payer import Payers
from accounts.shared_group import SharedGroup, Strategy, group_key, groups_of
from accounts.usable import Usable, useful
from tariffs.money import NANO

Useful = tuple[Sequence[Usable], Sequence[Usable]]  # units, money

LOWEST: Final = frozenset({Strategy.LOWEST, Strategy.MINE_LOWEST})
HIGHEST: Final = frozenset({Strategy.HIGHEST, Strategy.MINE_HIGHEST})
MINE: Final = frozenset({Strategy.MINE_LOWEST, Strategy.MINE_HIGHEST, Strategy.MINE_RANDOM})


class Sharing:
    """The groups that a caller's useful balances carry. Raises AccountsNeeded until all members are in the book."""

    __slots__ = ("_found", "_groups", "_payers", "_request", "_reserved", "_shared_groups")

    def __init__(
        self, payers: Payers, request: ChargeRequest, shared_groups: Mapping[str, SharedGroup], own: Useful
    ) -> None:
        self._payers: Final = payers
        self._request: Final = request
        self._shared_groups: Final = shared_groups
        self._reserved: Final = payers.reserved_order()
        self._found: Final[dict[AccountKey, Useful]] = {payers.caller.key: own}
        groups = sorted({group for usables in own for u in usables for group in u.balance.terms.shared_groups})
        book = payers.caller.page.book
        book.need([group_key(request.key.tenant, group) for group in groups])
        self._groups: Final = {group: self._members(group) for group in groups}
        book.need([key for members in self._groups.values() for key in members])

    def expanded(self, usables: Sequence[Usable], place: int) -> list[Usable]:
        """The same list with each shared balance replaced by its groups, in ascending order of their ids.

        `place` says which list of a member it is about: 0 units, 1 money.
        """
        found: list[Usable] = []
        for usable in usables:
            groups = usable.balance.terms.shared_groups
            if not groups:
                found.append(usable)
            for group in sorted(groups):
                found += self._balances(group, place)
        return found

    def _members(self, group: str) -> tuple[AccountKey, ...]:
        """Who shares in a group, in the order of joining. The caller does, whatever the row says."""
        caller = self._payers.caller
        row = caller.page.book.page(group_key(caller.key.tenant, group))
        names = () if row is None else row.account.members
        members = tuple([AccountKey(caller.key.tenant, name) for name in names])
        return members if caller.key in members else (*members, caller.key)

    def _balances(self, group: str, place: int) -> list[Usable]:
        """The balances of all members that carry a group, in the order of its strategy for the caller."""
        found = [
            usable
            for member in self._groups[group]
            for usable in self._useful(member)[place]
            if group in usable.balance.terms.shared_groups
        ]
        caller = self._payers.caller
        known = self._shared_groups.get(group)
        strategy = Strategy.MINE_RANDOM if known is None else known.strategy(caller.key)
        if strategy in LOWEST:
            found.sort(key=_worth)
        elif strategy in HIGHEST:
            found.sort(key=_worth, reverse=True)
        else:
            found.sort(key=lambda usable: lot(self._request, group, usable.balance.uuid))
        if strategy in MINE:
            _swap_to_front(found, next((n for n, usable in enumerate(found) if usable.payer is caller), 0))
        if self._reserved:
            found.sort(key=lambda usable: self._reserved.get(usable.balance.uuid, len(self._reserved)))
        return found

    def _useful(self, member: AccountKey) -> Useful:
        found = self._found.get(member)
        if found is None:
            page = self._payers.caller.page.book.page(member)
            if page is None or page.removed or page.account.disabled:
                found = (), ()
            else:
                found = useful(self._payers.of(page), self._payers.number, self._request)
            self._found[member] = found
        return found


def ask_for_members(page: Page) -> None:
    """Have the members of all groups of an account in its book, whoever pays: its call ends for each of them."""
    tenant = page.account.key.tenant
    rows = [group_key(tenant, group) for group in sorted(groups_of(page.account))]
    page.book.need(rows)
    members = [row.account.members for row in map(page.book.page, rows) if row is not None]
    page.book.need([AccountKey(tenant, name) for names in members for name in names])


def lot(request: ChargeRequest, group: str, uuid: str) -> int:
    """A number for a balance that is the same through a call (or a request without one), and otherwise by chance.

    Not a CRC: it is linear, so that of three balances one would come first in half of all calls.
    """
    call = request.call_id or str(request.start_ns)
    return int.from_bytes(blake2b("\0".join((call, group, uuid)).encode(), digest_size=8).digest(), "big")


def _worth(usable: Usable) -> int:
    """What is left of a balance, in 1e-9 of a unit whatever its kind."""
    return usable.spendable * (NANO // usable.balance.terms.kind.scale)


def _swap_to_front(found: list[Usable], place: int) -> None:
    if place:
        found[0], found[place] = found[place], found[0]
