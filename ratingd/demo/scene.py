"""Who calls whom in the demo: an ordinary quarter of an hour, some calls that cannot be, a family, a package that runs
out, two calls at once, a hijacked telephone and one that was left off the hook.

All of it on a Monday at ten in the morning, in peak time, so that the prices of the story are always the same.
"""

import random
import time
from typing import Final

from ratingd.demo.switch import Planned
from tariffs.zone import DAY_NS, UTC

HIJACKED: Final = "1008"
EXPLAINED: Final = Planned("call-explained", "1006", "4930123456", 90)
SATELLITE: Final = Planned("call-satellite", HIJACKED, "8816123456", 600, 60)
BYSTANDER: Final = Planned("call-bystander", HIJACKED, "4930765432", 1800, 12)
PAYER: Final = "1011"
FAMILY: Final = Planned("call-family", "1012", "4930123456", 90)
PACKAGE: Final = Planned("call-package", "1002", "4930123456", 300)
MINUTES_LEFT_S: Final = 120
HOUR_S: Final = 3600
AT_ONCE: Final = (Planned("call-a", "1003", "391555010", 60), Planned("call-b", "1003", "331555010", 60))
CAPPED: Final = "1007"
FORGOTTEN: Final = Planned("call-forgotten", "1007b", "391555010", 7200, 60, speed=6000)
CAP: Final = "15"
ALERTS: Final = 3  # of the hijacked telephone, and of the forgotten one: its dear call, and its day's cap
_CALLERS: Final = ("1001", "1002", "1003", "1004", "1005", "1006", "1007", "1010")
_NUMBERS: Final = ("4930555100", "491715550100", "4915155502", "1004", "331555010", "391555010", "4989555400")
_ORDINARY: Final = 32
_MONDAY: Final = 1
_TEN_O_CLOCK_NS: Final = 10 * 3600 * 1_000_000_000


def monday_morning() -> int:
    """Ten o'clock UTC of the last Monday, in nanoseconds since the epoch."""
    day = UTC.day_of(time.time_ns() - DAY_NS)
    while day.week_day != _MONDAY:
        day = UTC.day_of(day.start_ns - 1)
    return day.at(_TEN_O_CLOCK_NS)


def ordinary() -> list[Planned]:
    """The same calls every time: who, where to, how long."""
    dice = random.Random(2026)
    calls = [
        Planned(f"call-{number:02}", _CALLERS[number % len(_CALLERS)], dice.choice(_NUMBERS), dice.randrange(18, 120))
        for number in range(_ORDINARY)
    ]
    return [*calls, EXPLAINED]


def impossible() -> list[Planned]:
    """A number nobody prices, a disabled account, one that does not exist."""
    return [
        Planned("call-unpriced", "1003", "442079460000", 30),
        Planned("call-disabled", "1009", "4930555100", 30),
        Planned("call-unknown", "1099", "4930555100", 30),
    ]


def hijacked() -> list[Planned]:
    """A satellite number that earns the thief money, while the owner speaks with somebody."""
    return [BYSTANDER, SATELLITE]
