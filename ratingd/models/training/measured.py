"""What was measured of a model on the rows it is judged by, as its manifest keeps it.

auc, fpr, recall, precision …   at the model's own threshold; what a newer version must not fall behind
bounds                          of each figure, where there are any
by_kind                         the share of each kind that is flagged, with bounds: recall of fraud, else false alarms
rule                            the same figures of the rule alone
"""

from typing import Any, Final

from ratingd.models.arrays import Column
from ratingd.models.dataset import Dataset
from ratingd.models.training.figures import THRESHOLDS, Figure, Scored
from ratingd.models.training.lesson import Lesson

AT_THRESHOLD: Final = ("recall", "precision", "fpr")


def measured(
    lesson: Lesson, judged: Dataset, scores: Column, seed: int, threshold: float | None = None
) -> dict[str, Any]:
    """`threshold` where the model found one for itself."""
    threshold = lesson.threshold if threshold is None else threshold
    scored = scored_by_model(lesson, judged, scores, threshold)
    figures = scored.figures(seed)
    found: dict[str, Any] = {name: round(each.value, 6) for name, each in figures.items() if "@" not in name}
    for name in AT_THRESHOLD:
        if (figure := figures.get(f"{name}@{threshold:g}")) is not None:
            found[name] = round(figure.value, 6)
    found["bounds"] = {name: each.document() for name, each in figures.items()}
    found["by_kind"] = _documents(scored.by_kind(threshold, seed))
    found["judged"] = {"rows": len(judged), "positives": judged.positives, "numbers": len(set(judged.groups))}
    if (ruled := scored_by_rule(lesson, judged)) is not None and lesson.rule is not None:
        found["rule"] = {
            "text": lesson.rule.text,
            "bounds": _documents(ruled.figures(seed)),
            "by_kind": _documents(ruled.by_kind(lesson.rule.threshold, seed)),
        }
    return found


def scored_by_model(lesson: Lesson, judged: Dataset, scores: Column, threshold: float) -> Scored:
    thresholds = sorted({*THRESHOLDS, threshold})
    return Scored(scores, judged.labels, judged.groups, judged.kinds, thresholds, lesson.probability)


def scored_by_rule(lesson: Lesson, judged: Dataset) -> Scored | None:
    if lesson.rule is None:
        return None
    scores = lesson.rule.scores(judged.rows)
    return Scored(scores, judged.labels, judged.groups, judged.kinds, (lesson.rule.threshold,), probability=False)


def _documents(figures: dict[str, Figure]) -> dict[str, list[float]]:
    return {name: each.document() for name, each in figures.items()}
