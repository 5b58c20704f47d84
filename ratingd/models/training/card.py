"""Model cards: one page for whoever has to answer for a model, or to choose between two.

What it is for and what not, what it learned from, how good it was beside the rule alone, and between which bounds that
is known. All of it is in the manifest too, for programs; nothing is on the card alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ratingd.models.model_folder import ISOLATION_FOREST, KNN, XGBOOST, Manifest
from ratingd.models.training.lesson import Lesson

_WHAT: Final = {
    "masking": "The probability that a call belongs to a masking run: one caller behind many numbers, to one number.",
    "caller": "The probability that a caller is a fraudster, by how it calls; a hundred times that is its risk.",
    "isolation": "How unlike other callers a caller is, 0 to 1; a hundred times that is its risk. No probability.",
    "knn": "The share of scams among the five labelled calls that are most like a call.",
}
_HOW: Final = {
    XGBOOST: "boosted trees (XGBoost), calibrated by isotonic regression on rows held out",
    ISOLATION_FOREST: "an Isolation Forest; the labels were not learned from",
    KNN: "the five nearest of the labelled rows, each column in its own deviations",
}
_NAMES: Final = {
    "auc": "AUC",
    "ap": "average precision",
    "tpr_at_fpr_0.001": "recall at 0.1 % false positives",
    "tpr_at_fpr_0.01": "recall at 1 % false positives",
    "brier": "Brier score",
}
_COUNTS: Final = (
    "accuracy", "accuracy_of_always_no", "true_positives", "false_positives", "false_negatives", "true_negatives",
)  # fmt: skip


def card(manifest: Manifest, lesson: Lesson) -> str:
    metrics = manifest.metrics
    parts = [
        f"# {manifest.name}",
        _WHAT.get(manifest.name, ""),
        f"Made by {_HOW[manifest.algorithm]}.",
        "## For what, and for what not",
        _use(manifest, lesson),
        "## What it learned from",
        _data(manifest),
        "## How good it was",
        _judged(metrics),
        _figures(metrics),
        _counts(metrics),
        _kinds(metrics),
        _folds(metrics),
        "## Parameters",
        _table(("parameter", "value"), [(name, str(value)) for name, value in manifest.params.items()]),
        "## Features",
        f"{manifest.schema} v{manifest.schema_version}, hash `{manifest.schema_hash}`: "
        + ", ".join(manifest.features)
        + ".",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _use(manifest: Manifest, lesson: Lesson) -> str:
    window = (
        f" Its features count over {manifest.feature_window_days:g} days; what is known for less is scaled to that."
        if manifest.feature_window_days
        else ""
    )
    beside = f" Without it, this is judged by: {lesson.rule.text}." if lesson.rule else ""
    return (
        f"It scores rows of the features below and no others; {manifest.threshold:.4g} and more counts as fraud."
        f"{window}{beside} It knows the traffic it learned from. On other traffic its figures are other ones: "
        "`ratingd model evaluate` says which. No feature is the name or the place of anybody."
    )


def _data(manifest: Manifest) -> str:
    share = manifest.positives / manifest.rows if manifest.rows else 0
    came = "; ".join(manifest.sources) or "not told"
    return (
        f"{manifest.rows:,} rows, {manifest.positives:,} of them fraud ({share:.2%}). From: {came}. {_said(manifest)}"
        f"Fingerprint `{manifest.data_fingerprint}`."
    )


def _said(manifest: Manifest) -> str:
    if not manifest.labels:
        return ""
    told = ", ".join([f"{whose} {count:,}" for whose, count in manifest.labels.items()])
    return f"Labels that people gave: {told}. "


def _judged(metrics: Mapping[str, Any]) -> str:
    judged = metrics.get("judged", {})
    if not judged:
        return ""
    how = f"; judged by {judged['by']}" if "by" in judged else ""
    return (
        f"On {judged['rows']:,} rows of {judged['numbers']:,} numbers, {judged['positives']:,} of them fraud{how}. "
        "In brackets what 95 of 100 draws of as many numbers lie between."
    )


def _figures(metrics: Mapping[str, Any]) -> str:
    model, rule = metrics.get("bounds", {}), metrics.get("rule", {}).get("bounds", {})
    told = {_named(name): (told_figure(each), _like(name, rule)) for name, each in model.items()}
    rows = [(name, *each) for name, each in told.items()]
    if not metrics.get("rule"):
        return _table(("figure", "model"), [(name, model) for name, model, _ in rows])
    rows += [(_named(name), "", told_figure(each)) for name, each in rule.items() if "@" in name]
    return _table(("figure", "model", f"the rule alone ({metrics['rule']['text']})"), rows)


def _counts(metrics: Mapping[str, Any]) -> str:
    """What is counted once, and has no bounds."""
    rows = [(name.replace("_", " "), f"{metrics[name]:.4g}") for name in _COUNTS if name in metrics]
    return _table(("at its threshold", ""), rows) if rows else ""


def _kinds(metrics: Mapping[str, Any]) -> str:
    rule = metrics.get("rule", {}).get("by_kind", {})
    rows = [(kind, told_figure(each), _like(kind, rule)) for kind, each in metrics.get("by_kind", {}).items()]
    return _table(("kind", "flagged by the model", "by the rule alone"), rows) if rows else ""


def _folds(metrics: Mapping[str, Any]) -> str:
    ways = metrics.get("cross_validation", {})
    rows = [
        (way.replace("_", " "), str(place), f"{fold['auc']:.4f}", f"{fold['tpr_at_fpr_0.001']:.4f}")
        for way, folds in ways.items()
        for place, fold in enumerate(folds, 1)
    ]
    return _table(("cross-validation", "fold", "AUC", "recall at 0.1 % false positives"), rows) if rows else ""


def told_figure(bounds: Sequence[float]) -> str:
    """`0.9400 (0.8710 to 0.9850)`, or the value alone where nothing is known of its bounds."""
    value, *around = bounds
    return f"{value:.4f} ({around[0]:.4f} to {around[1]:.4f})" if around else f"{value:.4f}"


def _like(name: str, figures: Mapping[str, Sequence[float]]) -> str:
    return told_figure(figures[name]) if name in figures else ""


def _named(name: str) -> str:
    if "@" in name:
        what, threshold = name.split("@")
        return f"{'false positives' if what == 'fpr' else what} at {threshold}"
    return _NAMES.get(name, name)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
