"""Timings of balances: when the units or the money of a balance may be used.

Weekend minutes carry the timing SATONLY: a call that begins on Saturday at 23:59:30 is paid by them to its end, for
only the begin of what a balance is asked to pay is tested; one on Sunday is not. A negated timing (`!NIGHT`) is when a
balance may not be used, and wins over the others.

A timing holds on its days of the calendar of the request, from its start to its end on the clock, the end included;
without an end it holds to midnight. A start after the end never holds. A name that the tariff in force does not know
holds never, but for the built-in ones, which hold always.
"""

from collections.abc import Mapping

from tariffs.timing import Timing
from tariffs.zone import Zone


def is_active(timing_ids: Mapping[str, bool], timings: Mapping[str, Timing], at_ns: int, zone: Zone) -> bool:
    """Whether a balance with these timings (name: not negated) may be used at an instant."""
    active = not any(timing_ids.values())
    for id, included in timing_ids.items():
        if holds(id, timings.get(id), at_ns, zone):
            if not included:
                return False
            active = True
    return active


def holds(id: str, timing: Timing | None, at_ns: int, zone: Zone) -> bool:
    if timing is None:
        return id.startswith("*")
    day = zone.day_of(at_ns)
    if not timing.holds_on(day.year, day.month, day.month_day, day.week_day):
        return False
    return day.at(timing.start_ns) <= at_ns and (timing.end_ns is None or at_ns <= day.at(timing.end_ns))
