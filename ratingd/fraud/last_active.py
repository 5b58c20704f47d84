"""Last activity: when a number last tried to call or was last called, as far as its traffic tells.

A call that goes on has no record yet, and its attempt is counted all the same. Windows of up to 300 s are known to the
second; longer ones begin with a whole minute, hour or day. So an attempt 40 minutes ago is told to the minute, one of
last week to the day, and never as later than it was.
"""

from typing import Final, Protocol

EXACT: Final = 300
MINUTE: Final = 60
HOUR: Final = 3_600
DAY: Final = 86_400
SECONDS: Final = tuple(range(1, EXACT + 1))
MINUTES: Final = tuple(range(EXACT + MINUTE, HOUR + 1, MINUTE))
HOURS: Final = tuple(range(2 * HOUR, DAY + 1, HOUR))
DAYS: Final = tuple(range(2 * DAY, 8 * DAY, DAY))
WINDOWS: Final[tuple[int, ...]] = SECONDS + MINUTES + HOURS + DAYS
SIDES: Final = ("a", "b")


class Desk(Protocol):
    def value(self, kind: str, key: str, name: str, window_s: int, at_ms: int = 0) -> float: ...


def last_attempt_ms(desk: Desk, number: str, now_ms: int) -> int:
    """No later than its last attempt within seven days; 0 where there was none."""
    return max([_last_ms(desk, side, number, now_ms) for side in SIDES])


def _last_ms(desk: Desk, side: str, number: str, now_ms: int) -> int:
    """The shortest window that has an attempt, found by halves."""
    if not desk.value(side, number, "attempts", WINDOWS[-1], now_ms):
        return 0
    low, high = 0, len(WINDOWS) - 1
    while low < high:
        middle = (low + high) // 2
        if desk.value(side, number, "attempts", WINDOWS[middle], now_ms):
            high = middle
        else:
            low = middle + 1
    return _begin_ms(WINDOWS[low], now_ms)


def _begin_ms(window_s: int, now_ms: int) -> int:
    """Where a window begins: with the current unit and n - 1 before it, or so many seconds ago."""
    if window_s <= EXACT:
        return now_ms - 1000 * window_s
    unit_s = MINUTE if window_s <= HOUR else HOUR if window_s <= DAY else DAY
    return (now_ms // 1000 // unit_s - window_s // unit_s + 1) * unit_s * 1000
