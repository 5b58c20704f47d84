"""A lane: the one writer of some account shards in this process.

Requests queue; the lane takes all that wait, decides them in order on working copies, and hands the batch to its
committer. While that is being synced the next one is decided on top of its copies; a reply leaves only when
its own batch is on disk. Under load hundreds of debits share a commit; an idle lane commits a single one at once. As
soon as one batch was shared the lane lets requests gather for a moment (`gather_us`) before it decides the next: waking
two threads and committing cost as much for one debit as for ten, and a lone caller never waits.

When a commit fails, the batch and the one decided on top of it are dropped together with every account they touched,
and their requests are decided again in the same order: nobody has seen an answer. Only where the outcome is not known
(the database went away) are they answered UNAVAILABLE, and asking again with the same key tells what became of them.

    refused because                     the lane then
    keys were used before               reads the stored replies and answers with them, decides the others again
    another process wrote               reads the accounts again and decides again, at most for `locking_timeout`
    the data was refused                decides and commits one request at a time, so that only the culprit fails
    the store does not answer           answers UNAVAILABLE and forgets all it held
"""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from accounts.account import AccountKey
from accounts.book import AccountsNeeded, Page
from accounts.document import account_from_text
from ratingd import observe
from ratingd.engine.batch import Building, Decided, Waiting, compact
from ratingd.engine.cache import AccountCache, Held
from ratingd.engine.command import Command, Reply
from ratingd.engine.decide import Decider
from ratingd.engine.decision import Decision, plans_changed
from ratingd.engine.laying import Laid
from ratingd.engine.operation import Refund
from ratingd.errors import (
    AccountBusy,
    DeadlinePassed,
    InvariantBroken,
    KeyReused,
    Overloaded,
    RatingdError,
    Unavailable,
)
from ratingd.store.faults import DataRefused, RepeatedKeys, StoreFault, StoreUnavailable, VersionConflict
from ratingd.store.rows import AccountRow, OperationRow, shard_of
from ratingd.store.store import Store

ROUNDS: Final = 16  # so many times may an operation reach further: from an account to its groups, to their members

KeyOfRequest = tuple[AccountKey, str]


@dataclass(frozen=True, slots=True)
class LaneLimits:
    queue_max: int = 10_000
    batch_max: int = 512
    accounts_max: int = 100_000
    answers_max: int = 20_000  # replies remembered, so that a quick retry need not fail a batch
    locking_timeout_ms: int = 3_000
    gather_us: int = 2_000  # how long a lane that is shared lets requests gather; 0: not at all


class _Answered:
    """A reply that belongs to a key; None where it is kept no longer."""

    __slots__ = ("fingerprint", "reply")

    def __init__(self, fingerprint: bytes, reply: Reply | None) -> None:
        self.fingerprint: Final = fingerprint
        self.reply: Final = reply


class Lane:
    """Two threads and a queue. `release` gets (done, reply, ids of alerts that hold it back) after the commit."""

    def __init__(
        self,
        name: str,
        store: Store,
        decider: Decider,
        limits: LaneLimits,
        release: Callable[[Callable[[Reply], None], Reply, tuple[str, ...]], None],
        outbox_filled: Callable[[], None],
    ) -> None:
        self._store: Final = store
        self._decider: Final = decider
        self._limits: Final = limits
        self._release: Final = release
        self._outbox_filled: Final = outbox_filled
        self._cache: Final = AccountCache(limits.accounts_max)
        self._answers: Final[OrderedDict[KeyOfRequest, _Answered]] = OrderedDict()
        self._queue: Final[deque[Waiting]] = deque()
        self._lock: Final = threading.Lock()  # guards the queue and the batch in flight
        self._to_decide: Final = threading.Condition(self._lock)
        self._to_commit: Final = threading.Condition(self._lock)
        self._in_flight: Building | None = None
        self._failed: tuple[Building, Exception] | None = None
        self._building = Building()
        self._alone = 0  # so many requests are decided one to a batch
        self._shared = False  # more than one request was in the batch before
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
                if waiting == 0:
                    self._to_decide.notify()
                return
        if self._stopping:
            done(command.encode(Unavailable("the daemon is stopping. Nothing was done; ask another one, or later.")))
        else:
            done(command.encode(Overloaded(waiting, 50)))

    @property
    def queued(self) -> int:
        return len(self._queue)

    @property
    def held(self) -> int:
        return len(self._cache)

    # -- the deciding thread

    def _decide_forever(self) -> None:
        while not self._ended:
            taken, failed = self._next()
            try:
                if failed is not None:
                    self._recover(*failed)
                elif taken:
                    self._decide_all(taken)
                elif self._idle():
                    self._end()
                self._hand_over()
            except Exception as error:  # noqa: BLE001 (ours to mend, yet nobody may wait for ever)
                observe.fault("lane.fault", error)
                lost = [] if failed is None else [decided.waiting for decided in failed[0].decided]
                self._drop([*taken, *lost], error)

    def _next(self) -> tuple[list[Waiting], tuple[Building, Exception] | None]:
        """Wait until there is something to decide, to recover from, or to hand over."""
        with self._lock:
            while not self._ready():
                self._to_decide.wait()
            gather = self._shared and bool(self._queue) and len(self._building) == 0
        if gather:
            time.sleep(self._limits.gather_us / 1_000_000)
        with self._lock:
            failed, self._failed = self._failed, None
            room = self._room() if failed is None else 0
            return [self._queue.popleft() for _ in range(min(room, len(self._queue)))], failed

    def _ready(self) -> bool:
        if self._failed is not None or (self._queue and self._room() > 0):
            return True
        return self._in_flight is None and (len(self._building) > 0 or (self._stopping and not self._queue))

    def _room(self) -> int:
        """How many requests may join the batch that is being decided."""
        if self._alone > 0:
            return 1 if self._in_flight is None and len(self._building) == 0 else 0
        return self._limits.batch_max - len(self._building)

    def _idle(self) -> bool:
        with self._lock:
            return self._in_flight is None and self._failed is None and not self._queue and len(self._building) == 0

    def _end(self) -> None:
        with self._lock:
            self._ended = self._stopping
            self._to_commit.notify()

    def _hand_over(self) -> None:
        with self._lock:
            if self._in_flight is None and self._failed is None and len(self._building) > 0:
                self._in_flight, self._building = self._building, Building()
                self._alone = max(0, self._alone - 1)
                self._shared = len(self._in_flight) > 1 and self._limits.gather_us > 0
                self._to_commit.notify()
                self._cache.trim(self._in_flight.touched)
                while len(self._answers) > self._limits.answers_max:
                    self._answers.popitem(last=False)

    def _drop(self, taken: Sequence[Waiting], error: Exception) -> None:
        """After a fault of our own: nothing of the batch being decided is stored, and everyone in it is told.

        The batch in flight is waited for: what it changes must be on disk before any of it is read again.
        """
        with self._lock:
            while self._in_flight is not None:
                self._to_decide.wait()
        dropped, self._building = self._building, Building()
        self._cache.forget_all()
        self._forget_answers(dropped)
        waiting = {id(request): request for request in [*(decided.waiting for decided in dropped.decided), *taken]}
        self._give_up(waiting.values(), InvariantBroken(f"{type(error).__name__}: {error}"))

    def _decide_all(self, taken: Sequence[Waiting]) -> None:
        try:
            self._read({waiting.command.key for waiting in taken})
        except StoreFault as error:
            self._give_up(taken, Unavailable(str(error)))
            return
        for waiting in taken:
            self._decide(waiting)

    def _read(self, keys: Iterable[AccountKey]) -> None:
        missing = [key for key in keys if (held := self._cache.get(key)) is None or held.fault is not None]
        if not missing:
            return
        rows = self._store.accounts(missing)
        for key in missing:
            row = rows.get(key)
            if row is None:
                self._cache.put(key, Held(None, 0, {}))
                continue
            self._cache.put(key, _held(row))

    def _decide(self, waiting: Waiting) -> None:
        command = waiting.command
        waiting.tries += 1
        if command.deadline_ns is not None and time.monotonic_ns() > command.deadline_ns:
            self._building.decided.append(Decided(waiting, command.encode(DeadlinePassed())))
            return
        known = self._answers.get((command.key, command.idempotency_key)) if command.idempotency_key else None
        if known is not None:
            self._building.decided.append(Decided(waiting, self._again(command, known)))
            return
        held = self._at_hand(command.key)
        if held.fault is not None:  # its own requests fail, nobody else's; read afresh the next time
            error = InvariantBroken(f"the stored account {command.key} cannot be read: {held.fault}")
            self._building.decided.append(Decided(waiting, command.encode(error)))
            return
        laid = Laid({command.key: held})
        try:
            decision = self._decided(command, laid)
        except RatingdError as error:
            decision = self._decider.failed(command, error)
        except StoreUnavailable as error:
            decision = self._decider.failed(command, Unavailable(str(error)))
        except Exception as error:  # noqa: BLE001 (a fault of ours fails one request, not the lane)
            observe.fault("lane.fault", error, account=str(command.key))
            decision = self._decider.failed(command, InvariantBroken(f"{type(error).__name__}: {error}"))
        self._take_in(waiting, laid, decision)

    def _decided(self, command: Command, laid: Laid) -> Decision:
        """Decide, again and again with the accounts that turn out to be needed too, until none is missing."""
        pending = self._pending(command)
        for _ in range(ROUNDS):
            try:
                return self._decider.decide(command, laid, pending)
            except AccountsNeeded as needed:
                self._read(needed.keys)
                laid.update((key, self._at_hand(key)) for key in needed.keys)
        raise InvariantBroken(f"{type(command.operation).__name__} of {command.key} reached further {ROUNDS} times")

    def _at_hand(self, key: AccountKey) -> Held:
        held = self._cache.get(key)
        if held is None:
            raise InvariantBroken(f"account {key} was not read before it was decided on")
        return held

    def _pending(self, command: Command) -> list[OperationRow]:
        """Operations of the account that may not be on disk yet; only a refund asks."""
        if not isinstance(command.operation, Refund):
            return []
        with self._lock:
            batches = [self._in_flight, self._building]
        decided = [decided for batch in batches if batch is not None for decided in batch.decided]
        return [each.operation for each in decided if each.operation is not None and each.operation.key == command.key]

    def _again(self, command: Command, known: _Answered) -> Reply:
        if known.fingerprint != command.fingerprint:
            return command.encode(KeyReused(command.idempotency_key))
        if known.reply is None:
            return command.encode(KeyReused(command.idempotency_key, forgotten=True))
        return known.reply

    def _take_in(self, waiting: Waiting, laid: Mapping[AccountKey, Held], decision: Decision) -> None:
        """Make the decision part of the batch: the accounts at hand become those it leaves."""
        command, building, held = waiting.command, self._building, laid[waiting.command.key]
        for page in decision.pages:
            self._turn(page, laid)
        for key, looked_at in laid.items():
            if key not in building.touched:
                building.read[key] = looked_at.version
        if decision.open_call is not None:
            call = decision.open_call.call
            if decision.open_call.closed:
                held.open_calls.pop((call.switch_id, call.call_id), None)
            else:
                for name in [
                    name for name, open_call in held.open_calls.items() if open_call.expires_ns <= decision.at_ns
                ]:
                    del held.open_calls[name]
                held.open_calls[call.switch_id, call.call_id] = call
            building.open_calls.append(decision.open_call)
        alerts = building.send(command.key, decision.outside, self._decider.new_id, decision.at_ns)
        operation = _asked(command, held, decision) if decision.stored else None
        building.beside.extend(
            _beside(laid[page.account.key], page, decision)
            for page in decision.pages
            if page.account.key != command.key
        )
        building.decided.append(Decided(waiting, decision.reply, operation, alerts, decision.log))
        if command.idempotency_key and operation is not None:
            self._answers[command.key, command.idempotency_key] = _Answered(command.fingerprint, decision.reply)

    def _turn(self, page: Page, laid: Mapping[AccountKey, Held]) -> None:
        """Let the account at hand be the one that a page leaves."""
        key = page.account.key
        held = laid[key]
        touched = self._building.touch(key, held)
        if plans_changed(page):
            touched.plans = () if page.removed else page.account.plans
        held.account = touched.account = None if page.removed else page.account
        held.version = touched.version = held.version + 1

    # -- when a commit failed

    def _recover(self, failed: Building, error: Exception) -> None:
        """Forget what was decided, learn why, and queue the requests again ahead of all others."""
        building, self._building = self._building, Building()
        again = [decided.waiting for decided in failed.decided] + [decided.waiting for decided in building.decided]
        for batch in (failed, building):
            self._cache.forget(batch.touched)
            self._cache.forget(batch.read)
            self._forget_answers(batch)
        match error:
            case RepeatedKeys():
                self._learn(error.keys)
            case VersionConflict():
                again = self._still_patient(again)
            case DataRefused() if len(failed) == 1:
                observe.fault("lane.data_refused", error, account=str(failed.decided[0].waiting.command.key))
                self._give_up([again.pop(0)], InvariantBroken(f"the database refused the data: {error}"))
            case DataRefused():
                self._alone = len(failed)
            case _:
                self._cache.forget_all()
                observe.event("lane.unavailable", error=str(error), requests=len(failed))
                self._give_up(again[: len(failed)], Unavailable(str(error)))
                again = again[len(failed) :]
        with self._lock:
            self._queue.extendleft(reversed(again))

    def _forget_answers(self, batch: Building) -> None:
        for decided in batch.decided:
            if decided.operation is not None:
                command = decided.waiting.command
                self._answers.pop((command.key, command.idempotency_key), None)

    def _learn(self, keys: Sequence[KeyOfRequest]) -> None:
        """Read the replies that belong to keys used before."""
        try:
            stored = self._store.replies(keys)
        except StoreFault:
            return  # they are decided again, refused again, and looked up again
        for key, reply in stored.items():
            kept = None if reply.reply is None else Reply(reply.reply_code, reply.reply)
            self._answers[key] = _Answered(reply.fingerprint, kept)

    def _still_patient(self, again: Sequence[Waiting]) -> list[Waiting]:
        """Those that may be decided once more; the others have waited `locking_timeout` for other writers."""
        patient = []
        for waiting in again:
            waited_ms = (time.monotonic_ns() - waiting.since_ns) // 1_000_000
            if waiting.tries > 1 and waited_ms > self._limits.locking_timeout_ms:
                self._give_up([waiting], AccountBusy(waiting.command.key.account, waited_ms))
            else:
                patient.append(waiting)
        return patient

    def _give_up(self, requests: Iterable[Waiting], error: RatingdError) -> None:
        for waiting in requests:
            _tell(waiting, error)

    # -- the committing thread

    def _commit_forever(self) -> None:
        while True:
            with self._lock:
                while self._in_flight is None and not self._ended:
                    self._to_commit.wait()
                batch = self._in_flight
            if batch is None:
                return
            try:
                self._commit(batch)
            except Exception as error:  # noqa: BLE001 (`_recover` tells the kinds apart)
                self._settle(batch, error)
            else:
                self._settle(batch, None)
                self._answer(batch)

    def _commit(self, batch: Building) -> None:
        if self._store.shared:
            self._check_reads(batch)
        rows = batch.rows()
        if rows.operations or rows.accounts or rows.open_calls or rows.outbox or rows.cdrs:
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
            self._to_decide.notify()

    def _answer(self, batch: Building) -> None:
        if batch.outbox:
            self._outbox_filled()
        for decided in batch.decided:
            waiting = decided.waiting
            if waiting.answered:
                continue
            waiting.answered = True
            try:
                self._release(waiting.done, decided.reply, decided.alerts)
                for line in decided.log:
                    observe.event(line.event, **line.fields)
            except Exception as error:  # noqa: BLE001 (who does not take an answer must not cost the others theirs)
                observe.fault("lane.answer_not_taken", error, account=str(waiting.command.key))


def _held(row: AccountRow) -> Held:
    """A stored account, ready to be decided on; one that cannot be read says why."""
    calls = {(call.switch_id, call.call_id): call for call in row.open_calls}
    try:
        account = None if row.document is None else account_from_text(row.document)
    except Exception as error:  # noqa: BLE001 (a damaged row, or one of a newer release)
        observe.fault("lane.account_unreadable", error, account=str(row.key))
        return Held(None, row.version, calls, error)
    return Held(account, row.version, calls)


def _asked(command: Command, held: Held, decision: Decision) -> OperationRow:
    """The operation as the account keeps it that asked for it."""
    return OperationRow(
        operation_id=decision.operation_id,
        key=command.key,
        shard=shard_of(command.key),
        version=held.version,
        kind=decision.kind,
        at_ns=decision.at_ns,
        idempotency_key=command.idempotency_key or None,
        fingerprint=command.fingerprint,
        tariff_version=decision.tariff_version,
        changes=decision.changes_of(command.key),
        charge=decision.charge,
        refunds=decision.refunds,
        reply_code=decision.reply.code,
        reply=decision.reply.body,
    )


def _beside(held: Held, page: Page, decision: Decision) -> OperationRow:
    """The same operation as another account keeps it that it changed: nobody is answered from there."""
    key = page.account.key
    return OperationRow(
        operation_id=decision.operation_id,
        key=key,
        shard=shard_of(key),
        version=held.version,
        kind=decision.kind,
        at_ns=decision.at_ns,
        idempotency_key=None,
        fingerprint=b"",
        tariff_version=decision.tariff_version,
        changes=compact(page.changes),
        charge=None,
        refunds=None,
        reply_code=0,
        reply=None,
    )


def _tell(waiting: Waiting, error: RatingdError) -> None:
    """Answer a request with an error, once; nothing that happens here may end a thread of the lane."""
    if waiting.answered:
        return
    waiting.answered = True
    try:
        waiting.done(waiting.command.encode(error))
    except Exception as fault:  # noqa: BLE001
        observe.fault("lane.answer_not_taken", fault, account=str(waiting.command.key))
