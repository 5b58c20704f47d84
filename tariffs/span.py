"""What is asked of the rating function and what it answers: a query, and priced spans or the reason there is no price.

A call of 70 s at 0.40 + 0.20 for the first minute and 0.10 a minute by the second afterwards is two spans: one
increment of 60 s for 0.20, and ten of 1 s for 0.00167. The connect fee is not part of a span; who asks adds it to the
first one, once per call.

Spans are plain classes with `Final` attributes: a debit makes them by the thousand.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mypy_extensions import mypyc_attr

from tariffs.rate import RateSlot
from tariffs.rating_plan import RatingInterval
from tariffs.zone import Zone

VOICE: Final = "*voice"


class UnratedReason(StrEnum):
    """Why there is no price: nobody prices this subject, or its prices do not know the destination at that time."""

    NO_RATING_PLAN = "NO_RATING_PLAN"
    DESTINATION_UNRATED = "DESTINATION_UNRATED"


@mypyc_attr(acyclic=True, free_list_len=1)
class RatingQuery:
    """Usage from `start_ns` to `end_ns` that wants a price. For what is not voice, `end_ns - start_ns` counts units.

    `duration_index` is the usage of the whole call up to `end_ns`, so that the second debit of a call continues the
    rate ladder; it is at least the usage asked. `zone` gives peak hours, week days and midnights.
    """

    __slots__ = ("category", "destination", "duration_index", "end_ns", "start_ns", "subject", "tenant", "tor", "zone")

    def __init__(
        self,
        tenant: str,
        category: str,
        subject: str,
        destination: str,
        tor: str,
        start_ns: int,
        end_ns: int,
        duration_index: int,
        zone: Zone,
    ) -> None:
        self.tenant: Final = tenant
        self.category: Final = category
        self.subject: Final = subject
        self.destination: Final = destination
        self.tor: Final = tor
        self.start_ns: Final = start_ns
        self.end_ns: Final = end_ns
        self.duration_index: Final = max(duration_index, end_ns - start_ns)
        self.zone: Final = zone


@mypyc_attr(acyclic=True, free_list_len=1)
class Match:
    """Where a price came from: the profile, the plan, and what of the number matched. One for many spans."""

    __slots__ = ("destination_id", "plan_id", "prefix", "subject")

    def __init__(self, subject: str, plan_id: str, prefix: str, destination_id: str) -> None:
        self.subject: Final = subject  # "tenant:category:subject" of the profile that priced it
        self.plan_id: Final = plan_id
        self.prefix: Final = prefix  # "*any" when the plan's entry for any destination matched
        self.destination_id: Final = destination_id


@mypyc_attr(acyclic=True, free_list_len=1)
class Span:
    """A piece of a call at one price: `count` increments of `increment` ns or units at `increment_cost` nano each.

    `start_ns` to `end_ns` is widened to whole increments and may outlast the usage asked. `group_start` is its
    position in the call. An increment's cost is rounded to the kept decimals before it is multiplied.
    """

    __slots__ = (
        "count",
        "end_ns",
        "group_start",
        "increment",
        "increment_cost",
        "interval",
        "match",
        "slot",
        "start_ns",
    )

    def __init__(
        self,
        start_ns: int,
        end_ns: int,
        group_start: int,
        count: int,
        increment: int,
        increment_cost: int,
        interval: RatingInterval,
        slot: RateSlot,
        match: Match,
    ) -> None:
        self.start_ns: Final = start_ns
        self.end_ns: Final = end_ns
        self.group_start: Final = group_start
        self.count: Final = count
        self.increment: Final = increment
        self.increment_cost: Final = increment_cost
        self.interval: Final = interval
        self.slot: Final = slot
        self.match: Final = match

    @property
    def cost(self) -> int:
        return self.count * self.increment_cost


@dataclass(frozen=True, slots=True)
class Unrated:
    """No price from `at_ns` on. Where that is later than the query's start, the usage before it has one."""

    reason: UnratedReason
    at_ns: int
    detail: str  # what was looked for and where, in words
