"""Callers with time that a test turns, models that say what it wants, and their risks."""

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from ratingd.fraud.caller_risks import CallerRisks
from ratingd.fraud.terms import watch_terms
from ratingd.models.scorers import Row, Scorer, Scorers
from ratingd.settings import Settings
from tests.fraud_scene import MIDNIGHT_MS, NUMBERS
from triggers.calls.call_event import ANSWER, BYE, INVITE, CallEvent
from triggers.numbers.number_list import NumberLists
from triggers.rules.rule_book import RuleBook
from triggers.scores.caller_features import CALLER
from triggers.scores.satark_features import SATARK
from triggers.watch.explanation import Explanation
from triggers.watch.fraud_watch import FraudWatch

if TYPE_CHECKING:
    from ratingd.models.arrays import Column, Rows

NOON_MS: Final = MIDNIGHT_MS + 12 * 3_600_000
A: Final = "+493055510001"
REASON: Final = Explanation("attempts_1h", 6, 1, 0.4, "6 calls over the last hour")


class Said:
    """A model that says the same of everybody, and what it was asked."""

    def __init__(self, probability: float, fault: Exception | None = None) -> None:
        self.probability_said = probability
        self.fault = fault
        self.rows: list[Row] = []

    def probability(self, row: Row) -> float:
        self.rows.append(row)
        if self.fault is not None:
            raise self.fault
        return self.probability_said

    def probabilities(self, rows: "Rows | Sequence[Row]") -> "Column":
        return np.array([self.probability(row) for row in rows], np.float64)


class Scene:
    """Callers with time that the test turns; the thread of their risks runs only where a test starts it."""

    def __init__(self, *, known_max: int = 100, waiting_max: int = 100) -> None:
        settings = Settings(database_url="sqlite:///none.db", http_listen="", default_region="DE")
        self.watch = FraudWatch(watch_terms(settings), NumberLists(), RuleBook())
        self.scorers = Scorers()
        self.lock = threading.Lock()
        self.now_ms = NOON_MS
        self.told: list[tuple[str, float]] = []
        self.explain: Callable[[str, Row], tuple[Explanation, ...]] = lambda name, row: (REASON,)
        self.risks = CallerRisks(
            self.watch, self.lock, self.scorers, lambda name, row: self.explain(name, row),
            spared=lambda caller: NUMBERS.read(caller).emergency, known_max=known_max, waiting_max=waiting_max,
            clock=lambda: self.now_ms * 1_000_000,
        )  # fmt: skip
        self.risks.on_scored(lambda event, risk: self.told.append((event.a.text, risk)))
        self._made = 0

    def model(self, said: Said | float, name: str = "caller", version: int = 1, window_days: float = 0.0) -> Said:
        """Have a model score from now on."""
        model = said if isinstance(said, Said) else Said(said)
        self.scorers.put(name, scorer(model, name, version, window_days), None)
        return model

    def call(self, caller: str = A, times: int = 1, b: str = "+498912345678") -> None:
        """Calls of a second each, answered and hung up."""
        for _ in range(times):
            self._made += 1
            self._tell(INVITE, caller, b)
            for kind in (ANSWER, BYE):
                self._tell(kind, caller, b)
                self.now_ms += 500

    def known(self, caller: str = A) -> float:
        with self.lock:
            return self.risks.known(caller)

    def scored(self) -> list[tuple[str, float]]:
        """Have all scored who wait; who that was."""
        self.told.clear()
        self.risks.score_waiting()
        return self.told

    def _tell(self, kind: int, caller: str, b: str) -> None:
        event = CallEvent(
            kind, self.now_ms, f"c-{self._made}", NUMBERS.caller(caller), NUMBERS.read(b), received_ms=self.now_ms
        )
        self.take(event)

    def take(self, event: CallEvent) -> None:
        with self.lock:
            outcome = self.watch.take(event)
        self.risks.took([outcome])


def scorer(model: Said, name: str = "caller", version: int = 1, window_days: float = 0.0) -> Scorer:
    schema = CALLER if name == "caller" else SATARK
    return Scorer(name, version, model, schema, threshold=0.7, algorithm="xgboost", feature_window_days=window_days)
