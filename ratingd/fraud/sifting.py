"""Sifting: of a batch that the database refuses, everything is stored but what it will not have.

Three hundred events of forty producers are in one batch, and a text of one flagged call is none that the database can
hold. The batch is stored in halves, the refused half in halves again, until that row stands alone: it is left out, and
said so in the log. The other rows and all the events are on disk. An event that is refused itself is told to its
producer alone.

What comes of events goes before the events. Should the daemon die in between, they are sent again and lead to the same
rows; the other way round they would be known, and nothing would come of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

from ratingd import observe
from ratingd.fraud.event_log import rows_of
from ratingd.fraud.taken import Taken
from ratingd.store.faults import DataRefused, StoreFault
from ratingd.store.fraud_rows import FraudBatch, FraudStored

Leaf = tuple[str, Any]  # the part of a FraudBatch, and a row of it; of "events" a Taken
Commit = Callable[[FraudBatch], FraudStored]

EVENTS: Final = "events"
PARTS: Final = tuple([part.name for part in fields(FraudBatch) if part.name != EVENTS])


@dataclass(slots=True)
class Sifted:
    """`rows` are what is stored, without events; the ids of `stored` are those of its alerts, 0 for one that is not."""

    rows: FraudBatch = field(default_factory=FraudBatch)
    stored: FraudStored = field(default_factory=FraudStored)
    refused: dict[Taken, Exception] = field(default_factory=dict)


def sifted(rows: FraudBatch, batch: Sequence[Taken], commit: Commit) -> Sifted:
    """Store what can be stored. Raises StoreFault, but for what is wrong with the data."""
    sieve = _Sieve(commit)
    sieve.halve(
        [*[(part, row) for part in PARTS for row in getattr(rows, part)], *[(EVENTS, taken) for taken in batch]]
    )
    kept = {part: [row for row in getattr(rows, part) if id(row) not in sieve.without] for part in PARTS}
    kept["alerts"] = list(rows.alerts)
    ids = tuple([sieve.alert_ids.get(row.uuid, row.id) for row in rows.alerts])
    return Sifted(replace(rows, events=(), **kept), FraudStored((), ids), sieve.refused)


class _Sieve:
    def __init__(self, commit: Commit) -> None:
        self._commit: Final = commit
        self.alert_ids: Final[dict[str, int]] = {}
        self.without: Final[set[int]] = set()  # rows that were refused, by identity
        self.refused: Final[dict[Taken, Exception]] = {}

    def halve(self, leaves: Sequence[Leaf]) -> None:
        half = len(leaves) // 2
        for part in (leaves[:half], leaves[half:]):
            if part:
                self._store(part)

    def _store(self, leaves: Sequence[Leaf]) -> None:
        batch = _batch_of(leaves)
        try:
            stored = self._commit(batch)
        except Exception as fault:
            if isinstance(fault, StoreFault) and not isinstance(fault, DataRefused):
                raise
            if len(leaves) > 1:
                self.halve(leaves)
            else:
                self._leave_out(*leaves[0], fault)
            return
        self.alert_ids.update(zip([row.uuid for row in batch.alerts], stored.alert_ids, strict=True))

    def _leave_out(self, part: str, row: Any, fault: Exception) -> None:
        if part == EVENTS:
            self.refused[row] = fault
            observe.event("fraud.events_refused", source=row.source, events=row.count, error=str(fault))
        else:
            self.without.add(id(row))
            observe.event("fraud.row_refused", part=part, row=repr(row)[:500], error=str(fault))


def _batch_of(leaves: Sequence[Leaf]) -> FraudBatch:
    parts: dict[str, list[Any]] = {}
    for part, row in leaves:
        parts.setdefault(part, []).append(row)
    if EVENTS in parts:
        parts[EVENTS] = list(rows_of(parts[EVENTS]))
    return FraudBatch(**parts)
