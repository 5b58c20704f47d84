"""A tariff: everything that prices usage, as one value that a batch of requests can pin.

Destinations say which prefixes a name stands for, plans what a name costs when, profiles which plan a subject has. A
number is looked up by its longest prefix first: 49171… under `4917`, then `491`, `49`, `4`, so the index maps a prefix
to the destination ids that carry it, once for all plans.
"""

from collections.abc import Mapping
from typing import Final

from tariffs.rating_plan import RatingPlan
from tariffs.rating_profile import RatingProfile
from tariffs.timing import Timing

ProfileKey = tuple[str, str, str]       # tenant, category, subject


class Tariff:
    """Immutable once built. `timings` are those that balances, plans and schedules may name."""

    __slots__ = ("destinations", "ids_by_prefix", "plans", "prefix_length_max", "profiles", "timings")

    def __init__(
        self,
        destinations: Mapping[str, tuple[str, ...]],
        timings: Mapping[str, Timing],
        plans: Mapping[str, RatingPlan],
        profiles: Mapping[ProfileKey, RatingProfile],
    ) -> None:
        self.destinations: Final = destinations
        self.timings: Final = timings
        self.plans: Final = plans
        self.profiles: Final = profiles
        by_prefix: dict[str, list[str]] = {}
        for destination_id, prefixes in destinations.items():
            for prefix in prefixes:
                by_prefix.setdefault(prefix, []).append(destination_id)
        self.ids_by_prefix: Final[Mapping[str, tuple[str, ...]]] = {
            prefix: tuple(ids) for prefix, ids in by_prefix.items()
        }
        self.prefix_length_max: Final = max(map(len, by_prefix), default=0)

    def prefixes_of(self, number: str) -> list[tuple[str, tuple[str, ...]]]:
        """The known prefixes of a number, longest first, each with the destination ids that carry it."""
        found = []
        for length in range(min(len(number), self.prefix_length_max), 0, -1):
            ids = self.ids_by_prefix.get(number[:length])
            if ids is not None:
                found.append((number[:length], ids))
        return found


EMPTY_TARIFF: Final = Tariff({}, {}, {}, {})
