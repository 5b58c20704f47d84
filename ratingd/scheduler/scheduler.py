"""The scheduler of a daemon: APScheduler's timers around what is due.

At start, and whenever a tariff comes into force, the plan entries in the zones of their accounts become timers, one for
each entry and zone, never one for each account. A timer that rings runs everything that is due, in its order, so that a
timer that is late, lost or doubled does no harm. Two more look every second after what has expired, and once a day
after what need not be kept.

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

from accounts.account import AccountKey
from actions.plan_schedule import ActionPlan
from ratingd import observe
from ratingd.engine.operation import ExpireDue
from ratingd.scheduler.effects import Effects, Stopped, Submit
from ratingd.scheduler.plan_runs import PlanRuns
from ratingd.scheduler.planned import Planned, planned
from ratingd.store.faults import StoreFault
from ratingd.store.store import Store

SECOND_NS: Final = 1_000_000_000
DAY_NS: Final = 86_400 * SECOND_NS
LOOK_S: Final = 1.0
ZONES_NS: Final = 30 * SECOND_NS  # how often zones are looked for that accounts came to live in
EXPIRING: Final = 500
AGAIN_NS: Final = 60 * SECOND_NS  # an account is not looked at again sooner
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
    """`plans` tells the action plans in force; `submit` is the engine's way in."""

    def __init__(
        self,
        store: Store,
        submit: Submit,
        plans: Callable[[], Mapping[str, ActionPlan]],
        options: SchedulerOptions,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._store: Final = store
        self._plans: Final = plans
        self._options: Final = options
        self._clock: Final = clock
        self._stopping: Final = threading.Event()
        self._effects: Final = Effects(submit, self._stopping)
        self._runs: Final = PlanRuns(store, self._effects, options.catch_up_ns, clock)
        self._entries: list[Planned] = []
        self._seen: Mapping[str, ActionPlan] | None = None
        self._seen_ns = 0
        self._expired: dict[AccountKey, int] = {}
        self._one: Final = threading.Lock()
        self._threads: Final = {"plans": ThreadPoolExecutor(1), "chores": ThreadPoolExecutor(1)}
        self._timers: Final = BackgroundScheduler(
            timezone=UTC,
            executors=self._threads,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def start(self) -> None:
        silence(logging.getLogger("apscheduler"))
        self._timers.add_listener(told, EVENT_JOB_ERROR)
        soon = datetime.now(UTC) + timedelta(minutes=5)
        chores = {"executor": "chores", "trigger": "interval"}
        self._timers.add_job(self.look, seconds=LOOK_S, id="look", executor="plans", trigger="interval")
        self._timers.add_job(self.expire, seconds=LOOK_S, id="expire", **chores)
        self._timers.add_job(self.tidy, days=1, id="tidy", next_run_time=soon, **chores)
        self._timers.start()

    def stop(self) -> None:
        """Run nothing more; what is under way ends after its chunk, and is gone on with by the next start."""
        self._stopping.set()
        if self._timers.running:
            self._timers.shutdown(wait=False)  # it would wait holding a lock that `_set_timers` needs
            for thread in self._threads.values():
                thread.shutdown(wait=True)

    def look(self) -> None:
        """Take over a new tariff or new zones, and run what is overdue."""
        self._guarded(self._look)

    def run_due(self) -> None:
        """Run everything that is due now."""
        self._guarded(self._run_due)

    def expire(self) -> None:
        """Let go what has expired on accounts that nobody asks about."""
        self._guarded(self._expire, LOCK + ".expire")

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
        now_ns = self._clock()
        plans = self._plans()
        if plans is not self._seen or now_ns - self._seen_ns >= ZONES_NS:
            self._take_over(plans, now_ns)
        self._run_due()

    def _take_over(self, plans: Mapping[str, ActionPlan], now_ns: int) -> None:
        """Make the timers those of the plans in force and of the zones that their accounts live in now."""
        looked_ns = int(self._store.cursor(LOOKED) or 0)
        entries = planned(plans, self._store.directory.zones, self._options.default_zone)
        self._runs.begin(entries, looked_ns)
        self._store.keep_cursor(LOOKED, str(now_ns))
        self._set_timers(entries)
        self._entries, self._seen, self._seen_ns = entries, plans, now_ns

    def _set_timers(self, entries: list[Planned]) -> None:
        wanted = {timer_id(each): each for each in entries}
        for job in self._timers.get_jobs():
            if job.id.startswith("plan:") and job.id not in wanted:
                job.remove()
        for id, each in wanted.items():
            trigger = InstantTrigger(each, self._clock)
            self._timers.add_job(self.run_due, trigger, id=id, executor="plans", replace_existing=True)

    def _run_due(self) -> None:
        with self._one:
            self._runs.run(self._entries)

    def _expire(self) -> None:
        now_ns = self._clock()
        self._expired = {key: ns for key, ns in self._expired.items() if now_ns - ns < AGAIN_NS}
        due = [key for key in self._store.due_accounts(now_ns - 1, EXPIRING) if key not in self._expired]
        if due:
            self._expired |= dict.fromkeys(due, now_ns)
            self._effects.run(due, ExpireDue(), lambda _: f"expire:{now_ns}")
            observe.event("schedule.expired", accounts=len(due))

    def _tidy(self) -> None:
        now_ns = self._clock()
        observe.event(
            "schedule.tidied",
            replies=self._store.forget_replies(now_ns - self._options.idempotency_ns),
            calls=self._store.forget_calls(now_ns),
            outbox=self._store.outbox.forget_delivered(now_ns - self._options.delivered_ns),
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
