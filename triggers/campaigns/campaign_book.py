"""The campaign book: the campaigns that are known, and what a run over the callers of the day makes of them.

    10:00  eight callers are a group nobody knows: CMP-2026-12, Emerging
    10:01  seven of them and two more are one: CMP-2026-12, Active
    10:02  they are in one group with the callers of CMP-2026-9, which is older: CMP-2026-12 is Closed, merged into it
    11:30  nobody of CMP-2026-9 has called for an hour: Dormant; he who calls again at 12:00 finds it under its id

Clustering comes before (`grouped`): callers near each other by what they do, and clusters linked by whom they call.
"""

from typing import Final

from triggers.campaigns.caller_points import points
from triggers.campaigns.caller_profile import CallerProfile
from triggers.campaigns.campaign import CLOSED, Campaign, called_by
from triggers.campaigns.density_clusters import density_clusters
from triggers.campaigns.identity import Group, Identity, Named, identities
from triggers.campaigns.linkage import linked


def grouped(profiles: list[CallerProfile], at_ms: int) -> list[list[CallerProfile]]:
    """The callers that act together, the largest group first; who acts alone is in none."""
    clusters = [[profiles[place] for place in places] for places in density_clusters(points(profiles))]
    return linked(clusters, at_ms)


class CampaignBook:
    """`campaigns` by id: all that are not closed, and those that a run has closed until `let_go`."""

    __slots__ = ("campaigns",)

    def __init__(self) -> None:
        self.campaigns: Final[dict[str, Campaign]] = {}

    def take(
        self, groups: list[list[CallerProfile]], profiles: list[CallerProfile], at_ms: int, year: int, last_seq: int
    ) -> list[Campaign]:
        """What a run found, of the callers that it looked at: the new campaigns, which are numbered from `last_seq`
        on."""
        known = sorted(self._open(at_ms), key=_age)
        before = [Named(each.id, rank, each.callers, each.called) for rank, each in enumerate(known)]
        now = [Group(_numbers(members), called_by(members)) for members in groups]
        new, found = list[Campaign](), set[str]()
        for members, identity in zip(groups, identities(now, before), strict=True):
            campaign = self.campaigns.get(identity.id)
            if campaign is None:
                last_seq += 1
                campaign = self._new(f"CMP-{year}-{last_seq}", last_seq, members, at_ms, identity)
                new.append(campaign)
            self._merge(campaign, identity)
            campaign.found(members)
            found.add(campaign.id)
        self._note_seen(profiles, found)
        return new

    def let_go(self, at_ms: int) -> None:
        """Forget what is closed."""
        for id in [id for id, each in self.campaigns.items() if each.status(at_ms) == CLOSED]:
            del self.campaigns[id]

    def _open(self, at_ms: int) -> list[Campaign]:
        return [each for each in self.campaigns.values() if each.status(at_ms) != CLOSED]

    def _new(self, id: str, seq: int, members: list[CallerProfile], at_ms: int, identity: Identity) -> Campaign:
        last_ms = max([one.last_ms for one in members])
        campaign = Campaign(id, seq, at_ms, at_ms, last_ms, split_from=identity.split_from)
        self.campaigns[id] = campaign
        return campaign

    def _merge(self, campaign: Campaign, identity: Identity) -> None:
        for id in identity.merged:
            other = self.campaigns[id]
            other.merged_into = campaign.id
            campaign.first_ms = min(campaign.first_ms, other.first_ms)
            campaign.affected = max(campaign.affected, other.affected)

    def _note_seen(self, profiles: list[CallerProfile], found: set[str]) -> None:
        """Campaigns that were not found as groups go on while their callers call."""
        by_number = {one.number: one for one in profiles}
        for campaign in self.campaigns.values():
            if campaign.id not in found and not campaign.merged_into:
                campaign.seen([by_number[number] for number in campaign.callers if number in by_number])


def _age(campaign: Campaign) -> tuple[int, int]:
    return (campaign.created_ms, campaign.seq)


def _numbers(members: list[CallerProfile]) -> frozenset[str]:
    return frozenset([one.number for one in members])
