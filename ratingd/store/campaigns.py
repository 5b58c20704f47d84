"""`store.campaigns`: numbers that act together, stored every minute, so that a start goes on with them by their ids."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Row, func, select

from ratingd.store.database import Change, Database, deleting, inserting
from ratingd.store.model_rows import CampaignMember, CampaignRow
from ratingd.store.model_tables import campaign_members, campaigns

c: Final = campaigns.c
m: Final = campaign_members.c
UPSERT: Final = inserting(
    campaigns,
    "ON CONFLICT (id) DO UPDATE SET status = excluded.status, first_ms = excluded.first_ms, last_ms = excluded.last_ms,"
    " updated_ms = excluded.updated_ms, document = excluded.document",
)
ADD_MEMBERS: Final = inserting(campaign_members, "ON CONFLICT (campaign, kind, number) DO NOTHING")
REMOVE_MEMBERS: Final = deleting(campaign_members, ("campaign", "kind", "number"))


class Campaigns:
    def __init__(self, database: Database) -> None:
        self._database: Final = database

    def save(
        self,
        rows: Sequence[CampaignRow],
        joined: Iterable[CampaignMember] = (),
        left: Iterable[CampaignMember] = (),
    ) -> None:
        """Store what a run found in one transaction: campaigns as they are now, who joined them and who left."""
        given = {row.id: (row.id, row.status, row.first_ms, row.last_ms, row.updated_ms, row.document) for row in rows}
        changes = [
            Change(UPSERT, [given[id] for id in sorted(given)]),
            Change(REMOVE_MEMBERS, _members(left)),
            Change(ADD_MEMBERS, _members(joined)),
        ]
        if changes := [change for change in changes if change.rows]:
            self._database.commit(changes)

    def one(self, id: str) -> CampaignRow | None:
        with self._database.read() as connection:
            row = connection.execute(select(campaigns).where(c.id == id)).one_or_none()
        return None if row is None else _campaign(row)

    def all(self, status: Collection[str] = (), since_ms: int = 0, limit: int = 10_000) -> list[CampaignRow]:
        """In these states (any where none is given), active at an instant or later; the last active first."""
        query = select(campaigns).where(c.last_ms >= since_ms).order_by(c.last_ms.desc(), c.id).limit(limit)
        if status:
            query = query.where(c.status.in_(sorted(status)))
        with self._database.read() as connection:
            return [_campaign(row) for row in connection.execute(query)]

    def members(self, campaign: str, kind: str = "", limit: int = 100_000) -> list[CampaignMember]:
        query = select(campaign_members).where(m.campaign == campaign).order_by(m.kind, m.number).limit(limit)
        with self._database.read() as connection:
            found = connection.execute(query.where(m.kind == kind) if kind else query)
            return [CampaignMember(row.campaign, row.kind, row.number) for row in found]

    def of_number(self, number: str) -> list[CampaignMember]:
        """The campaigns in which a number is or was, by their ids."""
        query = select(campaign_members).where(m.number == number).order_by(m.campaign, m.kind)
        with self._database.read() as connection:
            return [CampaignMember(row.campaign, row.kind, row.number) for row in connection.execute(query)]

    def last_number(self, prefix: str) -> int:
        """The highest number among ids that begin so: 17 for CMP-2026- where CMP-2026-17 is the newest; else 0."""
        query = select(c.id).where(c.id.startswith(prefix, autoescape=True))
        query = query.order_by(func.length(c.id).desc(), c.id.desc()).limit(1)
        with self._database.read() as connection:
            found: str | None = connection.scalar(query)
        return 0 if found is None else int(found.removeprefix(prefix))


def _members(members: Iterable[CampaignMember]) -> list[tuple[str, str, str]]:
    return sorted({(each.campaign, each.kind, each.number) for each in members})


def _campaign(row: Row[Any]) -> CampaignRow:
    return CampaignRow(row.id, row.status, row.first_ms, row.last_ms, row.updated_ms, row.document)
