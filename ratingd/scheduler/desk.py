"""The desk: what an operator asks of the schedules, at whichever daemon of several.

The desk runs nothing. It reads how far things have come from the store, and writes down what is wanted there: a pause,
or an order for the daemon that holds the lock. A name that is not in the tariff in force is refused with those nearest
to it; what an order would come to is told before it is written, from the steps that its run goes through.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import islice
from typing import Final, Protocol

from accounts.account import AccountKey
from actions.plan_schedule import ActionPlan
from ratingd.errors import AccountUnknown, InvalidRequest, KeyReused, PlanUnknown, ScheduleUnknown
from ratingd.scheduler.order_steps import STEPS_MAX, OrderSteps, Step
from ratingd.scheduler.plan_runs import paused
from ratingd.scheduler.planned import Planned, named, planned
from ratingd.store.directory import Directory
from ratingd.store.rows import AccountRow, ScheduleRow
from ratingd.store.schedules import REPLAY, RUN, Order, Pause, Schedules
from tariffs.zone import zone

NEAR: Final = 3


class Shelves(Protocol):
    """What the desk needs of the store."""

    @property
    def directory(self) -> Directory: ...

    @property
    def schedules(self) -> Schedules: ...

    def accounts(self, keys: Iterable[AccountKey]) -> Mapping[AccountKey, AccountRow]: ...


@dataclass(frozen=True, slots=True)
class Listed:
    """An entry in one time zone as an operator sees it. `row` None: nobody has the plan, or it waits for nothing."""

    each: Planned
    members: int
    row: ScheduleRow | None
    next_due_ns: int | None
    paused_since_ns: int | None


@dataclass(frozen=True, slots=True)
class Held:
    """What a pause or its end is about. `since_ns` None: it is not paused."""

    entries: tuple[str, ...]
    changed: bool
    since_ns: int | None
    missed: int = 0


class ScheduleDesk:
    def __init__(
        self,
        store: Shelves,
        plans: Callable[[], Mapping[str, ActionPlan]],
        default_zone: str,
        clock: Callable[[], int],
    ) -> None:
        self._store: Final = store
        self._plans: Final = plans
        self._default_zone: Final = default_zone
        self._clock: Final = clock

    # What there is.

    def listed(self, plan_id: str = "") -> list[Listed]:
        """Every entry, in the order of the plans; those of plans that nobody has are there once."""
        plans = self._plans()
        if plan_id:
            plans = {plan_id: self._plan(plans, plan_id)}
        rows = {(row.entry, row.time_zone): row for row in self._store.schedules.rows()}
        pauses = self._store.schedules.pauses()
        return [self._listed(each, rows.get(each.place), pauses) for each in self._entries(plans)]

    def _listed(self, each: Planned, row: ScheduleRow | None, pauses: list[Pause]) -> Listed:
        held = [pause.since_ns for pause in pauses if paused(each, [pause]) and not each.entry.asap]
        after_ns = self._clock() if row is None or held else row.done_ns
        members = self._store.directory.count_members(
            each.plan_id, time_zone=None if each.entry.asap else each.time_zone
        )
        return Listed(each, members, row, each.next_due(after_ns), min(held) if held else None)

    def _entries(self, plans: Mapping[str, ActionPlan]) -> list[Planned]:
        """In the zones of their members; `*asap` entries, and those of plans without members, in the default zone."""
        living = planned(plans, self._store.directory.zones, self._default_zone)
        found = []
        for plan in plans.values():
            for name, entry in named(plan):
                alive = [each for each in living if each.name == name]
                found += alive or [Planned(name, plan.id, entry, "", zone(self._default_zone))]
        return found

    def orders(self, limit: int) -> list[Order]:
        return self._store.schedules.latest_orders(limit)

    def order(self, id: str) -> Order:
        found = self._store.schedules.order(id)
        if found is None:
            raise ScheduleUnknown(f"no order {id!r}", ())
        return found

    # What is to be.

    def place(self, order: Order, *, create: bool = False, dry_run: bool = False) -> tuple[Order, list[Step]]:
        """Check an order and store it, or find the same one that was stored before. Tells what it comes to."""
        known = None if dry_run else self._store.schedules.order_of_key(order.idempotency_key)
        if known is not None:
            return same(known, order), []
        plans = self._plans()
        order = self._named(order, plans)
        self._check(order, plans, create=create)
        steps_of = OrderSteps(self._store.directory, plans, self._default_zone)
        steps = steps_of.of(order)
        members = steps_of.members(order, steps)
        if order.kind == REPLAY and order.account and not steps:
            self._refuse_stranger(order, plans)
        order = replace(order, members=members)
        if dry_run:
            return order, steps
        return same(self._store.schedules.place_order(order), order), steps

    def pause(self, plan_id: str, entry: str, *, dry_run: bool = False) -> Held:
        plan_id, entries = self._covered(plan_id, entry)
        known = self._pause(plan_id, entry)
        since_ns = self._clock() if known is None else known.since_ns
        changed = known is None and (dry_run or self._store.schedules.pause(Pause(plan_id, entry, since_ns)))
        return Held(entries, changed, since_ns)

    def resume(self, order: Order, *, dry_run: bool = False) -> Held:
        """Lift a pause. `order` says of what, and whether what fell into it is made up."""
        known = [
            pause
            for pause in self._store.schedules.pauses()
            if pause.entry == order.entry and (pause.plan_id == order.plan_id or (order.entry and not order.plan_id))
        ]
        if known and known[0].plan_id not in self._plans():  # paused under a tariff that had it
            plan_id, entries = known[0].plan_id, tuple(name for name in (order.entry,) if name)
        else:
            plan_id, entries = self._covered(order.plan_id, order.entry)
        if not known:
            return Held(entries, changed=False, since_ns=None)
        missed = self._missed(entries, known[0])
        if not dry_run:
            self._store.schedules.resume(replace(order, plan_id=plan_id))
        return Held(entries, changed=True, since_ns=known[0].since_ns, missed=missed)

    def _missed(self, names: tuple[str, ...], pause: Pause) -> int:
        """Runs between the place where each entry stands and now."""
        rows = {(row.entry, row.time_zone): row for row in self._store.schedules.rows()}
        now_ns, count = self._clock(), 0
        for each in planned(self._plans(), self._store.directory.zones, self._default_zone):
            row = rows.get(each.place)
            if each.name in names:
                behind_ns = pause.since_ns if row is None else max(row.done_ns, row.running_ns or 0)
                count += sum(1 for _ in islice(each.due(behind_ns, now_ns), STEPS_MAX))
        return count

    # Names.

    def _pause(self, plan_id: str, entry: str) -> Pause | None:
        found = [p for p in self._store.schedules.pauses() if (p.plan_id, p.entry) == (plan_id, entry)]
        return found[0] if found else None

    def _covered(self, plan_id: str, entry: str) -> tuple[str, tuple[str, ...]]:
        """The plan, and the names of what a pause of it or of one entry holds."""
        plans = self._plans()
        if entry:
            return self._plan_of_entry(plans, entry, plan_id).id, (entry,)
        plan = self._plan(plans, plan_id)
        return plan.id, tuple(name for name, each in named(plan) if not each.asap)

    def _named(self, order: Order, plans: Mapping[str, ActionPlan]) -> Order:
        """The order with its plan, where it names an entry alone."""
        if order.entry:
            return replace(order, plan_id=self._plan_of_entry(plans, order.entry, order.plan_id).id)
        if order.plan_id:
            self._plan(plans, order.plan_id)
        elif order.kind == RUN:
            raise InvalidRequest("plan", "is empty: name a plan, or an entry of one")
        return order

    @staticmethod
    def _plan(plans: Mapping[str, ActionPlan], plan_id: str) -> ActionPlan:
        if not plan_id:
            raise InvalidRequest("plan", "is empty: name a plan, or an entry of one")
        if plan_id not in plans:
            raise PlanUnknown(plan_id, get_close_matches(plan_id, plans, n=NEAR, cutoff=0.5))
        return plans[plan_id]

    def _plan_of_entry(self, plans: Mapping[str, ActionPlan], entry: str, plan_id: str) -> ActionPlan:
        if plan_id:
            plans = {plan_id: self._plan(plans, plan_id)}
        names = {name: plan for plan in plans.values() for name, _ in named(plan)}
        if entry not in names:
            raise ScheduleUnknown(
                f"no schedule entry {entry!r} in the active tariff", get_close_matches(entry, names, n=NEAR, cutoff=0.5)
            )
        return names[entry]

    def _check(self, order: Order, plans: Mapping[str, ActionPlan], *, create: bool) -> None:
        if order.kind == REPLAY and order.end_ns <= order.start_ns:
            raise InvalidRequest("end_time", "is not later than start_time; the window holds its start and not its end")
        asap = {name for plan in plans.values() for name, entry in named(plan) if entry.asap}
        if order.entry in asap and (order.kind == REPLAY or not order.account):
            why = "has no instants to replay" if order.kind == REPLAY else "is run for one account: name it"
            raise InvalidRequest("entry", f"{order.entry!r} runs when an account gets the plan (*asap); it {why}")
        if order.account and not create:
            key = AccountKey(order.tenant, order.account)
            row = self._store.accounts([key]).get(key)
            if row is None or row.document is None:
                raise AccountUnknown(order.tenant, order.account)

    def _refuse_stranger(self, order: Order, plans: Mapping[str, ActionPlan]) -> None:
        """A replay for an account that has none of the plans is a mistake; one without instants is not."""
        key = AccountKey(order.tenant, order.account)
        asked = [order.plan_id] if order.plan_id else list(plans)
        if all(self._store.directory.zone_of_member(plan_id, key) is None for plan_id in asked):
            raise InvalidRequest(
                "account", f"{order.account!r} has not the plan; `ratingd account show` lists its plans"
            )


def same(stored: Order, order: Order) -> Order:
    """What is stored under the key of an order, if that wanted the same."""
    if stored.fingerprint != order.fingerprint:
        raise KeyReused(order.idempotency_key)
    return stored
