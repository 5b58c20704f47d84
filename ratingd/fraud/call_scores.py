"""Call scores: what the neighbours say of calls that are over, before their records are stored.

A call of 12 s from a number of 11 digits at 03:00, the caller's fifth within the hour, has ended. Its row comes with
the outcome; the fraud writer brings all rows of a batch at once, 0.8 is written into the record with the version of the
model, whoever listens is told, and for a day a lookup of the caller finds it. Nobody waits for it but the writer.

What was scored before a start, or at another daemon on the database, is found in the records.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from ratingd import observe
from ratingd.engine.telling import tell
from ratingd.store.fraud_rows import StoredRecord
from triggers.calls.call_event import CallEvent
from triggers.calls.call_record import CallRecord
from triggers.generations import Generations
from triggers.numbers.number import Number
from triggers.scores.call_features import KNN
from triggers.scores.scored import Scored
from triggers.watch.outcome import Outcome

FRESH_MS: Final = 86_400_000
CALLERS_MAX: Final = 200_000
RECORDS_READ: Final = 20  # of a caller, the newest

Told = Callable[[CallEvent, float], None]


class Models(Protocol):
    def scores(self, name: str, rows: Sequence[list[float]]) -> list[Scored | None]: ...


class Shelf(Protocol):
    def records(self, *, a: str = "", since_ms: int = 0, limit: int = 100) -> Sequence[StoredRecord]: ...


class CallScores:
    """`take` comes from one thread, all else from any."""

    def __init__(self, models: Models, shelf: Shelf, *, callers_max: int = CALLERS_MAX) -> None:
        self._models: Final = models
        self._shelf: Final = shelf
        self._lock: Final = threading.Lock()
        self._last: Final[Generations[tuple[float, int]]] = Generations(FRESH_MS, callers_max)
        self._told: tuple[Told, ...] = ()

    def on_scored(self, told: Told) -> None:
        """Have each score told: the event that ended the call, with what is known of the whole call, and how probably
        it was a scam, 0 to 1. It must not block."""
        self._told = (*self._told, told)

    def take(self, outcomes: Sequence[Outcome]) -> None:
        """Score the calls among these that have ended, and write it into their records. Never raises."""
        try:
            self._score(outcomes)
        except Exception as error:  # noqa: BLE001 (records are stored, scored or not)
            observe.fault("fraud.calls_not_scored", error)

    def of(self, number: str, at_ms: int) -> float:
        """How probably the last call of a caller was a scam, 0 to 1; 0 where none was scored within a day."""
        with self._lock:
            last = self._last.get(number)
        if last is not None:
            return last[0] if at_ms - last[1] < FRESH_MS else 0.0
        for stored in self._shelf.records(a=number, since_ms=at_ms - FRESH_MS, limit=RECORDS_READ):
            if stored.record.knn >= 0:
                return stored.record.knn
        return 0.0

    def _score(self, outcomes: Sequence[Outcome]) -> None:
        ended: list[tuple[CallRecord, CallEvent]] = []
        rows: list[list[float]] = []
        for outcome in outcomes:
            if outcome.call_row is not None and outcome.record is not None:
                ended.append((outcome.record, outcome.event))
                rows.append(outcome.call_row)
        if not rows:
            return
        for (record, event), scored in zip(ended, self._models.scores(KNN.name, rows), strict=True):
            if scored is not None:
                self._note(record, event, scored)

    def _note(self, record: CallRecord, event: CallEvent, scored: Scored) -> None:
        record.knn = scored.probability
        record.scored_by(KNN.name, scored.version)
        with self._lock:
            self._last.keep(record.a, (scored.probability, event.at_ms), event.at_ms)
        for told in self._told:
            tell(told, completed(event, record), scored.probability)


def completed(event: CallEvent, record: CallRecord) -> CallEvent:
    """A BYE often names its call alone; its record says who called whom, and who pays."""
    return CallEvent(
        event.kind, event.at_ms, event.call_id, Number(record.a), Number(record.b), event_id=event.event_id,
        trunk=record.trunk, switch_id=record.switch_id, tenant=record.tenant, account=record.account,
        received_ms=event.received_ms,
    )  # fmt: skip
