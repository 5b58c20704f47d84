"""The rule alone: what would be flagged without a model, beside which a model's figures are shown.

A model that finds 94 of 100 masked calls is worth its keep only if five callers in five seconds find fewer, or cut off
more televotes. Beside each model stands what ratingd does without it:

    masking            callers within the window; flagged from 5 on
    caller, isolation  the rule score of `triggers.watch.rule_score`, 0 to 100; fraud beyond 50

For the calls of a board there is no rule.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from ratingd.models.arrays import Column, Rows
from triggers.scores.caller_features import CALLER
from triggers.scores.masking_features import MASKING
from triggers.scores.satark_features import SATARK
from triggers.watch.rule_score import caller_risk

CALLERS: Final = 5  # within the window
BEYOND_FIFTY: Final = 55.0  # rule scores go by fives


@dataclass(frozen=True, slots=True)
class RuleAlone:
    text: str
    threshold: float
    scores: Callable[[Rows], Column]


def _callers(rows: Rows) -> Column:
    return rows[:, MASKING.place("distinct_a_count")].copy()


def _risks(places: list[int]) -> Callable[[Rows], Column]:
    def scores(rows: Rows) -> Column:
        return np.array([_risk(*row) for row in rows[:, places].tolist()], np.float64)

    return scores


def _risk(duration: float, calls: float, night: float, origins: float, targets: float) -> float:
    return caller_risk(
        avg_call_duration=duration,
        total_calls=calls,
        night_call_ratio=night,
        origin_regions=origins,
        target_regions=targets,
    ).risk


_A_DAY: Final = ("avg_call_duration", "attempts", "night_call_ratio", "unique_origin_regions", "unique_target_regions")

MASKING_RULE: Final = RuleAlone("5 callers within 5 s", CALLERS, _callers)
CALLER_RULE: Final = RuleAlone(
    "rule score of 24 h beyond 50", BEYOND_FIFTY, _risks([CALLER.place(f"{name}_24h") for name in _A_DAY])
)
SATARK_RULE: Final = RuleAlone(
    "rule score beyond 50", BEYOND_FIFTY, _risks([SATARK.place(name) for name in SATARK.names])
)
