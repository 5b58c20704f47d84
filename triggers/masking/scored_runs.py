"""Scored runs: what a model takes for masking while too few callers are there for the rule.

Four people rang +4930555 within five seconds, one short of a run, and the model gives the third of them 0.81 and the
fourth 0.93. These two calls are a run of their own, opened by the third. Whatever is flagged so within the cool-down of
the last belongs to it. When the fifth caller comes the rule opens its run, which is another.

A score depends on all that came before, so unlike the rule's runs these depend on the order in which calls came.
"""

from typing import Final

from mypy_extensions import mypyc_attr

from triggers.masking.incident import Attempt, MaskingIncident
from triggers.masking.window import Placed

RUNS_MAX: Final = 100_000


@mypyc_attr(acyclic=True)
class ScoredRuns:
    """The last run of each number; beyond 100,000 the one opened first is forgotten."""

    __slots__ = ("_runs",)

    def __init__(self) -> None:
        self._runs: Final[dict[str, MaskingIncident]] = {}

    def take(self, b: str, attempt: Attempt, distinct: int, probability: float, cooldown_ms: int) -> Placed:
        """A call that a model flags."""
        run, opened = self._runs.get(b), False
        if run is None or not run.opened_ms - cooldown_ms <= attempt.at_ms <= run.last_ms + cooldown_ms:
            run, opened = MaskingIncident(b, attempt.at_ms, attempt.at_ms, by_score=True), True
            self.restore(run)
        run.extend(attempt.at_ms, distinct)
        run.probability_max = max(run.probability_max, probability)
        attempt.flagged = True
        run.add(attempt)
        return Placed(distinct, flagged=[attempt], incident=run, opened=opened)

    def current(self, b: str) -> MaskingIncident | None:
        return self._runs.get(b)

    def restore(self, run: MaskingIncident) -> None:
        """Go on with a run, of before a start perhaps. Of two of a number the later goes on."""
        former = self._runs.pop(run.b, None)
        if former is not None and former.opened_ms > run.opened_ms:
            run = former
        self._runs[run.b] = run
        if len(self._runs) > RUNS_MAX:
            del self._runs[next(iter(self._runs))]
