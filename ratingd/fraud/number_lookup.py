"""Number lookup: everything that is known of a number, for somebody who wonders whether to talk to it.

"00371 900 12345" is +37190012345: DANGEROUS, 100 of 100, Wangiri, a premium-rate number of Latvia, on the blacklist by
its prefix, reported by four people, last active three minutes ago. A number that never called anybody here is SAFE.

What it does, which runs it took part in and what rules say of it are asked of the desk and of the store; what is
thought of it then is decided in `triggers.lookup.standing`. Who is called is no suspect: the victim of a masking run is
as safe as ever.
"""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from ratingd.fraud.alert import FALSE_POSITIVE
from ratingd.fraud.asked_number import read_number
from ratingd.fraud.campaigns import Campaigns, Document
from ratingd.fraud.desk import FraudDesk
from ratingd.fraud.last_active import last_attempt_ms
from ratingd.store.fraud_rows import AlertRow, FlaggedCallRow, IncidentRow, StoredRecord
from triggers.lookup.caller_score import CallerScore
from triggers.lookup.report_score import Complaints
from triggers.lookup.standing import Evidence, Standing, standing
from triggers.lookup.subscriber import Subscriber, subscriber
from triggers.numbers.emergency import CODE_DIGITS_MAX
from triggers.numbers.number import NO_NUMBER, Number
from triggers.numbers.number_list import BLACKLIST, ListEntry

MS: Final = 1_000_000
DAY_MS: Final = 86_400_000
ALERTS_MAX: Final = 20
CALLS_MAX: Final = 100
RUNS_MAX: Final = 5
CALLER_KINDS: Final = ("a_number", "a_range")
A_LIST: Final = (BLACKLIST, "masking")  # they say what was done, or what is asked for apart, and no fraud type


class Shelf(Protocol):
    def alerts(self, *, subject: str = "", since_ms: int = 0, limit: int = 50) -> Sequence[AlertRow]: ...

    def records(self, *, number: str = "", a: str = "", since_ms: int = 0, limit: int = 100) -> list[StoredRecord]: ...

    def flagged_by(self, a_number: str, since_ms: int = 0, limit: int = 100) -> Sequence[FlaggedCallRow]: ...

    def incidents_of(self, ids: Sequence[str]) -> Sequence[IncidentRow]: ...


@dataclass(frozen=True, slots=True)
class Checked:
    """`last_ms` 0: never. `behaviour` is what its own calls score."""

    number: str
    standing: Standing
    subscriber: Subscriber
    reports: int
    last_ms: int
    campaign_id: str
    behaviour: CallerScore
    lists: tuple[ListEntry, ...]


class NumberLookup:
    """Thread-safe. `score` says how suspect a caller is at an instant; `knn`, how much his last call is like a scam,
    is set by whoever has a model for it."""

    def __init__(
        self,
        desk: FraudDesk,
        shelf: Shelf,
        complaints: Callable[[str], Complaints],
        campaigns: Callable[[], Campaigns],
        score: Callable[[str, int], CallerScore],
        *,
        dangerous: float = 85,
        suspicious: float = 50,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._desk: Final = desk
        self._shelf: Final = shelf
        self._complaints: Final = complaints
        self._campaigns: Final = campaigns
        self._dangerous: Final = dangerous
        self._suspicious: Final = suspicious
        self._clock: Final = clock
        self._score: Final = score
        self.knn: Callable[[str, int], float] = _unknown

    def check(self, asked: str) -> Checked:
        """What is known of a number, however it is written. Raises NotANumber."""
        number, now_ms = read_number(self._desk.numbers, asked), self._clock() // MS
        campaign = self._campaigns().campaign_of(number.text)
        known = self._evidence(number, campaign, now_ms)
        short = number.digits == "" and number.text.isdecimal() and len(number.text) <= CODE_DIGITS_MAX
        return Checked(
            number.text,
            standing(known, self._dangerous, self._suspicious),
            subscriber(number.digits, number.region, short=short, emergency=number.emergency),
            known.complaints.reporters,
            self._last_ms(number.text, now_ms),
            known.campaign_id,
            known.behaviour,
            known.listed,
        )

    def number(self, asked: str) -> str:
        """How a number is counted and stored. Raises NotANumber."""
        return read_number(self._desk.numbers, asked).text

    def _evidence(self, number: Number, campaign: Document | None, now_ms: int) -> Evidence:
        known = Evidence(self._score(number.text, now_ms), self._complaints(number.text))
        known.emergency = number.emergency
        known.masking = self._masking(number.text, now_ms)
        known.knn = self.knn(number.text, now_ms)
        known.listed = self._listed(number, now_ms)
        known.rule_types = self._rule_types(number, now_ms)
        if campaign is not None:
            known.campaign_id, known.campaign_risk = str(campaign["id"]), float(campaign["risk_score"])
            known.campaign_type = str(campaign["fraud_type"])
        return known

    def _masking(self, text: str, now_ms: int) -> float:
        """The highest probability of its calls within a day: what they were told, and what their runs came to."""
        since_ms = now_ms - DAY_MS
        records = [each.record for each in self._shelf.records(a=text, since_ms=since_ms, limit=CALLS_MAX)]
        told = [record.probability for record in records if not self._spares(record.b, now_ms)]
        flagged = self._shelf.flagged_by(text, since_ms, CALLS_MAX)
        runs = list(dict.fromkeys([call.incident_id for call in flagged if call.incident_id]))[:RUNS_MAX]
        found = self._shelf.incidents_of(runs) if runs else ()
        return max([*told, *[float(json.loads(run.document)["probability_max"]) for run in found]], default=0.0)

    def _spares(self, b: str, now_ms: int) -> bool:
        """Whether nothing is made of how often a number is called at once."""
        entry = self._desk.watch.lists.b_whitelisted(Number(b, digits=b.removeprefix("+")), now_ms)
        return entry is not None and entry.spares

    def _listed(self, number: Number, now_ms: int) -> tuple[ListEntry, ...]:
        lists = self._desk.watch.lists
        found = (
            lists.blacklisted(number, NO_NUMBER, "", now_ms),
            lists.a_whitelisted(number, "", now_ms),
            lists.b_whitelisted(number, now_ms),
        )
        return tuple([entry for entry in found if entry is not None])

    def _rule_types(self, number: Number, now_ms: int) -> tuple[str, ...]:
        """Of rules that held for it, or for its range, as a caller; the newest first."""
        since_ms, found = now_ms - DAY_MS, list[AlertRow]()
        for subject in (number.text, number.range):
            if subject:
                found += self._shelf.alerts(subject=subject, since_ms=since_ms, limit=ALERTS_MAX)
        found.sort(key=lambda row: -row.last_ms)
        types = [row.fraud_type for row in found if row.subject_kind in CALLER_KINDS and row.status != FALSE_POSITIVE]
        return tuple(dict.fromkeys([each for each in types if each not in A_LIST]))

    def _last_ms(self, text: str, now_ms: int) -> int:
        """When it last took part in a call."""
        newest = self._shelf.records(number=text, limit=1)
        told = max(newest[0].record.start_ms, newest[0].record.end_ms) if newest else 0
        return max(told, last_attempt_ms(self._desk, text, now_ms))


def _unknown(number: str, at_ms: int) -> float:
    return 0.0
