"""Caller scores: how suspect a caller is by what he does, of 100, and who says so.

The rules say 45 of +37190012345, for very short calls and many of them; the active model may say 92, with reasons of
its own. Whoever looks a number up is told the one that is asked, and its name.
"""

from typing import Final

from triggers.watch.explanation import Explanation
from triggers.watch.rule_score import RuleScore


class CallerScore:
    """`method` is rule_based, or the name and version of a model. The strongest explanation comes first."""

    __slots__ = ("explanations", "method", "risk")

    def __init__(self, risk: float, method: str, explanations: tuple[Explanation, ...] = ()) -> None:
        self.risk: Final = risk
        self.method: Final = method
        self.explanations: Final = explanations


def by_rules(score: RuleScore) -> CallerScore:
    """What the rules say, where no model is active."""
    return CallerScore(score.risk, score.method, score.explanations)
