"""Instants as tariff files write them: a date, a Unix time, or a word relative to now.

`2026-01-01T00:00:00Z` names one instant; `2026-01-01 00:00:00` is what the clock of a zone shows, and needs that zone.
On 2026-01-31 10:00 `*monthly` is 3 March 10:00, because 31 February overflows the calendar, while `*monthly_estimated`
stays in February: the 28th. Whoever sells by the month wants the second.

An instant fits 64 bits, as databases keep it: what is written beyond the years 1677 to 2262 counts as their ends, which
is what `9999-12-31` is meant to say.

The words are read when the file is loaded (a profile's activation) or each time an action runs (an expiry); so now and
the zone are arguments.
"""

import re
from calendar import monthrange
from typing import Final

from tariffs.duration import parse_duration
from tariffs.zone import DAY_NS, SECOND_NS, UTC, Zone
from tariffs.zone import zone as zone_named

INSTANT_ALLOWED: Final = (
    "2026-01-31T08:00:00Z, 2026-01-31 08:00:00, 20260131080000, 31.01.2026 08:00:00, 31/01/2026 08:00:00, Unix seconds "
    "(10 digits) to nanoseconds (19), *now, +1h, *daily, *monthly, *monthly_estimated, *yearly, *month_end, *unlimited"
)

_FRACTION: Final = r"(?:\.(?P<fraction>[0-9]{1,9}))?"
_CLOCK: Final = rf"(?P<hour>[0-9]{{2}}):(?P<minute>[0-9]{{2}}):(?P<second>[0-9]{{2}}){_FRACTION}"
_ISO_DATE: Final = r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
_FORMATS: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_ISO_DATE}T{_CLOCK}(?P<offset>Z|[+-][0-9]{{2}}:[0-9]{{2}})?",
        rf"{_ISO_DATE} {_CLOCK}(?: (?P<offset>[+-][0-9]{{4}}) (?:[A-Z]{{1,5}}|[+-][0-9]{{2,4}}))?",
        rf"(?P<year>[0-9]{{4}})(?P<month>[0-9]{{2}})(?P<day>[0-9]{{2}})"
        rf"(?P<hour>[0-9]{{2}})(?P<minute>[0-9]{{2}})(?P<second>[0-9]{{2}}){_FRACTION}",
        rf"(?P<day>[0-9]{{2}})\.(?P<month>[0-9]{{2}})\.(?P<year>[0-9]{{4}}) {{1,2}}{_CLOCK}",
        rf"(?P<day>[0-9]{{2}})/(?P<month>[0-9]{{2}})/(?P<year>[0-9]{{4}}) {{1,2}}{_CLOCK}",
    )
)
_UNIX: Final = re.compile(r"[0-9]{10}|[0-9]{13}|[0-9]{16}|[0-9]{19}")
_MONTH_SHIFTED: Final = re.compile(r"(\*month_end|\*mo)(\+.*)?")
_NEVER: Final = frozenset({"", "0", "*unlimited", "0001-01-01T00:00:00Z"})
_LARGEST: Final = 2**63 - 1
_LARGEST_YEAR: Final = 9999


def parse_instant(text: str, *, now_ns: int, zone: Zone) -> int | None:
    """Nanoseconds since the epoch; None for empty, `0` and `*unlimited`, which mean always or never by their column.

    `zone` says where a text without an offset was written and whose calendar the words follow. ValueError tells what is
    wrong with any other text.
    """
    text = text.strip(" \t\r\n")
    return None if text in _NEVER else min(max(_instant(text, now_ns, zone), -_LARGEST - 1), _LARGEST)


def instant_text(instant_ns: int) -> str:
    """RFC 3339 in UTC with as many decimals as are needed: 1_500_000_000 is "1970-01-01T00:00:01.5Z"."""
    day = UTC.day_of(instant_ns)
    seconds, fraction = divmod(instant_ns - day.start_ns, SECOND_NS)
    digits = f".{fraction:09d}".rstrip("0") if fraction else ""
    clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{digits}"
    return f"{day.year:04d}-{day.month:02d}-{day.month_day:02d}T{clock}Z"


def _instant(text: str, now_ns: int, zone: Zone) -> int:
    if text[0] in "*+-":
        return _relative(text, now_ns, zone)
    if _UNIX.fullmatch(text):
        return int(text.ljust(19, "0"))
    for pattern in _FORMATS:
        match = pattern.fullmatch(text)
        if match is not None:
            return _calendar(text, match.groupdict(), zone)
    raise ValueError(f"{text!r} is not an instant")


def _calendar(text: str, part: dict[str, str | None], zone: Zone) -> int:
    hour, minute, second = [int(part[name] or 0) for name in ("hour", "minute", "second")]
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError(f"{text!r}: no clock shows {hour:02d}:{minute:02d}:{second:02d}")
    time_ns = ((hour * 60 + minute) * 60 + second) * SECOND_NS + int((part["fraction"] or "").ljust(9, "0"))
    offset = part.get("offset")
    place = zone if offset is None else _offset_zone(text, offset)
    try:
        return place.instant(int(part["year"] or 0), int(part["month"] or 0), int(part["day"] or 0), time_ns)
    except ValueError:
        raise ValueError(f"{text!r}: no calendar has {part['year']}-{part['month']}-{part['day']}") from None


def _offset_zone(text: str, offset: str) -> Zone:
    name = offset if ":" in offset or offset == "Z" else f"{offset[:3]}:{offset[3:]}"
    try:
        return zone_named(name)
    except ValueError:
        raise ValueError(f"{text!r}: {offset} is no offset from UTC") from None


def _relative(text: str, now_ns: int, zone: Zone) -> int:
    if text[0] in "+-":
        return now_ns + _shift(text, text)
    if text == "*now":
        return now_ns
    months = {"*monthly": 1, "*yearly": 12}.get(text)
    if months is not None:
        return _months_later(now_ns, months, zone, clip=False)
    if text == "*daily":
        return _day_later(now_ns, zone)
    if text == "*monthly_estimated":
        return _months_later(now_ns, 1, zone, clip=True)
    shifted = _MONTH_SHIFTED.fullmatch(text)
    if shifted is None:
        raise ValueError(f"{text!r} is not an instant")
    begin = _month_end(now_ns, zone) if shifted[1] == "*month_end" else _months_later(now_ns, 1, zone, clip=False)
    return begin + (_shift(text, shifted[2]) if shifted[2] else 0)


def _shift(text: str, duration: str) -> int:
    try:
        return parse_duration(duration)
    except ValueError as error:
        raise ValueError(f"{text!r} is not an instant: {error}") from None


def _day_later(now_ns: int, zone: Zone) -> int:
    today = zone.day_of(now_ns)
    return zone.first_instant(today.ordinal + 1, _clock_ns(now_ns, zone))


def _months_later(now_ns: int, months: int, zone: Zone, *, clip: bool) -> int:
    """The same clock time some months on; a day that the month lacks overflows into the next one, or is clipped."""
    today = zone.day_of(now_ns)
    year, month = _month_after(today.year, today.month, months)
    days = today.month_day - 1
    if clip:
        days = min(days, monthrange(year, month)[1] - 1)
    return zone.first_instant(zone.day(year, month, 1).ordinal + days, _clock_ns(now_ns, zone))


def _month_end(now_ns: int, zone: Zone) -> int:
    """The last second of the month: 23:59:59 of its last day, as a statement prints it."""
    today = zone.day_of(now_ns)
    year, month = _month_after(today.year, today.month, 1)
    return zone.day(year, month, 1).start_ns - SECOND_NS


def _month_after(year: int, month: int, months: int) -> tuple[int, int]:
    years, month_index = divmod(month - 1 + months, 12)
    return min(max(year + years, 1), _LARGEST_YEAR), month_index + 1


def _clock_ns(instant_ns: int, zone: Zone) -> int:
    """What the clock of the zone shows, in nanoseconds since its midnight."""
    return (instant_ns + zone.offset_ns(instant_ns)) % DAY_NS
