"""A tariff: everything that prices usage, as one value that a batch of requests can pin.

Destinations say which prefixes a name stands for, plans what a name costs when, profiles which plan a subject has. A
number is looked up by its longest prefix first: 49171… under `4917`, then `491`, `49`, `4`, so the index maps a prefix
to the destination ids that carry it, once for all plans.

What follows from the plans alone (who is in force on which day, the order of destination ids) is worked out when it is
first asked for, and kept with the tariff: it can grow no larger than the plans it comes from.
"""

from bisect import bisect_left
from collections.abc import Mapping
from typing import Final

from tariffs.activity import Prices
from tariffs.rating_plan import RatingPlan
from tariffs.rating_profile import RatingProfile
from tariffs.timing import Timing

ProfileKey = tuple[str, str, str]  # tenant, category, subject


class Tariff:
    """Immutable once built. `timings` are those that balances, plans and schedules may name."""

    __slots__ = (
        "_known",
        "_lengths",
        "_prefixes",
        "_prices",
        "_ranks",
        "_shared",
        "_subjects",
        "destinations",
        "ids_by_prefix",
        "plans",
        "profiles",
        "timings",
    )

    def __init__(
        self,
        destinations: dict[str, tuple[str, ...]],
        timings: dict[str, Timing],
        plans: dict[str, RatingPlan],
        profiles: dict[ProfileKey, RatingProfile],
    ) -> None:
        self.destinations: Final = destinations
        self.timings: Final = timings
        self.plans: Final = plans
        self.profiles: Final = profiles
        self.ids_by_prefix: Final = _ids_by_prefix(destinations)
        self._subjects: Final = _by_subject(profiles)
        self._prices: Final[dict[str, dict[str, Prices]]] = {}  # by plan and destination id
        self._shared: Final[dict[int, Prices]] = {}  # by identity: destinations of one price share their intervals
        self._ranks: Final[dict[str, dict[str, int]]] = {}
        self._prefixes: Final[dict[str, list[str]]] = {}
        self._lengths: Final = sorted({len(prefix) for prefix in self.ids_by_prefix if prefix}, reverse=True)
        self._known: tuple[str, list[tuple[str, tuple[str, ...]]]] = "", []

    def prefixes_of(self, number: str) -> list[tuple[str, tuple[str, ...]]]:
        """The known prefixes of a number, longest first, each with the destination ids that carry it.

        The last answer is kept: balances and prices ask about the same number one after the other.
        """
        known = self._known
        if known[0] == number:
            return known[1]
        found = []
        digits = len(number)
        for length in self._lengths:
            if length <= digits:
                prefix = number[:length]
                ids = self.ids_by_prefix.get(prefix)
                if ids is not None:
                    found.append((prefix, ids))
        self._known = number, found
        return found

    def prices(self, plan: RatingPlan, destination_id: str) -> Prices | None:
        """What a plan asks for a destination id (or `*any`); None where the plan does not name it."""
        known = self._prices.get(plan.id)
        if known is None:
            known = self._prices[plan.id] = {}
        found = known.get(destination_id)
        if found is None:
            intervals = plan.destinations.get(destination_id)
            if intervals is None:
                return None
            found = self._shared.get(id(intervals))
            if found is None:
                found = self._shared[id(intervals)] = Prices(intervals)
            known[destination_id] = found
        return found

    def profile(self, tenant: str, category: str, subject: str) -> RatingProfile | None:
        """The rating profile of exactly this subject."""
        categories = self._subjects.get(tenant)
        subjects = None if categories is None else categories.get(category)
        return None if subjects is None else subjects.get(subject)

    def rank(self, plan: RatingPlan, destination_id: str) -> int:
        """The place of a destination id in the order in which the plan names them."""
        ranks = self._ranks.get(plan.id)
        if ranks is None:
            ranks = self._ranks[plan.id] = {name: place for place, name in enumerate(plan.destinations)}
        return ranks[destination_id]

    def prepare(self) -> None:
        """Sort the prefixes of all plans now, for whoever loads a tariff and would not have the first refusal wait."""
        for plan in self.plans.values():
            self.nearest_prefix(plan, "")

    def nearest_prefix(self, plan: RatingPlan, number: str) -> str:
        """Of the prefixes that a plan prices, the one that shares most leading digits with a number, or ""."""
        known = self._prefixes.get(plan.id)
        if known is None:
            known = self._prefixes[plan.id] = sorted(
                [prefix for name in plan.destinations for prefix in self.destinations.get(name, ())]
            )
        place = bisect_left(known, number)
        around = known[max(place - 1, 0) : place + 1]
        nearest = max(around, key=lambda prefix: _shared_length(prefix, number), default="")
        return nearest if _shared_length(nearest, number) else ""


def _ids_by_prefix(destinations: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """The destination ids that carry a prefix, in the order of the files. Few prefixes have more than one."""
    found: dict[str, tuple[str, ...]] = {}
    for destination_id, prefixes in destinations.items():
        for prefix in prefixes:
            before = found.get(prefix)
            found[prefix] = (destination_id,) if before is None else (*before, destination_id)
    return found


def _by_subject(profiles: Mapping[ProfileKey, RatingProfile]) -> dict[str, dict[str, dict[str, RatingProfile]]]:
    """The profiles by tenant, category and subject, each a text whose hash is known."""
    found: dict[str, dict[str, dict[str, RatingProfile]]] = {}
    for (tenant, category, subject), profile in profiles.items():
        found.setdefault(tenant, {}).setdefault(category, {})[subject] = profile
    return found


def _shared_length(prefix: str, number: str) -> int:
    length = 0
    for ours, theirs in zip(prefix, number, strict=False):
        if ours != theirs:
            break
        length += 1
    return length


EMPTY_TARIFF: Final = Tariff({}, {}, {}, {})
