"""The engine: lanes, the tariff in force, and the way in for everyone who wants something done.

An account shard belongs to one lane, so an account's requests are decided one after the other. On SQLite there is one
lane, because it has one writer; on PostgreSQL as many as the settings say, each with its own connection.

    engine = Engine(store, settings, clock=time.time_ns)
    engine.start()                                   # reads the tariff in force from the store
    engine.submit(command, done)                     # done(reply) after the commit
    engine.stop()                                    # answers what was submitted, then ends
"""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Final, Protocol

from accounts.account import Account, AccountKey
from accounts.charge import ChargeRules
from ratingd import observe
from ratingd.engine.admission import Admitting
from ratingd.engine.command import Command, Reply
from ratingd.engine.decide import Decider
from ratingd.engine.held_replies import HeldReplies
from ratingd.engine.ids import OperationIds
from ratingd.engine.lane import Lane, LaneLimits
from ratingd.engine.neighbours import Neighbours
from ratingd.engine.operation import AccountAnswer, Answer, Operation, ReadAccount
from ratingd.engine.plan_reading import unpack
from ratingd.engine.plans import PlanDesk, PlanVersion
from ratingd.engine.tariff_loading import TariffLoader
from ratingd.errors import AccountUnknown, RatingdError
from ratingd.store.faults import StoreUnavailable
from ratingd.store.rows import StoredTariff
from ratingd.store.store import Store
from tariffs.zone import zone

FOLLOW_S: Final = 0.5  # how often other daemons' tariffs are looked for; well below their notice


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """What the engine needs of the settings."""

    rules: ChargeRules
    lanes: int = 1
    limits: LaneLimits = field(default_factory=LaneLimits)
    default_timezone: str = "UTC"
    open_call_ns: int = 4 * 3600 * 1_000_000_000
    sync_action_ms: int = 50
    exporters: Sequence[str] = ()  # ids that an `*export` may name
    account_updates: Sequence[str] = ()  # those of them that a `*publish_account` feeds


class Outbox(Protocol):
    """Who delivers alerts and disconnects once they are on disk."""

    def wake(self) -> None: ...

    def first_attempt(self, entry_id: str) -> "Future[object]": ...


class Engine:
    """Thread-safe. One per process and store."""

    def __init__(
        self,
        store: Store,
        options: EngineOptions,
        outbox: Outbox,
        clock: Callable[[], int] = time.time_ns,
        admitting: Admitting | None = None,
    ) -> None:
        """`admitting` is asked about every call that is charged, and may refuse it."""
        self.store: Final = store
        self.options: Final = options
        self.clock: Final = clock
        self.ids: Final = OperationIds(clock)
        self.plans: Final = PlanDesk(self._fetch_plan)
        self._outbox: Final = outbox
        self._flushes: Final[list[Callable[[], None]]] = []
        self._held: Final = HeldReplies(options.sync_action_ms / 1000, self._answered)
        decider = Decider(
            store, self.plans, options.rules, self.ids, clock, zone(options.default_timezone), options.open_call_ns,
            options.exporters, options.account_updates, admitting,
        )  # fmt: skip
        count = options.lanes if store.shared else 1
        self._neighbours: Final = Neighbours()
        self._lanes: Final = [
            Lane(
                f"lane-{number}", store, decider, options.limits, self._release, outbox.wake, self._neighbours,
                self._answered,
            )
            for number in range(count)
        ]  # fmt: skip
        self._stopping: Final = threading.Event()
        self.tariffs: Final = TariffLoader(
            store, self.plans, self.submit, clock, options.default_timezone, options.rules.decimals, self._stopping
        )
        self._follower: Final = threading.Thread(target=self._follow_tariffs, name="tariff-follower", daemon=True)

    @property
    def lanes(self) -> Sequence[Lane]:
        return self._lanes

    def start(self) -> None:
        for version in self.store.versions_to_serve(self.clock()):
            self.plans.activate(plan_version(version))
        self._held.start()
        for lane in self._lanes:
            lane.start()
        if self.store.shared:
            self._follower.start()

    def stop(self, timeout_s: float = 30.0) -> None:
        """Take no more, answer what is there, and end the lanes."""
        self._stopping.set()
        stoppers = [threading.Thread(target=lane.stop, args=(timeout_s,)) for lane in self._lanes]
        for stopper in stoppers:
            stopper.start()
        for stopper in stoppers:
            stopper.join()
        if self._follower.is_alive():
            self._follower.join(timeout_s)  # its connection goes back before the store is closed

    def submit(self, command: Command, done: Callable[[Reply], None]) -> None:
        """Queue a command on its account's lane. `done` is called once, on a thread of the lane, and must not block."""
        self._lanes[self._neighbours.lane_of(command.key)].submit(command, done)

    def submit_all(self, commands: list[tuple[Command, Callable[[Reply], None]]]) -> None:
        """Queue commands that arrived together; those of one account are decided in this order."""
        if len(self._lanes) == 1:
            self._lanes[0].submit_all(commands)
            return
        shares: dict[int, list[tuple[Command, Callable[[Reply], None]]]] = {}
        for each in commands:
            shares.setdefault(self._neighbours.lane_of(each[0].key), []).append(each)
        for number, share in shares.items():
            self._lanes[number].submit_all(share)

    def on_answered(self, flush: Callable[[], None]) -> None:
        """Have `flush` called after each bunch of replies given on the engine's threads. It must not block."""
        self._flushes.append(flush)

    def on_watched(self, watcher: Callable[[list[tuple[AccountKey, Account | None]]], None]) -> None:
        """Have `watcher` told of accounts with monitors on scores or metrics once they are on disk. It must not block,
        and must not change what it is given."""
        self._neighbours.on_watched(watcher)

    def perform(
        self, key: AccountKey, operation: Operation, idempotency_key: str = "", dry_run: bool = False
    ) -> Answer:
        """Do an operation and wait for its answer; errors are raised. For callers that are not switches."""
        answered: Future[Answer] = Future()
        answers: list[Answer | RatingdError] = []

        def encode(answer: Answer | RatingdError) -> Reply:
            answers.append(answer)
            return Reply(0, b"")

        def done(_: Reply) -> None:
            last = answers[-1] if answers else AccountAnswer("", None, ("done before, under the same key",))
            if isinstance(last, RatingdError):
                answered.set_exception(last)
            else:
                answered.set_result(last)

        self.submit(Command(key, operation, encode, idempotency_key, dry_run=dry_run), done)
        return answered.result()

    def account(self, key: AccountKey) -> Account | None:
        """The account as it stands after everything answered before; None where there is none. Not to be changed."""
        try:
            answer = self.perform(key, ReadAccount())
        except AccountUnknown:
            return None
        return answer.account if isinstance(answer, AccountAnswer) else None

    def _release(self, done: Callable[[Reply], None], reply: Reply, alerts: tuple[str, ...]) -> None:
        """Let a reply go; one that waits for alerts goes when each was tried once, or after `sync_action_ms`."""
        if not alerts:
            done(reply)
            return
        self._held.hold(done, reply, [self._outbox.first_attempt(alert) for alert in alerts])

    def _answered(self) -> None:
        for flush in self._flushes:
            flush()

    def _follow_tariffs(self) -> None:
        """Learn of tariffs that another daemon on the same database has loaded, before they hold."""
        while not self._stopping.wait(FOLLOW_S):
            try:
                for listed in self.store.tariffs.history(limit=5):
                    if listed.effective_at_ns is not None and not self.plans.knows(listed.number):
                        stored = self.store.tariff_version(listed.number)
                        if stored is not None:
                            self.plans.activate(plan_version(stored))
            except StoreUnavailable as error:
                observe.event("tariff.follow_failed", error=str(error))
            except Exception as error:  # noqa: BLE001 (it is tried again; rating by an old tariff for ever is worse)
                observe.fault("tariff.follow_failed", error)

    def _fetch_plan(self, number: int) -> PlanVersion | None:
        stored = self.store.tariff_version(number)
        return None if stored is None else plan_version(stored)


def plan_version(stored: StoredTariff) -> PlanVersion:
    """A stored tariff, ready to rate by."""
    book = unpack(stored.image)
    book.tariff.prepare()
    return PlanVersion(stored.number, book, stored.effective_at_ns or 0, stored.moves_calls)
