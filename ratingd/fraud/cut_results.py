"""What became of calls that were ordered to be cut, beside the calls themselves.

sbc-1 answers CUT to the order for call c-17: the flagged call c-17 says OK from then on, in the incident and wherever
its calls are listed. A switch that does not know the call any more makes it ALREADY_ENDED, and one that failed three
times FAILED, until it succeeds after all.
"""

import threading
from dataclasses import replace
from typing import Final, Protocol

from ratingd.fraud.switch_orders import call_of, is_ours
from ratingd.store.fraud_rows import FlaggedCallRow, FraudBatch
from ratingd.store.rows import OutboxEntry

OK: Final = "OK"
ALREADY_ENDED: Final = "ALREADY_ENDED"
FAILED: Final = "FAILED"


class Shelf(Protocol):
    def flagged_call(self, call_id: str) -> FlaggedCallRow | None: ...

    def commit(self, batch: FraudBatch) -> object: ...


class CutResults:
    """Thread-safe. `totals` counts results since the start."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf: Final = shelf
        self._lock: Final = threading.Lock()
        self.totals: Final[dict[str, int]] = {OK: 0, ALREADY_ENDED: 0, FAILED: 0}

    def took(self, entry: OutboxEntry, result: str) -> None:
        """An order was answered. Orders of others are none of its business. Raises StoreFault."""
        if not is_ours(entry):
            return
        with self._lock:
            self.totals[result] = self.totals.get(result, 0) + 1
            flagged = self._shelf.flagged_call(call_of(entry))
            if flagged is not None and flagged.result != result:
                self._shelf.commit(FraudBatch(flagged=[replace(flagged, result=result)]))
