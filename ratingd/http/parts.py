"""What HTTP serves: the parts of the daemon that its paths ask."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ratingd.fraud.alert_book import AlertBook
from ratingd.fraud.desk import FraudDesk
from ratingd.fraud.investigation import Investigation
from ratingd.fraud.list_book import ListBook
from ratingd.http.workers import Workers
from ratingd.models.model_desk import ModelDesk
from ratingd.store.fraud_rows import AuditRow, FraudBatch
from ratingd.store.fraud_shelf import FraudShelf
from ratingd.store.outbox import Outbox

MS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class HttpParts:
    """`risk` tells how suspect a caller is at an instant (ms), 0 to 100; `health` says how each part is, `figures` is
    what /metrics shows, `wake` has the outbox looked at."""

    desk: FraudDesk
    book: AlertBook
    lists: ListBook
    investigation: Investigation
    risk: Callable[[str, int], float]
    models: ModelDesk
    shelf: FraudShelf
    outbox: Outbox
    workers: Workers
    stats: Callable[[], Mapping[str, Any]]
    version: str
    start_ns: int
    wake: Callable[[], None]
    health: Callable[[], Mapping[str, str]]
    figures: Callable[[], bytes]
    clock: Callable[[], int] = time.time_ns

    @property
    def now_ms(self) -> int:
        return self.clock() // MS

    def audit(self, who: str, what: str, subject: str, details: str = "") -> None:
        """Write down that somebody looked, or changed something, before it is answered."""
        self.shelf.commit(FraudBatch(audits=[AuditRow(self.now_ms, who, what, subject, details)]))
