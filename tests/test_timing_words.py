"""When a plan runs, as a person reads it."""

import pytest

from actions.plan_schedule import PlanEntry
from actions.timing_words import timing_words
from tariffs.timing import Timing
from tariffs.zone import zone
from tests.action_scene import instant
from tests.table import table
from tests.test_plan_schedule import LOADED, timing


@table("""
    row                                   | place         | words
    *asap                                 | UTC           | when an account gets the plan
    +2s                                   | UTC           | once, 2s after the plan was loaded
    *any                                  | UTC           | every day at 00:00:00
    *every_minute                         | UTC           | every minute at second 37
    *hourly                               | UTC           | every hour at 48:37
    *hourly                               | +05:45        | every hour at 33:37
    *daily                                | UTC           | every day at 01:48:37
    *daily                                | Europe/Vienna | every day at 02:48:37
    *weekly                               | UTC           | on Saturday at 01:48:37
    *weekly                               | -05:00        | on Friday at 20:48:37
    *monthly                              | UTC           | on day 21 of every month at 01:48:37
    *monthly_estimated                    | -05:00        | on day 20 of every month at 20:48:37
    *month_end                            | UTC           | on the last day of every month at 01:48:37
    *yearly                               | UTC           | on day 21 of every November at 01:48:37
    days=31                               | UTC           | on day 31 (or the last) of every month at 00:00:00
    days=1,15,-1 at=03:30:00              | UTC           | on day 1, day 15 and the last day of every month at 03:30:00
    days=25 weekdays=1                    | UTC           | on day 25 and on every Monday of every month at 00:00:00
    weekdays=0,6 at=08:00:00              | UTC           | on every Sunday and Saturday at 08:00:00
    months=2,3                            | UTC           | on day 1 of February and March at 00:00:00
    years=2027,2028                       | UTC           | on day 1 of January of 2027 and 2028 at 00:00:00
    years=2027 months=6 days=1            | UTC           | on day 1 of June of 2027 at 00:00:00
    months=13                             | UTC           | on day 1 of month 13, which no calendar has, at 00:00:00
    at=25:00:00                           | UTC           | never: T has no time that a clock shows
""")
def test_a_timing_in_words(row: str, place: str, words: str) -> None:
    entry = PlanEntry("TOP", timing(row), anchor_ns=instant(LOADED))
    assert timing_words(entry, zone(place)) == words


def test_a_word_that_nobody_knows_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="unknown schedule word"):
        timing_words(PlanEntry("TOP", Timing("T", schedule="*fortnightly")), zone("UTC"))
