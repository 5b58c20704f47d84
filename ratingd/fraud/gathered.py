"""What one batch of outcomes has led to so far, each thing once."""

from typing import Final

from ratingd.store.fraud_rows import FlaggedCallRow, IncidentRow, ListRow, OrderRow
from ratingd.store.rows import OutboxEntry
from triggers.calls.call_record import CallRecord


class Gathered:
    def __init__(self, now_ms: int) -> None:
        self.now_ms: Final = now_ms
        self.records: Final[list[CallRecord]] = []
        self.incidents: Final[list[IncidentRow]] = []
        self.flagged: Final[dict[str, FlaggedCallRow]] = {}
        self.lists: Final[dict[tuple[str, str, str], ListRow]] = {}
        self.orders: Final[dict[str, OrderRow]] = {}
        self.outbox: Final[list[OutboxEntry]] = []

    def flag(self, row: FlaggedCallRow) -> None:
        """A call that belongs to a run stays with it, whatever else it met."""
        known = self.flagged.get(row.call_id)
        if known is None or not known.incident_id or row.incident_id:
            self.flagged[row.call_id] = row

    def enter(self, row: ListRow) -> None:
        self.lists[row.list, row.kind, row.value] = row

    def order(self, row: OrderRow) -> None:
        self.orders.setdefault(row.id, row)
