"""Inquiries: what people and programs ask of fraud detection while it runs, and what they change.

`POST /api/v1/analyze` asks what is thought of a call that is not counted; `GET /api/v1/metrics/+4930111` how a number
is called; an operator widens the window to ten seconds, or puts a number on a list. All of it holds the desk's lock for
as long as it takes to look, and what is changed holds from the next event on.
"""

import threading
import time
from collections.abc import Callable
from typing import Final

from accounts.account import AccountKey
from ratingd import observe
from ratingd.errors import InvalidRequest
from ratingd.fraud.charged_event import called
from ratingd.fraud.figures import FraudFigures
from ratingd.fraud.guard import Guard
from ratingd.fraud.model_reasons import ModelReasons
from ratingd.fraud.pseudonym import MARK
from triggers.calls.call_event import INVITE, NO_DETAILS, CallEvent, EventDetails
from triggers.numbers.number_list import NumberLists
from triggers.numbers.number_reading import NumberReader
from triggers.rules.rule_book import RuleBook
from triggers.traffic.traffic import CallCentre
from triggers.watch.analysis import Analysis, WhatIf, analyze, risk_of_caller
from triggers.watch.fraud_watch import FraudWatch
from triggers.watch.live_scores import MASKING_MODEL
from triggers.watch.rule_score import CALLERS, RuleScore

MS: Final = 1_000_000
WINDOW_MS: Final = (1_000, 60_000)
THRESHOLDS: Final = (2, 100)
NUMBERS: Final = ("a", "b")


class FraudInquiries:
    """Thread-safe. `lock` is held by whoever touches `watch`, `guard` or `figures`."""

    def __init__(
        self,
        watch: FraudWatch,
        numbers: NumberReader,
        clock: Callable[[], int] = time.time_ns,
        reasons: ModelReasons | None = None,
    ) -> None:
        self.watch: Final = watch
        self.numbers: Final = numbers
        self.guard: Final = Guard()
        self.figures: Final = FraudFigures()
        self.lock: Final = threading.Lock()
        self.clock: Final = clock
        self.lists_changes = 0
        self.reasons: Final = reasons or ModelReasons()
        self.rebuilding = False  # traffic of before the start is still being counted

    def analyze(
        self,
        call_id: str,
        a_number: str,
        b_number: str,
        *,
        cli: str = "",
        p_asserted_identity: str = "",
        distinct: int = -1,
        call_rate: float = -1.0,
        short_call_ratio: float = -1.0,
        at_ms: int = 0,
    ) -> Analysis:
        """What is thought of a call, without counting it. `distinct`, `call_rate` and `short_call_ratio` say what if;
        negative ones are as they are. `at_ms` 0 is now. Of a run that the rule sees its reason comes first.
        """
        a, b = self.numbers.caller(a_number), self.numbers.read(b_number)
        details = NO_DETAILS
        if cli or p_asserted_identity:
            shown, asserted = self.numbers.read(cli), self.numbers.read(p_asserted_identity)
            details = EventDetails(cli=shown, p_asserted_identity=asserted)
        now_ms = self.clock() // MS
        event = CallEvent(INVITE, at_ms or now_ms, call_id, a, b, received_ms=now_ms, details=details)
        with self.lock:
            found = analyze(self.watch, event, WhatIf(distinct, call_rate, short_call_ratio))
        if found.row is not None:
            by_rule = [each for each in found.explanations if each.feature == CALLERS and found.is_masking]
            reasons = self.reasons.asked(MASKING_MODEL, found.row)
            found.explanations = (*by_rule, *reasons) if reasons else found.explanations
        return found

    def report(self, kind: str, key: str, window_s: int, at_ms: int = 0) -> dict[str, float]:
        """Traffic of a number, a range, a trunk or an account. Raises MetricUnknown (a ValueError)."""
        with self.lock:
            return self.watch.traffic.report(kind, self.key_of(kind, key), window_s, at_ms or self.clock() // MS)

    def value(self, kind: str, key: str, name: str, window_s: int, at_ms: int = 0) -> float:
        """One metric. Raises MetricUnknown (a ValueError)."""
        with self.lock:
            return self.watch.traffic.value(kind, self.key_of(kind, key), name, window_s, at_ms or self.clock() // MS)

    def risk(self, number: str, at_ms: int = 0) -> RuleScore:
        """How suspect a caller is, by his last seven days."""
        key = self.key_of("a", number)
        with self.lock:
            return risk_of_caller(self.watch.traffic, key, at_ms or self.clock() // MS)

    def reset(self, kind: str, key: str) -> None:
        """Forget the traffic of one."""
        with self.lock:
            self.watch.traffic.reset(kind, self.key_of(kind, key))

    def proposals(self, at_ms: int = 0) -> list[CallCentre]:
        """Called numbers that look like call centres and are not on the whitelist."""
        with self.lock:
            return self.watch.proposals(at_ms or self.clock() // MS)

    def key_of(self, kind: str, key: str) -> str:
        """A number as it is counted; a pseudonym, and what is no number, stays as it is."""
        if kind not in NUMBERS or key.startswith(MARK):
            return key
        return self.numbers.read(key).text

    def helps(self, destination: str) -> bool:
        """Whether a destination of charging is an emergency number."""
        return self.numbers.read(called(destination, self.numbers)).emergency

    def ended(self, call_id: str) -> bool:
        """Whether a call is known to be over."""
        call = self.watch.traffic.call(call_id)
        return call is not None and call.over

    def payer(self, call_id: str) -> AccountKey | None:
        """The account that the first event of a call named, as long as the call is known."""
        call = self.watch.traffic.call(call_id)
        if call is None or not call.first.account:
            return None
        return AccountKey(call.first.tenant, call.first.account)

    def stats(self) -> dict[str, float]:
        """Sums since the start, and what is held."""
        figures, masking = self.figures, self.watch.masking
        return {
            "events": figures.events_taken,
            "duplicates": figures.duplicates,
            "shed": figures.shed,
            "calls": figures.attempts,
            "calls_flagged": sum(figures.flagged.values()),
            "calls_cut": figures.cut,
            "victims": len(figures.victims),
            "calls_per_second": figures.calls_per_second(self.clock() // MS),
            "window_keys": masking.numbers,
            "window_calls": masking.calls,
            "window_truncated": masking.truncated,
            "traffic_keys": self.watch.traffic.keys,
            "traffic_calls": self.watch.traffic.calls,
        }

    # -- what holds, changed while it runs

    @property
    def detection(self) -> tuple[int, int]:
        """The window in milliseconds and the threshold."""
        terms = self.watch.masking.terms
        return terms.window_ms, terms.threshold

    def set_terms(self, window_s: float, threshold: int) -> None:
        """Judge by these from the next call on, until the next start. Raises InvalidRequest."""
        window_ms = round(window_s * 1000)
        if not WINDOW_MS[0] <= window_ms <= WINDOW_MS[1]:
            raise InvalidRequest("window_seconds", f"is {window_s:g}; a window lasts from 1 to 60 seconds")
        if not THRESHOLDS[0] <= threshold <= THRESHOLDS[1]:
            raise InvalidRequest("threshold", f"is {threshold}; 2 to 100 callers are a masking run")
        with self.lock:
            self.watch.set_detection(window_ms, threshold)
        observe.event("fraud.detection_set", window_ms=window_ms, threshold=threshold)

    def set_lists(self, lists: NumberLists) -> None:
        """Let these hold from the next call on, and for charged calls that go on."""
        with self.lock:
            self.watch.lists = lists
            self.lists_changes += 1

    def fraud_type(self, reason: str) -> str:
        """What a reason of a verdict is a case of: a rule says it of itself, masking and blacklist are their own."""
        return next((rule.fraud_type for rule in self.watch.rules.rules if rule.id == reason), reason)

    def set_rules(self, rules: RuleBook) -> None:
        """Let these hold from the next call on."""
        with self.lock:
            self.watch.rules = rules
