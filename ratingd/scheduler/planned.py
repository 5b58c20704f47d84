"""What is to run when: the entries of the action plans in each time zone that their accounts live in.

Plan PACKAGE tops up at midnight. Its accounts in Vienna and in Lisbon get it at different instants, so the one entry is
two of these: PACKAGE/TOPUP@*daily in Europe/Vienna and in Europe/Lisbon, each with its own place in the store.

Missed instants are made up from the oldest on, over all entries: a top-up due at 00:00 comes before a reset due at
00:05, whatever was down in between. Of two that are due at one instant the heavier runs first.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from actions.plan_schedule import ActionPlan, PlanEntry, instants_between, next_due
from tariffs.zone import Zone, zone


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan entry in one time zone. `time_zone` is as accounts have it, "" for the default; `name` never changes."""

    name: str
    plan_id: str
    entry: PlanEntry
    time_zone: str
    zone: Zone

    @property
    def place(self) -> tuple[str, str]:
        return (self.name, self.time_zone)

    def next_due(self, after_ns: int) -> int | None:
        return next_due(self.entry.timing, after_ns, self.zone, anchor_ns=self.entry.anchor_ns)

    def due(self, after_ns: int, until_ns: int) -> Iterator[int]:
        """The instants later than `after_ns` up to `until_ns`, oldest first."""
        return instants_between(
            self.entry.timing, after_ns + 1, until_ns + 1, self.zone, anchor_ns=self.entry.anchor_ns
        )


def planned(
    plans: Mapping[str, ActionPlan], zones_of: Callable[[str], Iterable[str]], default_zone: str
) -> list[Planned]:
    """Every entry that has instants, in each zone that members of its plan live in. `*asap` entries have none."""
    found = []
    for plan in plans.values():
        zones = list(zones_of(plan.id))
        for name, entry in named(plan):
            if not entry.asap:
                found += [Planned(name, plan.id, entry, tz, zone(tz or default_zone)) for tz in zones]
    return found


def named(plan: ActionPlan) -> Iterator[tuple[str, PlanEntry]]:
    """The entries with names of their own: plan, actions and timing, and a number where all three agree."""
    seen: Counter[str] = Counter()
    for entry in plan.entries:
        name = f"{plan.id}/{entry.actions_id}@{entry.timing.id}"
        seen[name] += 1
        yield (name if seen[name] == 1 else f"{name}#{seen[name]}"), entry


def in_order(due: Iterable[tuple[Planned, Iterable[int]]]) -> Iterator[tuple[int, Planned]]:
    """The instants of all entries, oldest first, then the heavier entry, then the order of the plan."""
    return (
        (instant, each)
        for instant, _, _, each in heapq.merge(
            *(ranked(place, each, instants) for place, (each, instants) in enumerate(due)), key=lambda run: run[:3]
        )
    )


def ranked(place: int, each: Planned, instants: Iterable[int]) -> Iterator[tuple[int, float, int, Planned]]:
    return ((instant, -float(each.entry.weight), place, each) for instant in instants)
