"""Timings.csv: when prices hold, balances may be used and plans run.

    #Tag,Years,Months,MonthDays,WeekDays,Time
    PEAK,*any,*any,*any,1;2;3;4;5,08:00:00

Monday to Friday from 08:00:00 until midnight. A list that loses all its members for not being numbers would mean "every
day", so `mon` in WeekDays loads, as it always did, with a warning that names it. What a scheduler alone understands
(`*asap`, `+30s`, `*monthly`) is kept as a word; a rating plan that names such a timing is refused.
"""

import re
from collections.abc import Iterable
from typing import Final

from tariffs.csv_rows import Row
from tariffs.duration import parse_duration
from tariffs.timing import ANY, Timing
from tariffs.zone import DAY_NS, SECOND_NS

TIMING_COLUMNS: Final = ("Tag", "Years", "Months", "MonthDays", "WeekDays", "Time")
SCHEDULE_WORDS: Final = frozenset(
    {
        "*asap",
        "*every_minute",
        "*hourly",
        "*daily",
        "*weekly",
        "*monthly",
        "*monthly_estimated",
        "*month_end",
        "*yearly",
    }
)
ANY_TIME: Final = Timing(ANY)

_TIME_ALLOWED: Final = "HH:MM:SS, HH:MM:SS;HH:MM:SS, *asap, +duration, or a schedule word such as *monthly"
_MEMBER: Final = re.compile(r"[+-]?[0-9]{1,9}")
_LAST_DAY: Final = -1
_RANGES: Final = {
    "Years": (1, 9999, "a year such as 2026"),
    "Months": (1, 12, "1 to 12"),
    "MonthDays": (1, 31, "1 to 31, or -1 for the last day in schedules"),
    "WeekDays": (0, 7, "1 = Monday to 6 = Saturday, 7 or 0 = Sunday"),
}


def read_timings(rows: Iterable[Row]) -> dict[str, Timing]:
    """The timings of a load. Of two rows with one Tag the later counts."""
    timings: dict[str, Timing] = {}
    for row in rows:
        tag = row["Tag"]
        if not tag:
            row.fault("Tag", "is empty", "the name that plans use")
            continue
        if tag in timings:
            row.warn("Tag", "is there twice; this row replaces the earlier one", "one row for each Tag")
        timings[tag] = _timing(row, tag)
    return timings


def _timing(row: Row, tag: str) -> Timing:
    schedule, start_ns, end_ns = _time(row)
    week_days = frozenset(day % 7 for day in _members(row, "WeekDays"))
    return Timing(
        tag,
        _members(row, "Years"),
        _members(row, "Months"),
        _members(row, "MonthDays"),
        week_days,
        start_ns,
        end_ns,
        schedule,
    )


def _members(row: Row, column: str) -> frozenset[int]:
    """The numbers of a list; empty is all. What is no number is dropped, what no calendar has never holds."""
    items = row.items(column)
    if not items or items == (ANY,):
        return frozenset()
    low, high, allowed = _RANGES[column]
    numbers = [int(item) for item in items if _MEMBER.fullmatch(item)]
    if not numbers:
        row.warn(column, "has no number in it and so means every one", allowed)
    elif len(numbers) < len(items):
        row.warn(column, "has members that are not numbers; they are left out", allowed)
    if any(not low <= number <= high for number in numbers if (column, number) != ("MonthDays", _LAST_DAY)):
        row.warn(column, "has a number that no calendar has", allowed)
    return frozenset(numbers)


def _time(row: Row) -> tuple[str, int, int | None]:
    """The schedule word, the start and the end of the Time column."""
    text = row["Time"]
    if text in SCHEDULE_WORDS:
        return text, 0, None
    if text.startswith("+"):
        return _delay(row, text), 0, None
    start, _, end = text.partition(";")
    return "", (_clock_ns(row, start) or 0), _clock_ns(row, end)


def _delay(row: Row, text: str) -> str:
    try:
        parse_duration(text)
    except ValueError:
        row.fault("Time", "is neither a time nor a delay", _TIME_ALLOWED)
        return ""
    return text


def _clock_ns(row: Row, text: str) -> int | None:
    """Nanoseconds since midnight of `HH:MM:SS`; None where nothing is given."""
    if not text:
        return None
    parts = text.split(":")
    if len(parts) != 3:
        row.fault("Time", "is not a time", _TIME_ALLOWED)
        return None
    if not all(part.isascii() and part.isdigit() and len(part) <= 9 for part in parts):
        row.warn("Time", "has a part that is not a number; it counts as 0", _TIME_ALLOWED)
    numbers = [int(part) if part.isascii() and part.isdigit() and len(part) <= 9 else 0 for part in parts]
    time_ns = ((numbers[0] * 60 + numbers[1]) * 60 + numbers[2]) * SECOND_NS
    if time_ns >= DAY_NS:
        row.warn("Time", "is later than any day lasts, so it never holds", "00:00:00 to 23:59:59")
    elif numbers[1] > 59 or numbers[2] > 59:
        row.warn("Time", "is a time that no clock shows", "00:00:00 to 23:59:59")
    return time_ns
