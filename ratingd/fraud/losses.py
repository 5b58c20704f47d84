"""Losses: what alerts may still cost, by the tariff in force and the balances of now.

Alert 17 is about account 1001, which called +37190012345 and +88299123: the tariff says 2.00 and 5.10 a minute, the
store that 50.00 are left. Alert 18 is a masking run of five callers; each of their accounts is looked at. What five
hundred alerts need is read in a few statements, however many calls carried them.

How probable an alert is says the score of its masking run or of its campaign, or, where it has neither, its severity:
LOW 0.25, MEDIUM 0.5, HIGH 0.75, CRITICAL 0.95.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from accounts.account import Account, AccountKey
from accounts.called_number import CalledNumber
from accounts.charge import ChargeRules
from accounts.document import account_from_text
from ratingd.fraud.alert import SEVERITIES, Alert
from ratingd.fraud.desk import FraudDesk
from ratingd.store.fraud_rows import IncidentRow
from ratingd.store.rows import AccountRow
from tariffs.cost import cost
from tariffs.span import VOICE, RatingQuery, Unrated
from tariffs.tariff import Tariff
from tariffs.zone import Zone
from triggers.calls.call_record import CallRecord
from triggers.lookup.expected_loss import MINUTE_NS, NOT_PRICED, ExpectedLoss, Exposure, expected_loss, exposure

RANKED_MAX: Final = 500  # alerts that are compared, the newest
CALLS_MAX: Final = 5  # calls of each that are looked at
SURE: Final = {"LOW": 0.25, "MEDIUM": 0.5, "HIGH": 0.75, "CRITICAL": 0.95}
SCORES: Final = ("campaign", "score.")  # detectors whose value is a risk of 0 to 100
ANY_DESTINATION: Final = ""

Called = dict[AccountKey, list[str]]  # digits that each account called


class Shelf(Protocol):
    def records_of(self, call_ids: Sequence[str]) -> Sequence[CallRecord]: ...

    def incidents_of(self, ids: Sequence[str]) -> Sequence[IncidentRow]: ...


class Accounts(Protocol):
    def accounts(self, keys: Iterable[AccountKey]) -> Mapping[AccountKey, AccountRow]: ...


@dataclass(frozen=True, slots=True)
class PriceTerms:
    """How calls are priced that nobody has charged yet."""

    rules: ChargeRules
    tenant: str
    category: str
    zone: Zone
    currency: str


class Losses:
    """Thread-safe. `tariff` gives the one in force."""

    def __init__(
        self, desk: FraudDesk, shelf: Shelf, accounts: Accounts, tariff: Callable[[], Tariff], terms: PriceTerms
    ) -> None:
        self._desk: Final = desk
        self._shelf: Final = shelf
        self._accounts: Final = accounts
        self._tariff: Final = tariff
        self._terms: Final = terms

    @property
    def currency(self) -> str:
        return self._terms.currency

    def ranked(self, alerts: Sequence[Alert]) -> list[tuple[Alert, ExpectedLoss]]:
        """Those first of which most may be lost; of equals the more severe, then the newer."""
        found = list(zip(alerts, self.of(alerts), strict=True))
        return sorted(found, key=lambda each: (-each[1].loss_nano, -SEVERITIES.index(each[0].severity), -each[0].id))

    def of(self, alerts: Sequence[Alert]) -> list[ExpectedLoss]:
        """What each of these may cost."""
        records = {each.call_id: each for each in self._shelf.records_of(_calls(alerts))}
        runs = self._shelf.incidents_of([alert.incident_id for alert in alerts if alert.incident_id])
        masked = {run.id: float(json.loads(run.document)["probability_max"]) for run in runs}
        called = [self._called(alert, records) for alert in alerts]
        keys = sorted({key for each in called for key in each})
        stored = self._accounts.accounts(keys)
        read = {key: account_from_text(row.document) for key, row in stored.items() if row.document is not None}
        return [
            expected_loss(_probability(alert, masked), self._exposures(each, read))
            for alert, each in zip(alerts, called, strict=True)
        ]

    def _called(self, alert: Alert, records: Mapping[str, CallRecord]) -> Called:
        """Who paid for its calls, and whom he called."""
        found: Called = {}
        for call_id in alert.call_ids[:CALLS_MAX]:
            payer, digits = self._of_call(call_id, records.get(call_id))
            if payer is not None:
                found.setdefault(payer, []).append(digits)
        if alert.account:
            key = AccountKey(alert.tenant or self._terms.tenant, alert.account)
            return {key: found.get(key, [ANY_DESTINATION])}
        return found

    def _of_call(self, call_id: str, record: CallRecord | None) -> tuple[AccountKey | None, str]:
        """Of a call that is over, or goes on."""
        if record is not None:
            key = AccountKey(record.tenant or self._terms.tenant, record.account or record.a)
            return key, record.b[1:] if record.b.startswith("+") else ""
        with self._desk.lock:
            call = self._desk.watch.traffic.call(call_id)
        if call is None:
            return None, ""
        first = call.first
        return AccountKey(first.tenant or self._terms.tenant, first.account or first.a.text), first.b.digits

    def _exposures(self, called: Called, accounts: Mapping[AccountKey, Account]) -> list[Exposure]:
        """Of each account that is known here, on the dearest number that it called."""
        found = list[Exposure]()
        for key, numbers in called.items():
            account = accounts.get(key)
            if account is not None:
                each = [self._exposure(account, digits) for digits in dict.fromkeys(numbers)]
                found.append(max(each, key=lambda one: (one.loss_nano, one.price_nano)))
        return found

    def _exposure(self, account: Account, digits: str) -> Exposure:
        tariff, now_ns = self._tariff(), self._desk.clock()
        return exposure(account, CalledNumber(tariff, digits), self._price(tariff, account.key, digits, now_ns), now_ns)

    def _price(self, tariff: Tariff, key: AccountKey, digits: str, now_ns: int) -> int:
        """Of a minute now, without a connect fee."""
        if not digits:
            return NOT_PRICED
        terms, rules = self._terms, self._terms.rules
        query = RatingQuery(
            key.tenant, terms.category, key.account, digits, VOICE, now_ns, now_ns + MINUTE_NS, MINUTE_NS, terms.zone
        )
        found = cost(
            tariff, query, loop_index=1, decimals=rules.decimals, fallback_depth=rules.fallback_depth,
            prefix_matching=rules.prefix_matching,
        )  # fmt: skip
        return NOT_PRICED if isinstance(found, Unrated) else found.total


def _probability(alert: Alert, masked: Mapping[str, float]) -> float:
    if alert.detector.startswith(SCORES):
        return min(1.0, max(0.0, alert.value / 100))
    return masked.get(alert.incident_id) or SURE[alert.severity]


def _calls(alerts: Sequence[Alert]) -> list[str]:
    return list(dict.fromkeys([call_id for alert in alerts for call_id in alert.call_ids[:CALLS_MAX]]))
