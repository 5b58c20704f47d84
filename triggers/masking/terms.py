"""Masking terms: what makes calls to one number a masking run, and how much of them is kept.

Five different callers within five seconds, and a minute until a run that goes on counts as another: these are the
terms of most numbers. A televote on the whitelist may have its own: 40 callers within 10 seconds.
"""

from typing import Final

THRESHOLD_MIN: Final = 2
WINDOW_MS_MIN: Final = 1


class MaskingTerms:
    """What holds for a called number.

    A window of 5,000 ms that ends at 10:00:07.000 begins after 10:00:02.000; `closed` lets a call of that very instant
    belong to it. A call may come `lateness_ms` behind the newest to its number, no more. Hot calls up to `cooldown_ms`
    apart are of one incident. At most `calls_max` calls to one number are kept, and `numbers_max` numbers of a shard.
    """

    __slots__ = (
        "calls_max", "closed", "cooldown_ms", "idle_ms", "lateness_ms", "numbers_max", "overlapping", "reach_ms",
        "span_ms", "threshold", "window_ms",
    )  # fmt: skip

    def __init__(
        self,
        window_ms: int = 5_000,
        threshold: int = 5,
        *,
        lateness_ms: int = 5_000,
        cooldown_ms: int = 60_000,
        closed: bool = False,
        calls_max: int = 4_096,
        numbers_max: int = 2_000_000,
    ) -> None:
        _at_least("window_ms", window_ms, WINDOW_MS_MIN)
        _at_least("threshold", threshold, THRESHOLD_MIN)
        _at_least("lateness_ms", lateness_ms, 0)
        _at_least("cooldown_ms", cooldown_ms, 0)
        _at_least("calls_max", calls_max, threshold)
        _at_least("numbers_max", numbers_max, 1)
        self.window_ms: Final = window_ms
        self.threshold: Final = threshold
        self.lateness_ms: Final = lateness_ms
        self.cooldown_ms: Final = cooldown_ms
        self.closed: Final = closed
        self.calls_max: Final = calls_max
        self.numbers_max: Final = numbers_max
        self.span_ms: Final = window_ms if closed else window_ms - 1  # from the first instant of a window to its last
        self.reach_ms: Final = self.span_ms + lateness_ms  # an older call is in no window that a late one can be in
        self.idle_ms: Final = window_ms + lateness_ms + cooldown_ms  # a number silent for so long has nothing to go on
        self.overlapping: Final = cooldown_ms < window_ms  # then a call may be in two incidents

    def own(self, window_ms: int = 0, threshold: int = 0) -> "MaskingTerms":
        """These terms with the window and the threshold of one number; 0 leaves what is."""
        return MaskingTerms(
            window_ms or self.window_ms,
            threshold or self.threshold,
            lateness_ms=self.lateness_ms,
            cooldown_ms=self.cooldown_ms,
            closed=self.closed,
            calls_max=max(self.calls_max, threshold),
            numbers_max=self.numbers_max,
        )


def _at_least(name: str, value: int, least: int) -> None:
    if value < least:
        raise ValueError(f"masking terms: {name} is {value}; it must be {least} or more")
