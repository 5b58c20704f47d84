"""Caller features: how a number calls, over an hour, a day and a week, in ratios and rates.

Two numbers made 200 calls today. A courier's went to 190 people in his city, three in four were answered and took a
minute, by day, and some of them called back. The other's went to 198 numbers in sequence, one in three was answered,
half of those for less than ten seconds, from 07:00 to 23:00, and nobody ever called back. No single number tells them
apart; the thirty together do.

All are metrics of `triggers.traffic` of a number as caller, as known at the instant asked about. None is an identifier,
and none says where in the world a number is. Windows are those of the metrics: an hour is 60 minutes, a day 24 hours, a
week seven days, the current one as far as it has come.
"""

from typing import Final

from triggers.scores.feature_schema import COUNT, HOURS, PERCENT, RATIO, SECONDS, SHARE, Feature, FeatureSchema
from triggers.traffic.metric_names import NUMBER
from triggers.traffic.traffic import Traffic

HOUR_S: Final = 3_600
DAY_S: Final = 86_400
WEEK_S: Final = 604_800
WEEK_H: Final = 168.0
CALLS_LEAST: Final = 5  # no model is asked of whom less is known: ratios say nothing yet
AGAIN_MS: Final = 60_000  # a caller is looked at with a call of his, so often at most


class CallerFeature:
    """A feature that is a metric of the caller over a window."""

    __slots__ = ("feature", "metric", "window_s")

    def __init__(self, metric: str, window_s: int, unit: str, text: str) -> None:
        span = "1h" if window_s == HOUR_S else "24h" if window_s == DAY_S else "7d"
        words = "the last hour" if window_s == HOUR_S else "24 h" if window_s == DAY_S else "seven days"
        self.feature: Final = Feature(f"{metric}_{span}", unit, f"{text} over {words}")
        self.metric: Final = metric
        self.window_s: Final = window_s


_METRICS: Final = (
    CallerFeature("attempts", HOUR_S, COUNT, "{value} calls"),
    CallerFeature("asr", HOUR_S, PERCENT, "{value} of 100 calls answered"),
    CallerFeature("cancel_ratio", HOUR_S, SHARE, "{value} of the calls given up before the answer"),
    CallerFeature("mean_ring_s", HOUR_S, SECONDS, "{value} s of ringing on average"),
    CallerFeature("short_call_ratio", HOUR_S, SHARE, "{value} of the answered calls under 10 s"),
    CallerFeature("distinct_b_ratio", HOUR_S, RATIO, "{value} different numbers a call"),
    CallerFeature("sequential_b_ratio", HOUR_S, SHARE, "{value} of the calls to the next number in a row"),
    CallerFeature("premium_ratio", HOUR_S, SHARE, "{value} of the calls to premium ranges"),
    CallerFeature("attempts", DAY_S, COUNT, "{value} calls"),
    CallerFeature("asr", DAY_S, PERCENT, "{value} of 100 calls answered"),
    CallerFeature("aloc", DAY_S, SECONDS, "answered calls of {value} s on average"),
    CallerFeature("avg_call_duration", DAY_S, SECONDS, "calls of {value} s on average"),
    CallerFeature("duration_cv", DAY_S, RATIO, "lengths of calls vary by {value} of their mean"),
    CallerFeature("short_call_ratio", DAY_S, SHARE, "{value} of the answered calls under 10 s"),
    CallerFeature("very_short", DAY_S, SHARE, "{value} of the answered calls under 3 s"),
    CallerFeature("long_call_ratio", DAY_S, SHARE, "{value} of the answered calls over 120 s"),
    CallerFeature("cancel_ratio", DAY_S, SHARE, "{value} of the calls given up before the answer"),
    CallerFeature("mean_ring_s", DAY_S, SECONDS, "{value} s of ringing on average"),
    CallerFeature("distinct_b_ratio", DAY_S, RATIO, "{value} different numbers a call"),
    CallerFeature("repeat_b_share", DAY_S, SHARE, "{value} of the calls to numbers called before"),
    CallerFeature("sequential_b_ratio", DAY_S, SHARE, "{value} of the calls to the next number in a row"),
    CallerFeature("neighbour_ratio", DAY_S, SHARE, "{value} of the calls to numbers that begin like the caller's"),
    CallerFeature("in_out_ratio", DAY_S, RATIO, "{value} calls received for each one made"),
    CallerFeature("intl_ratio", DAY_S, SHARE, "{value} of the calls to another country"),
    CallerFeature("premium_ratio", DAY_S, SHARE, "{value} of the calls to premium ranges"),
    CallerFeature("night_call_ratio", DAY_S, SHARE, "{value} of the calls at night"),
    CallerFeature("unsocial_ratio", DAY_S, SHARE, "{value} of the calls before 08:00 or from 21:00 on"),
    CallerFeature("unique_origin_regions", DAY_S, COUNT, "calls from {value} regions"),
    CallerFeature("unique_target_regions", DAY_S, COUNT, "calls to {value} regions"),
    CallerFeature("trunks", DAY_S, COUNT, "calls over {value} trunks"),
    CallerFeature("fas_index", DAY_S, SHARE, "{value} of the answers look false"),
    CallerFeature("unattested", DAY_S, SHARE, "{value} of the calls without attestation"),
    CallerFeature("sims_per_imei", DAY_S, COUNT, "{value} SIMs in one device"),
    CallerFeature("attempts", WEEK_S, COUNT, "{value} calls"),
    CallerFeature("asr", WEEK_S, PERCENT, "{value} of 100 calls answered"),
    CallerFeature("avg_call_duration", WEEK_S, SECONDS, "calls of {value} s on average"),
    CallerFeature("distinct_b_ratio", WEEK_S, RATIO, "{value} different numbers a call"),
    CallerFeature("repeat_b_share", WEEK_S, SHARE, "{value} of the calls to numbers called before"),
    CallerFeature("in_out_ratio", WEEK_S, RATIO, "{value} calls received for each one made"),
    CallerFeature("night_call_ratio", WEEK_S, SHARE, "{value} of the calls at night"),
)

CALLER: Final = FeatureSchema(
    "caller",
    1,
    (
        *[each.feature for each in _METRICS],
        Feature("mismatch_share_24h", SHARE, "{value} of the calls present a number that is not the asserted one"),
        Feature("hour_share_24h", SHARE, "{value} of the day's calls within the last hour"),
        Feature("open_calls", COUNT, "{value} calls up or ringing"),
        Feature("number_age", HOURS, "first seen {value} h ago, a week at most (usual: {baseline} h)"),
    ),
)  # fmt: skip
_ATTEMPTS_1H: Final = CALLER.place("attempts_1h")
_ATTEMPTS_24H: Final = CALLER.place("attempts_24h")


_WINDOWS_S: Final = (HOUR_S, DAY_S, WEEK_S)  # in the order of their features


def caller_row(traffic: Traffic, a: str, at_ms: int) -> list[float]:
    """Of a number as caller, at an instant; zeros of one that nobody has heard of."""
    row = CallerRow(a, at_ms)
    while not row.complete:
        row.step(traffic)
    return row.features


class CallerRow:
    """A row that is made a window at a time: of somebody who called 20,000 times each takes half a millisecond, and
    whoever holds a lock may let others in between. What happens in between is seen by the windows that follow."""

    __slots__ = ("_a", "_at_ms", "_mismatches", "_windows", "features")

    def __init__(self, a: str, at_ms: int) -> None:
        self.features: Final[list[float]] = []
        self._a: Final = a
        self._at_ms: Final = at_ms
        self._mismatches = 0.0
        self._windows = 0  # that are done

    @property
    def complete(self) -> bool:
        return self._windows == len(_WINDOWS_S)

    def step(self, traffic: Traffic) -> None:
        """Add the features of the next window; with the last one, those of no window."""
        window_s = _WINDOWS_S[self._windows]
        for each in _METRICS:
            if each.window_s == window_s:
                self.features.append(self._value(traffic, each.metric, window_s))
        if window_s == DAY_S:
            self._mismatches = self._value(traffic, "cli_mismatches", DAY_S)
        self._windows += 1
        if self.complete:
            self._add_others(traffic)

    def _add_others(self, traffic: Traffic) -> None:
        row = self.features
        hour, day = row[_ATTEMPTS_1H], row[_ATTEMPTS_24H]
        row.append(self._mismatches / day if day > 0.0 else 0.0)
        row.append(min(1.0, hour / day) if day > 0.0 else 0.0)
        row.append(self._value(traffic, "open_calls", HOUR_S))
        row.append(min(WEEK_H, self._value(traffic, "number_age", HOUR_S) / HOUR_S))

    def _value(self, traffic: Traffic, metric: str, window_s: int) -> float:
        return traffic.value(NUMBER, self._a, metric, window_s, self._at_ms)
