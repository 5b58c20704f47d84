"""What FraudService asks: the parts of fraud detection as the API sees them."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ratingd.api.convert import name
from ratingd.errors import InvalidRequest
from ratingd.fraud.alert_book import AlertBook
from ratingd.fraud.desk import FraudDesk
from ratingd.fraud.investigation import Investigation
from ratingd.fraud.list_book import ListBook
from ratingd.fraud.rule_desk import RuleDesk
from ratingd.fraud.threat_stream import ThreatStream
from ratingd.store.fraud_rows import AuditRow, FraudBatch
from ratingd.store.fraud_shelf import FraudShelf

SERVICE: Final = "/ratingd.v1.FraudService/"
ANYBODY: Final = "grpc"  # who asks without a name
MS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class FraudParts:
    """`on_stored` has something called whenever those who wait for a commit have been told of it."""

    desk: FraudDesk
    alerts: AlertBook
    shelf: FraudShelf
    threats: ThreatStream
    lists: ListBook
    rules: RuleDesk
    investigation: Investigation
    on_stored: Callable[[Callable[[], None]], None]
    clock: Callable[[], int] = time.time_ns

    @property
    def now_ms(self) -> int:
        return self.clock() // MS

    def audit(self, who: str, what: str, subject: str, details: str = "") -> None:
        """Write down who looked at what, before it is answered."""
        self.shelf.commit(FraudBatch(audits=[AuditRow(self.now_ms, who, what, subject, details)]))


def asker(who: str) -> str:
    return name(who, "who") or ANYBODY


def page_of(asked: int, default: int, most: int) -> int:
    """How many entries are told at once."""
    if asked < 0:
        raise InvalidRequest("page_size", "is negative")
    return min(asked, most) or default
