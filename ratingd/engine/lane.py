"""A lane: the one writer of some account shards in this process.

Requests queue; the lane takes all that wait, decides them in order on working copies, and hands the batch to its
committer. While that is being synced the next one is decided on top of its copies; a reply leaves only when
its own batch is on disk. Under load hundreds of debits share a commit. A single one on an idle lane is committed by
the thread that decided it; on SQLite that is the thread that brought it, for waking another takes longer than the
work. After a batch that was shared the lane lets requests gather until there are as many again, for a moment at most
(`gather_us`): waking two threads and committing cost as much for one debit as for ten. A lone caller never waits.

When a commit fails, the batch and the one decided on top of it are dropped together with every account they touched,
and their requests are decided again in the same order (ratingd.engine.recovery): nobody has seen an answer. Only where
the outcome is not known (the database went away) are they answered UNAVAILABLE, and asking again with the same key
tells what became of them.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from accounts.account import AccountKey
from ratingd import observe
from ratingd.engine.account_desk import AccountDesk
from ratingd.engine.batch import Building, Waiting, give_up
from ratingd.engine.command import Command, Reply
from ratingd.engine.decide import Decider
from ratingd.engine.neighbours import Neighbours
from ratingd.engine.recovery import Recovery
from ratingd.engine.telling import tell
from ratingd.errors import InvariantBroken, Overloaded, RatingdError, Unavailable
from ratingd.store.faults import StoreFault, VersionConflict
from ratingd.store.store import Store


@dataclass(frozen=True, slots=True)
class LaneLimits:
    queue_max: int = 10_000
    batch_max: int = 512
    accounts_max: int = 100_000
    answers_max: int = 20_000  # replies remembered, so that a quick retry need not fail a batch
    locking_timeout_ms: int = 3_000
    gather_us: int = 2_000  # how long a lane that is shared lets requests gather; 0: not at all


class Lane:
    """Two threads and a queue. `release` gets (done, reply, ids of alerts) where alerts hold a reply back.

    `answered` is called after each bunch of replies given on the lane's own threads.
    """

    def __init__(
        self,
        name: str,
        store: Store,
        decider: Decider,
        limits: LaneLimits,
        release: Callable[[Callable[[Reply], None], Reply, tuple[str, ...]], None],
        outbox_filled: Callable[[], None],
        neighbours: Neighbours,
        answered: Callable[[], None] = lambda: None,
    ) -> None:
        self._answered: Final = answered
        self._store: Final = store
        self._limits: Final = limits
        self._release: Final = release
        self._outbox_filled: Final = outbox_filled
        self._desk: Final = AccountDesk(
            store, decider, limits.accounts_max, limits.answers_max, neighbours, self._batch_in_flight
        )
        self._recovery: Final = Recovery(self._desk, limits.locking_timeout_ms, self._give_up)
        self._queue: Final[deque[Waiting]] = deque()
        self._apart: Final[deque[Waiting]] = deque()  # about accounts that others write too
        self._apart_next = False  # they have had to wait for a batch of the others
        self._lock: Final = threading.Lock()  # guards the queue and the batch in flight
        self._to_decide: Final = threading.Condition(self._lock)
        self._to_commit: Final = threading.Condition(self._lock)
        self._in_flight: Building | None = None
        self._handed: Building | None = None  # the batch in flight, until the committer takes it
        self._failed: tuple[Building, Exception] | None = None
        self._parked = False  # the deciding thread waits
        self._lent = False  # and somebody else sees a lone request through in its place
        self._wanted = 1  # so many requests are to be there before the next batch is decided, if they come in time
        self._stopping = False
        self._ended = False
        self._threads: Final = [
            threading.Thread(target=self._decide_forever, name=f"{name}-decide", daemon=True),
            threading.Thread(target=self._commit_forever, name=f"{name}-commit", daemon=True),
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self, timeout_s: float) -> None:
        """Answer everything that was submitted, then end."""
        with self._lock:
            self._stopping = True
            self._to_decide.notify()
        deadline = time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def submit(self, command: Command, done: Callable[[Reply], None]) -> None:
        """Queue a command. `done` is called once, with its reply, on a thread of the lane; it must not block."""
        with self._lock:
            waiting = len(self._queue)
            if not self._stopping and waiting < self._limits.queue_max:
                self._queue.append(Waiting(command, done, time.monotonic_ns()))
                self._grown(waiting)
                return
        if self._stopping:
            done(command.encode(Unavailable("the daemon is stopping. Nothing was done; ask another one, or later.")))
        else:
            done(command.encode(Overloaded(waiting, 50)))

    def submit_all(self, commands: "Sequence[tuple[Command, Callable[[Reply], None]]]") -> None:
        """Queue commands that arrived together, in their order. A lone one may be answered before this returns."""
        now = time.monotonic_ns()
        if len(commands) == 1 and self._free():
            command, done = commands[0]
            self._see_lone(Waiting(command, done, now))
            return
        with self._lock:
            waiting = len(self._queue)
            room = 0 if self._stopping else max(0, self._limits.queue_max - waiting)
            self._queue.extend([Waiting(command, done, now) for command, done in commands[:room]])
            self._grown(waiting)
        for command, done in commands[room:]:
            self.submit(command, done)  # which says why not

    def _grown(self, before: int) -> None:
        """Wake who waits for a first request, or for as many as are wanted."""
        if before == 0 or before < self._wanted <= len(self._queue):
            self._to_decide.notify()

    @property
    def queued(self) -> int:
        return len(self._queue)

    @property
    def held(self) -> int:
        return self._desk.held

    # -- a lone request, on the thread that brings it

    def _free(self) -> bool:
        """Whether nothing is to be done and nothing under way; then who asks does the work until `_see_lone` ends."""
        with self._lock:
            if not self._parked or self._lent or self._stopping or self._store.shared:
                return False
            if self._wanted > 1 or self._queue or self._in_flight is not None or self._ready():
                return False
            self._lent = self._recovery.alone == 0
            return self._lent

    def _see_lone(self, waiting: Waiting) -> None:
        try:
            self._decide_all([waiting])
            self._hand_over(alone=True)
        except Exception as error:  # noqa: BLE001 (as in `_decide_forever`)
            observe.fault("lane.fault", error)
            tell(self._drop, [waiting], error)
            tell(self._answered)
        finally:
            with self._lock:
                self._lent = False
                if self._ready():
                    self._to_decide.notify()

    # -- the deciding thread

    def _decide_forever(self) -> None:
        while not self._ended:
            taken, failed = self._next()
            try:
                if failed is not None:
                    self._recover_batch(*failed)
                elif taken:
                    self._decide_all(taken)
                elif self._apart and self._quiet():
                    self._decide_apart()
                elif self._idle():
                    self._end()
                self._hand_over()
            except Exception as error:  # noqa: BLE001 (ours to mend, yet nobody may wait for ever)
                observe.fault("lane.fault", error)
                lost = [] if failed is None else [decided.waiting for decided in failed[0].decided]
                tell(self._drop, [*taken, *lost], error)
                tell(self._answered)

    def _next(self) -> tuple[list[Waiting], tuple[Building, Exception] | None]:
        """Wait until there is something to decide, to recover from, or to hand over."""
        with self._lock:
            self._parked = True
            while self._lent or not self._ready():
                self._to_decide.wait()
            self._parked = False
            self._gather()
            failed, self._failed = self._failed, None
            room = self._room() if failed is None else 0
            return [self._queue.popleft() for _ in range(min(room, len(self._queue)))], failed

    def _gather(self) -> None:
        """Let requests come until there are as many as were in the batch before."""
        if not self._queue or len(self._desk.building) > 0:
            return
        until = time.monotonic() + self._limits.gather_us / 1_000_000
        while len(self._queue) < self._wanted and self._failed is None and not self._stopping:
            left = until - time.monotonic()
            if left <= 0:
                return
            self._to_decide.wait(left)

    def _ready(self) -> bool:
        if self._failed is not None or (self._queue and self._room() > 0):
            return True
        if self._in_flight is not None:
            return False
        return len(self._desk.building) > 0 or bool(self._apart) or (self._stopping and not self._queue)

    def _room(self) -> int:
        """How many requests may join the batch that is being decided."""
        if self._apart and self._apart_next:
            return 0
        if self._recovery.alone > 0:
            return 1 if self._in_flight is None and len(self._desk.building) == 0 else 0
        return self._limits.batch_max - len(self._desk.building)

    def _quiet(self) -> bool:
        """Whether nothing is on its way to the disk, nor decided upon what may be."""
        with self._lock:
            return self._in_flight is None and self._failed is None and len(self._desk.building) == 0

    def _idle(self) -> bool:
        return self._quiet() and not self._queue and not self._apart

    def _end(self) -> None:
        with self._lock:
            self._ended = self._stopping and not self._queue
            self._to_commit.notify()

    def _hand_over(self, *, alone: bool = False) -> None:
        """Send the batch on its way, if none is: a single request goes without waking the committer."""
        with self._lock:
            if self._in_flight is not None or self._failed is not None or len(self._desk.building) == 0:
                return
            batch = self._in_flight = self._desk.hand_over()
            self._recovery.one_went()
            self._wanted = min(len(batch), self._limits.queue_max)  # more will never wait
            self._apart_next = bool(self._apart)
            if len(batch) > 1 or (self._queue and not alone):
                self._handed = batch
                self._to_commit.notify()
                return
        self._see_through(batch)

    def _batch_in_flight(self) -> Building | None:
        with self._lock:
            return self._in_flight

    def _drop(self, taken: Sequence[Waiting], error: Exception) -> None:
        """After a fault of our own: nothing of the batch being decided is stored, and everyone in it is told.

        The batch in flight is waited for: what it changes must be on disk before any of it is read again.
        """
        with self._lock:
            while self._in_flight is not None:
                self._to_decide.wait()
        dropped = self._desk.hand_over()
        self._desk.forget(dropped)
        self._desk.forget_all()
        waiting = {id(request): request for request in [*[decided.waiting for decided in dropped.decided], *taken]}
        give_up(waiting.values(), InvariantBroken(f"{type(error).__name__}: {error}"))
        kept = [request for request in self._apart if not request.answered]
        self._apart.clear()
        self._apart.extend(kept)

    def _decide_all(self, taken: Sequence[Waiting]) -> None:
        contention = self._desk.contention
        if contention and not self._apart:
            contention.pass_by()
        self._desk.catch_up()
        if contention:
            taken = [waiting for waiting in taken if not self._put_apart(waiting, contention.meets(waiting.keys))]
        try:
            self._desk.read({waiting.command.key for waiting in taken})
        except StoreFault as error:
            self._give_up(taken, Unavailable(str(error)))
            return
        for waiting in taken:
            self._put_apart(waiting, not self._desk.decide(waiting))
        self._apart_next = self._apart_next or len(self._desk.building) == 0

    def _put_apart(self, waiting: Waiting, contended: bool) -> bool:
        """Put a request apart, and with it whatever comes of its account after it."""
        if contended:
            self._desk.contention.mark((waiting.command.key,))
            self._apart.append(waiting)
        return contended

    # -- accounts that others write too

    def _decide_apart(self) -> None:
        """Decide what was put apart while nobody else may write its accounts, and commit it at once."""
        room = 1 if self._recovery.alone > 0 else self._limits.batch_max
        taken = [self._apart.popleft() for _ in range(min(room, len(self._apart)))]
        self._apart_next = False
        self._recovery.one_went()
        batch = self._desk.building = Building(apart=True)
        try:
            keys = sorted({key for waiting in taken for key in self._desk.reach(waiting)})
            for waiting in taken:
                waiting.tries += 1  # to wait for a lock in vain is a try too
            with self._store.holding(keys) as store:
                self._decide_held(taken, keys)
                if rows := batch.rows():
                    store(rows)
        except Exception as error:  # noqa: BLE001 (`Recovery` tells the kinds apart)
            batch = self._desk.hand_over()
            self._recover([waiting for waiting in taken if not waiting.answered], [], [batch], error)
        else:
            batch = self._desk.hand_over()
            tell(self._desk.written, batch)
            self._answer(batch)

    def _decide_held(self, taken: Sequence[Waiting], keys: Sequence[AccountKey]) -> None:
        """Decide on accounts whose rows are locked. Raises VersionConflict where others turn out to be needed too."""
        before = self._desk.forget_accounts(keys)
        self._desk.read(keys)
        for waiting in taken:
            self._desk.decide(waiting)
        self._desk.contention.mark(self._desk.moved(before))
        batch = self._desk.building
        further = [key for key in batch.touched if key not in keys]
        if further:
            raise VersionConflict(further)
        self._check_reads(batch)

    # -- when a commit failed

    def _recover_batch(self, failed: Building, error: Exception) -> None:
        building = self._desk.hand_over()
        lost, rest = [[decided.waiting for decided in batch.decided] for batch in (failed, building)]
        self._recover(lost, rest, [failed, building], error)

    def _recover(self, lost: list[Waiting], rest: list[Waiting], batches: Sequence[Building], error: Exception) -> None:
        """Queue the requests again ahead of all others, but for those that are answered."""
        try:
            self._queue_again(self._recovery.after(error, lost, rest, batches))
        except Exception as fault:
            self._give_up([*lost, *rest], InvariantBroken(f"{type(fault).__name__}: {fault}"))
            raise

    def _queue_again(self, again: Sequence[Waiting]) -> None:
        """What meets accounts that others write is put apart, and so is what comes after it of the same account."""
        contention = self._desk.contention
        apart = []
        for waiting in again:
            if contention and contention.meets(waiting.keys):
                contention.mark((waiting.command.key,))
                apart.append(waiting)
        self._apart.extendleft(reversed(apart))
        set_apart = {id(waiting) for waiting in apart}
        with self._lock:
            self._queue.extendleft([waiting for waiting in reversed(again) if id(waiting) not in set_apart])

    def _give_up(self, requests: Sequence[Waiting], error: RatingdError) -> None:
        give_up(requests, error)
        tell(self._answered)

    # -- the committing thread

    def _commit_forever(self) -> None:
        while True:
            with self._lock:
                while self._handed is None and not self._ended:
                    self._to_commit.wait()
                batch, self._handed = self._handed, None
            if batch is None:
                return
            self._see_through(batch)

    def _see_through(self, batch: Building) -> None:
        """Commit the batch in flight and answer it, or say why not."""
        try:
            self._commit(batch)
        except Exception as error:  # noqa: BLE001 (`Recovery` tells the kinds apart)
            self._settle(batch, error)
        else:
            tell(self._desk.written, batch)
            self._settle(batch, None)
            self._answer(batch)

    def _commit(self, batch: Building) -> None:
        if self._store.shared:
            self._check_reads(batch)
        if rows := batch.rows():
            self._store.commit(rows)

    def _check_reads(self, batch: Building) -> None:
        """Another process may have written to accounts that the batch only read; the answers would be of yesterday."""
        if not batch.read:
            return
        stored = self._store.versions(list(batch.read))
        stale = [key for key, version in batch.read.items() if stored.get(key, 0) != version]
        if stale:
            raise VersionConflict(stale)

    def _settle(self, batch: Building, error: Exception | None) -> None:
        with self._lock:
            self._in_flight = None
            if error is not None:
                self._failed = (batch, error)
            if not self._lent:
                self._to_decide.notify()

    def _answer(self, batch: Building) -> None:
        if batch.outbox:
            tell(self._outbox_filled)
        for decided in batch.decided:
            waiting = decided.waiting
            if waiting.answered:
                continue
            waiting.answered = True
            try:
                if decided.alerts:
                    self._release(waiting.done, decided.reply, decided.alerts)
                else:
                    waiting.done(decided.reply)
                for line in decided.log:
                    observe.event(line.event, **line.fields)
            except Exception as error:  # noqa: BLE001 (who does not take an answer must not cost the others theirs)
                observe.fault("lane.answer_not_taken", error, account=str(waiting.command.key))
        tell(self._answered)
