"""Campaigns as others ask for them: what a lookup, a case and the API need of whoever finds them.

A campaign is shown as the document {"id": "CMP-2026-12", "name", "fraud_type", "risk_score", "severity", "status",
"affected_users", "callers", "regions": [{"name", "calls", "threat"}], "first_seen", "last_seen", "velocity",
"density"}; its graph as {"nodes", "edges", "metrics", "truncated"}. Where nobody looks for campaigns there are none.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from ratingd.errors import NotFound

Document = Mapping[str, Any]
EMERGING: Final = "Emerging"
ACTIVE: Final = "Active"
DORMANT: Final = "Dormant"
CLOSED: Final = "Closed"
CAMPAIGN_STATUSES: Final = (EMERGING, ACTIVE, DORMANT, CLOSED)
NO_GRAPH: Final[Document] = {
    "nodes": [], "edges": [],
    "metrics": {"node_count": 0, "edge_count": 0, "density": 0.0, "velocity": 0.0},
    "truncated": False,
}  # fmt: skip


class Campaigns(Protocol):
    def campaigns(self, status: str = "", limit: int = 50) -> Sequence[Document]:
        """In a state, or all; the last active first."""
        ...

    def campaign(self, id: str) -> Document | None: ...

    def graph(self, id: str | None = None) -> Document | None:
        """Of one campaign, None where there is none of that id; of all."""
        ...

    def campaign_of(self, number: str) -> Document | None:
        """The one that a caller takes part in now."""
        ...

    def callers(self, id: str) -> Sequence[str]:
        """Who takes, or last took, part in one."""
        ...


class NoCampaigns:
    """Nobody looks for any."""

    def campaigns(self, status: str = "", limit: int = 50) -> Sequence[Document]:
        return []

    def campaign(self, id: str) -> Document | None:
        return None

    def graph(self, id: str | None = None) -> Document | None:
        return None if id else NO_GRAPH

    def campaign_of(self, number: str) -> Document | None:
        return None

    def callers(self, id: str) -> Sequence[str]:
        return []


class CampaignUnknown(NotFound):
    def __init__(self, id: str) -> None:
        super().__init__(f"there is no campaign {id!r}. `ratingd fraud campaigns` lists them.")
