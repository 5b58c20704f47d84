"""The fraud writer: events and what they led to, on disk, in one transaction, without keeping anybody waiting.

A switch sends 64 INVITEs; the verdicts are back after 300 µs, and the 64 bodies with the incident, the alert and the
five orders to disconnect wait here. As something is to be done the writer commits at once; had nothing come of them it
would let more gather, for 10 ms at most after its last commit, so that a busy log shares its commits and a quiet one
is written immediately. What nobody waits for (calls that are charged, which the open calls tell of after a crash) may
gather for 100 ms. Then whoever waits is told, the outbox wakes and orders go to their lanes.

While the store does not answer the batch is tried again and again, and what comes meanwhile waits behind it. When three
quarters of the room are taken, events that are neither INVITE nor CDR are shed, and who brings a CDR is told
`Overloaded`; when all of it is, whoever brings anything is. Taking an event never waits for the disk.

Of a batch that the database refuses for good everything is stored but what it refuses (`ratingd.fraud.sifting`). Who
is told that his events are not stored sends them again, and they are stored then (`ratingd.fraud.unstored`).
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Final, Protocol

from ratingd import observe
from ratingd.engine.telling import tell
from ratingd.errors import Unavailable
from ratingd.fraud.event_log import rows_of
from ratingd.fraud.sifting import Sifted, sifted
from ratingd.fraud.taken import Taken
from ratingd.fraud.unstored import Unstored
from ratingd.store.faults import DataRefused, StoreFault, StoreUnavailable, VersionConflict
from ratingd.store.fraud_rows import FraudBatch, FraudStored, SealedNumber
from triggers.watch.outcome import Outcome

GATHER_S: Final = 0.010
GATHER_UNASKED_S: Final = 0.100
EVENTS_MAX: Final = 200_000  # that wait
BYTES_MAX: Final = 128 * 1024 * 1024
COMMIT_EVENTS_MAX: Final = 20_000  # in one transaction
BACK_OFF_S: Final = (0.02, 0.1, 0.5, 1.0)
DUE_EVERY_S: Final = 1.0
LAST_TRIES: Final = 3  # after the daemon is told to stop
NOT_STORED: Final = "the events were looked at and could not be stored; send them again"


class Shelf(Protocol):
    def commit(self, batch: FraudBatch) -> FraudStored: ...


class Effects(Protocol):
    """What comes of outcomes beside the log."""

    def rows(self, outcomes: Sequence[Outcome], now_ms: int) -> FraudBatch: ...

    def stored(self, batch: FraudBatch, stored: FraudStored) -> None: ...

    def dropped(self, batch: FraudBatch) -> None: ...

    def due(self, now_ms: int) -> FraudBatch | None: ...


class NoEffects:
    """Events are stored and nothing comes of them."""

    def rows(self, outcomes: Sequence[Outcome], now_ms: int) -> FraudBatch:
        return FraudBatch()

    def stored(self, batch: FraudBatch, stored: FraudStored) -> None:
        pass

    def dropped(self, batch: FraudBatch) -> None:
        pass

    def due(self, now_ms: int) -> FraudBatch | None:
        return None


class FraudWriter:
    """One thread. `add` never blocks; `stored` of each `Taken` is called once, on this thread, in their order.

    `settle` lets outcomes stand still that change while others are looked at, `score` has models look at calls that are
    over, `sealed` gives the numbers that were given a pseudonym since it was asked last.
    """

    def __init__(
        self,
        shelf: Shelf,
        effects: Effects,
        clock: Callable[[], int] = time.time_ns,
        *,
        settle: Callable[[list[Outcome]], None] = lambda outcomes: None,
        score: Callable[[list[Outcome]], None] = lambda outcomes: None,
        sealed: Callable[[], Sequence[SealedNumber]] = tuple,
        events_max: int = EVENTS_MAX,
        bytes_max: int = BYTES_MAX,
    ) -> None:
        self._settle: Final = settle
        self._score: Final = score
        self._sealed: Final = sealed
        self._shelf = shelf
        self._effects: Final = effects
        self._clock: Final = clock
        self._events_max = events_max
        self._bytes_max: Final = bytes_max
        self._lock: Final = threading.Lock()
        self._changed: Final = threading.Condition(self._lock)
        self._pending: list[Taken] = []
        self._waiting_events = 0  # in `_pending` and in the batch under way
        self._waiting_bytes = 0
        self._urgent = False
        self._asked = False
        self._stopping = False
        self._committed_s = 0.0  # when the last commit ended
        self._looked_s = 0.0
        self.commits = 0
        self.unstored: Final = Unstored()
        self._unsealed: tuple[SealedNumber, ...] = ()  # of a batch that was not stored
        self._told: tuple[Callable[[], None], ...] = ()
        self._writer: Final = threading.Thread(target=self._write_forever, name="fraud-writer", daemon=True)

    def start(self) -> None:
        self._writer.start()

    def stop(self, timeout_s: float = 30.0) -> None:
        """Store all that was taken, then end. What cannot be stored is told to those who wait for it."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._writer.is_alive():
            self._writer.join(timeout_s)

    def on_told(self, told: Callable[[], None]) -> None:
        """Have it called when all who waited for a commit were told of it, on this thread. It must not block."""
        self._told = (*self._told, told)

    @property
    def waiting(self) -> int:
        """Events that are not on disk yet."""
        return self._waiting_events

    @property
    def pressed(self) -> bool:
        """Whether three quarters of the room are taken."""
        return 4 * self._waiting_events >= 3 * self._events_max or 4 * self._waiting_bytes >= 3 * self._bytes_max

    def has_room(self, events: int) -> bool:
        return (
            not self._stopping
            and self._waiting_events + events <= self._events_max
            and (self._waiting_bytes < self._bytes_max)
        )

    def add(self, taken: Taken) -> None:
        """Have this stored."""
        if self._stopping and not self._writer.is_alive():
            taken.tell(Unavailable("the daemon is stopping; the events were looked at and not stored"))
            return
        lock = self._lock
        lock.acquire()  # said in full, for each message comes through here, and `with` takes longer than what it guards
        try:
            self._pending.append(taken)
            self._waiting_events += taken.count
            self._waiting_bytes += taken.bytes
            urgent, asked = taken.urgent, taken.stored is not None
            if len(self._pending) == 1 or (urgent and not self._urgent) or (asked and not self._asked):
                self._urgent = self._urgent or urgent
                self._asked = self._asked or asked
                self._changed.notify_all()
        finally:
            lock.release()

    # -- the thread

    def _write_forever(self) -> None:
        while True:
            batch = self._next()
            self._look_due()
            if not batch:
                if self._stopping:
                    return
                continue
            try:
                self._store(batch)
            except Exception as error:  # noqa: BLE001 (ours to mend, yet nobody may wait for ever)
                observe.fault("fraud.writer_fault", error)
                tell(self._effects.dropped, FraudBatch())
                self._tell(batch, dict.fromkeys(batch, error))
            with self._changed:
                self._waiting_events -= sum([taken.count for taken in batch])
                self._waiting_bytes -= sum([taken.bytes for taken in batch])

    def _next(self) -> list[Taken]:
        """What is to be stored next; empty when nothing has come for a second, or never will."""
        with self._changed:
            if not self._pending and not self._stopping:
                self._changed.wait(DUE_EVERY_S)
            if not self._pending:
                return []
            self._gather()
            batch = self._first()
            del self._pending[: len(batch)]
            self._urgent = self._asked = False
            for taken in self._pending:
                self._urgent = self._urgent or taken.urgent
                self._asked = self._asked or taken.stored is not None
            return batch

    def _gather(self) -> None:
        while not self._urgent and not self._stopping and self._waiting_events < COMMIT_EVENTS_MAX:
            gathered_s = GATHER_S if self._asked else GATHER_UNASKED_S
            left_s = self._committed_s + gathered_s - time.monotonic()
            if left_s <= 0:
                return
            self._changed.wait(left_s)

    def _first(self) -> list[Taken]:
        """As many as one transaction is to hold, one at least."""
        events = 0
        for place, taken in enumerate(self._pending):
            events += taken.count
            if events > COMMIT_EVENTS_MAX and place:
                return self._pending[:place]
        return list(self._pending)

    def _store(self, batch: list[Taken]) -> None:
        outcomes = [outcome for taken in batch for outcome in taken.telling]
        self._settle(outcomes)
        self._score(outcomes)
        rows = replace(
            self._effects_of(outcomes) if _looked_at(batch) else FraudBatch(),
            records=[outcome.record for outcome in outcomes if outcome.record is not None],
            vault=(*self._unsealed, *self._sealed()),
        )
        self._unsealed = ()
        try:
            refused = self._commit(rows, batch)
        except StoreFault as fault:
            observe.event("fraud.not_stored", events=sum([taken.count for taken in batch]), error=str(fault))
            refused = dict.fromkeys(batch, fault)
        self._tell(batch, refused)

    def _look_due(self) -> None:
        """Once a second: what was put off."""
        now_s = time.monotonic()
        if now_s - self._looked_s < DUE_EVERY_S:
            return
        self._looked_s = now_s
        try:
            rows = self._effects.due(self._clock() // 1_000_000)
            if rows is not None:
                self._commit(rows, ())
        except Exception as error:  # noqa: BLE001 (it is looked at again in a second)
            observe.fault("fraud.effects_fault", error)

    def _effects_of(self, outcomes: Sequence[Outcome]) -> FraudBatch:
        try:
            return self._effects.rows(outcomes, self._clock() // 1_000_000)
        except Exception as error:  # noqa: BLE001 (events must be stored, whatever is wrong with what comes of them)
            observe.fault("fraud.effects_fault", error, outcomes=len(outcomes))
            tell(self._effects.dropped, FraudBatch())
            return FraudBatch()

    def _commit(self, rows: FraudBatch, batch: Sequence[Taken]) -> dict[Taken, Exception]:
        """Commit, and do what waited for it; what was refused. Raises what makes it of no use."""
        try:
            done = self._stored(rows, batch)
        except Exception:
            tell(self._effects.dropped, rows)
            self._unsealed = tuple(rows.vault)
            raise
        self.commits += 1
        self._committed_s = time.monotonic()
        tell(self._effects.stored, done.rows, done.stored)
        return done.refused

    def _stored(self, rows: FraudBatch, batch: Sequence[Taken]) -> Sifted:
        whole = replace(rows, events=rows_of(batch))
        if not _something(whole):
            return Sifted(rows)
        try:
            return Sifted(rows, self._committed(whole))
        except Exception as fault:
            if isinstance(fault, StoreFault) and not isinstance(fault, DataRefused):
                raise
            observe.event("fraud.batch_refused", events=sum([taken.count for taken in batch]), error=str(fault))
            return sifted(rows, [taken for taken in batch if taken.count], self._committed)

    def _committed(self, rows: FraudBatch) -> FraudStored:
        """Commit, again and again while the store does not answer, or gave way to another daemon."""
        tries = 0
        while True:
            try:
                return self._shelf.commit(rows)
            except (StoreUnavailable, VersionConflict) as fault:
                tries += 1
                if self._stopping and tries >= LAST_TRIES:
                    raise
                observe.event("fraud.store_waits", tries=tries, error=str(fault))
                time.sleep(BACK_OFF_S[min(tries, len(BACK_OFF_S)) - 1])

    def _tell(self, batch: Sequence[Taken], refused: Mapping[Taken, Exception]) -> None:
        """Tell who waits, in their order: also who sent something again that is not stored yet."""
        for taken in refused:
            self.unstored.keep(taken.outcomes)
        for taken in batch:
            if taken.stored is not None:
                try:
                    taken.stored(self._fault_of(taken, refused))
                except Exception as error:  # noqa: BLE001 (whatever it is, it is theirs)
                    observe.fault("fraud.not_told", error)
        for told in self._told:
            tell(told)

    def _fault_of(self, taken: Taken, refused: Mapping[Taken, Exception]) -> Exception | None:
        """What keeps events of this from being stored."""
        if refused and taken in refused:
            return Unavailable(f"{NOT_STORED}: {refused[taken]}")
        if taken.repeats and self.unstored.holds(taken.repeats):
            return Unavailable(NOT_STORED)
        return None


def _looked_at(batch: Sequence[Taken]) -> bool:
    """Whether there is an outcome at all; then what came of earlier ones may go along with it."""
    return any(taken.outcomes for taken in batch)


def _something(rows: FraudBatch) -> bool:
    return any(getattr(rows, part.name) for part in fields(rows))
