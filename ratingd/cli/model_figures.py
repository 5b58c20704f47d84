"""What `ratingd model train` and `evaluate` show: figures of a model, the rule alone beside them.

Nothing of this imports what models are made with: a table is made of numbers.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.console import RenderableType
from rich.text import Text

from ratingd.cli.output import pairs, table

if TYPE_CHECKING:
    from ratingd.models.model_folder import Manifest
    from ratingd.models.training.cuts import Cut
    from ratingd.models.training.evaluation import Evaluation
    from ratingd.models.training.figures import Figure

NAMES: Final = {
    "auc": "AUC",
    "ap": "average precision",
    "tpr_at_fpr_0.001": "recall at 0.1 % false positives",
    "tpr_at_fpr_0.01": "recall at 1 % false positives",
    "brier": "Brier score",
}
COUNTS: Final = ("accuracy", "true_positives", "false_positives", "false_negatives", "true_negatives")


def trained_tables(manifest: "Manifest", into: Path) -> list[RenderableType]:
    metrics = manifest.metrics
    rule = metrics.get("rule", {}).get("bounds", {})
    figures = table("figure", "model", "the rule alone")
    for name, bounds in metrics["bounds"].items():
        figures.add_row(named(name), _told(bounds), _told(rule[name]) if name in rule else "")
    for name, bounds in rule.items():
        if name not in metrics["bounds"]:
            figures.add_row(named(name), "", _told(bounds))
    for name in COUNTS:
        if name in metrics:
            figures.add_row(
                name.replace("_", " "), f"{metrics[name]:.4f}" if name == "accuracy" else str(metrics[name])
            )
    head = [
        ("model", f"{manifest.name}, {manifest.algorithm}, {manifest.schema} v{manifest.schema_version}"),
        ("rows", f"{manifest.rows:,}, {manifest.positives:,} of them fraud"),
        *([("said by people", _said(manifest))] if manifest.labels else []),
        ("judged by", _judged(metrics)),
        ("threshold", f"{manifest.threshold:.4g}"),
    ]
    return [pairs(head), Text(), figures, Text(), *_folds(metrics), pairs([("folder", str(into))])]


def evaluation_tables(found: "Evaluation") -> list[RenderableType]:
    fraud = f"{found.positives:,} of them fraud"
    head = f"{found.data}: {found.rows:,} rows scored, {fraud}" + (f", of {found.calls:,} calls" if found.calls else "")
    parts: list[RenderableType] = [Text(head, "bold"), _figures("", found.model, found.rule)]
    if found.all_calls:
        parts += [Text(), _figures(" of all calls", found.all_calls, found.rule_all_calls)]
    kinds = table("kind", f"flagged at {found.threshold:.4g}", "by the rule alone")
    for kind, figure in found.kinds.items():
        kinds.add_row(kind, str(figure), str(found.rule_kinds[kind]) if kind in found.rule_kinds else "")
    parts += [Text(), kinds]
    if found.cuts:
        parts += [Text(), _cuts(found.cuts)]
    return [*parts, Text()]


def _figures(title: str, model: Mapping[str, "Figure"], rule: Mapping[str, "Figure"]) -> RenderableType:
    made = table(f"figure{title}", "model", "the rule alone")
    for name in [*model, *[each for each in rule if each not in model]]:
        made.add_row(named(name), str(model.get(name, "")), str(rule.get(name, "")))
    return made


def _cuts(cuts: "Sequence[Cut]") -> RenderableType:
    heads = ("the rule", "with lists", "at once", "the model", "with lists ", "at the rule's recall at once")
    made = table("calls cut (*: fraud)", "calls", *heads, numbers=("calls", *heads))
    for cut in cuts:
        columns = (cut.rule, cut.rule_listed, cut.rule_at_once, cut.model, cut.model_listed, cut.model_as_rule)
        shares = ["" if count is None else f"{count:,} ({count / cut.calls:.2%})" for count in columns]
        made.add_row(cut.kind + (" *" if cut.fraud else ""), f"{cut.calls:,}", *shares)
    return made


def named(name: str) -> str:
    if "@" in name:
        what, threshold = name.split("@")
        return f"{'false positives' if what == 'fpr' else what} at {float(threshold):.4g}"
    return NAMES.get(name, name)


def _said(manifest: "Manifest") -> str:
    return ", ".join([f"{whose} {count:,}" for whose, count in manifest.labels.items()])


def _judged(metrics: Mapping[str, Any]) -> str:
    judged = metrics["judged"]
    return f"{judged['rows']:,} rows of {judged['numbers']:,} numbers, {judged['positives']:,} of them fraud"


def _folds(metrics: Mapping[str, Any]) -> list[RenderableType]:
    ways = metrics.get("cross_validation")
    if not ways:
        return []
    made = table("cross-validation", "AUC", "recall at 0.1 % false positives")
    for way, folds in ways.items():
        for fold in folds:
            made.add_row(way.replace("_", " "), f"{fold['auc']:.4f}", f"{fold['tpr_at_fpr_0.001']:.4f}")
    return [made, Text()]


def _told(bounds: list[float]) -> str:
    value, low, high = bounds
    return f"{value:.4f} ({low:.4f} to {high:.4f})"
