"""When an entry of an action plan runs, in words.

    ON_31   = *any;*any;31;*any;00:00:00          on day 31 (or the last) of every month at 00:00:00
    WORK    = *any;*any;*any;1;2;3;4;5,08:00:00   on Monday, Tuesday, Wednesday, Thursday and Friday at 08:00:00
    *hourly loaded at 01:48:37                    every hour at 48:37

A list that names all days says less to an operator than "every day", and the words that count from the moment of the
load (`*monthly` …) say nothing without it, so both are spelled out. Times are those of the clock where the account
lives.
"""

from typing import Final

from actions.plan_schedule import (
    ASAP,
    DAILY,
    EVERY_MINUTE,
    HOURLY,
    LAST_DAY,
    MONTH_END,
    MONTHLY,
    WEEKLY,
    YEARLY,
    PlanEntry,
)
from tariffs.timing import Timing
from tariffs.zone import DAY_NS, SECOND_NS, Zone

WEEK_DAYS: Final = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
SHORTEST_MONTH: Final = 28


def timing_words(entry: PlanEntry, zone: Zone) -> str:
    """What an operator reads. `zone` is where the account lives."""
    timing = entry.timing
    if timing.schedule == ASAP:
        return "when an account gets the plan"
    if timing.schedule.startswith("+"):
        return f"once, {timing.schedule[1:]} after the plan was loaded"
    if timing.schedule:
        return _since_load(timing.schedule, entry.anchor_ns, zone)
    if timing.start_ns >= DAY_NS:
        return f"never: {timing.id} has no time that a clock shows"
    return f"{_days(timing)} at {clock_text(timing.start_ns)}"


def _since_load(word: str, anchor_ns: int, zone: Zone) -> str:
    day = zone.day_of(anchor_ns)
    clock = clock_text((anchor_ns + zone.offset_ns(anchor_ns)) % DAY_NS)
    if word == EVERY_MINUTE:
        return f"every minute at second {clock[6:]}"
    if word == HOURLY:
        return f"every hour at {clock[3:]}"
    if word == DAILY:
        return f"every day at {clock}"
    if word == WEEKLY:
        return f"on {WEEK_DAYS[day.week_day]} at {clock}"
    if word in MONTHLY:
        return f"on {_month_day(day.month_day)} of every month at {clock}"
    if word == MONTH_END:
        return f"on the last day of every month at {clock}"
    if word == YEARLY:
        return f"on {_month_day(day.month_day)} of every {MONTHS[day.month - 1]} at {clock}"
    raise ValueError(f"unknown schedule word {word!r}")


def _days(timing: Timing) -> str:
    if timing.every_day:
        return "every day"
    months = timing.months or (frozenset({1}) if timing.years else frozenset())
    month_days = timing.month_days or (frozenset({1}) if months else frozenset())
    chosen = []
    if month_days:
        days = [_month_day(day) for day in sorted(month_days - {LAST_DAY})]
        chosen.append(enumerated([*days, "the last day"] if LAST_DAY in month_days else days))
    if timing.week_days:
        chosen.append(f"every {enumerated([WEEK_DAYS[day] for day in sorted(timing.week_days)])}")
    within = enumerated([_month(month) for month in sorted(months)]) if months else "every month"
    words = f"on {' and on '.join(chosen)}"
    if month_days or months:
        words += f" of {within}"
    if timing.years:
        words += f" of {enumerated([str(year) for year in sorted(timing.years)])}"
    return words


def _month_day(day: int) -> str:
    return f"day {day} (or the last)" if day > SHORTEST_MONTH else f"day {day}"


def _month(month: int) -> str:
    return MONTHS[month - 1] if 1 <= month <= len(MONTHS) else f"month {month}, which no calendar has,"


def enumerated(words: list[str]) -> str:
    """a; a and b; a, b and c."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def clock_text(time_ns: int) -> str:
    minutes, seconds = divmod(time_ns // SECOND_NS, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
