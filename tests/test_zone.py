"""The rules of `tariffs.zone`, held against `zoneinfo` walked minute by minute."""

from datetime import UTC as UTC_TZ
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tariffs.zone import DAY_NS, SECOND_NS, UTC, LocalDay, Zone, zone

MINUTE_NS = 60 * SECOND_NS
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()


def utc(text: str) -> int:
    """The instant of "2026-03-29 01:00" in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC_TZ).timestamp()) * SECOND_NS


def clock(hours: int, minutes: int = 0) -> int:
    return (hours * 60 + minutes) * MINUTE_NS


@pytest.mark.parametrize(
    ("name", "on", "time", "instant"),
    [
        ("UTC", (2026, 1, 5), (8, 0), "2026-01-05 08:00"),
        ("+02:00", (2026, 1, 5), (8, 0), "2026-01-05 06:00"),
        ("-05:30", (2026, 1, 5), (20, 0), "2026-01-06 01:30"),
        ("Europe/Berlin", (2026, 1, 5), (8, 0), "2026-01-05 07:00"),
        ("Europe/Berlin", (2026, 3, 29), (1, 30), "2026-03-29 00:30"),
        ("Europe/Berlin", (2026, 3, 29), (2, 30), "2026-03-29 01:00"),  # no such time: the moment 03:00 begins
        ("Europe/Berlin", (2026, 3, 29), (8, 0), "2026-03-29 06:00"),
        ("Europe/Berlin", (2026, 10, 25), (2, 30), "2026-10-25 00:30"),  # twice: the earlier
        ("Europe/Berlin", (2026, 10, 25), (3, 0), "2026-10-25 02:00"),
        ("Europe/Berlin", (2026, 10, 25), (8, 0), "2026-10-25 07:00"),
        ("America/Sao_Paulo", (2018, 11, 4), (0, 0), "2018-11-04 03:00"),  # this day began at 01:00
        ("America/St_Johns", (2010, 11, 7), (0, 0), "2010-11-07 02:30"),  # and an hour later once more
        ("Pacific/Apia", (2011, 12, 30), (12, 0), "2011-12-30 10:00"),  # a day that was skipped
    ],
)
def test_a_wall_time_is_the_first_instant_that_shows_it_or_has_passed_it(
    name: str, on: tuple[int, int, int], time: tuple[int, int], instant: str
) -> None:
    assert zone(name).instant(*on, clock(*time)) == utc(instant)
    assert zone(name).day(*on).at(clock(*time)) == utc(instant)


@pytest.mark.parametrize(
    ("name", "on", "hours"),
    [
        ("UTC", (2026, 3, 29), 24),
        ("Europe/Berlin", (2026, 3, 28), 24),
        ("Europe/Berlin", (2026, 3, 29), 23),
        ("Europe/Berlin", (2026, 10, 25), 25),
        ("America/Sao_Paulo", (2018, 11, 4), 23),
        ("America/Sao_Paulo", (2018, 2, 17), 25),
        ("Pacific/Apia", (2011, 12, 30), 0),
    ],
)
def test_a_day_lasts_from_its_midnight_to_the_next(name: str, on: tuple[int, int, int], hours: int) -> None:
    day = zone(name).day(*on)
    assert day.end_ns - day.start_ns == clock(hours)
    assert (day.year, day.month, day.month_day) == on


def test_week_days_count_from_sunday() -> None:
    days = [UTC.day(2026, 1, 4 + shift).week_day for shift in range(8)]
    assert days == [0, 1, 2, 3, 4, 5, 6, 0]


def test_an_hour_repeated_over_midnight_belongs_to_the_new_day() -> None:
    repeated = utc("2010-11-07 02:45")  # St. John's shows 23:15 on the 6th for the second time
    day = zone("America/St_Johns").day_of(repeated)
    assert (day.month, day.month_day) == (11, 7)


@pytest.mark.parametrize("text", ["Z", "UTC", "+00:00", "-00:00"])
def test_utc_has_several_spellings_and_one_zone(text: str) -> None:
    assert zone(text) is UTC


def test_a_zone_is_made_once() -> None:
    assert zone("Europe/Berlin") is zone("Europe/Berlin")
    assert zone("+02:00").name == "+02:00"
    assert repr(zone("+02:00")) == "zone('+02:00')"


@pytest.mark.parametrize(
    "text", ["", "Europe", "Europe/Berlinn", "../UTC", "/etc/passwd", "+2:00", "+24:00", "x\0", "Local"]
)
def test_an_unknown_zone_is_refused_with_examples_of_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match=r"unknown time zone .*Europe/Berlin.*\+02:00"):
        zone(text)


@pytest.mark.parametrize("on", [(2026, 2, 29), (2026, 13, 1), (0, 1, 1)])
def test_a_date_that_no_calendar_has_is_refused(on: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        UTC.day(*on)


@pytest.mark.parametrize("name", ["UTC", "+02:00", "Europe/Berlin"])
@pytest.mark.parametrize("year", [-1200, 1, 9999, 12000])
def test_the_calendar_goes_on_beyond_the_years_of_a_datetime(name: str, year: int) -> None:
    middle = (year - 1970) * 146_097 * DAY_NS // 400 + 180 * DAY_NS
    day = zone(name).day_of(middle)
    assert day.year == year
    assert day.start_ns <= middle < day.end_ns


NAMES = [
    "UTC",
    "+05:45",
    "-11:00",
    "Europe/Berlin",
    "America/St_Johns",
    "America/Sao_Paulo",
    "Pacific/Apia",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
]
INSTANTS = st.integers(utc("1990-01-01 00:00"), utc("2040-01-01 00:00"))


def shown(place: Zone, instant_ns: int) -> datetime:
    """What the clock of an IANA zone shows, to the second, without its zone."""
    return datetime.fromtimestamp(instant_ns // SECOND_NS, ZoneInfo(place.name)).replace(tzinfo=None)


def ordinal_shown(place: Zone, instant_ns: int) -> int:
    if place.name[0] in "+-":
        return (instant_ns + place.offset_ns(0)) // DAY_NS + EPOCH_ORDINAL
    return shown(place, instant_ns).toordinal()


@given(st.sampled_from(NAMES), INSTANTS)
def test_days_meet_without_gap_or_overlap(name: str, instant_ns: int) -> None:
    place = zone(name)
    day = place.day_of(instant_ns)
    assert day.start_ns <= instant_ns < day.end_ns
    assert place.day_of(day.end_ns).start_ns == day.end_ns
    assert place.day_of(day.end_ns - 1).start_ns == day.start_ns


@given(st.sampled_from(NAMES), INSTANTS)
def test_a_day_bears_the_date_that_its_clock_shows_at_noon(name: str, instant_ns: int) -> None:
    place = zone(name)
    day: LocalDay = place.day_of(instant_ns)
    noon = day.at(DAY_NS // 2)
    assert ordinal_shown(place, noon) == day.ordinal


@given(st.sampled_from(NAMES[3:]), INSTANTS, st.integers(0, DAY_NS - 1))
def test_no_earlier_instant_of_the_day_shows_the_time(name: str, instant_ns: int, time_ns: int) -> None:
    place = zone(name)
    day = place.day_of(instant_ns)
    found = day.at(time_ns)
    wanted = (shown(place, day.at(DAY_NS // 2)).toordinal() - EPOCH_ORDINAL) * DAY_NS + time_ns
    assert found + place.offset_ns(found) >= wanted
    walk = range(max(day.start_ns, found - 3 * clock(1)), found, 7 * MINUTE_NS)
    assert all(earlier + place.offset_ns(earlier) < wanted for earlier in (*walk, found - 1) if earlier >= day.start_ns)
