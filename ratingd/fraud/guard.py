"""The guard: which charged calls detection knows, and which of them may not go on.

A switch debits call c-17 every ten seconds. The first debit tells detection of the call; the others find it here, for a
third of a microsecond. When c-17 turns out to be one of nine masked calls it is marked here, and its next debit is
refused, whether or not the switch has cut it by then. Where blocks or lists have changed since a call was looked at, it
is looked at again; so is one that met an entry, which goes on when the entry is lifted or has expired.

Two generations of calls are kept, as with events; one that is forgotten while it lasts is looked at again and is none
the newer for it.
"""

from collections.abc import Sequence
from typing import Final

from accounts.charge import Reason
from ratingd.engine.admission import Admission

CALLS_MAX: Final = 400_000


class Guard:
    """Read without a lock by lanes; written under the desk's."""

    def __init__(self, calls_max: int = CALLS_MAX) -> None:
        self._half: Final = max(1, calls_max // 2)
        self._younger: dict[str, Admission] = {}
        self._older: dict[str, Admission] = {}

    def known(self, call_id: str, changes: int) -> Admission | None:
        """What was found of a call, if it is sure to hold still after so many changes of blocks and lists."""
        admission = self._younger.get(call_id)
        if admission is None:
            admission = self._older.get(call_id)
            if admission is None:
                return None
        if admission.reason is Reason.CALL_MASKED or (admission.reason is None and admission.changes == changes):
            return admission
        return None

    def keep(self, call_id: str, admission: Admission) -> None:
        if len(self._younger) >= self._half:
            self._older = self._younger
            self._younger = {}
        self._younger[call_id] = admission

    def mark(self, call_id: str, incident_id: str) -> None:
        """A call that is charged belongs to a masking run."""
        if call_id in self._younger or call_id in self._older:
            self.keep(call_id, masked(call_id, incident_id))


def masked(call_id: str, incident_id: str) -> Admission:
    return Admission(
        Reason.CALL_MASKED,
        f"call {call_id!r} is part of masking run {incident_id}. "
        f"`ratingd fraud show {incident_id}` tells why; a whitelist entry spares the called number.",
    )


def cut_by(call_id: str, rules: Sequence[str]) -> Admission:
    return Admission(
        Reason.CALL_MASKED,
        f"call {call_id!r} is cut by rule {', '.join(rules)}. `ratingd fraud rules show` tells what the rule says.",
    )
