"""Recovery: the detector knows after a start what it knew before, whatever ended the process.

The daemon dies at 10:00:07 in the middle of an attack and is back at 10:00:09. From the log it reads again the events
of the last window and lateness before its end, 12 seconds of them, through the same code; incidents that can still go
on are given back to the detector first, so that the tenth caller at 10:00:10 belongs to the incident of 10:00:04 and
raises no second alert. What those events led to was stored with them and is not done again. Charged calls whose event
had not reached the log yet are found among the open calls and count now. All of this is done before requests come in.

Then, beside everything else and never more than a third of the time, the traffic of the days before is counted again,
and events are remembered as far back as repeats are known. It stops when the daemon does. A call of before that ends
before its INVITE has been counted again has its record when that is done: the calls of the last four hours come first.

What is counted again before requests come in is the masking window and which events were seen, three microseconds an
event; the metrics of those events are the first that the background counts.

"Last" is before the newest event of the log, not before now: a producer that reconnects after an hour sends what it
sent last, and that belongs to what happened then.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Protocol

from accounts.charge import ChargeRequest
from ratingd import observe
from ratingd.api.event_message import EventReader
from ratingd.engine.open_calls import CALL_BEGUN
from ratingd.errors import InvalidRequest
from ratingd.fraud.desk import FraudDesk
from ratingd.fraud.incident import ALREADY_ENDED, by_version
from ratingd.fraud.switch_orders import MASKING
from ratingd.store.faults import StoreFault
from ratingd.store.fraud_rows import FlaggedCallRow, IncidentRow, StoredEvents
from ratingd.store.rows import OpenCall
from tariffs.span import VOICE
from tariffs.zone import UTC
from triggers.calls.call_record import CallRecord
from triggers.masking.decision import CUT
from triggers.masking.incident import Attempt, MaskingIncident
from triggers.watch.outcome import Outcome

MS: Final = 1_000_000
DAY_MS: Final = 86_400_000
SLACK_MS: Final = 2_000  # between an event and its place in the log
CALLS_KNOWN_MS: Final = 4 * 3_600_000  # so long a flagged call may still be up
CHUNKS: Final = 16  # read at a time
SLICE: Final = 64
IDLE_SHARE: Final = 2.0  # of the time that counting takes, so long others have


class Shelf(Protocol):
    def events(self, after_id: int = 0, limit: int = 1000, *, received_ms: int = 0) -> list[StoredEvents]: ...

    def events_from(self, received_ms: int, limit: int = 1000) -> list[StoredEvents]: ...

    def earliest_event_ms(self, received_ms: int) -> int | None: ...

    def newest_event_id(self) -> int: ...

    def record(self, call_id: str) -> CallRecord | None: ...

    def incidents_since(self, last_ms: int, limit: int = 100_000) -> list[IncidentRow]: ...

    def flagged(
        self, incident_id: str, *, after: FlaggedCallRow | None = None, limit: int = 1000
    ) -> list[FlaggedCallRow]: ...

    def flagged_since(
        self, at_ms: int, *, after: FlaggedCallRow | None = None, limit: int = 100_000
    ) -> list[FlaggedCallRow]: ...


class Recovery:
    """`reader` reads the log; `seen_calls` gives the open calls that were seen at an instant (ns) or later, `resume` is
    told of each run that may go on."""

    def __init__(
        self,
        desk: FraudDesk,
        reader: EventReader,
        shelf: Shelf,
        seen_calls: Callable[[int], Sequence[OpenCall]],
        resume: Callable[[IncidentRow], None] = lambda row: None,
        *,
        dedup_ms: int,
        events_ms: int,
    ) -> None:
        self._desk: Final = desk
        self._reader: Final = reader
        self._shelf: Final = shelf
        self._seen_calls: Final = seen_calls
        self._resume: Final = resume
        self._dedup_ms: Final = dedup_ms
        self._events_ms: Final = events_ms
        self._stopping: Final = threading.Event()
        self._begin_ms = 0  # from here on the log was read again, up to `_last_id`
        self._last_id = 0
        self._rebuilding: Final = threading.Thread(target=self._rebuild, name="fraud-rebuild", daemon=True)

    def restore(self) -> int:
        """Bring the detector to where it was; how many events were looked at again. Raises StoreFault."""
        began_s = time.monotonic()
        self._last_id = self._shelf.newest_event_id()
        newest = self._shelf.events(self._last_id - 1, 1) if self._last_id else []
        terms = self._desk.watch.masking.terms
        before_ms = terms.window_ms + terms.lateness_ms + SLACK_MS
        events = 0
        if newest:
            newest_ms = newest[0].row.received_ms
            self._begin_ms = newest_ms - before_ms
            since_ms = self._since_ms(newest_ms) - terms.window_ms - terms.lateness_ms
            cutting, reported = self._responses(since_ms - CALLS_KNOWN_MS)
            self._restore_incidents(since_ms - terms.cooldown_ms)
            self._restore_flagged(since_ms - CALLS_KNOWN_MS, cutting, reported)
            for chunk in self._chunks(self._begin_ms, self._last_id):
                events += self._replay(chunk, cutting)
        events += self._replay_charged(self._begin_ms or self._desk.clock() // MS - before_ms)
        observe.event("fraud.restored", events=events, seconds=f"{time.monotonic() - began_s:.2f}")
        return events

    def start(self) -> None:
        """Count the traffic of before, in the background."""
        if self._begin_ms:
            self._desk.begin_rebuild()
            self._rebuilding.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        self._stopping.set()
        if self._rebuilding.is_alive():
            self._rebuilding.join(timeout_s)

    # -- what can still go on

    def _since_ms(self, newest_ms: int) -> int:
        """When the events happened that are read again: a backlog, or a file, is dated behind its receipt."""
        first_ms = self._shelf.earliest_event_ms(self._begin_ms)
        behind_ms = self._begin_ms if first_ms is None else min(first_ms, self._begin_ms)
        return max(behind_ms, newest_ms - self._events_ms)

    def _restore_incidents(self, since_ms: int) -> None:
        calls_max = self._desk.watch.masking.terms.calls_max
        for row in self._shelf.incidents_since(since_ms):
            document = json.loads(row.document)
            incident = MaskingIncident(
                row.b_number, row.opened_ms, row.last_ms, max_distinct=row.max_distinct, calls_max=calls_max,
                former_ids=tuple(document.get("former_ids", ())),
                probability_max=float(document.get("probability_max", 0)), by_score=bool(document.get("by_score")),
            )  # fmt: skip
            self._resume(row)
            for call in self._shelf.flagged(row.id, limit=calls_max):
                incident.add(_attempt(call))
            self._desk.watch.restore(incident)

    def _responses(self, since_ms: int) -> tuple[set[str], set[str]]:
        """The incidents whose calls are to be cut, and those that a model alone saw and that are only reported."""
        rows = self._shelf.incidents_since(since_ms)
        cutting = {row.id for row in rows if json.loads(row.document).get("response") == CUT}
        return cutting, {row.id for row in rows if row.id not in cutting and by_version(row)}

    def _restore_flagged(self, since_ms: int, cutting: set[str], reported: set[str]) -> None:
        """Calls that are to be cut are refused when they are debited again. Those that a model flagged are known as
        such, which the events themselves do not tell."""
        after: FlaggedCallRow | None = None
        while calls := self._shelf.flagged_since(since_ms, after=after):
            for call in calls:
                cut = not call.incident_id or call.incident_id in cutting  # one of no incident was refused, or cut
                if cut and call.result != ALREADY_ENDED:
                    reason = MASKING if call.incident_id else call.reason
                    self._desk.watch.restore_flagged(call.call_id, call.incident_id, reason)
                elif call.incident_id in reported:
                    self._desk.watch.restore_flagged(call.call_id, call.incident_id, MASKING, cut=False)
            after = calls[-1]

    def _replay(self, chunk: StoredEvents, cutting: set[str]) -> int:
        """Events whose effects were stored with them: only what is known of them is made again."""
        events = self._reader.read_batch(chunk.row.content, chunk.row.received_ms).events
        watch = self._desk.watch
        for event in events:
            watch.recall(event, cutting)
        return len(events)

    def _replay_charged(self, since_ms: int) -> int:
        """Charged calls that the log may not know. They count like calls that come now."""
        count = 0
        for call in self._seen_calls(since_ms * MS):
            request = _request(call)
            if request is not None and not self._desk.watch.knows_call(call.call_id):
                self._desk.admit(request, call.last_seen_ns)
                count += 1
        return count

    def _chunks(self, received_ms: int, last_id: int, before_ms: int = 0) -> Iterator[StoredEvents]:
        """Chunks that came from one instant on, before another where it is given, up to an id."""
        chunks = self._shelf.events_from(received_ms, CHUNKS)
        while chunks:
            for chunk in chunks:
                if chunk.id > last_id or (before_ms and chunk.row.received_ms >= before_ms):
                    return
                yield chunk
            chunks = self._shelf.events(chunks[-1].id, CHUNKS, received_ms=received_ms)

    # -- in the background

    def _rebuild(self) -> None:
        """What was known again at once first, then the minutes before: repeats are of them. Then the hours of which
        calls may still be up, then the days."""
        began_s = time.monotonic()
        dedup_ms = self._begin_ms - self._dedup_ms
        calls_ms = min(dedup_ms, self._begin_ms - CALLS_KNOWN_MS)
        try:
            events = self._count(self._begin_ms, 0, remembered=False, recorded=True)
            events += self._count(dedup_ms, self._begin_ms, remembered=True, recorded=True)
            events += self._count(calls_ms, dedup_ms, remembered=False)
            events += self._count(self._begin_ms - self._events_ms, calls_ms, remembered=False)
            ended = "stopped" if self._stopping.is_set() else "done"
            observe.event("fraud.rebuilt", events=events, seconds=f"{time.monotonic() - began_s:.1f}", ended=ended)
        except StoreFault as fault:
            observe.event("fraud.rebuild_failed", error=str(fault))
        except Exception as error:  # noqa: BLE001 (metrics lack what was before, which /health says; all else goes on)
            observe.fault("fraud.rebuild_failed", error)
        else:
            self._desk.rebuilding = False
        finally:
            self._desk.settle_early(ended=True)

    def _make_good(self, outcomes: Sequence[Outcome]) -> None:
        """Store the records that are not there. One that is there may say more than is known now."""
        lacking = [outcome for outcome in outcomes if self._shelf.record(outcome.event.call_id) is None]
        if lacking:
            self._desk.store_records(lacking)

    def _count(self, from_ms: int, before_ms: int, *, remembered: bool, recorded: bool = False) -> int:
        """`recorded`: a record that the store lacks is made good; it was to be stored when the daemon ended."""
        count = 0
        for chunk in self._chunks(from_ms, self._last_id, before_ms):
            if self._stopping.is_set():
                break
            began_s = time.thread_time()
            events, ended = self._count_chunk(chunk, remembered=remembered)
            count += events
            if recorded:
                self._make_good(ended)
            self._stopping.wait(IDLE_SHARE * (time.thread_time() - began_s))
        self._make_good(self._desk.settle_early(ended=False))
        return count

    def _count_chunk(self, chunk: StoredEvents, *, remembered: bool) -> tuple[int, list[Outcome]]:
        """How many events, and those that ended calls."""
        ended: list[Outcome] = []
        row, desk = chunk.row, self._desk
        try:
            events = self._reader.read_batch(row.content, row.received_ms).events
        except InvalidRequest as error:
            observe.event("fraud.chunk_unreadable", chunk=chunk.id, error=str(error))
            return 0, ended
        for start in range(0, len(events), SLICE):
            with desk.lock:
                for event in events[start : start + SLICE]:
                    outcome = desk.watch.rebuild(event, remembered=remembered)
                    if outcome is not None:
                        ended.append(outcome)
            time.sleep(0)
        return len(events), ended


def _attempt(call: FlaggedCallRow) -> Attempt:
    attempt = Attempt(call.at_ms, call.a_number, call.call_id, call.switch_id, call.trunk)
    attempt.flagged = True
    return attempt


def _request(call: OpenCall) -> ChargeRequest | None:
    """The first request of an open call, as far as detection looks at it; None where it is not looked at."""
    fields, begun = call.fields, call.fields.get(CALL_BEGUN, "")
    if fields.get("ToR") != VOICE or not begun.isdecimal():
        return None
    at_ns = int(begun)
    return ChargeRequest(
        call.key, fields.get("Category", ""), fields.get("Subject", ""), fields.get("Destination", ""), VOICE,
        at_ns, at_ns, UTC, extra_fields=fields, switch_id=call.switch_id, call_id=call.call_id,
    )  # fmt: skip
