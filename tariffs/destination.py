"""Destination match: which of a plan's destinations prices a number.

The plan knows 49 at 0.60 (weight 10), 491 at 0.30 (weight 5), and 4917 both as mobile (weight 10) and as special
(weight 20). 491712 is special: the longest prefix first, and among destination ids with that same prefix the heavier;
of equals the one that the plan names first. 4912 costs 0.30 although 49 is heavier, because weight never beats length.

A destination id counts only if one of its intervals is active when the call starts. A long prefix that is sold at
weekends only leaves a Monday's call to the shorter one, for the whole call. What no prefix matches is priced by the
plan's `*any` entry, if it has one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mypy_extensions import mypyc_attr

from tariffs.activity import Prices
from tariffs.rating_plan import RatingPlan
from tariffs.tariff import Tariff
from tariffs.timing import ANY
from tariffs.zone import Zone


@mypyc_attr(acyclic=True, free_list_len=1)
class Destination:
    """The prices that match a number, and the prefix that did it (`*any` for the plan's entry for all others)."""

    __slots__ = ("id", "prefix", "prices")

    def __init__(self, prefix: str, destination_id: str, prices: Prices) -> None:
        self.prefix: Final = prefix
        self.id: Final = destination_id
        self.prices: Final = prices


def destination(tariff: Tariff, plan: RatingPlan, number: str, start_ns: int, zone: Zone) -> Destination | None:
    """The destination of a number in a plan, for a call that starts at an instant."""
    if number and number != ANY:
        for prefix, ids in tariff.prefixes_of(number):
            best: Destination | None = None
            for name in ids:
                prices = tariff.prices(plan, name)
                if prices is not None and _active(prices, start_ns, zone):
                    found = Destination(prefix, name, prices)
                    if best is None or _precedes(tariff, plan, found, best):
                        best = found
            if best is not None:
                return best
    prices = tariff.prices(plan, ANY)
    return None if prices is None else Destination(ANY, ANY, prices)


def _active(prices: Prices, start_ns: int, zone: Zone) -> bool:
    return prices.always is not None or prices.in_force(zone.day_of(start_ns), start_ns) is not None


def _precedes(tariff: Tariff, plan: RatingPlan, found: Destination, best: Destination) -> bool:
    if found.prices.weight != best.prices.weight:
        return found.prices.weight > best.prices.weight
    return tariff.rank(plan, found.id) < tariff.rank(plan, best.id)


class Fate(StrEnum):
    """What became of a destination id that has a prefix of the number and is named by the plan."""

    MATCHED = "matches"
    INACTIVE = "has no interval that is active at the start of the call"
    SHORTER = "is a shorter prefix"
    LIGHTER = "is lighter"
    NAMED_LATER = "is named later in the plan"
    FOR_OTHERS = "is for numbers that no prefix matches"


@dataclass(frozen=True, slots=True)
class DestinationCandidate:
    """One destination id of a plan that could price a number, and why it does or does not."""

    destination: Destination
    fate: Fate


def destination_candidates(
    tariff: Tariff, plan: RatingPlan, number: str, start_ns: int, zone: Zone
) -> Iterator[DestinationCandidate]:
    """All destination ids of a plan that have a prefix of the number, longest first, held against the match."""
    match = destination(tariff, plan, number, start_ns, zone)
    named = tariff.prefixes_of(number) if number != ANY else []
    for prefix, ids in (*named, (ANY, (ANY,))):
        for name in ids:
            prices = tariff.prices(plan, name)
            if prices is not None:
                active = prefix == ANY or _active(prices, start_ns, zone)
                found = Destination(prefix, name, prices)
                yield DestinationCandidate(found, _fate(found, match, active=active))


def _fate(found: Destination, match: Destination | None, *, active: bool) -> Fate:
    if match is not None and found.id == match.id and found.prefix == match.prefix:
        return Fate.MATCHED
    if not active:
        return Fate.INACTIVE
    if match is None or found.prefix != match.prefix:
        return Fate.FOR_OTHERS if found.prefix == ANY else Fate.SHORTER
    return Fate.LIGHTER if found.prices.weight < match.prices.weight else Fate.NAMED_LATER
