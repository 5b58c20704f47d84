"""Carrying out what operators ordered: a plan now, or the instants of a window once more.

    run 1001 PACKAGE          every entry, those at once (*asap) too, for an account that need not be a member
    run PACKAGE               every entry that has instants, for all members
    replay PACKAGE 1 to 8 May its instants from the first on and before the last

A replay uses the keys of the regular runs. What has run in its time is not run again, so that an operator who does not
know how far a plan had come before a disk was lost replays the whole week; and an instant of tomorrow that is replayed
today will not be run tomorrow. A run now has keys of its own order: ordered twice under one idempotency key it is one.

Orders run beside the regular plans, on a thread of their own, so that a replay of a year does not hold up midnight;
pauses do not concern them. An order for one account goes before those for all members.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from accounts.account import AccountKey
from actions.plan_schedule import ActionPlan
from ratingd import observe
from ratingd.engine.operation import ExecuteSet
from ratingd.errors import RatingdError
from ratingd.scheduler.effects import Effects
from ratingd.scheduler.order_steps import OrderSteps, Step
from ratingd.scheduler.plan_runs import effect_key
from ratingd.scheduler.walk import Progress, walk
from ratingd.store.rows import FIRST_KEY
from ratingd.store.schedules import REPLAY, RUN, Order
from ratingd.store.store import Store

Plans = Callable[[], Mapping[str, ActionPlan]]


class OrderRuns:
    def __init__(
        self, store: Store, effects: Effects, plans: Plans, default_zone: str, clock: Callable[[], int]
    ) -> None:
        self._store: Final = store
        self._effects: Final = effects
        self._plans: Final = plans
        self._default_zone: Final = default_zone
        self._clock: Final = clock

    def run(self) -> int:
        """Carry out every open order; how many. Raises Stopped in the middle of one, which the next start goes on."""
        count = 0
        while orders := self._store.schedules.open_orders((RUN, REPLAY), limit=1):
            self._run(orders[0])
            count += 1
        return count

    def _run(self, order: Order) -> None:
        steps_of = OrderSteps(self._store.directory, self._plans(), self._default_zone)
        try:
            steps = steps_of.of(order)
        except RatingdError as error:  # what was asked was possible then; the tariff has changed since
            self._end(replace(order, error=str(error)))
            return
        if order.begun_ns is None:
            order = replace(order, begun_ns=self._clock(), members=steps_of.members(order, steps))
        for step, after in from_place(steps, order.place):
            order = self._one(order, step) if order.account else self._all(order, step, after)
        self._end(order)

    def _one(self, order: Order, step: Step) -> Order:
        """For the one account. It may be new to us: whoever ordered has seen to that."""
        key = AccountKey(order.tenant, order.account)
        operation = ExecuteSet(step.each.entry.actions_id, create=order.kind == RUN)
        refused = self._effects.run([key], operation, self._key_of(order, step))
        return self._keep(replace(order, accounts=order.accounts + 1, refused=order.refused + refused), step, key)

    def _all(self, order: Order, step: Step, after: AccountKey) -> Order:
        began, begin = order, Progress(after, 0, order.members)
        key_of = self._key_of(order, step)
        for progress in walk(self._store, self._effects, step.each, key_of, begin, tenant=order.tenant):
            order = replace(
                order,
                accounts=began.accounts + progress.accounts,
                members=max(order.members, began.accounts + progress.accounts),
                refused=began.refused + progress.refused,
            )
            order = self._keep(order, step, progress.after)
        return order

    def _keep(self, order: Order, step: Step, after: AccountKey) -> Order:
        order = replace(order, place=json.dumps([*step.place, after.tenant, after.account]))
        self._store.schedules.save_order(order)
        return order

    def _end(self, order: Order) -> None:
        self._store.schedules.save_order(replace(order, ended_ns=self._clock()))
        observe.event(
            "schedule.ordered",
            order=order.id,
            kind=order.kind,
            entry=order.entry or order.plan_id or "*any",
            accounts=order.accounts,
            refused=order.refused,
            **({"error": order.error} if order.error else {}),
        )

    @staticmethod
    def _key_of(order: Order, step: Step) -> Callable[[AccountKey], str]:
        if order.kind == REPLAY:
            return effect_key(step.each, step.instant_ns)
        return lambda key: f"sched:{step.each.name}:order-{order.id}:{key.account}"


def from_place(steps: list[Step], place: str) -> list[tuple[Step, AccountKey]]:
    """The steps that are left, each with the account to go on behind.

    Where the step at which an order stood is no longer there, all are gone through: what was done has its key.
    """
    if place:
        instant_ns, name, time_zone, tenant, account = json.loads(place)
        for number, step in enumerate(steps):
            if step.place == [instant_ns, name, time_zone]:
                left = [(each, FIRST_KEY) for each in steps[number + 1 :]]
                return [(step, AccountKey(tenant, account)), *left]
    return [(step, FIRST_KEY) for step in steps]
