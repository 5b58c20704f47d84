"""Evaluation: what a model is worth on traffic that it did not learn from, with the rule alone beside it.

    shifted, 61,868 calls, 12,484 scored, 1,769 of them fraud
                                     model                       the rule alone
    recall at 0.1 % false positives  0.91 (0.83 to 0.96)         0.00
    recall at 0.7                    0.94 (0.88 to 0.97)         –
    …

Of masking two questions are asked. Of the calls that are scored: the gate has let them pass, and the score has to tell.
Of all calls: a call that the gate stops is not flagged, whether it was the first of an attack or one of the many that
nothing is the matter with. What is promised of false positives is promised of all calls.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from ratingd.errors import InvalidRequest
from ratingd.models.dataset import Dataset
from ratingd.models.traffic.simulated_call import SimulatedCall
from ratingd.models.trained_model import TrainedModel
from ratingd.models.training.cuts import Cut, cuts
from ratingd.models.training.figures import Figure
from ratingd.models.training.lesson import LESSONS, Lesson
from ratingd.models.training.measured import scored_by_model, scored_by_rule
from ratingd.models.training.split import Places
from triggers.scores.masking_features import MASKING, passes_gate

SEED: Final = 42


@dataclass(frozen=True, slots=True)
class Evaluation:
    """`all_calls` and `cuts` are of masking only, where the calls themselves are known."""

    data: str
    rows: int
    positives: int
    threshold: float
    model: Mapping[str, Figure]
    rule: Mapping[str, Figure]
    kinds: Mapping[str, Figure]
    rule_kinds: Mapping[str, Figure]
    calls: int = 0
    all_calls: Mapping[str, Figure] = field(default_factory=dict)
    rule_all_calls: Mapping[str, Figure] = field(default_factory=dict)
    cuts: Sequence[Cut] = ()

    def document(self) -> dict[str, Any]:
        parts = ("model", "rule", "kinds", "rule_kinds", "all_calls", "rule_all_calls")
        return {
            "data": self.data,
            "rows": self.rows,
            "positives": self.positives,
            "calls": self.calls,
            "threshold": self.threshold,
            **{part: {name: each.document() for name, each in getattr(self, part).items()} for part in parts},
            "cuts": [each.document() for each in self.cuts],
        }


def lesson_of(model: TrainedModel) -> Lesson:
    """InvalidRequest where the model answers no question that is known here, or from other features."""
    told = model.manifest
    lesson = LESSONS.get(told.name)
    if lesson is None:
        raise InvalidRequest("model", f"scores {told.name!r}; known are {', '.join(LESSONS)}")
    if told.schema_hash != lesson.schema.hash:
        raise InvalidRequest(
            "model",
            f"was trained with {told.schema} v{told.schema_version} {told.schema_hash}, and this ratingd makes "
            f"{lesson.schema.title} {lesson.schema.hash}: train it again",
        )
    return lesson


def evaluated_material(model: TrainedModel, data: Dataset, calls: Sequence[SimulatedCall], name: str) -> Evaluation:
    """Of calls, where they are known and the model is about masking; else of rows."""
    if data.schema is not MASKING:
        return evaluated(model, data, name)
    return evaluated_masking(model, data, calls, name) if calls else evaluated(model, data.chosen(gate(data)), name)


def evaluated(model: TrainedModel, data: Dataset, name: str) -> Evaluation:
    """Of rows, all of which are scored."""
    lesson = lesson_of(model)
    data = lesson.taught(data)
    if not len(data):
        raise InvalidRequest("data", f"{name} has no rows that say something about {lesson.name}")
    threshold = model.manifest.threshold
    scored = scored_by_model(lesson, data, model.probabilities(data.rows), threshold)
    ruled = scored_by_rule(lesson, data)
    return Evaluation(
        data=name,
        rows=len(data),
        positives=data.positives,
        threshold=threshold,
        model=scored.figures(SEED),
        rule={} if ruled is None else ruled.figures(SEED),
        kinds=scored.by_kind(threshold, SEED),
        rule_kinds={} if ruled is None or lesson.rule is None else ruled.by_kind(lesson.rule.threshold, SEED),
    )


def evaluated_masking(model: TrainedModel, data: Dataset, calls: Sequence[SimulatedCall], name: str) -> Evaluation:
    """Of calls; `data` has a row of each, those included that the gate lets pass unscored."""
    lesson = lesson_of(model)
    data = lesson.taught(data)
    passed = gate(data)
    scores = np.zeros(len(data))
    scores[passed] = model.probabilities(data.rows[passed])
    alone = evaluated(model, data.chosen(passed), name)
    scored = scored_by_model(lesson, data, scores, model.manifest.threshold)
    ruled = scored_by_rule(lesson, data)
    by_id = {call.call_id: call for call in calls}
    return Evaluation(
        **{part: getattr(alone, part) for part in ("data", "rows", "positives", "threshold", "model", "rule")},
        kinds=alone.kinds,
        rule_kinds=alone.rule_kinds,
        calls=len(data),
        all_calls=scored.figures(SEED),
        rule_all_calls={} if ruled is None else ruled.figures(SEED),
        cuts=cuts([by_id[each] for each in data.calls], scores, (data.labels == 1).tolist(), model.manifest.threshold),
    )


def gate(data: Dataset) -> Places:
    """Places of the rows that are scored."""
    distinct, mismatch = data.rows[:, MASKING.place("distinct_a_count")], data.rows[:, MASKING.place("cli_mismatch")]
    passed = [passes_gate(int(callers), bool(other)) for callers, other in zip(distinct, mismatch, strict=True)]
    return np.flatnonzero(passed)
