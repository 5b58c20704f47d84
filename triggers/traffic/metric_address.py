"""Addresses of traffic metrics: kind, name and window, such as b.asr.300 or a.cancel_ratio.3600.

`b.asr.300` is the answer-seizure ratio of a called number over five minutes, `trunk.acd.3600` the average call of a
trunk over an hour. Windows are whole seconds up to 300, whole minutes up to an hour, whole hours up to a day, whole
days up to seven. `score.masking` is a score: told by whoever scores, not computed here.
"""

from typing import Final

from triggers.traffic.metric_names import KINDS, METRICS, names_of

WINDOWS_S: Final = (5, 60, 300, 3_600, 86_400, 604_800)
HALF_LIVES_S: Final = (3_600, 86_400, 604_800)
EXACT_S: Final = 300
SCORE: Final = "score"
_MINUTE_S: Final = 60
_HOUR_S: Final = 3_600
_DAY_S: Final = 86_400
_WEEK_S: Final = 604_800


class MetricUnknown(ValueError):
    """Nobody computes what was asked for. The text says what was asked and what there is."""


class MetricAddress:
    __slots__ = ("kind", "name", "window_s")

    def __init__(self, kind: str, name: str, window_s: int) -> None:
        self.kind: Final = kind
        self.name: Final = name
        self.window_s: Final = window_s

    def __repr__(self) -> str:
        return f"{self.kind}.{self.name}.{self.window_s}"


def is_score(text: str) -> bool:
    """Whether an address names a score rather than a metric."""
    return text.startswith(f"{SCORE}.")


def parse(text: str) -> MetricAddress:
    """The metric of an address; MetricUnknown says which part is wrong and what there is instead."""
    parts = text.split(".")
    if len(parts) != 3:
        raise MetricUnknown(
            f"{text!r} is no address of a metric: it is KIND.NAME.SECONDS, such as b.asr.300; "
            f"kinds are {', '.join(KINDS)}"
        )
    kind, name, seconds = parts
    if not (seconds.isascii() and seconds.isdecimal()) or len(seconds) > len(str(_WEEK_S)):
        raise MetricUnknown(f"{text!r}: {seconds!r} is no window. {_windows_allowed()}")
    check(kind, name, int(seconds))
    return MetricAddress(kind, name, int(seconds))


def check(kind: str, name: str, window_s: int) -> None:
    """MetricUnknown where there is no such metric of such keys over such a window."""
    if kind not in KINDS:
        raise MetricUnknown(f"there are no metrics of {kind!r}: kinds are {', '.join(KINDS)}")
    metric = METRICS.get(name)
    if metric is None or kind not in metric.kinds:
        raise MetricUnknown(f"{kind!r} has no metric {name!r}: it has {', '.join(names_of(kind))}")
    if not is_window(window_s):
        raise MetricUnknown(f"{window_s} s is no window. {_windows_allowed()}")
    if name.endswith("_ewma") and window_s not in HALF_LIVES_S:
        raise MetricUnknown(f"{name} fades by half every 3600, 86400 or 604800 s, not every {window_s} s")


def is_window(window_s: int) -> bool:
    if window_s <= EXACT_S:
        return window_s >= 1
    if window_s <= _HOUR_S:
        return window_s % _MINUTE_S == 0
    if window_s <= _DAY_S:
        return window_s % _HOUR_S == 0
    return window_s <= _WEEK_S and window_s % _DAY_S == 0


def _windows_allowed() -> str:
    return (
        f"Usual windows are {', '.join([str(each) for each in WINDOWS_S])}; allowed are 1 to 300 s, "
        "whole minutes up to 3600 s, whole hours up to 86400 s, whole days up to 604800 s"
    )
