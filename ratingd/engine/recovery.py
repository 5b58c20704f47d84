"""Recovery: what becomes of requests whose commit failed. Nobody has seen an answer yet, so they may be decided again.

Ten debits share a batch, and the database refuses the data of one of them. All ten are decided again, one to a batch:
nine are charged, and the culprit alone is told. Of a batch that other writers forestalled nobody is told anything; it
is decided again, on their accounts as they are now.

    refused because                     then
    keys were used before               the stored replies are read; those requests get them, the others are decided
                                        again
    another process or lane wrote       all are decided again: what concerns those accounts apart, with their rows
                                        locked, at most for `locking_timeout`; everything else as before
    the data was refused                they are decided and committed one at a time, so that only the culprit fails
    the store does not answer           UNAVAILABLE, and nothing is at hand any more: asking again with the same key
                                        tells what became of it
"""

import time
from collections.abc import Callable, Sequence
from typing import Final

from ratingd import observe
from ratingd.engine.account_desk import AccountDesk
from ratingd.engine.batch import Building, Waiting
from ratingd.errors import AccountBusy, InvariantBroken, RatingdError, Unavailable
from ratingd.store.faults import DataRefused, LockNotGiven, RepeatedKeys, VersionConflict


class Recovery:
    """For one lane's deciding thread. `alone`: so many requests are decided one to a batch."""

    __slots__ = ("_desk", "_give_up", "_locking_timeout_ms", "alone")

    def __init__(
        self,
        desk: AccountDesk,
        locking_timeout_ms: int,
        give_up: Callable[[Sequence[Waiting], RatingdError], None],
    ) -> None:
        self._desk: Final = desk
        self._locking_timeout_ms: Final = locking_timeout_ms
        self._give_up: Final = give_up
        self.alone = 0

    def one_went(self) -> None:
        """A batch was decided, of one request if they are to be alone."""
        if self.alone > 0:
            self.alone -= 1

    def after(
        self, error: Exception, lost: list[Waiting], rest: list[Waiting], batches: Sequence[Building]
    ) -> list[Waiting]:
        """Forget what was decided and learn why it failed. Returns the requests to decide again, in their order.

        `lost` are those that were to be committed, `rest` those decided on top of them.
        """
        for batch in batches:
            self._desk.forget(batch)
        again = [*lost, *rest]
        match error:
            case RepeatedKeys():
                self._desk.learn(error.keys)
            case VersionConflict() | LockNotGiven():
                told = error.keys if isinstance(error, VersionConflict) else ()
                self._desk.contention.mark(told or [key for waiting in lost for key in waiting.keys])
                observe.count("lane.conflicts")
                again = self._still_patient(again)
            case DataRefused() if len(lost) == 1:
                observe.fault("lane.data_refused", error, account=str(lost[0].command.key))
                self._give_up(lost, InvariantBroken(f"the database refused the data: {error}"))
                again = rest
            case DataRefused():
                self.alone = len(lost)
            case _:
                self._desk.forget_all()
                observe.event("lane.unavailable", error=str(error), requests=len(lost))
                self._give_up(lost, Unavailable(str(error)))
                again = rest
        return again

    def _still_patient(self, again: Sequence[Waiting]) -> list[Waiting]:
        """Those that may be decided once more; the others have waited `locking_timeout` for other writers."""
        patient = []
        for waiting in again:
            waited_ms = (time.monotonic_ns() - waiting.since_ns) // 1_000_000
            contended = self._desk.contention.meets(waiting.keys)
            if contended and waiting.tries > 1 and waited_ms > self._locking_timeout_ms:
                self._give_up([waiting], AccountBusy(waiting.command.key.account, waited_ms))
            else:
                patient.append(waiting)
        return patient
