"""Durations as tariff files write them: `90s`, `1h30m`, `100ms`, or a bare number of nanoseconds.

`60s` is one minute; a bare `60` is 60 nanoseconds and not 60 seconds, because the same columns count messages and
bytes, which have no unit to write: an SMS is sold in units and increments of `1`. The syntax is Go's: decimal numbers,
each with a unit, in any order, with one sign for all. What is finer than a nanosecond is cut off, so `1.5` is 1.
"""

import re
from typing import Final

UNLIMITED: Final = "*unlimited"
UNLIMITED_NS: Final = -1
DURATION_ALLOWED: Final = "a duration such as 90s, 1m30s or 100ms (h m s ms us ns), or a bare number of nanoseconds"

_UNITS: Final = {
    "": 1,
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,  # the micro sign
    "μs": 1_000,  # the Greek letter
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_NUMBER: Final = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
_PART: Final = re.compile(rf"({_NUMBER})(ns|us|µs|μs|ms|s|m|h)")
_WHOLE: Final = re.compile(rf"([+-]?)({_NUMBER}|(?:{_NUMBER}(?:ns|us|µs|μs|ms|s|m|h))+)")
_DIGITS_MAX: Final = 40
_LARGEST: Final = 2**63 - 1  # 292 years


def parse_duration(text: str) -> int:
    """Nanoseconds of a text; empty is 0 and `*unlimited` is -1. ValueError tells what is wrong with any other."""
    if not text:
        return 0
    if text == UNLIMITED:
        return UNLIMITED_NS
    whole = _WHOLE.fullmatch(text)
    if whole is None:
        raise ValueError(f"{text!r} is not a duration")
    sign, body = whole.groups()
    parts = _PART.findall(body) or [(body, "")]
    amount = sum(_part_ns(number, unit) for number, unit in parts)
    if amount > _LARGEST:
        raise ValueError(f"{text!r} is longer than 292 years")
    return -amount if sign == "-" else amount


def duration_text(duration_ns: int) -> str:
    """Write nanoseconds the way `parse_duration` reads them: 90_000_000_000 is "1m30s", 1_500_000 is "1.5ms"."""
    if duration_ns == UNLIMITED_NS:
        return UNLIMITED
    sign, rest = ("-", -duration_ns) if duration_ns < 0 else ("", duration_ns)
    if rest < _UNITS["s"]:
        return sign + _small_text(rest)
    hours, rest = divmod(rest, _UNITS["h"])
    minutes, rest = divmod(rest, _UNITS["m"])
    text = (f"{hours}h" if hours else "") + (f"{minutes}m" if minutes else "")
    return sign + text + (_decimal(rest, _UNITS["s"]) + "s" if rest else "")


def _part_ns(number: str, unit: str) -> int:
    whole, _, fraction = number.partition(".")
    if len(whole.lstrip("0")) > _DIGITS_MAX:
        raise ValueError(f"{number[:_DIGITS_MAX]}… is longer than 292 years")
    size, fraction = _UNITS[unit], fraction[:_DIGITS_MAX]
    part = int(fraction) * size // 10 ** len(fraction) if fraction else 0
    return (int(whole[-_DIGITS_MAX:]) if whole else 0) * size + part


def _small_text(duration_ns: int) -> str:
    if duration_ns == 0:
        return "0s"
    unit = next(name for name in ("ms", "us", "ns") if duration_ns >= _UNITS[name])
    return _decimal(duration_ns, _UNITS[unit]) + unit


def _decimal(amount: int, unit: int) -> str:
    """`amount` / `unit`, a power of ten, without trailing zeros."""
    whole, fraction = divmod(amount, unit)
    digits = str(fraction).rjust(len(str(unit)) - 1, "0").rstrip("0") if fraction else ""
    return f"{whole}.{digits}" if digits else str(whole)
