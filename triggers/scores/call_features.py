"""Features of one call, for its neighbours among labelled calls: how long, to how long a number, when, how often.

A board sends {"call_duration": 12.5, "num_digits": 11, "hour_of_day": 23, "freq_calls": 4, "caller": "0171…"}: the row
is (12.5, 11, 23, 4). What a message does not say is 0. Of a call that was counted here the same four are found: its
length, the digits of the caller's number as it was received, the hour it began, and the caller's calls within the last
60 minutes.
"""

from collections.abc import Mapping
from typing import Final

from triggers.calls.call_record import CallRecord
from triggers.scores.feature_schema import COUNT, SECONDS, Feature, FeatureSchema
from triggers.traffic.metric_names import NUMBER
from triggers.traffic.traffic import Traffic

HOUR_S: Final = 3_600
NUMBER_MAX: Final = 1_000_000_000_000  # of a field of a message; what is more is no length, no hour and no count

KNN: Final = FeatureSchema(
    "knn",
    1,
    (
        Feature("call_duration", SECONDS, "the call lasted {value} s (usual: {baseline} s)"),
        Feature("num_digits", COUNT, "the caller's number has {value} digits"),
        Feature("hour_of_day", COUNT, "hour of the day {value}"),
        Feature("freq_calls", COUNT, "{value} calls of the caller within 60 minutes"),
    ),
)


def call_row(traffic: Traffic, record: CallRecord, at_ms: int) -> list[float]:
    """Of a call that is over."""
    return [
        record.duration_ms / 1000,
        float(digits_of(record.a_raw or record.a)),
        traffic.value(NUMBER, record.a, "hour_of_day", HOUR_S, record.start_ms),
        traffic.value(NUMBER, record.a, "freq_calls", HOUR_S, at_ms),
    ]


def message_row(message: Mapping[str, object]) -> list[float]:
    """Of a board's message; ValueError names the field that is no number."""
    return [_number(message, name) for name in KNN.names]


def digits_of(text: str) -> int:
    """How many digits a number was received with."""
    return len([each for each in text if each in "0123456789"])


def _number(message: Mapping[str, object], name: str) -> float:
    value = message.get(name)
    if value is None:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{name} is {_short(value)}; it must be a number, or be left out to count as 0")
    if abs(value) > NUMBER_MAX:
        raise ValueError(f"{name} is {_short(value)}; a number up to {NUMBER_MAX} is wanted")
    return float(value)


def _short(value: object) -> str:
    """A wrong value, as far as a message shows it."""
    shown = ascii(value)
    return shown if len(shown) <= 80 else f"{shown[:77]}..."
