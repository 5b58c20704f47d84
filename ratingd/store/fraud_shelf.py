"""`store.fraud`: what fraud detection keeps. Written by batches only, read in pages."""

from ratingd.store import fraud_commit
from ratingd.store.database import Database
from ratingd.store.fraud_alerts import Alerts
from ratingd.store.fraud_audits import Audits, SealedNumbers
from ratingd.store.fraud_events import EventLog
from ratingd.store.fraud_forgetting import Forgetting
from ratingd.store.fraud_incidents import Incidents
from ratingd.store.fraud_lists import NumberLists, Rules
from ratingd.store.fraud_orders import Orders
from ratingd.store.fraud_records import CallRecords
from ratingd.store.fraud_rows import FraudBatch, FraudStored
from ratingd.store.fraud_totals import Totals
from ratingd.store.fraud_words import Words


class FraudShelf(
    EventLog, CallRecords, Incidents, Alerts, NumberLists, Rules, Orders, Audits, SealedNumbers, Totals, Forgetting
):
    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database
        self._words = Words(database)

    def commit(self, batch: FraudBatch) -> FraudStored:
        """Store the batch whole, or raise a StoreFault and store nothing of it."""
        stored = fraud_commit.commit(self._database, self._words, batch)
        if batch.flagged or batch.results or batch.incidents:
            self._totals_changed()
        return stored
