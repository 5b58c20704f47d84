"""The rule alone: callers within the window, and the rule score of a caller."""

import numpy as np
import pytest

from ratingd.models.arrays import Rows
from ratingd.models.training.rule_alone import CALLER_RULE, MASKING_RULE, SATARK_RULE, RuleAlone
from triggers.scores.caller_features import CALLER
from triggers.scores.feature_schema import FeatureSchema
from triggers.scores.masking_features import MASKING
from triggers.scores.satark_features import SATARK


@pytest.mark.parametrize(("callers", "flagged"), [(4, False), (5, True), (30, True)])
def test_five_callers_are_a_run(callers: int, flagged: bool) -> None:
    row = _row(MASKING, {"distinct_a_count": callers})
    assert _flagged(MASKING_RULE, row) is flagged


@pytest.mark.parametrize(
    ("duration", "calls", "night", "origins", "flagged"),
    [
        (2, 150, 0.1, 1, True),  # 30 + 25
        (20, 3_000, 0.5, 6, True),  # 25 + 20 + 15
        (2, 50, 0.5, 1, False),  # 30 + 20: at 50 it is not beyond
        (180, 160, 0.05, 6, False),
    ],
)
def test_caller_is_fraudulent_beyond_fifty(
    duration: float, calls: int, night: float, origins: int, flagged: bool
) -> None:
    told = {"avg_call_duration": duration, "total_calls": calls, "night_call_ratio": night}
    assert _flagged(SATARK_RULE, _row(SATARK, told | {"unique_origin_regions": origins})) is flagged
    day = {"avg_call_duration_24h": duration, "attempts_24h": calls, "night_call_ratio_24h": night}
    assert _flagged(CALLER_RULE, _row(CALLER, day | {"unique_origin_regions_24h": origins})) is flagged


def _row(schema: FeatureSchema, told: dict[str, float]) -> Rows:
    row = np.zeros((1, len(schema)))
    for name, value in told.items():
        row[0, schema.place(name)] = value
    return row


def _flagged(rule: RuleAlone, rows: Rows) -> bool:
    return bool(rule.scores(rows)[0] >= rule.threshold)
