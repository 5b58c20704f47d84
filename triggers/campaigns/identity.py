"""Identity: which of the groups found now is which campaign of before, so that an analyst's CMP-2026-12 stays it.

Every minute the callers are clustered anew, and a group has no name. Against two campaigns of a minute ago:

    before                     now                          is
    CMP-2026-3  {a b c d e}    {a b c d e f}                CMP-2026-3: five of six in common
    CMP-2026-4  {p q r s t u}  {p q r s}, {t u v w x}       CMP-2026-4 is the first, 4 of 6; the second shares 2 of 9
                                                            and is new, split from CMP-2026-4

A group is the campaign whose callers it shares most with, three tenths of all of both at least; the best pair is taken
first, then the best of what is left. A campaign that changes all its numbers goes on by the numbers that it calls, by
the same measure. Where half of a campaign's callers are in a group that has a name already, the two have become one:
the oldest name wins, and the others are merged into it. So a campaign that splits keeps its name with its larger part.
"""

from typing import Final

from triggers.campaigns.overlap import overlap

ALIKE: Final = 0.3
MOSTLY: Final = 0.5


class Group:
    """Callers found together, and whom they call."""

    __slots__ = ("called", "callers")

    def __init__(self, callers: frozenset[str], called: frozenset[str] = frozenset()) -> None:
        self.callers: Final = callers
        self.called: Final = called


class Named:
    """A campaign of before; the older one has the lower `rank`."""

    __slots__ = ("called", "callers", "id", "rank")

    def __init__(self, id: str, rank: int, callers: frozenset[str], called: frozenset[str] = frozenset()) -> None:
        self.id: Final = id
        self.rank: Final = rank
        self.callers: Final = callers
        self.called: Final = called


class Identity:
    """Which campaign a group is: `id` "" is a new one. `merged` have become part of it, `split_from` it was part of."""

    __slots__ = ("id", "merged", "split_from")

    def __init__(self, id: str = "", merged: tuple[str, ...] = (), split_from: str = "") -> None:
        self.id: Final = id
        self.merged: Final = merged
        self.split_from: Final = split_from


def identities(groups: list[Group], before: list[Named]) -> list[Identity]:
    """One for each group, in their order."""
    owners = dict[int, Named]()  # by the place of a group
    _pair(groups, before, owners, by_callers=True)
    _pair(groups, before, owners, by_callers=False)
    absorbed = _absorbed(groups, before, owners)
    found = []
    for place, group in enumerate(groups):
        owner = owners.get(place)
        if owner is None:
            found.append(Identity(split_from=_split_from(group, before)))
        else:
            found.append(_merged([owner, *absorbed.get(place, [])]))
    return found


def _pair(groups: list[Group], before: list[Named], owners: dict[int, Named], *, by_callers: bool) -> None:
    """Give groups without a name the campaigns without a group, the most alike first."""
    taken = {owner.id for owner in owners.values()}
    pairs = list[tuple[float, int, int, Named]]()
    for place, group in enumerate(groups):
        for named in before:
            if place not in owners and named.id not in taken:
                alike = overlap(group.callers, named.callers) if by_callers else overlap(group.called, named.called)
                if alike >= ALIKE:
                    pairs.append((-alike, named.rank, place, named))
    for _, _, place, named in sorted(pairs, key=_alike_then_oldest):
        if place not in owners and named.id not in taken:
            owners[place] = named
            taken.add(named.id)


def _alike_then_oldest(pair: tuple[float, int, int, Named]) -> tuple[float, int, int]:
    return pair[:3]


def _absorbed(groups: list[Group], before: list[Named], owners: dict[int, Named]) -> dict[int, list[Named]]:
    """The campaigns without a group of whose callers half are in one with a name."""
    taken = {owner.id for owner in owners.values()}
    found = dict[int, list[Named]]()
    for named in before:
        if named.id in taken or not named.callers:
            continue
        for place in owners:
            if len(named.callers & groups[place].callers) >= MOSTLY * len(named.callers):
                found.setdefault(place, []).append(named)
                break
    return found


def _merged(campaigns: list[Named]) -> Identity:
    by_age = sorted(campaigns, key=_rank)
    return Identity(by_age[0].id, tuple([each.id for each in by_age[1:]]))


def _rank(named: Named) -> int:
    return named.rank


def _split_from(group: Group, before: list[Named]) -> str:
    """The campaign that most of its callers were part of; "" where that is less than half of them."""
    best, shared = "", MOSTLY * len(group.callers)
    for named in before:
        common = len(named.callers & group.callers)
        if common and common >= shared:
            best, shared = named.id, common
    return best
