"""Investigation: what people ask of one number, one campaign or one case, put together over the desk and the store.

    found = Investigation(desk, store, alerts, settings)
    found.lookup.check("00371 900 12345")       # DANGEROUS
    found.reports.report(…)                     # another user was rung by it
    found.explaining.explain("x5")              # why a call was cut
    found.losses.ranked(alerts)                 # which may cost most
    found.cases.case("17", "ann")               # all of it on one page

Campaigns, scores and the tariff come from others, who say so when they are there: `follow`, `scored_by`, `priced_by`.
"""

import time
from collections.abc import Callable
from typing import Final

from accounts.charge import ChargeRules
from actions.folder import EMPTY_PLAN_BOOK
from ratingd.fraud.alert import Alert
from ratingd.fraud.alert_book import AlertBook
from ratingd.fraud.campaigns import Campaigns, NoCampaigns
from ratingd.fraud.case import CAMPAIGN
from ratingd.fraud.case_evidence import CaseEvidence
from ratingd.fraud.cases import CaseBook
from ratingd.fraud.desk import FraudDesk
from ratingd.fraud.explained import Explaining
from ratingd.fraud.losses import Losses, PriceTerms
from ratingd.fraud.number_lookup import NumberLookup
from ratingd.fraud.reports import NumberReports
from ratingd.settings import Settings
from ratingd.store.store import Store
from tariffs.tariff import Tariff
from tariffs.zone import zone
from triggers.lookup.caller_score import CallerScore, by_rules

A_NUMBER: Final = "a_number"


class Investigation:
    """Thread-safe."""

    def __init__(
        self,
        desk: FraudDesk,
        store: Store,
        alerts: AlertBook,
        settings: Settings,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._tariff: Callable[[], Tariff] = lambda: EMPTY_PLAN_BOOK.tariff
        self.campaigns: Campaigns = NoCampaigns()
        self.score: Callable[[str, int], CallerScore] = lambda number, at_ms: by_rules(desk.risk(number, at_ms))
        self._alerts: Final = alerts
        key = settings.number_key.get_secret_value()
        self.reports: Final = NumberReports(store.number_reports, desk.numbers, key, clock)
        self.lookup: Final = NumberLookup(
            desk, store.fraud, self.reports.complaints, lambda: self.campaigns, self._score,
            dangerous=settings.risk_dangerous, suspicious=settings.risk_suspicious, clock=clock,
        )  # fmt: skip
        self.explaining: Final = Explaining(desk, store.fraud, self._score)
        self.losses: Final = Losses(desk, store.fraud, store, lambda: self._tariff(), price_terms(settings))
        evidence = CaseEvidence(store, self.lookup, self.explaining, self.losses, desk.blocks)
        self.cases: Final = CaseBook(store, alerts, evidence, lambda: self.campaigns, clock)

    def follow(self, campaigns: Campaigns) -> None:
        """Ask these for campaigns, also for those of alerts."""
        self.campaigns = campaigns
        self._alerts.clustered_by(self._campaign_of)

    def priced_by(self, tariff: Callable[[], Tariff]) -> None:
        """Price what may be lost by this tariff, which is the one in force."""
        self._tariff = tariff

    def scored_by(self, score: Callable[[str, int], CallerScore]) -> None:
        """Let this say how suspect a caller is, instead of the rules."""
        self.score = score

    def _score(self, number: str, at_ms: int) -> CallerScore:
        return self.score(number, at_ms)

    def _campaign_of(self, alert: Alert) -> str:
        """The one it is about, or that of its caller."""
        if alert.subject_kind == CAMPAIGN:
            return alert.subject
        caller = alert.subject if alert.subject_kind == A_NUMBER else alert.caller_id
        found = self.campaigns.campaign_of(caller) if caller else None
        return "" if found is None else str(found["id"])


def price_terms(settings: Settings) -> PriceTerms:
    rules = ChargeRules(
        decimals=settings.rounding_decimals,
        fallback_depth=settings.fallback_depth,
        prefix_matching=settings.rp_subject_prefix_matching,
    )
    return PriceTerms(
        rules, settings.default_tenant, settings.default_category, zone(settings.default_timezone), settings.currency
    )
