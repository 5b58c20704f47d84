"""Shared groups: balances that several accounts of a tenant spend together.

A family shares 10.00 that the father's account holds. A balance of his carries the group FAMILY; the daughter joined
by a balance of value 0 that carries it too, and her calls are paid from his. Whoever holds a balance that carries a
group is a member of it, from the first such balance on until the last is gone.

In which order the balances of a group pay is its strategy: by value, the lowest or highest first, or by chance; with
`*mine_…` the caller's own first balance in that order is moved to the front. A group that no SharedGroups.csv names, or
an account that its rows do not, has `*mine_random`.

The members of a group stand in a row of their own, kept like an account (`group_key`): it has a version, so an
operation that counted on them is decided again if somebody joined meanwhile.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from accounts.account import Account, AccountKey

GROUP: Final = "*group:"  # begins the name of the row that keeps the members; no account may be named so
ANY: Final = "*any"


class Strategy(StrEnum):
    LOWEST = "*lowest"
    HIGHEST = "*highest"
    RANDOM = "*random"
    MINE_LOWEST = "*mine_lowest"
    MINE_HIGHEST = "*mine_highest"
    MINE_RANDOM = "*mine_random"


@dataclass(frozen=True, slots=True)
class SharedGroup:
    """Rows of SharedGroups.csv with one id. `strategies` are by the caller: "tenant:account", or `*any`."""

    id: str
    strategies: Mapping[str, Strategy]

    def strategy(self, caller: AccountKey) -> Strategy:
        return self.strategies.get(str(caller)) or self.strategies.get(ANY) or Strategy.MINE_RANDOM


def group_key(tenant: str, group: str) -> AccountKey:
    """Where the members of a tenant's group are kept."""
    return AccountKey(tenant, GROUP + group)


def is_group(key: AccountKey) -> bool:
    return key.account.startswith(GROUP)


def groups_of(account: Account) -> frozenset[str]:
    """The groups that an account is a member of: those that its balances carry."""
    if not account.balances:
        return NO_GROUPS
    return NO_GROUPS.union(*[b.terms.shared_groups for b in account.balances if b.terms.shared_groups])


NO_GROUPS: Final[frozenset[str]] = frozenset()
