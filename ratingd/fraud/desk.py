"""The fraud desk: where every source brings its call events, and gets their verdicts at once.

    transport threads ─▶ take(events, bodies, "grpc", stored) ─┐
    HTTP threads ──────▶ take_and_wait(…) ─────────────────────┼─▶ one lock ─▶ FraudWatch ─▶ verdicts, at once
    lanes ─────────────▶ admit(request) ───────────────────────┘                    └─▶ FraudWriter ─▶ disk ─▶ stored()

An event needs a few microseconds, so one lock serves all: it is held for 64 events at a time, and nothing that waits
for a disk, a network or another lock is done under it. What is answered has not been stored yet; `stored` tells when it
is, and who has not heard that sends the events again: none of them counts twice, and what is not stored yet is stored.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTime
from typing import Final

from accounts.charge import ChargeRequest, Reason
from ratingd import observe
from ratingd.api.event_message import EventReader
from ratingd.engine.admission import ADMITTED, Admission
from ratingd.errors import Overloaded, Unavailable
from ratingd.fraud.blocks import Blocks
from ratingd.fraud.charged_event import charged_body, charged_event
from ratingd.fraud.event_log import as_taken
from ratingd.fraud.guard import cut_by, masked
from ratingd.fraud.inquiries import FraudInquiries
from ratingd.fraud.model_reasons import ModelReasons
from ratingd.fraud.taken import Taken
from ratingd.fraud.unstored import brought_up_to_date
from ratingd.fraud.writer import FraudWriter
from triggers.calls.call_event import CDR, INVITE, CallEvent
from triggers.calls.event_memory import event_key
from triggers.calls.verdict import DISCONNECT, Verdict
from triggers.numbers.number_reading import NumberReader
from triggers.watch.fraud_watch import BLACKLIST, BLOCKED, MASKING, FraudWatch
from triggers.watch.outcome import Outcome

SLICE: Final = 64  # events that are looked at under the lock before others have a chance
CHARGING: Final = "charging"
STORED_WITHIN_S: Final = 30.0
MS: Final = 1_000_000
FAR_MS: Final = 1 << 61

Stored = Callable[[Exception | None], None]
Listener = Callable[[Sequence[Outcome]], None]
ToStore = tuple[Sequence[Outcome], Sequence[bytes], Sequence[str]]


class FraudDesk(FraudInquiries):
    """Thread-safe. `reader` and `numbers` are for whoever brings events; `figures` for whoever counts."""

    def __init__(
        self,
        watch: FraudWatch,
        reader: EventReader,
        numbers: NumberReader,
        writer: FraudWriter,
        blocks: Blocks,
        clock: Callable[[], int] = time.time_ns,
        *,
        detection: bool = True,
        pseudonyms: bool = False,
        max_skew_ms: int = 30_000,
        reasons: ModelReasons | None = None,
    ) -> None:
        super().__init__(watch, numbers, clock, reasons)
        self.reader: Final = reader
        self.blocks: Final = blocks
        self._writer: Final = writer
        self._detection: Final = detection
        self._pseudonyms: Final = pseudonyms
        self._max_skew_ms: Final = max_skew_ms
        self._listeners: tuple[Listener, ...] = ()
        self._admitted = ADMITTED  # one object for all calls of which there is nothing to say

    @property
    def waiting(self) -> int:
        """Events that are not on disk yet."""
        return self._writer.waiting

    # -- events

    def take(
        self,
        events: Sequence[CallEvent],
        bodies: Sequence[bytes],
        source: str,
        stored: Stored | None = None,
        received_ns: int = 0,
    ) -> list[Verdict]:
        """Let events count, and say at once what is thought of each.

        `bodies` are the framed bytes of the events. `stored` is called once, on the writer's thread (or on this one,
        where there is nothing to store): with None when all of them are on disk, with the fault when they will not be.
        `received_ns` is when the message came, by `time.perf_counter_ns`. Raises Overloaded where there is no room to
        keep them; nothing was counted then.
        """
        began_ns = received_ns or time.perf_counter_ns()
        if not self._writer.has_room(len(events)):
            raise Overloaded(self._writer.waiting, 100)
        if self._writer.pressed:
            return self._take_pressed(events, bodies, source, stored)
        outcomes = self._outcomes(events, source)
        self._log(outcomes, bodies, source, stored)
        self.figures.took(time.perf_counter_ns() - began_ns, len(events))
        return [outcome.verdict for outcome in outcomes]

    def take_and_wait(self, events: Sequence[CallEvent], bodies: Sequence[bytes], source: str) -> list[Verdict]:
        """The same, and return when they are stored. Raises Unavailable where they are not."""
        waited: Future[None] = Future()

        def stored(error: Exception | None) -> None:
            if error is None:
                waited.set_result(None)
            else:
                waited.set_exception(error)

        verdicts = self.take(events, bodies, source, stored)
        try:
            waited.result(STORED_WITHIN_S)
        except NotInTime:
            raise Unavailable("the events were looked at and are not stored yet; send them again") from None
        return verdicts

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Have the outcomes of each message told, on the thread that brought it; it must not block. Gives what ends
        it."""
        self._listeners = (*self._listeners, listener)

        def end() -> None:
            self._listeners = tuple(other for other in self._listeners if other is not listener)

        return end

    # -- after a start

    def begin_rebuild(self) -> None:
        """Calls of before the start are being counted again."""
        with self.lock:
            self.rebuilding = True
            self.watch.begin_rebuild()

    def settle_early(self, *, ended: bool) -> list[Outcome]:
        """What came of calls of before the start that ended while they were not counted again yet."""
        with self.lock:
            return self.watch.settle_early(ended=ended)

    def store_records(self, outcomes: Sequence[Outcome]) -> None:
        """Store the call records of these, and nothing else."""
        at_ms = outcomes[-1].event.received_ms
        self._writer.add(Taken("", at_ms, (), outcomes, None, at_ms, at_ms))

    # -- charging

    def admit(self, request: ChargeRequest, now_ns: int) -> Admission:
        """What is thought of a call that is charged; the first request of it is an INVITE. Never raises."""
        known = self.guard.known(request.call_id, self.blocks.changes + self.lists_changes)
        if known is not None:
            return known
        try:
            return self._admit_new(request, now_ns // MS)
        except Exception as error:  # noqa: BLE001 (whatever is wrong here, charging goes on)
            observe.fault("fraud.not_admitted", error, call=request.call_id)
            return ADMITTED

    # -- inside

    def _outcomes(self, events: Sequence[CallEvent], source: str) -> list[Outcome]:
        outcomes: list[Outcome] = []
        lock = self.lock
        for start in range(0, len(events), SLICE):
            lock.acquire()
            try:
                kinds = self.figures.kinds_of(source)
                for event in events[start : start + SLICE]:
                    outcomes.append(self.watch.look(event))
                    kinds[event.kind] += 1
                    if event.clock_skewed:
                        self.figures.skewed += 1
                self.watch.settle()
                for place in range(start, len(outcomes)):
                    outcome = outcomes[place]
                    if outcome.attempt:
                        self.figures.attempted(outcome.event.received_ms)
                    if outcome.eventful:
                        self._note(outcome)
            except Exception:
                self._given_up(outcomes)
                raise
            finally:
                lock.release()
        self._tell_listeners(outcomes)
        return outcomes

    def _given_up(self, outcomes: Sequence[Outcome]) -> None:
        """A message fails of which some was looked at: whoever brings it again has that stored, too."""
        try:
            self.watch.settle()
        except Exception as error:  # noqa: BLE001 (the message fails already)
            observe.fault("fraud.not_settled", error)
        self._writer.unstored.keep([outcome for outcome in outcomes if not outcome.duplicate])

    def _tell_listeners(self, outcomes: Sequence[Outcome]) -> None:
        for listener in self._listeners:
            try:
                listener(outcomes)
            except Exception as error:  # noqa: BLE001 (whatever it is, it is theirs)
                observe.fault("fraud.not_heard", error)

    def _note(self, outcome: Outcome) -> None:
        """Count what is out of the ordinary, and mark charged calls that were flagged."""
        figures = self.figures
        figures.count(outcome)
        placed = outcome.placed
        if placed is None or placed.incident is None or not outcome.decision.cuts:
            return
        for attempt in placed.flagged:
            self.guard.mark(attempt.call_id, placed.incident.id)

    def _log(self, outcomes: Sequence[Outcome], bodies: Sequence[bytes], source: str, stored: Stored | None) -> None:
        received_ms = outcomes[-1].event.received_ms if outcomes else 0
        repeats: Sequence[str] = ()
        if _repeated(outcomes):
            outcomes, bodies, repeats = self._to_store(outcomes, bodies)
        logged: list[bytes] = []
        first_ms, last_ms = FAR_MS, 0
        for place, outcome in enumerate(outcomes):
            event = outcome.event
            logged.append(as_taken(event, bodies[place], pseudonyms=self._pseudonyms))
            at_ms = event.at_ms
            if at_ms < first_ms:
                first_ms = at_ms
            if at_ms > last_ms:
                last_ms = at_ms
        if logged or stored is not None:
            self._writer.add(Taken(source, received_ms, logged, outcomes, stored, first_ms, last_ms, repeats))

    def _to_store(self, outcomes: Sequence[Outcome], bodies: Sequence[bytes]) -> ToStore:
        """Without the repeats of what is stored, or on its way; these by their keys."""
        kept: list[Outcome] = []
        of_kept: list[bytes] = []
        repeats: list[str] = []
        for place, outcome in enumerate(outcomes):
            former = self._not_stored(outcome.event) if outcome.duplicate else outcome
            if former is None:
                repeats.append(event_key(outcome.event))
            else:
                kept.append(former)
                of_kept.append(bodies[place])
        return kept, of_kept, repeats

    def _not_stored(self, event: CallEvent) -> Outcome | None:
        """What a repeat came to the first time, where that is not on disk."""
        former = self._writer.unstored.take(event)
        if former is not None and former.placed is not None:
            with self.lock:
                if former.placed.incident is not None:
                    brought_up_to_date(former, self.watch.current(former.placed.incident))
        return former

    def _take_pressed(
        self, events: Sequence[CallEvent], bodies: Sequence[bytes], source: str, stored: Stored | None
    ) -> list[Verdict]:
        """The log is nearly full: only what may begin a masking run is looked at, the rest is shed.

        A CDR, often the only word of its call, is not: whoever brings one brings all of it again later.
        """
        if CDR in [event.kind for event in events]:
            raise Overloaded(self._writer.waiting, 100)
        places = [place for place, event in enumerate(events) if event.kind == INVITE]
        self.figures.shed += len(events) - len(places)
        verdicts = [Verdict(event.call_id) for event in events]
        outcomes = self._outcomes([events[place] for place in places], source)
        for place, outcome in zip(places, outcomes, strict=True):
            verdicts[place] = outcome.verdict
        self._log(outcomes, [bodies[place] for place in places], source, stored)
        return verdicts

    def _admit_new(self, request: ChargeRequest, now_ms: int) -> Admission:
        """A call that lanes have not brought yet, or one to be looked at again."""
        event = charged_event(request, self.numbers, now_ms, self._max_skew_ms)
        if not event.b.text:
            return ADMITTED
        outcome: Outcome | None = None
        changes = self.blocks.changes + self.lists_changes
        lock = self.lock
        lock.acquire()
        try:
            if self._detection and not self.watch.knows_call(event.call_id):
                outcome = self.watch.take(event)
                self.figures.kinds_of(CHARGING)[INVITE] += 1
                if outcome.attempt:
                    self.figures.attempted(event.received_ms)
                if outcome.eventful:
                    self._note(outcome)
            admission = self._admission(request, event, changes)
            self.guard.keep(event.call_id, admission)
        finally:
            lock.release()
        if outcome is not None:
            self._log_charged(outcome, request)
        return admission

    def _admission(self, request: ChargeRequest, event: CallEvent, changes: int) -> Admission:
        told = self.watch.verdict_of_call(event.call_id)
        if told.action == DISCONNECT and MASKING in told.reasons:
            return masked(event.call_id, told.incident_id)
        entry = self.watch.refusal(event)
        if entry:
            return Admission(Reason.NUMBER_BLOCKED, entry, changes=changes)
        rules = [reason for reason in told.reasons if reason not in (BLACKLIST, BLOCKED)]
        if told.action == DISCONNECT and rules:
            return cut_by(event.call_id, rules)
        key = request.key
        limit_ms = self.blocks.limit_ms(key.tenant, key.account, event.a, event.b, event.trunk, event.received_ms)
        if limit_ms:
            return Admission(limit_ns=limit_ms * MS, changes=changes)
        if self._admitted.changes != changes:
            self._admitted = Admission(changes=changes)
        return self._admitted

    def _log_charged(self, outcome: Outcome, request: ChargeRequest) -> None:
        event = outcome.event
        if self._listeners:
            self._tell_listeners((outcome,))
        if not outcome.urgent and not self._writer.has_room(1):
            self.figures.not_stored += 1
            self._writer.unstored.keep((outcome,))
            return
        body = charged_body(event, request, self.numbers, pseudonyms=self._pseudonyms)
        self._writer.add(Taken(CHARGING, event.received_ms, (body,), (outcome,), None, event.at_ms, event.at_ms))


def _repeated(outcomes: Sequence[Outcome]) -> bool:
    """Whether one of them is of an event that had come before."""
    return any(outcome.duplicate for outcome in outcomes)
