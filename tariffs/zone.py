"""Local calendars in whole nanoseconds: which day an instant falls on, and when a clock shows a time.

"Peak from 08:00, Monday to Friday" is a clock on a wall somewhere. For Europe/Berlin on Sunday 2026-03-29 that wall
has no 02:30 at all and the day is 23 hours long; on 2026-10-25 it shows 02:30 twice. Two rules decide everything:

- a wall time means the first instant at which that clock shows it or has passed it, so 02:30 is the second 03:00 began
  in March and the earlier of the two in October;
- a day lasts from its midnight to the next day's, so that the days of a zone never overlap and never leave a gap, even
  where a clock was set back over midnight (and a day that an island skipped at the date line is empty).

An instant is an `int` of nanoseconds since the epoch; a `datetime` would lose them. Almost every day is 24 hours long
and then a wall time is one addition; days are kept in a small table, because the calls of a minute share two of them.
"""

import re
from datetime import UTC as _UTC
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

SECOND_NS: Final = 1_000_000_000
DAY_NS: Final = 86_400 * SECOND_NS
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=_UTC)
_EPOCH_ORDINAL: Final = _EPOCH.toordinal()
_ORDINALS_PER_ERA: Final = 146_097  # 400 years, after which the calendar repeats to the week day
_DAYS_KEPT: Final = 64
_FIRST_SECOND: Final = -62_000_000_000  # in the year 5; beyond, a zone keeps the offset it has there
_LAST_SECOND: Final = 253_000_000_000  # in the year 9987
_FIXED: Final = re.compile(r"([+-])([01]\d|2[0-3]):([0-5]\d)", re.ASCII)


class LocalDay:
    """One day of a zone: the instants t with `start_ns` <= t < `end_ns`. Week days count from 0 = Sunday."""

    __slots__ = ("end_ns", "month", "month_day", "ordinal", "start_ns", "week_day", "year", "zone")

    def __init__(self, zone: "Zone", ordinal: int) -> None:
        eras, day_of_era = divmod(ordinal - 1, _ORDINALS_PER_ERA)
        civil = date.fromordinal(day_of_era + 1)
        self.zone: Final = zone
        self.ordinal: Final = ordinal  # 1 = 0001-01-01, as in `datetime.date`
        self.year: Final = civil.year + 400 * eras
        self.month: Final = civil.month
        self.month_day: Final = civil.day
        self.week_day: Final = ordinal % 7
        self.start_ns: Final = zone.first_instant(ordinal, 0)
        self.end_ns: Final = zone.first_instant(ordinal + 1, 0)

    def at(self, time_ns: int) -> int:
        """The instant at which the day's clock shows `time_ns` after midnight."""
        if self.end_ns - self.start_ns == DAY_NS:
            return self.start_ns + time_ns
        return self.zone.first_instant(self.ordinal, time_ns)


class Zone:
    """A time zone: a fixed offset, or the history and rules of an IANA name. Made by `zone`."""

    __slots__ = ("_days", "_latest", "_rules", "_steady_ns", "name")

    def __init__(self, name: str, steady_ns: int, rules: ZoneInfo | None) -> None:
        self.name: Final = name
        self._steady_ns: Final = steady_ns  # the offset, where there are no rules
        self._rules: Final = rules
        self._days: Final[dict[int, LocalDay]] = {}
        self._latest: LocalDay | None = None  # that was asked for: calls are about now

    def __repr__(self) -> str:
        return f"zone({self.name!r})"

    def day_of(self, instant_ns: int) -> LocalDay:
        """The local day in which an instant lies."""
        day = self._latest
        if day is None or not day.start_ns <= instant_ns < day.end_ns:
            day = self._latest = self._found(instant_ns)
        return day

    def _found(self, instant_ns: int) -> LocalDay:
        ordinal = (instant_ns + self._steady_ns) // DAY_NS + _EPOCH_ORDINAL
        found = self._days.get(ordinal)
        if found is not None and found.start_ns <= instant_ns < found.end_ns:
            return found
        if self._rules is not None:
            ordinal = (instant_ns + self.offset_ns(instant_ns)) // DAY_NS + _EPOCH_ORDINAL
        day = self._day(ordinal)
        while instant_ns >= day.end_ns:  # a clock that was set back over midnight
            day = self._day(day.ordinal + 1)
        return day

    def day(self, year: int, month: int, month_day: int) -> LocalDay:
        """The local day of a date; ValueError where there is no such date."""
        return self._day(date(year, month, month_day).toordinal())

    def instant(self, year: int, month: int, month_day: int, time_ns: int = 0) -> int:
        """The first instant at which the clock shows a time of a date, or has passed it."""
        return self.first_instant(date(year, month, month_day).toordinal(), time_ns)

    def offset_ns(self, instant_ns: int) -> int:
        """What the local clock is ahead of UTC at an instant."""
        if self._rules is None:
            return self._steady_ns
        second = min(max(instant_ns // SECOND_NS, _FIRST_SECOND), _LAST_SECOND)
        offset = (_EPOCH + timedelta(seconds=second)).astimezone(self._rules).utcoffset()
        return 0 if offset is None else (offset.days * 86_400 + offset.seconds) * SECOND_NS

    def text(self, instant_ns: int) -> str:
        """What calendar and clock show, and in which zone: "2026-01-05 07:59:30 Europe/Berlin"."""
        day = self.day_of(instant_ns)
        time_ns = (instant_ns + self.offset_ns(instant_ns)) % DAY_NS
        second, fraction_ns = divmod(time_ns, SECOND_NS)
        clock = f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
        fraction = f".{fraction_ns:09d}".rstrip("0") if fraction_ns else ""
        return f"{day.year:04d}-{day.month:02d}-{day.month_day:02d} {clock}{fraction} {self.name}"

    def first_instant(self, ordinal: int, time_ns: int) -> int:
        """The first instant at which the clock has reached `time_ns` after midnight of a day number."""
        wall_ns = (ordinal - _EPOCH_ORDINAL) * DAY_NS + time_ns
        if self._rules is None:
            return wall_ns - self._steady_ns
        before = wall_ns - self.offset_ns(wall_ns - DAY_NS)
        after = wall_ns - self.offset_ns(wall_ns + DAY_NS)
        low, high = min(before, after), max(before, after)
        if low == high:
            return low
        return self._first_reached(wall_ns, low - 1, high)

    def _first_reached(self, wall_ns: int, low: int, high: int) -> int:
        """Search near a transition, which brings the clock there between `low` + 1 and `high`, both included."""
        if low + 1 + self.offset_ns(low + 1) >= wall_ns:
            return low + 1
        while high - low > 1:
            middle = (low + high) // 2
            if middle + self.offset_ns(middle) >= wall_ns:
                high = middle
            else:
                low = middle
        return high

    def _day(self, ordinal: int) -> LocalDay:
        day = self._days.get(ordinal)
        if day is None:
            if len(self._days) >= _DAYS_KEPT:
                self._days.clear()
            day = self._days[ordinal] = LocalDay(self, ordinal)
        return day


UTC: Final = Zone("UTC", 0, None)


@lru_cache(maxsize=512)
def zone(text: str) -> Zone:
    """The zone of an IANA name, of `Z` or `UTC`, or of a fixed offset such as `+02:00`; ValueError for any other."""
    if text in ("Z", "UTC", "+00:00", "-00:00"):
        return UTC
    fixed = _FIXED.fullmatch(text)
    if fixed is not None:
        minutes = int(fixed[2]) * 60 + int(fixed[3])
        return Zone(text, (-minutes if fixed[1] == "-" else minutes) * 60 * SECOND_NS, None)
    try:
        rules = ZoneInfo(text)
    except (KeyError, OSError, ValueError):  # unknown; a folder of names, such as "Europe"; a path
        raise ValueError(
            f"unknown time zone {text!r}: an IANA name such as Europe/Berlin, a fixed offset such as +02:00, or UTC"
        ) from None
    standard = datetime(2026, 1, 1, tzinfo=rules).utcoffset()
    return Zone(text, 0 if standard is None else (standard.days * 86_400 + standard.seconds) * SECOND_NS, rules)
