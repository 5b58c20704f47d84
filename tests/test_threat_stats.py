"""The figures of a dashboard, from what is counted, stored and found."""

from typing import Any

from ratingd.fraud.threat_stats import ThreatStats, threat_index
from ratingd.store.faults import StoreUnavailable
from ratingd.store.fraud_totals import FraudTotals

COUNTED = {"calls": 100.0, "traffic_calls": 7.0, "calls_per_second": 2.5}


class Shelf:
    away = False

    def totals(self, max_age_s: float = 10) -> FraudTotals:
        if self.away:
            raise StoreUnavailable("away")
        return FraudTotals(flagged=9, disconnected=4, blocked=3, victims=2, incidents=1)


class Campaigns:
    active = 2
    risk_total = 180.0


def test_calls_campaigns_and_what_was_done() -> None:
    told = ThreatStats(lambda: COUNTED, Shelf(), Campaigns)()
    assert told == {
        "total_calls": 100, "blocked_threats": 7, "active_campaigns_count": 2, "total_fraud_detected": 9,
        "threat_index": 3.02, "victims_saved": 2, "network_load": 7, "calls_per_second": 2.5,
    }  # fmt: skip


def test_a_store_that_is_away_said_something_before() -> None:
    shelf = Shelf()
    stats: Any = ThreatStats(lambda: COUNTED, shelf, Campaigns)
    before = stats()
    shelf.away = True
    assert stats() == before


def test_the_index_rises_and_never_passes_ten() -> None:
    assert [threat_index(risk) for risk in (0, 90, 450, 100_000)] == [0.0, 1.65, 5.93, 10.0]
