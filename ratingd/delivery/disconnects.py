"""Disconnects: telling a switch which calls to cut, until it says what became of them.

A monitor disables account 1001 and its call c-17 on switch sbc-1 must end. The order is in the outbox, committed with
the debit. If sbc-1 is watching it is told at once; if it is not, the moment it connects. It answers CUT, or
CALL_UNKNOWN when the call has ended already, and the order is done. Without an answer it is told again every few
seconds and at every reconnect: a switch may hear of a call twice and answers twice.

Several streams may watch one switch, and one may watch all of them ("" or "*"). An order goes to each. One CUT settles
it; "unknown" settles it only when every stream that watches has said so, since each may see a part of the calls.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from ratingd import observe
from ratingd.delivery.disconnect_order import KIND, Disconnect, Outcome, disconnect
from ratingd.delivery.steady_clock import SteadyClock
from ratingd.delivery.switch_webhooks import TRIES, SwitchWebhooks, pause_ns
from ratingd.engine.telling import tell
from ratingd.store.faults import StoreFault
from ratingd.store.rows import OutboxEntry
from ratingd.store.store import Store

SECOND_NS: Final = 1_000_000_000
EVERY_SWITCH: Final = ("", "*")
EVERY_MAX: Final = 100_000  # orders that a watcher of all switches is told at a time
RESULTS: Final = {Outcome.CUT: "OK", Outcome.CALL_UNKNOWN: "ALREADY_ENDED", Outcome.FAILED: "FAILED"}
LOOK_S: Final = 1.0  # at what other daemons on the same database have left


@dataclass(frozen=True, slots=True)
class DeskTerms:
    """`again_ns`: how long an answer is waited for before a switch is told again."""

    again_ns: int = 5 * SECOND_NS
    max_age_ns: int = 72 * 3600 * SECOND_NS


@dataclass(slots=True)
class _Told:
    """What this daemon has told about one order: how often, when next, and which watchers do not know the call."""

    entry: OutboxEntry
    attempts: int = 0
    next_ns: int = 0
    strangers: set[int] = field(default_factory=set)
    posted: int = 0  # times to its switch's webhook
    posting: bool = False


class Watcher:
    """One stream of a switch. `send` is called on the desk's thread and must not block; if it raises, that was all."""

    def __init__(self, desk: "DisconnectDesk", switch_id: str, send: Callable[[Disconnect], None]) -> None:
        self._desk: Final = desk
        self.switch_id: Final = switch_id
        self.send: Final = send

    def watches(self, switch_id: str) -> bool:
        return self.switch_id in EVERY_SWITCH or self.switch_id == switch_id

    def answer(self, disconnect_id: str, outcome: Outcome, detail: str = "") -> bool:
        """What became of a call. False when nothing of that id is waiting, which is what a second answer finds."""
        return self._desk.answer(self, disconnect_id, outcome, detail)

    def close(self) -> None:
        self._desk.leave(self)


class DisconnectDesk:
    def __init__(
        self,
        store: Store,
        terms: DeskTerms | None = None,
        clock: Callable[[], int] = time.time_ns,
        webhooks: SwitchWebhooks | None = None,
    ) -> None:
        self._webhooks: Final = webhooks
        self._results: tuple[Callable[[OutboxEntry, str], None], ...] = ()
        self._store: Final = store
        self._terms: Final = terms if terms is not None else DeskTerms()
        self._clock: Final = clock
        self._steady: Final = SteadyClock(clock)  # of all waits, which must end also when the clock is set back
        self._watchers: Final[list[Watcher]] = []
        self._told: Final[dict[str, _Told]] = {}
        self._settled: Final[set[str]] = set()  # since what waits began to be read, so that it is not told anew
        self._changed: Final = threading.Condition()
        self._woken = True
        self._stopping = False
        self._aged_ns = 0
        self._thread: Final = threading.Thread(target=self._tell_forever, name="disconnects", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float = 6.0) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._thread.join(timeout_s)
        if self._webhooks is not None:
            self._webhooks.stop()

    def on_result(self, took: Callable[[OutboxEntry, str], None]) -> None:
        """Have it told what becomes of orders: OK, ALREADY_ENDED or FAILED; on any thread, and maybe more than once."""
        self._results = (*self._results, took)

    def watch(self, switch_id: str, send: Callable[[Disconnect], None]) -> Watcher:
        """Let a switch hear of its disconnects, beginning with all that wait for it."""
        watcher = Watcher(self, switch_id, send)
        with self._changed:
            self._watchers.append(watcher)
            for told in self._told.values():
                if watcher.watches(told.entry.target):
                    told.next_ns = 0
            self._wake()
        return watcher

    def leave(self, watcher: Watcher) -> None:
        with self._changed:
            if watcher in self._watchers:
                self._watchers.remove(watcher)
            for told in self._told.values():
                told.strangers.discard(id(watcher))

    def wake(self) -> None:
        """Something new is in the outbox."""
        with self._changed:
            self._wake()

    @property
    def watching(self) -> int:
        return len(self._watchers)

    def answer(self, watcher: Watcher, disconnect_id: str, outcome: Outcome, detail: str) -> bool:
        with self._changed:
            told = self._told.get(disconnect_id)
            if told is None or not watcher.watches(told.entry.target):
                return False
            if outcome is Outcome.FAILED:
                told.next_ns = max(told.next_ns, self._steady() + self._terms.again_ns)
            if outcome is Outcome.CALL_UNKNOWN:
                told.strangers.add(id(watcher))
                if self._store.shared and told.attempts < 2:
                    return True  # another daemon's stream may know the call: it looks before this one is told again
                if any(id(other) not in told.strangers for other in self._watching(told.entry.target)):
                    return True
        return self._settle(told.entry, outcome, detail)

    def _settle(self, entry: OutboxEntry, outcome: Outcome, detail: str) -> bool:
        fields = {"account": str(entry.key), "entry": entry.id, "switch": entry.target, "detail": detail}
        observe.event(f"disconnect.{outcome.value.lower()}", **fields)
        for took in self._results:
            tell(took, entry, RESULTS[outcome])
        try:
            if outcome is Outcome.FAILED:
                return self._store.outbox.retry(entry, self._clock() + self._terms.again_ns, detail or "FAILED")
            settled = self._store.outbox.delivered(entry.id)
        except StoreFault as fault:  # told again, and answered again
            observe.event("disconnect.unsettled", entry=entry.id, error=str(fault))
            return True
        with self._changed:
            self._told.pop(entry.id, None)
            self._settled.add(entry.id)
        return settled

    def _tell_forever(self) -> None:
        while not self._stopping:
            try:
                self._tell()
                self._put_old_aside()
            except StoreFault as fault:
                observe.event("disconnect.waits", error=str(fault))
                time.sleep(1.0)
            except Exception as fault:  # noqa: BLE001 - the orders of all other calls must still be told
                observe.fault("disconnect.fault", fault)
                time.sleep(1.0)
            self._sleep()

    def _tell(self) -> None:
        """Read what waits for those who watch, and tell it to them where it is due."""
        with self._changed:
            self._woken = False
            self._settled.clear()
            switches = {watcher.switch_id for watcher in self._watchers}
            if self._webhooks is not None:
                switches |= self._webhooks.switches
        waiting = self._waiting(switches)
        with self._changed:
            waiting = [entry for entry in waiting if entry.id not in self._settled]
            waiting_ids = {entry.id for entry in waiting}
            for gone in [id for id in self._told if id not in waiting_ids]:
                del self._told[gone]
            due = [self._told.setdefault(entry.id, _Told(entry)) for entry in waiting]
        for told in due:
            if told.next_ns <= self._steady():
                self._tell_one(told)

    def _waiting(self, switches: set[str]) -> list[OutboxEntry]:
        """What waits for those who watch. Each switch is asked about apart: one that is silent hides nobody else's."""
        if switches & set(EVERY_SWITCH):
            return self._store.outbox.waiting_for(KIND, None, limit=EVERY_MAX)
        return [entry for switch in sorted(switches) for entry in self._store.outbox.waiting_for(KIND, (switch,))]

    def _tell_one(self, told: _Told) -> None:
        with self._changed:
            watchers = self._watching(told.entry.target)
            if not watchers and self._webhooks is not None and self._webhooks.reaches(told.entry.target):
                self._post(told, self._webhooks)
                return
            told.attempts += bool(watchers)
            told.next_ns = self._steady() + self._terms.again_ns
        for watcher in watchers:
            try:
                watcher.send(disconnect(told.entry, told.attempts))
            except Exception as fault:  # noqa: BLE001 - whatever it is, it is this stream's business alone
                observe.fault("disconnect.stream_lost", fault, switch=watcher.switch_id)
                self.leave(watcher)

    def _post(self, told: _Told, webhooks: SwitchWebhooks) -> None:
        """Ask the webhook of the switch, unless that is still being done."""
        told.next_ns = self._steady() + self._terms.again_ns
        if told.posting:
            return
        told.posting = True
        told.posted += 1
        webhooks.post(told.entry, told.posted, lambda outcome, detail: self._posted(told, outcome, detail))

    def _posted(self, told: _Told, outcome: Outcome, detail: str) -> None:
        with self._changed:
            told.posting = False
            if outcome is Outcome.FAILED:
                told.next_ns = self._steady() + pause_ns(told.posted)
            self._changed.notify_all()
        if outcome is not Outcome.FAILED or told.posted >= TRIES:
            self._settle(told.entry, outcome, detail)

    def _put_old_aside(self) -> None:
        now_ns = self._steady()
        if now_ns - self._aged_ns >= 60 * SECOND_NS:
            self._aged_ns = now_ns
            before_ns = self._clock() - self._terms.max_age_ns
            aside = self._store.outbox.put_aside(KIND, before_ns, "no switch answered in time")
            if aside:
                observe.event("disconnect.dead", entries=aside)

    def _sleep(self) -> None:
        with self._changed:
            if self._woken or self._stopping:
                return
            next_ns = min((told.next_ns for told in self._told.values()), default=None)
            wait_s = 60.0 if next_ns is None else max((next_ns - self._steady()) / SECOND_NS, 0.001)
            self._changed.wait(min(wait_s, LOOK_S) if self._store.shared and self._watchers else wait_s)

    def _watching(self, switch_id: str) -> list[Watcher]:
        return [watcher for watcher in self._watchers if watcher.watches(switch_id)]

    def _wake(self) -> None:
        self._woken = True
        self._changed.notify_all()
