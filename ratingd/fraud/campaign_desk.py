"""The campaign desk: every minute the suspect callers of the day are grouped, and each group is told by its name.

    calls ─▶ took(outcomes): who is flagged, and with what
    60 s  ─▶ run(): profiles of the suspects ─▶ groups ─▶ the campaigns of before, or new ones ─▶ store ─▶ alert
    asked ─▶ campaigns(), campaign(id), graph(id), campaign_of(number): what the last run found

A run reads the detector's memory a caller at a time and works on a thread of its own, so calls wait for it as little as
for each other. While traffic of before a start is still being counted there is no run: half of a campaign would look
like its end. Campaigns are stored with their callers, so a start goes on with them by their ids.

A new campaign is one alert, and one that has become worse than was told is told again. Alerts come after the store: a
crash between the two leaves a campaign that was not told, and the next run tells it.

Of several daemons on one database each finds the campaigns among the calls that it sees itself. They number them
together, and each goes on with those of the others where it finds the same callers.
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from ratingd import observe
from ratingd.fraud.alert import Alert
from ratingd.fraud.campaign_document import members, read, row, shown, shown_graph
from ratingd.fraud.desk import FraudDesk
from ratingd.fraud.suspect_flags import SuspectFlags
from ratingd.fraud.suspect_reading import SuspectReader
from ratingd.store.faults import StoreFault
from ratingd.store.model_rows import CampaignMember, CampaignRow
from triggers.campaigns.caller_profile import CallerProfile
from triggers.campaigns.campaign import CLOSED, DORMANT, LIVE, RISK_LEAST, STATUSES, Campaign, worse
from triggers.campaigns.campaign_book import CampaignBook, grouped
from triggers.campaigns.campaign_graph import CampaignGraph, joined
from triggers.watch.outcome import Outcome

EVERY_S: Final = 60.0
TASK: Final = "fraud.campaigns"
CAMPAIGN: Final = "campaign"
MS: Final = 1_000_000


class Campaigns(Protocol):
    """Where campaigns are stored."""

    def save(
        self, rows: Sequence[CampaignRow], joined: Iterable[CampaignMember] = (), left: Iterable[CampaignMember] = ()
    ) -> None: ...

    def one(self, id: str) -> CampaignRow | None: ...

    def all(self, status: Sequence[str] = (), since_ms: int = 0, limit: int = 10_000) -> list[CampaignRow]: ...

    def members(self, campaign: str, kind: str = "", limit: int = 100_000) -> list[CampaignMember]: ...

    def last_number(self, prefix: str) -> int: ...


class View:
    """What the last run found, for whoever asks meanwhile. Nothing in it changes."""

    def __init__(self, campaigns: Iterable[Campaign], at_ms: int) -> None:
        ordered = sorted(campaigns, key=lambda each: (-each.last_ms, each.id))
        self.shown: Final = {each.id: shown(each, at_ms) for each in ordered}
        self.graphs: Final[Mapping[str, CampaignGraph]] = {
            each.id: each.graph for each in ordered if each.graph is not None
        }
        self.of_number: Final = {
            number: each.id for each in reversed(ordered) if not each.merged_into for number in each.callers
        }


class CampaignDesk:
    """Thread-safe. `raised` takes an alert in and stores it, `alone` is held by one daemon on a database at a time."""

    def __init__(
        self,
        desk: FraudDesk,
        flags: SuspectFlags,
        store: Campaigns,
        risk: Callable[[str, int], float],
        raised: Callable[[Alert], object],
        *,
        alone: Callable[[str], AbstractContextManager[bool]],
        shared: bool,
        stopping: threading.Event,
        tenant: str = "",
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._desk: Final = desk
        self._flags: Final = flags
        self._store: Final = store
        self._raised: Final = raised
        self._alone: Final = alone
        self._shared: Final = shared
        self._stopping: Final = stopping
        self._tenant: Final = tenant
        self._clock: Final = clock
        self._reader: Final = SuspectReader(desk.watch, desk.lock, risk, stopping)
        self._one: Final = threading.Lock()  # a run at a time
        self._book = CampaignBook()
        self._told: dict[str, str] = {}  # by id: the highest severity that an alert told
        self._stored: dict[str, str] = {}  # by id: the document on disk
        self._members: dict[str, set[CampaignMember]] = {}  # by id: those on disk
        self._view = View((), 0)

    # -- asked

    def campaigns(self, status: str = "", limit: int = 100) -> list[dict[str, Any]]:
        """In a state, or all; the last active first."""
        view = self._view
        found = [each for each in view.shown.values() if status in ("", each["status"])]
        if status in ("", CLOSED) and len(found) < limit:
            closed = self._store.all((CLOSED,), limit=limit)
            found += [self._read_shown(each) for each in closed if each.id not in view.shown]
        return sorted(found, key=lambda each: (-each["last_seen"], each["id"]))[:limit]

    def campaign(self, id: str) -> dict[str, Any] | None:
        known = self._view.shown.get(id)
        if known is not None:
            return known
        stored = self._store.one(id)
        return None if stored is None else self._read_shown(stored)

    def graph(self, id: str | None = None) -> dict[str, Any] | None:
        """Of one campaign; of all that are not closed; None where there is none of that id."""
        if not id:
            return shown_graph(joined(list(self._view.graphs.values())))
        graph = self._view.graphs.get(id)
        if graph is None and (stored := self._store.one(id)) is not None:
            graph = read(stored, ())[0].graph
        return None if graph is None else shown_graph(graph)

    def campaign_of(self, number: str) -> dict[str, Any] | None:
        """The one that a caller takes part in, and that is not closed."""
        view = self._view
        id = view.of_number.get(self._desk.key_of("a", number))
        return None if id is None else view.shown[id]

    def callers(self, id: str) -> list[str]:
        """Who takes, or last took, part in one."""
        return [member.number for member in self._store.members(id, "caller")]

    @property
    def active(self) -> int:
        """Campaigns that are Emerging or Active."""
        return len([each for each in self._view.shown.values() if each["status"] in LIVE])

    @property
    def risk_total(self) -> float:
        """The sum of their risks."""
        return float(sum([each["risk_score"] for each in self._view.shown.values() if each["status"] in LIVE]))

    # -- told

    def took(self, outcomes: Sequence[Outcome]) -> None:
        """These calls have been judged."""
        self._flags.took(outcomes)

    def load(self) -> None:
        """At the start: what is stored of campaigns that are not closed, and of who is flagged."""
        with self._one:
            self._flags.load(self._now_ms())
            self._load()
            self._view = View(self._book.campaigns.values(), self._now_ms())

    # -- each minute

    def run(self) -> None:
        """Group the suspect callers of the day. A store that is away means later."""
        with self._one:
            if self._desk.rebuilding:
                return
            try:
                self._run(self._now_ms())
            except StoreFault as fault:
                observe.event("fraud.campaigns_wait", error=str(fault))

    def _run(self, at_ms: int) -> None:
        profiles = self._reader.read(self._flags.suspects(at_ms), at_ms)
        if self._stopping.is_set():
            return
        groups = grouped(profiles, at_ms)
        if not groups and not self._book.campaigns and not self._shared:
            return
        with self._alone(TASK) as ours:
            if not ours:
                return
            if self._shared:
                self._load()
            self._name(groups, profiles, at_ms)
            self._save(at_ms)
            self._view = View(self._book.campaigns.values(), at_ms)  # an alert asks whose caller is in which
            if self._tell(at_ms):
                self._save(at_ms)
            self._forget(at_ms)
        self._view = View(self._book.campaigns.values(), at_ms)

    def _name(self, groups: list[list[CallerProfile]], profiles: list[CallerProfile], at_ms: int) -> None:
        year = datetime.fromtimestamp(at_ms / 1000, UTC).year
        last = self._last_number(f"CMP-{year}-")
        for campaign in self._book.take(groups, profiles, at_ms, year, last):
            observe.event(
                "fraud.campaign", id=campaign.id, title=campaign.name, severity=campaign.severity,
                callers=len(campaign.callers), affected=campaign.affected,
            )  # fmt: skip

    def _last_number(self, prefix: str) -> int:
        """Of those that are stored, and of those that could not be yet."""
        kept = [each.seq for each in self._book.campaigns.values() if each.id.startswith(prefix)]
        return max([self._store.last_number(prefix), *kept])

    def _save(self, at_ms: int) -> None:
        rows, came, left = [], set[CampaignMember](), set[CampaignMember]()
        for campaign in self._book.campaigns.values():
            now = row(campaign, self._told.get(campaign.id, ""), at_ms)
            before, belong = self._members.get(campaign.id, set()), members(campaign)
            if self._stored.get(campaign.id) != _compared(now) or before != belong:
                rows.append(now)
                came |= belong - before
                left |= before - belong
        self._store.save(rows, came, left)
        for each in rows:
            self._stored[each.id] = _compared(each)
            self._members[each.id] = members(self._book.campaigns[each.id])

    def _tell(self, at_ms: int) -> bool:
        """Raise alerts for what is new, or has become worse than was told; whether there was any."""
        any_told = False
        for campaign in self._book.campaigns.values():
            told = self._told.get(campaign.id, "")
            live = campaign.status(at_ms) not in (CLOSED, DORMANT)
            if live and (not told or worse(campaign.severity, told)):
                self._raised(_alert(campaign, campaign.created_ms if not told else at_ms, at_ms, self._tenant))
                self._told[campaign.id] = campaign.severity
                any_told = True
        return any_told

    def _forget(self, at_ms: int) -> None:
        """What is closed is on disk alone."""
        self._book.let_go(at_ms)
        for known in (self._told, self._stored, self._members):
            for id in [id for id in known if id not in self._book.campaigns]:
                del known[id]

    # -- inside

    def _load(self) -> None:
        book = CampaignBook()
        told, documents, belonging = dict[str, str](), dict[str, str](), dict[str, set[CampaignMember]]()
        for stored in self._store.all([each for each in STATUSES if each != CLOSED]):
            belong = self._store.members(stored.id)
            book.campaigns[stored.id], told[stored.id] = read(stored, belong)
            documents[stored.id], belonging[stored.id] = _compared(stored), set(belong)
        self._book, self._told, self._stored, self._members = book, told, documents, belonging

    def _read_shown(self, stored: CampaignRow) -> dict[str, Any]:
        campaign, _ = read(stored, self._store.members(stored.id, "caller"))
        return shown(campaign, self._now_ms())

    def _now_ms(self) -> int:
        return self._clock() // MS


def _compared(stored: CampaignRow) -> str:
    """All of a row but when it was written."""
    return f"{stored.status} {stored.first_ms} {stored.last_ms} {stored.document}"


def _alert(campaign: Campaign, first_ms: int, at_ms: int, tenant: str) -> Alert:
    people = "person" if campaign.affected == 1 else "people"
    return Alert(
        campaign.severity,
        f"Campaign {campaign.id}: {campaign.name}",
        f"{len(campaign.callers)} callers act together; they called {campaign.affected} {people}, "
        f"{campaign.velocity:g} calls a minute in the last five. "
        f"{campaign.fraud_type} is {100 * campaign.confidence:.0f} % likely.",
        CAMPAIGN, campaign.fraud_type, CAMPAIGN, campaign.id, at_ms, first_ms, max(first_ms, at_ms),
        value=campaign.risk, threshold=RISK_LEAST, tenant=tenant,
        explanations=[
            _line("members", len(campaign.callers), 5, f"{len(campaign.callers)} callers behave alike"),
            _line("affected_users", campaign.affected, 50, f"{campaign.affected} {people} were called"),
            _line("risk", campaign.risk, RISK_LEAST, f"their mean risk is {campaign.risk:g} of 100"),
        ],
    )  # fmt: skip


def _line(feature: str, value: float, baseline: float, text: str) -> dict[str, Any]:
    direction = "raises" if value >= baseline else "neither"
    return {
        "feature": feature, "value": value, "baseline": baseline, "contribution": 0.0, "direction": direction,
        "text": text,
    }  # fmt: skip
