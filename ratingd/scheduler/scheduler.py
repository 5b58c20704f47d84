"""The scheduler of a daemon: APScheduler's timers around what is due, and rounds that no set clock can halt.

At start, and whenever a tariff comes into force, the plan entries in the zones of their accounts become timers, one for
each entry and zone, never one for each account. A timer that rings runs everything that is due, in its order, so that a
timer that is late, lost or doubled does no harm. Four rounds go by the monotonic clock: every second one looks after
what is due all the same (a timer waits by the wall clock, which may be set back), one after what was ordered out of
turn, one after what has expired, and once a day one after what need not be kept.

Of several daemons on one database only the one that gets the advisory lock runs anything; the others find it done.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from apscheduler.events import EVENT_JOB_ERROR
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from actions.plan_schedule import ActionPlan
from ratingd import observe
from ratingd.scheduler.effects import Effects, Stopped, Submit
from ratingd.scheduler.expiry import Expiry
from ratingd.scheduler.order_runs import OrderRuns
from ratingd.scheduler.plan_runs import PlanRuns
from ratingd.scheduler.planned import Planned, planned
from ratingd.scheduler.rounds import Round
from ratingd.store.faults import StoreFault
from ratingd.store.store import Store

SECOND_NS: Final = 1_000_000_000
DAY_S: Final = 86_400.0
DAY_NS: Final = 86_400 * SECOND_NS
LOOK_S: Final = 1.0
TIDY_FIRST_S: Final = 300.0
ZONES_S: Final = 30.0  # how often zones are looked for that accounts came to live in
LOOKED: Final = "schedules_looked"
LOCK: Final = "scheduler"


@dataclass(frozen=True, slots=True)
class SchedulerOptions:
    """What the settings say."""

    default_zone: str = "UTC"
    catch_up_ns: int = DAY_NS
    idempotency_ns: int = 7 * DAY_NS
    delivered_ns: int = 7 * DAY_NS


class Scheduler:
    """`plans` tells the action plans in force, `submit` is the engine's way in, `steady` a clock that nobody sets."""

    def __init__(
        self,
        store: Store,
        submit: Submit,
        plans: Callable[[], Mapping[str, ActionPlan]],
        options: SchedulerOptions,
        clock: Callable[[], int] = time.time_ns,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store: Final = store
        self._plans: Final = plans
        self._options: Final = options
        self._clock: Final = clock
        self._steady: Final = steady
        self._stopping: Final = threading.Event()
        self._effects: Final = Effects(submit, self._stopping)
        self._runs: Final = PlanRuns(store, self._effects, options.catch_up_ns, clock)
        self._orders: Final = OrderRuns(store, self._effects, plans, options.default_zone, clock)
        self._expiry: Final = Expiry(store, self._effects, clock, steady)
        self._entries: list[Planned] = []
        self._seen: Mapping[str, ActionPlan] | None = None
        self._seen_s = 0.0
        self._one: Final = threading.Lock()
        self._timers_thread: Final = ThreadPoolExecutor(1)
        self._timers: Final = BackgroundScheduler(
            timezone=UTC,
            executors={"plans": self._timers_thread},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._rounds: Final = (
            Round("look", self.look, self._stopping, every_s=LOOK_S, first_s=LOOK_S),
            Round("orders", self.run_orders, self._stopping, every_s=LOOK_S, first_s=LOOK_S),
            Round("expire", self.expire, self._stopping, every_s=LOOK_S, first_s=LOOK_S),
            Round("tidy", self.tidy, self._stopping, every_s=DAY_S, first_s=TIDY_FIRST_S),
        )

    def start(self) -> None:
        silence(logging.getLogger("apscheduler"))
        self._timers.add_listener(told, EVENT_JOB_ERROR)
        self._timers.start()
        for round in self._rounds:
            round.start()

    def stop(self) -> None:
        """Run nothing more; what is under way ends after its chunk, and is gone on with by the next start."""
        self._stopping.set()
        if self._timers.running:
            self._timers.shutdown(wait=False)  # it would wait holding a lock that `_set_timers` needs
            self._timers_thread.shutdown(wait=True)
            for round in self._rounds:
                round.join()

    def look(self) -> None:
        """Take over a new tariff or new zones, and run what is overdue."""
        with self._one:
            self._guarded(self._look)

    def run_due(self) -> None:
        """Run everything that is due now."""
        with self._one:
            self._guarded(self._run_due)

    def run_orders(self) -> None:
        """Carry out what was ordered out of turn."""
        self._guarded(self._run_orders, LOCK + ".orders")

    def expire(self) -> None:
        """Let go what has expired on accounts that nobody asks about."""
        self._guarded(self._sweep, LOCK + ".expire")

    def tidy(self) -> None:
        """Forget what is older than it must be kept."""
        self._guarded(self._tidy, LOCK + ".tidy")

    @property
    def entries(self) -> list[Planned]:
        """What has a timer."""
        return list(self._entries)

    def _guarded(self, work: Callable[[], None], lock: str = LOCK) -> None:
        """Do it if no other daemon does; a store that is away means later, and so does going down."""
        try:
            with self._store.database.alone(lock) as ours:
                if ours and not self._stopping.is_set():
                    work()
        except Stopped:
            observe.event("schedule.stopped")
        except StoreFault as fault:
            observe.event("schedule.waits", error=str(fault))

    def _look(self) -> None:
        plans = self._plans()
        if plans is not self._seen or self._steady() - self._seen_s >= ZONES_S:
            self._take_over(plans)
        self._run_due()

    def _take_over(self, plans: Mapping[str, ActionPlan]) -> None:
        """Make the timers those of the plans in force and of the zones that their accounts live in now."""
        looked_ns = int(self._store.cursor(LOOKED) or 0)
        entries = planned(plans, self._store.directory.zones, self._options.default_zone)
        self._runs.begin(entries, looked_ns)
        self._store.keep_cursor(LOOKED, str(self._clock()))
        self._set_timers(entries)
        self._entries, self._seen, self._seen_s = entries, plans, self._steady()

    def _set_timers(self, entries: list[Planned]) -> None:
        wanted = {timer_id(each): each for each in entries}
        for job in self._timers.get_jobs():
            if job.id.startswith("plan:") and job.id not in wanted:
                job.remove()
        for id, each in wanted.items():
            trigger = InstantTrigger(each, self._clock)
            self._timers.add_job(self.run_due, trigger, id=id, executor="plans", replace_existing=True)

    def _run_due(self) -> None:
        self._runs.run(self._entries)

    def _run_orders(self) -> None:
        self._orders.run()

    def _sweep(self) -> None:
        self._expiry.sweep()

    def _tidy(self) -> None:
        now_ns = self._clock()
        replies = self._store.forget_replies(now_ns - self._options.idempotency_ns, self._stopping.is_set)
        if self._stopping.is_set():
            raise Stopped
        observe.event(
            "schedule.tidied",
            replies=replies,
            calls=self._store.forget_calls(now_ns),
            outbox=self._store.outbox.forget_delivered(now_ns - self._options.delivered_ns, self._stopping.is_set),
        )


class InstantTrigger(BaseTrigger):  # type: ignore[misc]
    """Rings at the next instant of a plan entry, by the daemon's clock."""

    def __init__(self, each: Planned, clock: Callable[[], int]) -> None:
        self._each: Final = each
        self._clock: Final = clock

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime | None:
        now_ns = self._clock()
        due_ns = self._each.next_due(now_ns)
        return None if due_ns is None else datetime.now(UTC) + timedelta(microseconds=(due_ns - now_ns) // 1000 + 1)


def timer_id(each: Planned) -> str:
    return f"plan:{each.name}:{each.time_zone}"


def told(event: Any) -> None:
    observe.fault("schedule.fault", event.exception, job=event.job_id)


def silence(logger: logging.Logger) -> None:
    """What its timers do is told by our own events."""
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
