"""Lessons: what a model is to learn, from which features, and what it is measured against.

Of a town's labelled calls the masking model shall learn which belong to a masking run. A robocall is fraud too, and no
masking run: it teaches neither that such calls are masked nor that they are harmless, so it is left out. Labels without
a kind of fraud (an operator's file that says 1 and no more) count.

The caller's model is not told of numbers that were shown in masking runs: they are borrowed, for a call or two, and
whoever they belong to has done nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from ratingd.errors import InvalidRequest
from ratingd.models.arrays import Column, Labels, Rows
from ratingd.models.dataset import Dataset
from ratingd.models.training.blur import blurred
from ratingd.models.training.rule_alone import CALLER_RULE, MASKING_RULE, SATARK_RULE, RuleAlone
from triggers.scores.call_features import KNN
from triggers.scores.caller_features import CALLER, CALLS_LEAST
from triggers.scores.feature_schema import FeatureSchema
from triggers.scores.masking_features import MASKING
from triggers.scores.satark_features import SATARK, WINDOW_DAYS

UNTOLD: Final = ("", "fraud", "ordinary")  # kinds of a fraud of which nobody said more
ROWS_MIN: Final = 20
FRAUD_MIN: Final = 2


@dataclass(frozen=True, slots=True)
class Lesson:
    name: str
    schema: FeatureSchema
    threshold: float
    rule: RuleAlone | None
    kinds: tuple[str, ...] = ()  # of fraud, by how their names begin; none: any
    but_not: tuple[str, ...] = ()
    window_days: float = 0.0
    probability: bool = True  # whether the score claims to be one
    blur: Callable[[Rows, Labels, int], tuple[Rows, Labels]] | None = None  # of what is learned, with a seed
    scored: Callable[[Rows], Column] | None = None  # how often such a row is met live; None: each once

    def taught(self, dataset: Dataset) -> Dataset:
        """The rows that say something about what is to be learned."""
        told = zip(dataset.labels.tolist(), dataset.kinds, strict=True)
        wanted = [not label or kind in UNTOLD or self._is_about(kind) for label, kind in told]
        return dataset.chosen(np.array(wanted, np.bool_))

    def _is_about(self, kind: str) -> bool:
        return not (self.but_not and kind.startswith(self.but_not)) and (not self.kinds or kind.startswith(self.kinds))

    def enough(self, dataset: Dataset) -> bool:
        rows, fraud = len(dataset), dataset.positives
        return rows >= ROWS_MIN and FRAUD_MIN <= fraud <= rows - FRAUD_MIN

    def check(self, dataset: Dataset, part: str) -> None:
        """InvalidRequest where a part of the data is too little to say anything."""
        rows, fraud = len(dataset), dataset.positives
        if not self.enough(dataset):
            raise InvalidRequest(
                "data",
                f"the rows {part} are {rows}, {fraud} of them fraud; at least {ROWS_MIN} are wanted, and "
                f"{FRAUD_MIN} of fraud and of the rest. More calls are needed, or longer ones: `--calls`, a "
                "larger file, or of stored calls more that somebody has judged.",
            )


def satark_scored(rows: Rows) -> Column:
    """With each call of the month that the row is of."""
    calls = rows[:, SATARK.place("total_calls")]
    return np.where(calls >= CALLS_LEAST, calls, 0.0)


MASKING_LESSON: Final = Lesson("masking", MASKING, 0.7, MASKING_RULE, kinds=("masking",), blur=blurred)
CALLER_LESSON: Final = Lesson("caller", CALLER, 0.85, CALLER_RULE, but_not=("masking",))
ISOLATION_LESSON: Final = Lesson(
    "isolation", SATARK, 0.5, SATARK_RULE, window_days=WINDOW_DAYS, probability=False, scored=satark_scored
)
KNN_LESSON: Final = Lesson("knn", KNN, 0.5, None)
LESSONS: Final = {each.name: each for each in (MASKING_LESSON, CALLER_LESSON, ISOLATION_LESSON, KNN_LESSON)}
