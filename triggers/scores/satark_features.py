"""Features of the Isolation Forest over callers: five numbers of what a caller did within some days.

The forest was trained on 30 days: a normal caller made 165 calls of 180 s, a fraudulent one 3,000 of 20 s, half of them
at night. Live metrics reach back seven days, and a number may be known for less. What is a count over time is scaled to
the days the model was trained on: 24 calls in two days are 360 in 30. A number known for an hour counts as known for a
day, or its first call would be 720 a month. Means, shares and regions are not scaled.
"""

from typing import Final

from triggers.scores.feature_schema import COUNT, SECONDS, SHARE, Feature, FeatureSchema
from triggers.traffic.metric_names import NUMBER
from triggers.traffic.traffic import Traffic

WINDOW_DAYS: Final = 30.0
DAY_S: Final = 86_400
WEEK_S: Final = 7 * DAY_S

SATARK: Final = FeatureSchema(
    "satark",
    1,
    (
        Feature("avg_call_duration", SECONDS, "calls last {value} s on average (usual: {baseline} s)"),
        Feature("total_calls", COUNT, "{value} calls, scaled to the days the model knows"),
        Feature("night_call_ratio", SHARE, "{value} of the calls at night"),
        Feature("unique_origin_regions", COUNT, "calls from {value} regions"),
        Feature("unique_target_regions", COUNT, "calls to {value} regions"),
    ),
)


def satark_row(traffic: Traffic, a: str, at_ms: int, window_days: float = WINDOW_DAYS) -> list[float]:
    """Of a caller, as far as he is known; zeros of one that made no call within seven days."""
    values = [traffic.value(NUMBER, a, name, WEEK_S, at_ms) for name in SATARK.names]
    known_s = traffic.value(NUMBER, a, "number_age", WEEK_S, at_ms)
    values[1] *= window_days * DAY_S / min(max(known_s, DAY_S), WEEK_S)
    return values
