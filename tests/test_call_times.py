"""What a CDR leaves open of its call's times follows from what it says, and what contradicts itself is refused."""

import pytest

from ratingd.api.call_times import CallTimes, call_times
from ratingd.errors import InvalidRequest
from tests.table import table

NOON = 1_795_262_400_000  # 2026-11-21T12:00:00Z
CAME = NOON + 100_000
LATEST = CAME + 30_000


def ms(text: str) -> int:
    """Seconds after noon, "-" for what was not said."""
    return 0 if text == "-" else NOON + int(text) * 1000


def times(said: str, time: str = "-") -> CallTimes:
    start, answer, end, duration = said.split()
    lasted = -1 if duration == "-" else int(duration) * 1000
    return call_times(ms(start), ms(answer), ms(end), lasted, ms(time), CAME, LATEST)


@table("""
    start answer end duration | time | start answer end | at
    0     5      65  -        | -    | 0     5      65  | 65
    0     5      65  61       | -    | 0     5      65  | 65      # the end is what counts
    0     -      -   60       | -    | 0     0      60  | 60
    0     -      65  60       | -    | 0     5      65  | 65
    0     -      30  60       | -    | 0     0      30  | 30      # longer than the call
    0     -      -   0        | -    | 0     -      0   | 0       # nobody answered
    0     -      20  -        | -    | 0     -      20  | 20
    -     5      65  -        | -    | 5     5      65  | 65
    -     -      65  60       | -    | 5     5      65  | 65
    -     -      -   60       | 40   | 40    40     100 | 100
    -     -      -   60       | -    | 40    40     100 | 100     # it came at 100
    -     -      -   -        | -    | 100   -      100 | 100
    0     5      -   10       | -    | 0     5      15  | 15
    0     5      65  -        | 70   | 0     5      65  | 70
    0     5      65  -        | 10   | 0     5      65  | 65      # dated by its beginning
    99    -      -   60       | -    | 99    99     159 | 100     # nothing happened later than now
""")
def test_times_follow_from_each_other(
    start_answer_end_duration: str, time: str, start_answer_end: str, at: str
) -> None:
    found = times(start_answer_end_duration, time)
    assert (found.start_ms, found.answer_ms, found.end_ms) == tuple(map(ms, start_answer_end.split()))
    assert found.at_ms == ms(at)
    assert not found.skewed
    assert found.duration_ms == (found.end_ms - found.answer_ms if found.answer_ms else 0)


@table("""
    said         | fault
    5  3  65  -  | answer_ms: 1795262403000 is before start_ms 1795262405000
    5  -  3   -  | end_ms: 1795262403000 is before start_ms 1795262405000
    0  9  7   -  | end_ms: 1795262407000 is before answer_ms 1795262409000
    0  9  -   -  | end_ms: is missing, and so is duration_ms: an answered call ends or lasts
""")
def test_what_contradicts_itself_is_refused(said: str, fault: str) -> None:
    with pytest.raises(InvalidRequest) as error:
        times(said)
    assert str(error.value) == fault


@table("""
    said            | start answer end
    131  -    -  60 | 100   100    160
    90   131  140 - | 90    100    100
    90   95   999 - | 90    95     100
    130  130  130 - | 130   130    130       # as far ahead as clocks may differ
""")
def test_times_ahead_are_those_at_which_the_record_came(said: str, start_answer_end: str) -> None:
    found = times(said)
    assert (found.start_ms, found.answer_ms, found.end_ms) == tuple(map(ms, start_answer_end.split()))
    assert found.skewed == ("130" not in said)
    assert found.at_ms <= LATEST
