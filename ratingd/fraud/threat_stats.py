"""The figures of a dashboard: `GET /api/stats`, and what stands beside each frame of the threat stream.

Calls are counted since the daemon started; what was flagged, cut and refused, and who was spared it, is counted of all
that is stored. While the store does not answer, what it last said is told. How threatened a network is, of 10, follows
from the campaigns that go on: one of risk 90 makes 1.65, five of them 5.93, a thousand not more than 10.
"""

import math
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Protocol

from ratingd.store.faults import StoreFault
from ratingd.store.fraud_totals import FraudTotals

RISK_SCALE: Final = 500.0
NOTHING: Final = FraudTotals(0, 0, 0, 0, 0)


class Shelf(Protocol):
    def totals(self, max_age_s: float = 10) -> FraudTotals: ...


class Campaigns(Protocol):
    @property
    def active(self) -> int: ...

    @property
    def risk_total(self) -> float: ...


class ThreatStats:
    """`counted` is what the desk has counted since the start, `campaigns` gives those that are known."""

    def __init__(
        self, counted: Callable[[], dict[str, float]], shelf: Shelf, campaigns: Callable[[], Campaigns]
    ) -> None:
        self._counted: Final = counted
        self._shelf: Final = shelf
        self._campaigns: Final = campaigns
        self._totals = NOTHING

    def __call__(self) -> dict[str, Any]:
        counted, totals, campaigns = self._counted(), self._stored(), self._campaigns()
        return {
            "total_calls": int(counted["calls"]),
            "blocked_threats": totals.disconnected + totals.blocked,
            "active_campaigns_count": campaigns.active,
            "total_fraud_detected": totals.flagged,
            "threat_index": threat_index(campaigns.risk_total),
            "victims_saved": totals.victims,
            "network_load": int(counted["traffic_calls"]),
            "calls_per_second": counted["calls_per_second"],
        }

    def _stored(self) -> FraudTotals:
        with suppress(StoreFault):
            self._totals = self._shelf.totals()
        return self._totals


def threat_index(risk: float) -> float:
    """0 to 10, of the sum of the risks of campaigns that go on."""
    return round(10 * (1 - math.exp(-risk / RISK_SCALE)), 2)
