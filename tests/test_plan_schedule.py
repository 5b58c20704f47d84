"""When plans run: the next instant of each kind of timing, in local time, and all instants of a window."""

import dataclasses
import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actions.action_plan_files import read_action_plans
from actions.plan_schedule import BUILT_IN_TIMINGS, instants_between, next_due
from tariffs.csv_rows import read_rows
from tariffs.fault import Finding, Severity
from tariffs.instant import instant_text
from tariffs.timing import Timing
from tariffs.timing_rows import TIMING_COLUMNS, read_timings
from tariffs.zone import DAY_NS, SECOND_NS, UTC, zone
from tests.action_scene import instant
from tests.table import table

LOADED = "2026-11-21T01:48:37Z"  # a Saturday
HOUR = 3600 * SECOND_NS


def timing(text: str) -> Timing:
    """`*monthly`, or `years=2027 months=2 days=31 weekdays=1 at=03:30:00`."""
    if text in BUILT_IN_TIMINGS:
        return BUILT_IN_TIMINGS[text]
    if text.startswith("+"):
        return Timing("ONCE", schedule=text)
    cells = dict(word.split("=") for word in text.split())
    sets = (cells.get(name, "").split(",") for name in ("years", "months", "days", "weekdays"))
    years, months, days, week_days = (frozenset(int(number) for number in numbers if number) for numbers in sets)
    hours, minutes, seconds = map(int, cells.get("at", "00:00:00").split(":"))
    return Timing("T", years, months, days, week_days, ((hours * 60 + minutes) * 60 + seconds) * SECOND_NS)


@table("""
    row                        | after                | next
    days=31                    | 2026-11-21T01:48:37Z | 2026-11-30T00:00:00Z   # X 44, a shorter month: its last day
    days=31                    | 2026-11-30T00:00:00Z | 2026-12-31T00:00:00Z
    *monthly                   | 2026-11-21T01:48:37Z | 2026-12-21T01:48:37Z
    *monthly_estimated         | 2026-11-21T01:48:37Z | 2026-12-21T01:48:37Z
    *month_end                 | 2026-11-21T01:48:37Z | 2026-11-30T01:48:37Z
    *month_end                 | 2026-11-30T01:48:37Z | 2026-12-31T01:48:37Z
    *yearly                    | 2026-11-21T01:48:37Z | 2027-11-21T01:48:37Z
    *weekly                    | 2026-11-21T01:48:37Z | 2026-11-28T01:48:37Z
    *daily                     | 2026-11-21T01:48:37Z | 2026-11-22T01:48:37Z
    *hourly                    | 2026-11-21T01:48:37Z | 2026-11-21T02:48:37Z
    *every_minute              | 2026-11-21T01:48:37Z | 2026-11-21T01:49:37Z
    months=2 days=29           | 2026-11-21T01:48:37Z | 2027-02-28T00:00:00Z
    months=2 days=29           | 2027-12-01T00:00:00Z | 2028-02-29T00:00:00Z
    years=2027                 | 2026-11-21T01:48:37Z | 2027-01-01T00:00:00Z   # years alone: their first of January
    years=2027                 | 2027-01-01T00:00:00Z |
    months=3                   | 2026-11-21T01:48:37Z | 2027-03-01T00:00:00Z   # months alone: their first day
    days=1 at=03:30:00         | 2026-11-21T01:48:37Z | 2026-12-01T03:30:00Z
    days=-1                    | 2026-11-21T01:48:37Z | 2026-11-30T00:00:00Z
    *any                       | 2026-11-21T01:48:37Z | 2026-11-22T00:00:00Z
    *any                       | 2026-11-22T00:00:00Z | 2026-11-23T00:00:00Z   # the day after, not the same again
    at=23:59:59                | 2026-11-21T23:59:58Z | 2026-11-21T23:59:59Z
    days=31                    | 2027-01-31T00:00:00Z | 2027-02-28T00:00:00Z
    days=29,30,31              | 2027-02-01T00:00:00Z | 2027-02-28T00:00:00Z   # three days that are one: once
    days=29,30,31              | 2027-02-28T00:00:00Z | 2027-03-29T00:00:00Z
    months=4 days=31           | 2027-01-01T00:00:00Z | 2027-04-30T00:00:00Z
    years=2026,2028 months=2   | 2026-11-21T01:48:37Z | 2028-02-01T00:00:00Z
    years=2020                 | 2026-11-21T01:48:37Z |
    weekdays=1 at=08:00:00     | 2026-11-21T01:48:37Z | 2026-11-23T08:00:00Z
    weekdays=0                 | 2026-11-21T01:48:37Z | 2026-11-22T00:00:00Z
    days=25 weekdays=1         | 2026-11-21T01:48:37Z | 2026-11-23T00:00:00Z   # both given: either
    days=25 weekdays=1         | 2026-11-23T00:00:00Z | 2026-11-25T00:00:00Z
    months=13                  | 2026-11-21T01:48:37Z |
    at=25:00:00                | 2026-11-21T01:48:37Z |
    *asap                      | 2026-11-21T01:48:37Z |
    +2s                        | 2026-11-21T01:48:37Z | 2026-11-21T01:48:39Z
    +2s                        | 2026-11-21T01:48:39Z |
""")
def test_the_next_run_of_a_timing(row: str, after: str, next: str) -> None:
    found = next_due(timing(row), instant(after), UTC, anchor_ns=instant(LOADED))
    assert ("" if found is None else instant_text(found)) == next


@pytest.mark.parametrize("word", ["*monthly", "*monthly_estimated", "*month_end"])
def test_a_word_loaded_on_the_31st_runs_on_the_last_day_of_each_month(word: str) -> None:
    start, end = instant("2027-01-31T12:00:00Z"), instant("2027-06-01T00:00:00Z")
    found = instants_between(timing(word), start + 1, end, UTC, anchor_ns=start)
    days = ["2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31"]
    assert [instant_text(at) for at in found] == [f"{day}T12:00:00Z" for day in days]


def test_a_yearly_plan_of_a_leap_day_runs_on_the_28th_in_other_years() -> None:
    start = instant("2028-02-29T06:00:00Z")
    found = instants_between(timing("*yearly"), start + 1, instant("2033-01-01T00:00:00Z"), UTC, anchor_ns=start)
    days = ["2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"]
    assert [instant_text(at) for at in found] == [f"{day}T06:00:00Z" for day in days]


def test_the_end_of_a_time_concerns_balances_only() -> None:
    row = dataclasses.replace(timing("at=08:00:00"), end_ns=10 * HOUR)
    found = next_due(row, instant("2026-11-21T08:00:00Z"), UTC, anchor_ns=0)
    assert found == instant("2026-11-22T08:00:00Z")


@table("""
    row                  | found
    MIDNIGHT,*any,*any,*any,*any,00:00:00 |
    T,,13,,,00:00:00     | never runs
    T,,2;13,,,00:00:00   |
    T,2020,,,,00:00:00   | never runs
    T,2026,,,,00:00:00   | never runs   # its first of January was before the load
    T,2026,11,20,,23:00:00 |              # just over here, still to come in Honolulu
    T,,,,,25:00:00       | never runs
    T,,,0,,00:00:00      | never runs
    T,,,,,+2s            |
    T,,,,,*asap          |
    T,,,,,08:00:00;10:00:00 |
""")
def test_an_entry_that_never_runs_is_warned_of(row: str, found: str) -> None:
    tag, content = row.partition(",")[0], row.encode() + b"\n"
    findings: list[Finding] = []
    timings = read_timings(read_rows("Timings.csv", content, TIMING_COLUMNS, []))
    files = {"ActionPlans.csv": f"P,TOP,{tag},10\n".encode()}
    plans = read_action_plans(files, {"TOP"}, timings, {}, findings, now_ns=instant(LOADED))
    assert len(plans["P"].entries) == 1
    assert [each.severity for each in findings] == [Severity.WARNING] * bool(found)
    assert all(found in each.message and each.line == 1 and each.column == 3 for each in findings)


@table("""
    row            | place             | after                | next
    at=02:30:00    | Europe/Berlin     | 2026-03-28T12:00:00Z | 2026-03-29T01:00:00Z  # 02:30 does not exist: at 03:00
    at=02:30:00    | Europe/Berlin     | 2026-10-24T12:00:00Z | 2026-10-25T00:30:00Z  # shown twice: the first time
    at=02:30:00    | Europe/Berlin     | 2026-10-25T00:30:00Z | 2026-10-26T01:30:00Z
    *any           | Europe/Berlin     | 2026-11-21T01:48:37Z | 2026-11-21T23:00:00Z
    *daily         | Europe/Berlin     | 2026-06-01T12:00:00Z | 2026-06-02T00:48:37Z  # 02:48:37 there, in summer too
    *hourly        | Asia/Kathmandu    | 2026-11-21T01:48:37Z | 2026-11-21T02:48:37Z
    *hourly        | Australia/Lord_Howe | 2027-04-03T15:00:00Z | 2027-04-03T15:18:37Z  # set back by half an hour
    *hourly        | Europe/Berlin     | 2026-10-25T00:48:37Z | 2026-10-25T01:48:37Z  # 02:48:37, shown twice
    *hourly        | Europe/Berlin     | 2026-03-29T00:48:37Z | 2026-03-29T01:48:37Z  # from 01:48:37 to 03:48:37
    *every_minute  | Europe/Berlin     | 2026-03-29T00:59:37Z | 2026-03-29T01:00:37Z
    *daily         | America/New_York  | 2026-11-01T12:00:00Z | 2026-11-02T01:48:37Z  # 20:48:37 there, in winter
    *month_end     | America/New_York  | 2026-11-21T01:48:37Z | 2026-12-01T01:48:37Z  # 30 November, 20:48:37
    days=30        | Pacific/Apia      | 2011-12-30T09:59:59Z | 2012-01-29T10:00:00Z  # there was no 30 December
""")
def test_plans_run_by_the_local_clock(row: str, place: str, after: str, next: str) -> None:
    found = next_due(timing(row), instant(after), zone(place), anchor_ns=instant(LOADED))
    assert found is not None
    assert instant_text(found) == next


def test_a_window_holds_its_first_instant_and_not_its_end() -> None:
    start, end = instant("2027-01-01T00:00:00Z"), instant("2027-01-03T00:00:00Z")
    found = instants_between(timing("*any"), start, end, UTC, anchor_ns=0)
    assert [instant_text(at) for at in found] == ["2027-01-01T00:00:00Z", "2027-01-02T00:00:00Z"]


def test_a_replay_runs_each_month_once() -> None:
    """X 44: from January to May, the plan of the 31st on each month's last day, that of the 1st six times."""
    start, end = instant("2027-01-01T00:00:00Z"), instant("2027-06-02T00:00:00Z")
    counts = [len(list(instants_between(timing(row), start, end, UTC, anchor_ns=0))) for row in ("days=31", "days=1")]
    assert counts == [5, 6]


ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "+05:45"])
STARTS = st.datetimes(datetime.datetime(2026, 1, 1), datetime.datetime(2027, 12, 31)).map(  # noqa: DTZ001
    lambda at: int(at.replace(tzinfo=datetime.UTC).timestamp()) * SECOND_NS
)
ROWS = st.builds(
    Timing,
    id=st.just("T"),
    years=st.frozensets(st.sampled_from([2026, 2027, 2028]), max_size=2),
    months=st.frozensets(st.integers(1, 12), max_size=4),
    month_days=st.frozensets(st.sampled_from([1, 15, 28, 29, 30, 31, -1]), max_size=3),
    week_days=st.frozensets(st.integers(0, 6), max_size=3),
    start_ns=st.integers(0, 24 * 60 - 1).map(lambda minutes: minutes * 60 * SECOND_NS),
)


@given(ROWS, STARTS, st.integers(1, 20), ZONES)
@settings(max_examples=60, deadline=None)
def test_the_schedule_agrees_with_a_clock_that_is_read_every_minute(
    row: Timing, start: int, days: int, place: str
) -> None:
    """Only windows in which no clock is set; what happens there is in the table above."""
    rules = ZoneInfo(place) if "/" in place or place == "UTC" else datetime.timezone(datetime.timedelta(minutes=345))
    end = start + days * DAY_NS
    start_at, end_at = (datetime.datetime.fromtimestamp(at // SECOND_NS, rules) for at in (start, end))
    if start_at.utcoffset() != end_at.utcoffset():
        return
    months = row.months or (frozenset({1}) if row.years else frozenset())
    month_days = row.month_days or (frozenset({1}) if months else frozenset())
    shown = []
    for minute in range(-(-start // (60 * SECOND_NS)), -(-end // (60 * SECOND_NS))):
        at = datetime.datetime.fromtimestamp(minute * 60, rules)
        if (at.hour * 60 + at.minute) * 60 * SECOND_NS != row.start_ns:
            continue
        last = (at.date().replace(day=1) + datetime.timedelta(days=31)).replace(day=1) - datetime.timedelta(days=1)
        wanted = {last.day if day == -1 else min(day, last.day) for day in month_days}
        by_day = at.day in wanted or at.isoweekday() % 7 in row.week_days
        every = not month_days and not row.week_days
        if (not row.years or at.year in row.years) and (not months or at.month in months) and (every or by_day):
            shown.append(minute * 60 * SECOND_NS)
    assert list(instants_between(row, start, end, zone(place), anchor_ns=0)) == shown


WORDS = st.sampled_from([BUILT_IN_TIMINGS[word] for word in BUILT_IN_TIMINGS if word not in ("*asap", "*every_minute")])


@given(ROWS | WORDS, STARTS, st.integers(1, 40), ZONES)
@settings(max_examples=60, deadline=None)
def test_a_window_is_the_next_runs_one_after_the_other(row: Timing, start: int, days: int, place: str) -> None:
    end, local, anchor = start + days * DAY_NS, zone(place), start - 5 * HOUR
    found, at = [], start - 1
    while (due := next_due(row, at, local, anchor_ns=anchor)) is not None and due < end:
        assert due > at
        found.append(due)
        at = due
    assert list(instants_between(row, start, end, local, anchor_ns=anchor)) == found
    for cut in found[:5]:
        before = list(instants_between(row, start, cut, local, anchor_ns=anchor))
        assert before + list(instants_between(row, cut, end, local, anchor_ns=anchor)) == found
