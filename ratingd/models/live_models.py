"""Live models: the scorers, as those who ask under a lock for calls that go on can use them.

    models.scores("masking", rows)  ─▶  [Scored(0.93, version 3), None, …]

Nobody whose call waits can do anything about a row that is refused, or a model that fails: such a call has no score,
the rules decide as if there were no model, and it is told once a minute how often that was.
"""

import time
from collections.abc import Sequence
from typing import Final

from ratingd import observe
from ratingd.models.scorers import RowRefused, Scorers
from triggers.scores.scored import Scored
from triggers.watch.rule_score import METHOD

TOLD_EVERY_S: Final = 60.0


class LiveModels:
    """`failed` counts the rows that have no score though a model is active."""

    def __init__(self, scorers: Scorers) -> None:
        self._scorers: Final = scorers
        self._told_s = 0.0
        self.failed = 0

    def wanted(self, name: str) -> bool:
        return self._scorers.wanted(name)

    def method(self, name: str) -> str:
        active = self._scorers.active(name)
        return METHOD if active is None else active.algorithm

    def version(self, name: str) -> int:
        """Of the active model of a name; 0: none is."""
        active = self._scorers.active(name)
        return 0 if active is None else active.version

    def scores(self, name: str, rows: Sequence[list[float]]) -> list[Scored | None]:
        if len(rows) > 1:
            try:
                found = self._scorers.score_all(name, rows)
                return [None] * len(rows) if found is None else [*found]
            except RowRefused:
                pass  # one of them; the others are scored by themselves
            except Exception as fault:  # noqa: BLE001 (calls go on without the model)
                self._tell(name, fault, len(rows))
                return [None] * len(rows)
        return [self._score(name, row) for row in rows]

    def _score(self, name: str, row: list[float]) -> Scored | None:
        try:
            return self._scorers.score(name, row)
        except Exception as fault:  # noqa: BLE001 (the call goes on without the model)
            self._tell(name, fault, 1)
            return None

    def _tell(self, name: str, fault: Exception, rows: int) -> None:
        self.failed += rows
        now_s = time.monotonic()
        if now_s - self._told_s >= TOLD_EVERY_S or not self._told_s:
            self._told_s = now_s
            observe.fault("model.not_scored", fault, model=name, rows=self.failed)
