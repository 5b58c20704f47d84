"""The postman: takes entries of one kind out of the outbox, has them carried, and writes down what came of it.

A lane commits an alert and wakes the postman, who leases what is due and hands it to a few threads; nothing polls while
nothing happens, but for a look every few seconds at what an earlier run or another daemon may have left. An alert
that fails is put back with its next instant; one that has been tried for `outbox_max_age` (72 h), or whose receiver
says that it never will take it, is put aside as dead and can be replayed. Mails and exports have a postman each, so
that a mail server that is slow holds up no alert.

When the wall clock is set back by an hour, what waits for an instant is due an hour sooner by that clock.

What is told in the log is told once an attempt: `webhook.delivered`, `mail.retry`, `export.dead`.
"""

import heapq
import random
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from ratingd import observe
from ratingd.delivery.attempt import Attempt, Judgement, Verdict, pause_s
from ratingd.delivery.carrier import Carrier
from ratingd.delivery.steady_clock import SteadyClock
from ratingd.store.faults import StoreFault
from ratingd.store.rows import OutboxEntry, receiver_of
from ratingd.store.store import Store

SECOND_NS: Final = 1_000_000_000
LEASE_NS: Final = 30 * SECOND_NS  # longer than an attempt with its time-outs
LOOK_S: Final = 5.0
REMEMBERED: Final = 10_000  # first attempts that are waited for, or may yet be asked about


@dataclass(frozen=True, slots=True)
class PostmanTerms:
    """What the settings say about deliveries of one kind, and how many go on at once."""

    max_age_ns: int = 72 * 3600 * SECOND_NS
    threads: int = 16
    per_receiver: int = 4  # so that one that does not answer leaves threads for the others


class Postman:
    def __init__(
        self,
        store: Store,
        carrier: Carrier,
        terms: PostmanTerms,
        clock: Callable[[], int] = time.time_ns,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._store: Final = store
        self._carrier: Final = carrier
        self.kind: Final = carrier.kind
        self._terms: Final = terms
        self._clock: Final = clock
        self._steady: Final = SteadyClock(clock)
        self._set_back_ns = 0  # by how much the wall clock went back, as far as the outbox knows of it
        self._chance: Final = chance
        self._first: Final = FirstAttempts()
        self._changed: Final = threading.Condition()
        self._woken = False
        self._stopping = False
        self._busy: Counter[str] = Counter()  # threads by the receiver that they post to
        self._put_off: Final[list[int]] = []  # steady instants of the next attempts, soonest first
        self._threads: Final = ThreadPoolExecutor(terms.threads, thread_name_prefix=self.kind)
        self._round: Final = threading.Thread(target=self._go_round, name=f"postman-{self.kind}", daemon=True)

    def start(self) -> None:
        self._round.start()

    def end(self) -> None:
        """Take nothing more."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()

    def stop(self, timeout_s: float = 6.0) -> None:
        """Take nothing more, and wait for what is on its way."""
        self.end()
        self._round.join(timeout_s)
        self._threads.shutdown(wait=False, cancel_futures=True)
        deadline = time.monotonic() + timeout_s
        while sum(self._busy.values()) and time.monotonic() < deadline:
            time.sleep(0.02)
        self._carrier.close()

    def wake(self) -> None:
        """Something new is in the outbox."""
        with self._changed:
            self._woken = True
            self._changed.notify_all()

    def first_attempt(self, entry_id: str) -> "Future[object]":
        """Done when the entry has been tried once, with the Attempt."""
        return self._first.of(entry_id)

    def _go_round(self) -> None:
        while not self._stopping:
            try:
                wait_s = self._hand_out()
            except StoreFault as fault:
                observe.event("postman.waits", kind=self.kind, error=str(fault))
                wait_s = 1.0
            except Exception as fault:  # noqa: BLE001 - as long as the daemon runs, alerts go out
                observe.fault("postman.fault", fault, kind=self.kind)
                wait_s = 1.0
            self._sleep(wait_s)

    def _hand_out(self) -> float:
        """Give every free thread an entry that is due; seconds until there may be another."""
        with self._changed:
            self._woken = False
            free = self._terms.threads - self._busy.total()
            full = {receiver for receiver, busy in self._busy.items() if busy >= self._terms.per_receiver}
        if free <= 0:
            return LOOK_S
        self._follow_clock()
        now_ns = self._clock()
        entries = self._store.outbox.lease(self.kind, now_ns, now_ns + LEASE_NS, free, but_for=full)
        too_many = [entry.id for entry in entries if not self._take(entry)]
        if too_many:
            self._store.outbox.release(too_many)
            return 0.0
        return min(LOOK_S, self._pause_s())

    def _follow_clock(self) -> None:
        """What waits must not wait longer because somebody set the clock back."""
        set_back_ns = self._steady.set_back_ns()
        newly_ns = set_back_ns - self._set_back_ns
        if newly_ns >= SECOND_NS:
            moved = self._store.outbox.bring_forward(self.kind, self._clock(), newly_ns)
            observe.event("postman.clock_set_back", kind=self.kind, seconds=newly_ns // SECOND_NS, entries=moved)
        if newly_ns >= SECOND_NS or newly_ns < 0:
            self._set_back_ns = set_back_ns

    def _take(self, entry: OutboxEntry) -> bool:
        """Start on an entry, unless its receiver has its share of the threads already."""
        receiver = receiver_of(entry.target)
        with self._changed:
            if self._busy[receiver] >= self._terms.per_receiver:
                return False
            self._busy[receiver] += 1
        self._threads.submit(self._deliver, entry)
        return True

    def _pause_s(self) -> float:
        """Seconds until the next attempt that this postman has put off."""
        now_ns = self._steady()
        with self._changed:
            while self._put_off and self._put_off[0] <= now_ns:
                heapq.heappop(self._put_off)
            return (self._put_off[0] - now_ns) / SECOND_NS if self._put_off else LOOK_S

    def _sleep(self, wait_s: float) -> None:
        with self._changed:
            if not self._woken and not self._stopping and wait_s > 0:
                self._changed.wait(wait_s)

    def _deliver(self, entry: OutboxEntry) -> None:
        try:
            attempt = self._carried(entry)
            self._first.done(entry.id, attempt)
            self._settle(entry, attempt.judgement)
        except StoreFault as fault:  # the lease will end; it is delivered again then
            observe.event("postman.unsettled", entry=entry.id, error=str(fault))
        except Exception as fault:  # noqa: BLE001 - an alert that we cannot post must not stop the others
            observe.fault("postman.fault", fault, entry=entry.id)
        finally:
            with self._changed:
                receiver = receiver_of(entry.target)
                self._busy[receiver] -= 1
                self._busy += Counter()  # drops those at zero
                self._woken = True
                self._changed.notify_all()

    def _carried(self, entry: OutboxEntry) -> Attempt:
        begun_s = time.monotonic()
        try:
            return self._carrier.carry(entry)
        except Exception as fault:  # noqa: BLE001 - a fault of ours, which must age as any other failure does
            observe.fault("postman.fault", fault, kind=self.kind, entry=entry.id)
            return Attempt(Judgement(Verdict.RETRY, f"a fault of ratingd: {type(fault).__name__}: {fault}"))
        finally:
            observe.took(self.kind, time.monotonic() - begun_s)

    def _settle(self, entry: OutboxEntry, judgement: Judgement) -> None:
        now_ns, attempts, outbox = self._clock(), entry.attempts + 1, self._store.outbox
        fields = {"account": str(entry.key), "entry": entry.id, "to": entry.target, "attempt": attempts}
        match judgement.verdict:
            case Verdict.DELIVERED:
                outbox.delivered(entry.id)
                observe.event(f"{self.kind}.delivered", **fields)
            case Verdict.RETRY if now_ns - entry.created_ns < self._terms.max_age_ns:
                pause = pause_s(attempts, self._chance(), judgement.pause_s)
                outbox.retry(entry, now_ns + int(pause * SECOND_NS), judgement.error)
                with self._changed:
                    heapq.heappush(self._put_off, self._steady() + int(pause * SECOND_NS))
                observe.event(f"{self.kind}.retry", **fields, error=judgement.error, pause_s=round(pause, 1))
            case Verdict.RETRY | Verdict.DEAD:
                outbox.dead(entry.id, judgement.error)
                observe.event(f"{self.kind}.dead", **fields, error=judgement.error)


class FirstAttempts:
    """First attempts that somebody waits for, and those that were over before anybody asked."""

    def __init__(self) -> None:
        self._lock: Final = threading.Lock()
        self._futures: Final[OrderedDict[str, Future[object]]] = OrderedDict()

    def of(self, entry_id: str) -> "Future[object]":
        with self._lock:
            return self._at(entry_id)

    def done(self, entry_id: str, attempt: Attempt) -> None:
        with self._lock:
            future = self._at(entry_id)
            first = not future.done()
        if first:
            future.set_result(attempt)

    def _at(self, entry_id: str) -> "Future[object]":
        future = self._futures.get(entry_id)
        if future is None:
            future = self._futures[entry_id] = Future()
            while len(self._futures) > REMEMBERED:
                self._futures.popitem(last=False)
        return future
