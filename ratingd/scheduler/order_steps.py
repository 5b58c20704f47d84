"""What an order comes to: the entries it names, the instants of its window, and how many accounts that concerns.

"Replay PACKAGE from 1 January to 2 June" is five last days of a month and no instant at its end; "run PACKAGE now" is
each of its entries once, the heaviest first, in each zone that members live in. An operator who only asks what it would
be is told from the same steps that a run goes through.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from accounts.account import AccountKey
from actions.plan_schedule import ActionPlan
from ratingd.errors import InvalidRequest, PlanUnknown, ScheduleUnknown
from ratingd.scheduler.planned import Planned, in_order, named, planned
from ratingd.store.directory import Directory
from ratingd.store.schedules import REPLAY, Order
from tariffs.zone import zone

STEPS_MAX: Final = 100_000


@dataclass(frozen=True, slots=True)
class Step:
    """An entry at an instant in one time zone. `instant_ns` 0 is a run now."""

    instant_ns: int
    each: Planned

    @property
    def place(self) -> list[int | str]:
        return [self.instant_ns, *self.each.place]


class OrderSteps:
    def __init__(self, directory: Directory, plans: Mapping[str, ActionPlan], default_zone: str) -> None:
        self._directory: Final = directory
        self._plans: Final = plans
        self._default_zone: Final = default_zone

    def of(self, order: Order) -> list[Step]:
        """Everything to run, in its order.

        Raises InvalidRequest where that is too much for one order, and NotFound where the tariff has no such plan.
        """
        self._check(order)
        if order.kind == REPLAY:
            return self._replay(order)
        steps = [Step(0, each) for each in self._entries(order, with_asap=bool(order.account))]
        return sorted(steps, key=lambda step: -step.each.entry.weight)

    def _check(self, order: Order) -> None:
        """An order outlives the tariff that it was placed under."""
        if order.plan_id and order.plan_id not in self._plans:
            raise PlanUnknown(order.plan_id)
        if order.entry and order.entry not in {name for name, _ in named(self._plans[order.plan_id])}:
            raise ScheduleUnknown(f"no schedule entry {order.entry!r} in the active tariff")

    def members(self, order: Order, steps: Iterable[Step]) -> int:
        """On how many accounts the steps act; one counts once for each step."""
        if order.account:
            return len(list(steps))
        counts: dict[tuple[str, str], int] = {}
        total = 0
        for step in steps:
            place = (step.each.plan_id, step.each.time_zone)
            if place not in counts:
                counts[place] = self._directory.count_members(
                    step.each.plan_id, time_zone=step.each.time_zone, tenant=order.tenant
                )
            total += counts[place]
        return total

    def _replay(self, order: Order) -> list[Step]:
        due = [(each, each.due(order.start_ns - 1, order.end_ns - 1)) for each in self._entries(order, with_asap=False)]
        steps: list[Step] = []
        for instant_ns, each in in_order(due):
            if len(steps) == STEPS_MAX:
                raise InvalidRequest(
                    "end_time", f"more than {STEPS_MAX} runs lie in this window; replay a part of it, or of the plans"
                )
            steps.append(Step(instant_ns, each))
        return steps

    def _entries(self, order: Order, *, with_asap: bool) -> list[Planned]:
        """The entries that an order names, in each zone of those it is for."""
        plans = {id: plan for id, plan in self._plans.items() if order.plan_id in ("", id)}
        found = planned(plans, lambda plan_id: self._zones(order, plan_id), self._default_zone)
        if with_asap:
            found += self._asap(plans.values())
        return [each for each in found if order.entry in ("", each.name)]

    def _zones(self, order: Order, plan_id: str) -> list[str]:
        """A run for one account needs no membership; a replay is of what the account would have got."""
        if not order.account:
            return self._directory.zones(plan_id)
        place = self._directory.zone_of_member(plan_id, AccountKey(order.tenant, order.account))
        if order.kind == REPLAY:
            return [] if place is None else [place]
        return [place or ""]

    def _asap(self, plans: Iterable[ActionPlan]) -> Iterator[Planned]:
        for plan in plans:
            for name, entry in named(plan):
                if entry.asap:
                    yield Planned(name, plan.id, entry, "", zone(self._default_zone))
