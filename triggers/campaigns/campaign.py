"""Campaigns: callers that act together, under one name, for as long as they do.

CMP-2026-12, "Wangiri +371 #12": eight callers of mean risk 85 called 470 numbers since 10:00, 16 calls a minute in the
last five minutes. That is HIGH, for the risk is 85 or more (CRITICAL from 95 on, MEDIUM from 75) or at least 250 people
are affected (1,000; 50): whichever is worse.

    found once                     Emerging
    found again                    Active
    no call of any member for 1 h  Dormant
    for 24 h                       Closed; and so is one that has become part of another

The risk of a member is what his behaviour scores, or what the severity of a rule that held for him stands for (MEDIUM
75, HIGH 85, CRITICAL 95), whichever is more: a rule of severity HIGH gives a campaign of severity HIGH.

A region is where the calls went; its threat is the campaign's risk in the region that most calls went to, and less in
the others by their share of that. `affected` never falls: who was called yesterday was called.
"""

from dataclasses import dataclass, field
from typing import Final

from triggers.campaigns.caller_profile import CallerProfile
from triggers.campaigns.campaign_graph import CampaignGraph, graph
from triggers.campaigns.fraud_type import UNKNOWN, fraud_type
from triggers.traffic.distinct_count import DistinctCount

EMERGING: Final = "Emerging"
ACTIVE: Final = "Active"
DORMANT: Final = "Dormant"
CLOSED: Final = "Closed"
STATUSES: Final = (EMERGING, ACTIVE, DORMANT, CLOSED)
LIVE: Final = (EMERGING, ACTIVE)
DORMANT_MS: Final = 3_600_000
CLOSED_MS: Final = 24 * 3_600_000
RECENT_MINUTES: Final = 5
SEVERITIES: Final = (("CRITICAL", 95.0, 1_000), ("HIGH", 85.0, 250), ("MEDIUM", 75.0, 50))
LOWEST: Final = "LOW"
RISK_LEAST: Final = 70.0  # from this risk on a caller takes part in clustering, flagged or not
REGIONS_MAX: Final = 50


@dataclass(slots=True)
class Region:
    name: str
    calls: int
    threat: float  # 0 to 100


@dataclass(slots=True)
class Campaign:
    """`callers` and `called` are those of the last run that found it. Times are ms; `seq` counts within a year."""

    id: str
    seq: int
    created_ms: int
    first_ms: int
    last_ms: int
    name: str = ""
    fraud_type: str = UNKNOWN
    confidence: float = 0.0
    risk: float = 0.0
    affected: int = 0
    calls: int = 0
    velocity: float = 0.0
    density: float = 0.0
    runs: int = 0
    regions: list[Region] = field(default_factory=list)
    callers: frozenset[str] = frozenset()
    called: frozenset[str] = frozenset()
    merged_into: str = ""
    split_from: str = ""
    graph: CampaignGraph | None = None

    @property
    def severity(self) -> str:
        return severity(self.risk, self.affected)

    def status(self, at_ms: int) -> str:
        silent_ms = at_ms - self.last_ms
        if self.merged_into or silent_ms >= CLOSED_MS:
            return CLOSED
        if silent_ms >= DORMANT_MS:
            return DORMANT
        return EMERGING if self.runs < 2 else ACTIVE

    def found(self, members: list[CallerProfile]) -> None:
        """A run found these callers to be it."""
        called = called_by(members)
        self.runs += 1
        kind = fraud_type(members)
        self.fraud_type, self.confidence = kind.name, round(kind.confidence, 3)
        self.risk = round(sum([one.risk for one in members]) / len(members), 1)
        self.callers = frozenset([one.number for one in members])
        self.called = called
        self.first_ms = min(self.first_ms, min([one.first_ms for one in members]))
        self.last_ms = max(self.last_ms, max([one.last_ms for one in members]))
        self.calls = sum([one.calls for one in members])
        self.velocity = round(sum([one.recent_calls for one in members]) / RECENT_MINUTES, 3)
        now = affected(members, called)
        self.affected = max(self.affected, now)
        self.regions = regions(members, self.risk)
        self.name = _name(kind.title, members, self.seq)
        self.graph = graph(self.id, self.risk, members, now, self.velocity)
        self.density = round(self.graph.density, 6)

    def seen(self, members: list[CallerProfile]) -> None:
        """Not found as a group, but these callers of it went on calling."""
        for one in members:
            self.last_ms = max(self.last_ms, one.last_ms)
        self.velocity = round(sum([one.recent_calls for one in members]) / RECENT_MINUTES, 3)


def severity(risk: float, affected: int) -> str:
    for name, risk_least, affected_least in SEVERITIES:
        if risk >= risk_least or affected >= affected_least:
            return name
    return LOWEST


def worse(one: str, other: str) -> bool:
    """Whether a severity is above another."""
    order = [LOWEST, *[name for name, _, _ in reversed(SEVERITIES)]]
    return order.index(one) > order.index(other)


def affected(members: list[CallerProfile], known: frozenset[str]) -> int:
    """Different numbers called: those known, where it is known whom each caller called, else to about 1.6 %."""
    if all(one.called_total == len(one.called) for one in members):
        return len(known)
    together = DistinctCount()
    for one in members:
        if one.called_count is not None:
            together.join(one.called_count)
    return max(len(known), together.count())


def regions(members: list[CallerProfile], risk: float) -> list[Region]:
    """Where the calls went, the most first."""
    calls = dict[str, float]()
    for one in members:
        for name, count in one.regions.items():
            calls[name] = calls.get(name, 0.0) + count
    most = max(calls.values(), default=1.0)
    found = [Region(name, max(1, round(count)), round(risk * count / most, 1)) for name, count in calls.items()]
    return sorted(found, key=_most_calls)[:REGIONS_MAX]


def _most_calls(region: Region) -> tuple[int, str]:
    return (-region.calls, region.name)


def called_by(members: list[CallerProfile]) -> frozenset[str]:
    """Whom they called, as far as it is known."""
    return frozenset[str]().union(*[one.called for one in members])


def _name(title: str, members: list[CallerProfile], seq: int) -> str:
    """Type, where most callers are from, and number."""
    countries = dict[int, int]()
    for one in members:
        countries[one.country] = countries.get(one.country, 0) + 1
    best, most = 0, 0
    for country in sorted(countries):
        if country and countries[country] > most:
            best, most = country, countries[country]
    return f"{title} +{best} #{seq}" if best else f"{title} #{seq}"
