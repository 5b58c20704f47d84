"""Incidents that stand still while they are written down.

An attack goes on while its first five calls are stored: another thread brings the sixth and changes the very incident
that the writer looks at. So the writer has a copy made first, once a batch for each incident and under the lock of
whoever changes it. What comes in between has an outcome of its own and is in the next batch.
"""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from triggers.masking.incident import MaskingIncident
from triggers.masking.window import Placed
from triggers.watch.outcome import Outcome

Copies = dict[int, tuple[MaskingIncident, MaskingIncident]]  # by the identity of the first, which is kept alive


class Still:
    def __init__(self) -> None:
        self._lock: AbstractContextManager[Any] = nullcontext()

    def guarded_by(self, lock: AbstractContextManager[Any]) -> None:
        self._lock = lock

    def settle(self, outcomes: list[Outcome]) -> None:
        """Put copies in the place of incidents."""
        changing = [
            outcome for outcome in outcomes if outcome.placed is not None and outcome.placed.incident is not None
        ]
        if not changing:
            return
        copies: Copies = {}
        with self._lock:
            for outcome in changing:
                if outcome.placed is not None:
                    outcome.placed = _still(outcome.placed, copies)


def _still(placed: Placed, copies: Copies) -> Placed:
    if placed.incident is None:
        return placed
    return Placed(
        placed.distinct,
        late=placed.late,
        hot=placed.hot,
        flagged=placed.flagged,
        incident=_copy(placed.incident, copies),
        opened=placed.opened,
        absorbed=placed.absorbed,
        also=tuple([_copy(incident, copies) for incident in placed.also]),
    )


def _copy(incident: MaskingIncident, copies: Copies) -> MaskingIncident:
    made = copies.get(id(incident))
    if made is not None:
        return made[1]
    copy = MaskingIncident(incident.b, incident.opened_ms, incident.last_ms, by_score=incident.by_score)
    copy.absorb(incident)
    copy.former_ids = incident.former_ids
    copies[id(incident)] = (incident, copy)
    return copy
