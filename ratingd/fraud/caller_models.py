"""Caller models: what the active model says of a caller, as he is known at an instant.

    caller     XGBoost, by 44 features of an hour, a day, a week       asked where it is active
    isolation  Isolation Forest, by five features of a month           asked where `caller` is not

Where neither is active, the rules say it. So they do of whom models are not asked: of somebody who withholds his
number, as those are many people; of emergency numbers; and of somebody who made fewer than five calls in seven days,
whose shares and ratios are those of any newcomer.

The desk's lock is held for a part of a row at a time: mostly 0.02 ms for all of it, half a millisecond for each of
three parts of a caller's who called 20,000 times today.

A model that refuses a row, or breaks, leaves the caller to the rules. That is counted each time and told once of a
version: what is wrong with it is wrong with each caller.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Final

from ratingd import observe
from ratingd.fraud.pseudonym import MARK
from ratingd.models.scorers import Scorer, Scorers
from triggers.numbers.number import ANONYMOUS
from triggers.scores.caller_features import CALLS_LEAST, CallerRow
from triggers.scores.satark_features import WINDOW_DAYS, satark_row
from triggers.watch.explanation import Explanation
from triggers.watch.fraud_watch import FraudWatch

CALLER_MODEL: Final = "caller"
ISOLATION_MODEL: Final = "isolation"
CALLER_MODELS: Final = (CALLER_MODEL, ISOLATION_MODEL)

Rest = Callable[[], None]
Explain = Callable[[str, Sequence[float]], tuple[Explanation, ...]]


def no_rest() -> None:
    """For whoever waits for the answer."""


class ModelAnswer:
    """`risk` is 0 to 100, `row` what it was said of."""

    __slots__ = ("model", "risk", "row", "scorer", "version")

    def __init__(self, model: str, version: int, risk: float, row: list[float], scorer: Scorer) -> None:
        self.model: Final = model
        self.version: Final = version
        self.risk: Final = risk
        self.row: Final = row
        self.scorer: Final = scorer

    @property
    def method(self) -> str:
        """`caller 3`."""
        return f"{self.model} {self.version}"


class CallerModels:
    """`lock` guards `watch`; `explain` says why the active model of a name scores a row as it does; `spared` tells an
    emergency number, and is not asked of pseudonyms: they would be read as numbers that nobody has heard of."""

    def __init__(
        self,
        watch: FraudWatch,
        lock: threading.Lock,
        scorers: Scorers,
        explain: Explain,
        spared: Callable[[str], bool],
    ) -> None:
        self.faults = 0
        self._watch: Final = watch
        self._lock: Final = lock
        self._scorers: Final = scorers
        self._explain: Final = explain
        self._spared: Final = spared
        self._told = ""  # whose fault was told last

    @property
    def wanted(self) -> bool:
        """Whether any model scores callers, be it in the shadow."""
        return any(self._scorers.wanted(name) for name in CALLER_MODELS)

    @property
    def active(self) -> Scorer | None:
        """The one that is asked."""
        for name in CALLER_MODELS:
            scorer = self._scorers.active(name)
            if scorer is not None:
                return scorer
        return None

    def answer(self, caller: str, at_ms: int, rest: Rest = no_rest) -> ModelAnswer | None:
        """At an instant, or at his last call where that is later. None: the rules are to say it. `rest` is called each
        time the lock was held."""
        if withheld(caller) or (not caller.startswith(MARK) and self._spared(caller)):
            return None
        active = self.active
        try:
            return self._answer(caller, at_ms, rest)
        except Exception as error:  # noqa: BLE001 (whatever is wrong with a model, callers go on being judged)
            self._fault(error, active)
            return None

    def why(self, answer: ModelAnswer) -> tuple[Explanation, ...]:
        """What the model's answer comes from, the strongest first."""
        try:
            return self._explain(answer.model, answer.row)
        except Exception as error:  # noqa: BLE001 (the answer is as good without)
            self._fault(error, answer.scorer)
            return ()

    def _answer(self, caller: str, at_ms: int, rest: Rest) -> ModelAnswer | None:
        for name in CALLER_MODELS:
            if not self._scorers.wanted(name):
                continue
            active = self._scorers.active(name)
            row = self._row(name, caller, at_ms, WINDOW_DAYS if active is None else active.feature_window_days, rest)
            if row is None:
                return None
            scored = self._scorers.score(name, row)
            if scored is not None and active is not None:
                return ModelAnswer(name, scored.version, 100 * scored.probability, row, active)
        return None

    def _row(self, name: str, caller: str, at_ms: int, window_days: float, rest: Rest) -> list[float] | None:
        """None of whom too little is known."""
        traffic = self._watch.traffic
        with self._lock:
            key = traffic.callers.get(caller)
            if key is None or key.attempts < CALLS_LEAST:
                return None
            at_ms = max(at_ms, key.last_ms)
            if name == ISOLATION_MODEL:
                return satark_row(traffic, caller, at_ms, window_days or WINDOW_DAYS)
        row = CallerRow(caller, at_ms)
        while not row.complete:
            with self._lock:
                row.step(traffic)
            rest()
        return row.features

    def _fault(self, error: Exception, scorer: Scorer | None) -> None:
        self.faults += 1
        model = "" if scorer is None else f"{scorer.name} {scorer.version}"
        if model == self._told:
            observe.count("fraud.caller_not_scored")
        else:
            self._told = model
            observe.fault("fraud.caller_not_scored", error, model=model)


def withheld(caller: str) -> bool:
    """Whether it stands for callers who withhold their number."""
    return caller == ANONYMOUS or caller.startswith(f"{ANONYMOUS}:")
