"""The figures of a dashboard: `GET /api/stats`, and what stands beside each frame of the threat stream.

Calls are counted since the daemon started; what was flagged, cut and refused, and who was spared it, is counted of all
that is stored. While the store does not answer, what it last said is told. No campaign is known yet, so none threatens.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Protocol

from ratingd.store.faults import StoreFault
from ratingd.store.fraud_totals import FraudTotals

NOTHING: Final = FraudTotals(0, 0, 0, 0, 0)


class Shelf(Protocol):
    def totals(self, max_age_s: float = 10) -> FraudTotals: ...


class ThreatStats:
    """`counted` is what the desk has counted since the start."""

    def __init__(self, counted: Callable[[], dict[str, float]], shelf: Shelf) -> None:
        self._counted: Final = counted
        self._shelf: Final = shelf
        self._totals = NOTHING

    def __call__(self) -> dict[str, Any]:
        counted, totals = self._counted(), self._stored()
        return {
            "total_calls": int(counted["calls"]),
            "blocked_threats": totals.disconnected + totals.blocked,
            "active_campaigns_count": 0,
            "total_fraud_detected": totals.flagged,
            "threat_index": 0.0,
            "victims_saved": totals.victims,
            "network_load": int(counted["traffic_calls"]),
            "calls_per_second": counted["calls_per_second"],
        }

    def _stored(self) -> FraudTotals:
        with suppress(StoreFault):
            self._totals = self._shelf.totals()
        return self._totals
