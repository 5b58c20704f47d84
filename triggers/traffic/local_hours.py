"""Hours of the day where the operator is: whether a call was made at night, without asking a calendar for each.

With fraud_timezone Europe/Berlin a call at 21:30 UTC in January is one at 22:30: night. A local hour is looked up once
and remembered while calls fall into it.
"""

from collections.abc import Sequence
from typing import Final

from tariffs.zone import Zone
from triggers.traffic.counted_call import NIGHT, UNSOCIAL

HOUR_MS: Final = 3_600_000
NS_PER_MS: Final = 1_000_000
SOCIAL_FROM: Final = 8
SOCIAL_UNTIL: Final = 21
_KEPT: Final = 512


class LocalHours:
    __slots__ = ("_from_ms", "_hours", "_marks", "_night", "_zone")

    def __init__(self, zone: Zone, night_hours: Sequence[int]) -> None:
        self._zone: Final = zone
        self._night: Final = [hour in night_hours for hour in range(24)]
        self._hours: Final[dict[int, int]] = {}  # quarter of an hour since the epoch to the hour on the clock
        self._from_ms = -1
        self._marks = 0

    def marks(self, at_ms: int) -> int:
        """NIGHT and UNSOCIAL, as they hold."""
        quarter_ms = HOUR_MS // 4
        if not 0 <= at_ms - self._from_ms < quarter_ms or self._from_ms < 0:
            hour = self.hour(at_ms)
            unsocial = not SOCIAL_FROM <= hour < SOCIAL_UNTIL
            self._marks = (NIGHT if self._night[hour] else 0) | (UNSOCIAL if unsocial else 0)
            self._from_ms = at_ms // quarter_ms * quarter_ms
        return self._marks

    def hour(self, at_ms: int) -> int:
        quarter = at_ms // (HOUR_MS // 4)
        hour = self._hours.get(quarter, -1)
        if hour < 0:
            if len(self._hours) >= _KEPT:
                self._hours.clear()
            local_ms = at_ms + self._zone.offset_ns(at_ms * NS_PER_MS) // NS_PER_MS
            hour = self._hours[quarter] = local_ms // HOUR_MS % 24
        return hour
