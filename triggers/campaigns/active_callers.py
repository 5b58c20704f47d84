"""Active callers: whose traffic is worth a look, out of a million numbers, without keeping calls waiting.

The callers are kept in up to 256 parts. Whoever looks for suspects takes one part at a time, copies it while he holds
the lock (31,000 keys take 0.15 ms) and goes through it when calls go on. Who is flagged is looked at, and who has made
twenty calls or more, so that ratios say something; most numbers make a few calls a week.
"""

from typing import Final

from triggers.campaigns.caller_profile import CallerProfile, profile
from triggers.campaigns.suspects import Suspects
from triggers.numbers.calling_code import CallingCodes
from triggers.numbers.number import ANONYMOUS
from triggers.traffic.key import TrafficKey
from triggers.traffic.traffic import Traffic

CALLS_LEAST: Final = 20


def parts(traffic: Traffic) -> int:
    return traffic.callers.parts


def callers(traffic: Traffic, part: int) -> list[TrafficKey]:
    """Those of a part, as they are now."""
    return traffic.callers.part(part)


def profile_of(traffic: Traffic, number: str, at_ms: int, codes: CallingCodes) -> CallerProfile | None:
    key = traffic.callers.get(number)
    return None if key is None else profile(key, at_ms, codes)


def flagged(keys: list[TrafficKey], suspects: Suspects, since_ms: int) -> list[str]:
    """Those who called since an instant, and are flagged themselves or by their range."""
    found = []
    for key in keys:
        if key.last_ms >= since_ms and key.name != ANONYMOUS:
            within = key.range is not None and key.range.name in suspects.ranges
            if within or key.name in suspects.numbers:
                found.append(key.name)
    return found


def busy(keys: list[TrafficKey], since_ms: int) -> dict[str, int]:
    """Those who called since an instant and have made calls enough: how many."""
    found = dict[str, int]()
    for key in keys:
        if key.last_ms >= since_ms and key.attempts >= CALLS_LEAST and key.name != ANONYMOUS:
            found[key.name] = key.attempts
    return found
