"""Last activity: when a number last tried to call or was last called, as far as its traffic tells.

A call that goes on has no record yet, and its attempt is counted all the same. Windows of up to 300 s are known to the
second, longer ones by the minute, the hour and the day: an attempt 40 minutes ago is told to the minute, never as later
than it was.
"""

from typing import Final, Protocol

SECOND: Final = 1
MINUTE: Final = 60
HOUR: Final = 3_600
DAY: Final = 86_400
WINDOWS: Final[tuple[int, ...]] = (
    *range(1, 301), *range(6 * MINUTE, HOUR + 1, MINUTE), *range(2 * HOUR, DAY + 1, HOUR), *range(2 * DAY, 8 * DAY, DAY)
)  # fmt: skip
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
    return now_ms - 1000 * WINDOWS[low]
