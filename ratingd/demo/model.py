"""The model that was trained meanwhile: what it is worth, and how it comes to score at the daemon."""

from collections.abc import Mapping
from typing import Any, Final

from rich.console import RenderableType

from ratingd.cli.client import Client
from ratingd.cli.model_registry import OPENING_S, uploads
from ratingd.cli.output import table
from ratingd.demo.learning import TYPED, Learning
from ratingd.demo.story import Story
from ratingd.v1.models_pb2 import ActivateModelRequest, GetModelStatusRequest, ScoreStatus

MASKING: Final = "masking"
BY_RULES: Final = "rule_based"
FEW: Final = "masking_low"  # runs of three or four callers at once


def learn(story: Story, client: Client, learning: Learning) -> None:
    """Wait for it, say what it reached, and have it score from now on."""
    story.chapter("Fewer callers than the rule counts: a model learns what masked calls are like")
    before = status(client)
    manifest, took_s = learning.learned()
    story.say(
        f"Until now no model scored. One was trained beside all this, a small one, in {took_s:.1f} s:", f"  {TYPED}"
    )
    story.say(_reached(manifest["metrics"]))
    added = client.ask(client.models.AddModel, uploads(learning.folder, "demo"), OPENING_S)
    request = ActivateModelRequest(name=added.name, version=added.version, who="demo")
    client.ask(client.models.ActivateModel, request, OPENING_S)
    now = status(client)
    story.say(
        f"`ratingd model add` gave it to the daemon as {added.name} {added.version}, `ratingd model activate` has it"
        " score calls;",
        f"from {now.threshold:g} on they are masked.",
    )
    figures = manifest["metrics"]
    story.step(
        "a model was trained, and of numbers that it was not shown it tells more than the rule",
        figures["recall"] > _by_rule(figures, "recall") and figures["fpr"] < _by_rule(figures, "fpr"),
    )
    story.step(
        "it scores at the daemon, where the rule was alone",
        before.method == BY_RULES and now.method != BY_RULES and now.version == added.version > 0 and not now.fault,
    )


def status(client: Client) -> ScoreStatus:
    """How masking is scored."""
    scores = client.ask(client.models.GetModelStatus, GetModelStatusRequest()).scores
    found: ScoreStatus = next(score for score in scores if score.name == MASKING)
    return found


def _reached(figures: Mapping[str, Any]) -> RenderableType:
    """Beside the rule, on calls to numbers that were held out of training."""
    judged = figures["judged"]
    title = f"{judged['rows']:,} calls to {judged['numbers']} numbers that it was not shown"
    rows = table(title, "it flags", "the rule", numbers=("it flags", "the rule"))
    rows.add_row("masked ones", _share(figures["recall"]), _share(_by_rule(figures, "recall")))
    kinds, by_rule = figures["by_kind"], figures["rule"]["by_kind"]
    if FEW in kinds:
        rows.add_row("where three or four call at once", _share(kinds[FEW][0]), _share(by_rule[FEW][0]))
    rows.add_row("others, of which none is on a list", _share(figures["fpr"]), _share(_by_rule(figures, "fpr")))
    return rows


def _share(value: float) -> str:
    return f"{100 * value:.1f} %"


def _by_rule(figures: Mapping[str, Any], name: str) -> float:
    bounds: Mapping[str, list[float]] = figures["rule"]["bounds"]
    return next(found[0] for each, found in bounds.items() if each.startswith(f"{name}@"))
