"""FraudService: what is said of calls, what is found in it, and what was done about it."""

from ratingd.api.fraud_alerts import FraudAlerts
from ratingd.api.fraud_campaigns import FraudCampaigns
from ratingd.api.fraud_cases import FraudCases
from ratingd.api.fraud_events import FraudEvents
from ratingd.api.fraud_inquiries import FraudInquiriesApi
from ratingd.api.fraud_lists import FraudLists
from ratingd.api.fraud_lookup import FraudLookup
from ratingd.api.fraud_parts import FraudParts
from ratingd.api.method import AnyMethod
from ratingd.api.threat_watch import ThreatWatches


def fraud_methods(parts: FraudParts) -> list[AnyMethod]:
    return [
        *FraudEvents(parts).methods(),
        *FraudInquiriesApi(parts).methods(),
        *FraudLookup(parts).methods(),
        *FraudAlerts(parts).methods(),
        *FraudCampaigns(parts).methods(),
        *FraudCases(parts).methods(),
        *FraudLists(parts).methods(),
        *ThreatWatches(parts.threats).methods(),
    ]
