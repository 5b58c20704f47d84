"""Scorers: which model gives each score at this moment, and what it says of a call.

    scorers.score("masking", row)  ─▶  Scored(probability 0.93, version 3, flagged)        None: no model is active

A call that may belong to a masking run waits for this under the desk's lock, so it is a look into a dictionary, the
model itself, and a few counts: 1 µs besides the model. Version 4 takes the place of version 3 by one assignment: a call
is scored by the one or by the other, and none waits or is left out. Nothing of what models need (numpy, onnxruntime) is
imported before there is one.

A row that holds NaN or an infinity is refused by the name of its feature: a model would answer all the same.

Counts are taken as they are by whoever shows them. Whoever scores holds the desk's lock; where somebody scores beside
it, a count may be lost and a score never is.
"""

import time
from bisect import bisect_left
from collections import deque
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Final, Protocol

from triggers.scores.feature_schema import FeatureSchema
from triggers.scores.scored import Scored

if TYPE_CHECKING:
    from ratingd.models.arrays import Column, Rows

Row = Sequence[float]
SCORE_BUCKETS: Final = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
SECONDS_BUCKETS: Final = (0.00001, 0.000025, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05)
_NS_BUCKETS: Final = tuple([round(seconds * 1e9) for seconds in SECONDS_BUCKETS])
SAMPLE_MAX: Final = 8192
SHADOW_WAITING_MAX: Final = 20_000


class Model(Protocol):
    """A model that was opened: one row for the call that waits, many at once for all else."""

    def probability(self, row: Row) -> float: ...

    def probabilities(self, rows: "Rows | Sequence[Row]") -> "Column": ...


class RowRefused(ValueError):
    """A row that has no score, and why."""


class Scorer:
    """A version of a model that is open, with what must be known to use it."""

    __slots__ = ("algorithm", "feature_window_days", "model", "name", "schema", "threshold", "version")

    def __init__(
        self,
        name: str,
        version: int,
        model: Model,
        schema: FeatureSchema,
        *,
        threshold: float,
        algorithm: str,
        feature_window_days: float = 0.0,
    ) -> None:
        self.name: Final = name
        self.version: Final = version
        self.model: Final = model
        self.schema: Final = schema
        self.threshold: Final = threshold
        self.algorithm: Final = algorithm
        self.feature_window_days: Final = feature_window_days


class Figures:
    """What was scored under a name since the daemon started, by whatever version."""

    __slots__ = ("flagged", "refused", "scored", "scores", "scores_sum", "taken_ns", "times")

    def __init__(self) -> None:
        self.scored = 0
        self.flagged = 0
        self.refused = 0
        self.scores: Final = [0] * (len(SCORE_BUCKETS) + 1)
        self.scores_sum = 0.0
        self.times: Final = [0] * (len(SECONDS_BUCKETS) + 1)
        self.taken_ns = 0

    def count(self, probability: float, flagged: bool, elapsed_ns: int) -> None:
        self.scored += 1
        if flagged:
            self.flagged += 1
        self.scores[bisect_left(SCORE_BUCKETS, probability)] += 1
        self.scores_sum += probability
        self.times[bisect_left(_NS_BUCKETS, elapsed_ns)] += 1
        self.taken_ns += elapsed_ns


class Sample:
    """Rows and their scores, evenly taken from all that came: each, then each second, each fourth …"""

    __slots__ = ("_seen", "_step", "kept")

    def __init__(self) -> None:
        self.kept: list[tuple[Row, float]] = []
        self._seen = 0
        self._step = 1

    def add(self, row: Row, score: float) -> None:
        self._seen += 1
        if self._seen % self._step:
            return
        self.kept.append((row, score))
        if len(self.kept) >= SAMPLE_MAX:
            self.kept = self.kept[1::2]
            self._step *= 2


class Shadow:
    """A model beside the active one: it scores the same rows a little later, on a thread of its own, many at once.

    Where no model is active it scores all the same, and there is nothing to compare.
    """

    def __init__(self, scorer: Scorer) -> None:
        self.scorer: Final = scorer
        self._waiting: Final[deque[tuple[Row, Scored | None]]] = deque()
        self.scored = 0
        self.flagged = 0
        self.compared = 0
        self.agreed = 0
        self.shadow_alone = 0
        self.active_alone = 0
        self.distance_sum = 0.0
        self.left_out = 0
        self.histogram: Final = [0] * len(SCORE_BUCKETS)

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def distance(self) -> float:
        """How far the two scores lie apart on average."""
        return self.distance_sum / self.compared if self.compared else 0.0

    def offer(self, row: Row, active: Scored | None) -> None:
        if len(self._waiting) < SHADOW_WAITING_MAX:
            self._waiting.append((row, active))
        else:
            self.left_out += 1

    def score_waiting(self, most: int = SHADOW_WAITING_MAX) -> int:
        """Score what waits, or the first of it, and compare; how many."""
        some = [self._waiting.popleft() for _ in range(min(len(self._waiting), most))]
        if not some:
            return 0
        scores = self.scorer.model.probabilities(_rows([row for row, _ in some]))
        for (_, active), score in zip(some, scores.tolist(), strict=True):
            self.scored += 1
            self.histogram[min(bisect_left(SCORE_BUCKETS, score), len(self.histogram) - 1)] += 1
            flagged = score >= self.scorer.threshold
            self.flagged += flagged
            if active is not None:
                self._compare(active, flagged, abs(score - active.probability))
        return len(some)

    def _compare(self, active: Scored, flagged: bool, distance: float) -> None:
        self.compared += 1
        self.distance_sum += distance
        if flagged == active.flagged:
            self.agreed += 1
        elif flagged:
            self.shadow_alone += 1
        else:
            self.active_alone += 1


class Place:
    """What scores under a name: it is put there whole, and never changed but for its counts."""

    __slots__ = ("_schema", "active", "figures", "sample", "shadow")

    def __init__(self, active: Scorer | None, shadow: Shadow | None, schema: FeatureSchema, figures: Figures) -> None:
        self.active: Final = active
        self.shadow: Final = shadow
        self.figures: Final = figures
        self.sample = Sample()
        self._schema: Final = schema

    def score(self, row: Row) -> Scored | None:
        self._check(row)
        active = self.active
        if active is None:
            self._offer(row, None)
            return None
        began_ns = time.perf_counter_ns()
        try:
            probability = active.model.probability(row)
        except ValueError as fault:  # finite, and more than a model's numbers hold
            raise self._refused(fault) from None
        return self._counted(active, row, probability, time.perf_counter_ns() - began_ns)

    def score_all(self, rows: Sequence[Row]) -> list[Scored] | None:
        for row in rows:
            self._check(row)
        active = self.active
        if active is None:
            for row in rows:
                self._offer(row, None)
            return None
        if not rows:
            return []
        began_ns = time.perf_counter_ns()
        try:
            found = active.model.probabilities(rows).tolist()
        except ValueError as fault:
            raise self._refused(fault) from None
        each_ns = (time.perf_counter_ns() - began_ns) // len(rows)
        return [self._counted(active, row, each, each_ns) for row, each in zip(rows, found, strict=True)]

    def _check(self, row: Row) -> None:
        if len(row) != len(self._schema.names) or not isfinite(sum(row)):
            try:
                self._schema.check(row)  # says which; a sum that is too large is none
            except ValueError as fault:
                raise self._refused(fault) from None

    def _refused(self, fault: ValueError) -> RowRefused:
        self.figures.refused += 1
        return RowRefused(str(fault))

    def _offer(self, row: Row, scored: Scored | None) -> None:
        if self.shadow is not None:
            self.shadow.offer(row, scored)

    def _counted(self, active: Scorer, row: Row, probability: float, elapsed_ns: int) -> Scored:
        flagged = probability >= active.threshold
        scored = Scored(probability, active.version, flagged)
        self.figures.count(probability, flagged, elapsed_ns)
        self.sample.add(row, probability)
        self._offer(row, scored)
        return scored


class Scorers:
    """`score` for one row, `score_all` for many; `put` changes who scores.

    Rows that were scored are kept: whoever makes them makes a new list for each.
    """

    def __init__(self) -> None:
        self._places: dict[str, Place] = {}
        self._figures: Final[dict[str, Figures]] = {}

    @property
    def places(self) -> Mapping[str, Place]:
        return self._places

    @property
    def figures(self) -> Mapping[str, Figures]:
        """Of every name that was ever scored here."""
        return self._figures

    def wanted(self, name: str) -> bool:
        """Whether anything scores under a name, so that it is worth while to make a row."""
        return name in self._places

    def active(self, name: str) -> Scorer | None:
        place = self._places.get(name)
        return None if place is None else place.active

    def score(self, name: str, row: Row) -> Scored | None:
        """None: no model is active. Raises RowRefused."""
        place = self._places.get(name)
        return None if place is None else place.score(row)

    def score_all(self, name: str, rows: Sequence[Row]) -> list[Scored] | None:
        """Of many rows at once, as `score` would say of each: sixteen cost little more than one."""
        place = self._places.get(name)
        return None if place is None else place.score_all(rows)

    def put(self, name: str, active: Scorer | None, shadow: Scorer | None) -> None:
        """Have these score from the next row on. Who was there already goes on with its counts."""
        former = self._places.get(name)
        chosen = active if active is not None else shadow
        if chosen is None:
            self._places = {other: place for other, place in self._places.items() if other != name}
            return
        beside = None if shadow is None else Shadow(shadow)
        if former is not None and former.shadow is not None and former.shadow.scorer is shadow:
            beside = former.shadow
        place = Place(active, beside, chosen.schema, self._figures.setdefault(name, Figures()))
        if former is not None and former.active is active:
            place.sample = former.sample
        self._places = {**self._places, name: place}


def _rows(rows: Sequence[Row]) -> "Rows":
    import numpy as np  # there already, where there is a model

    return np.array(rows, np.float64)
