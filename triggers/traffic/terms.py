"""What traffic metrics need to be told: the zone of nights, which numbers are dear, what is ours, how much is kept."""

from collections.abc import Sequence
from typing import Final

from tariffs.zone import UTC, Zone

NIGHT_HOURS: Final = (22, 23, 0, 1, 2, 3, 4, 5)
DAY_MS: Final = 86_400_000


class TrafficTerms:
    def __init__(
        self,
        *,
        window_ms: int = 5_000,
        zone: Zone = UTC,
        night_hours: Sequence[int] = NIGHT_HOURS,
        premium: Sequence[str] = (),
        home_region: str = "",
        keys_max: int = 2_000_000,
        calls_max: int = 1_000_000,
        recent_max: int = 4_096,
        idle_ms: int = 7 * DAY_MS,
        ended_ms: int = 300_000,
        lost_ms: int = DAY_MS,
    ) -> None:
        self.window_ms: Final = window_ms  # the detection window, of concurrent_callers and call_rate
        self.zone: Final = zone
        self.night_hours: Final = tuple(night_hours)
        self.premium: Final = _prefixes(premium)
        self.home_region: Final = home_region  # such as DE; "": no caller is ours and none is foreign
        self.keys_max: Final = keys_max  # of each kind; the one longest silent goes first
        self.calls_max: Final = calls_max  # calls of which more may be heard; the one longest silent goes first
        self.recent_max: Final = recent_max  # calls of one key that short windows hold exactly
        self.idle_ms: Final = idle_ms  # after which a key is forgotten
        self.ended_ms: Final = ended_ms  # how long a call is known that is over, or was never answered
        self.lost_ms: Final = lost_ms  # after which an answered call that nobody speaks of is no longer going on


def _prefixes(texts: Sequence[str]) -> tuple[str, ...]:
    """+371 909 as 371909."""
    digits = ["".join([each for each in text if each.isdecimal()]) for text in texts]
    return tuple([each for each in digits if each])
