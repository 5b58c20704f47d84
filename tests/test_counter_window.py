"""Windows of counters: when one begins, what begins with it, and what an account reads in between.

Calls are to 49123 at 0.60 a minute, sold by the minute.
"""

from datetime import UTC as UTC_TIME
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.account import Account, AccountTrigger, ThresholdType, TriggerTerms, Window
from accounts.book import Page
from accounts.counter_window import roll_windows, rolled, window_begin
from accounts.counting import rebuild_counters
from accounts.document import account_document
from tariffs.zone import SECOND_NS, zone
from tests.action_scene import KEY, RATES, Scene, book, instant
from tests.table import table

SETS = """
    TELL do=*http_post extra=http://127.0.0.1:9/
    DIS  do=*disable_account
    TOP1 do=*topup id=BONUS type=*monetary units=1 bw=-5
"""
TRIGGERS = """
    DAY   uid=D on=*max_event_counter at=1.2 type=*monetary timing=*day run=TELL
    HOUR  uid=H on=*max_event_counter at=1.2 type=*monetary timing=*hour run=TELL
    WEEK  uid=W on=*max_event_counter at=1.2 type=*monetary timing=*week run=TELL
    MONTH uid=M on=*max_event_counter at=1.2 type=*monetary timing=*month run=TELL
    EVER  uid=E on=*max_event_counter at=1.2 type=*monetary run=TELL
    CAP   uid=C on=*max_event_counter at=1.2 type=*monetary timing=*day run=DIS
    BOTH  uid=D id=S on=*max_event_counter at=1.2 type=*monetary timing=*day run=TELL
    BOTH  uid=W id=S on=*max_event_counter at=9 type=*monetary timing=*week run=TELL
    BOTH  uid=E id=S on=*max_event_counter at=9 type=*monetary run=TELL
    PAID  uid=P on=*max_balance_counter at=1.2 type=*monetary id=B timing=*day run=TELL
    CALLS uid=N on=*max_event_counter at=2 type=*event_connect timing=*day run=TELL
    AGAIN uid=R on=*max_event_counter at=1.2 type=*monetary timing=*day recurrent=true run=TOP1
    IDLE  uid=I on=*min_event_counter at=0 type=*monetary timing=*day run=TOP1
"""
BOOK = book(SETS, TRIGGERS, files=RATES)


@table("""
    window | place            | at                            | begins
    *hour  | UTC              | 2026-11-21T10:59:59.999999999 | 2026-11-21T10:00:00Z
    *hour  | UTC              | 2026-11-21T11:00:00           | 2026-11-21T11:00:00Z
    *hour  | Asia/Kolkata     | 2026-11-21T11:00:00           | 2026-11-21T05:30:00Z     # half past in Greenwich
    *hour  | Europe/Berlin    | 2026-03-29T01:59:59           | 2026-03-29T00:00:00Z
    *hour  | Europe/Berlin    | 2026-03-29T03:00:00           | 2026-03-29T01:00:00Z     # 02:00 did not exist
    *day   | UTC              | 2026-11-21T23:59:59.999999999 | 2026-11-21T00:00:00Z
    *day   | UTC              | 2026-11-22T00:00:00           | 2026-11-22T00:00:00Z
    *day   | +05:30           | 2026-11-21T23:59:59.999999999 | 2026-11-20T18:30:00Z
    *day   | Europe/Berlin    | 2026-03-29T23:59:59           | 2026-03-28T23:00:00Z     # 23 hours
    *day   | Europe/Berlin    | 2026-03-30T00:00:00           | 2026-03-29T22:00:00Z
    *day   | Europe/Berlin    | 2026-10-25T23:59:59           | 2026-10-24T22:00:00Z     # 25 hours
    *day   | Europe/Berlin    | 2026-10-26T00:00:00           | 2026-10-25T23:00:00Z
    *day   | America/New_York | 2026-03-08T12:00:00           | 2026-03-08T05:00:00Z
    *day   | America/New_York | 2026-03-09T00:00:00           | 2026-03-09T04:00:00Z
    *day   | America/New_York | 2026-11-01T23:59:59           | 2026-11-01T04:00:00Z
    *day   | America/New_York | 2026-11-02T00:00:00           | 2026-11-02T05:00:00Z
    *day   | UTC              | 2028-02-29T12:00:00           | 2028-02-29T00:00:00Z
    *week  | UTC              | 2026-11-22T23:59:59.999999999 | 2026-11-16T00:00:00Z     # a Sunday
    *week  | UTC              | 2026-11-23T00:00:00           | 2026-11-23T00:00:00Z     # a Monday
    *week  | Europe/Berlin    | 2026-10-25T23:59:59           | 2026-10-18T22:00:00Z
    *week  | Europe/Berlin    | 2026-10-26T00:00:00           | 2026-10-25T23:00:00Z
    *week  | UTC              | 2027-01-01T00:00:00           | 2026-12-28T00:00:00Z     # weeks heed no year
    *month | UTC              | 2026-11-30T23:59:59.999999999 | 2026-11-01T00:00:00Z
    *month | UTC              | 2026-12-01T00:00:00           | 2026-12-01T00:00:00Z
    *month | UTC              | 2028-02-29T23:59:59           | 2028-02-01T00:00:00Z
    *month | UTC              | 2028-03-01T00:00:00           | 2028-03-01T00:00:00Z
    *month | Europe/Berlin    | 2026-10-31T23:59:59           | 2026-09-30T22:00:00Z
    *month | Europe/Berlin    | 2026-11-01T00:00:00           | 2026-10-31T23:00:00Z
    *call  | UTC              | 2026-11-21T10:00:00           | 1970-01-01T00:00:00Z     # no period of the calendar
    -      | UTC              | 2026-11-21T10:00:00           | 1970-01-01T00:00:00Z
""")
def test_a_window_begins_by_the_local_calendar(window: str, place: str, at: str, begins: str) -> None:
    where = zone(place)
    assert window_begin(Window(window.removeprefix("-")), instant(at, where), where) == instant(begins)


def test_the_hour_that_a_clock_shows_twice_is_two() -> None:
    berlin = zone("Europe/Berlin")
    begins = [window_begin(Window.HOUR, instant(f"2026-10-25T0{utc}:30:00Z"), berlin) for utc in (0, 1, 2)]
    assert begins == [instant(f"2026-10-25T0{utc}:00:00Z") for utc in (0, 1, 2)]


@table("""
    group | place            | words                                                     | after
    DAY   |                  | at 2026-11-21T23:59:59.999999999; call 60s; call 60s      | M=8.8 #D=1.2 fired:D
    DAY   |                  | at 2026-11-21T23:59:59; call 120s; at 2026-11-22T00:00:00 | M=8.8 #D=0
    DAY   |                  | at 2026-11-21T23:59:59; call 120s; at 2026-11-22T00:00:00; call 60s | M=8.2 #D=0.6
    HOUR  |                  | at 2026-11-21T10:59:59.999999999; call 120s               | M=8.8 #H=1.2 fired:H
    HOUR  |                  | at 2026-11-21T10:59:59; call 120s; at 2026-11-21T11:00:00; call 60s | M=8.2 #H=0.6
    WEEK  |                  | call 120s; at 2026-11-22T23:59:59.999999999               | M=8.8 #W=1.2 fired:W
    WEEK  |                  | call 120s; at 2026-11-23T00:00:00; call 60s               | M=8.2 #W=0.6
    MONTH |                  | call 120s; at 2026-11-30T23:59:59.999999999               | M=8.8 #M=1.2 fired:M
    MONTH |                  | call 120s; at 2026-12-01T00:00:00; call 60s               | M=8.2 #M=0.6
    MONTH |                  | at 2028-02-28T12:00:00; call 60s; at 2028-02-29T23:59:59; call 60s | M=8.8 #M=1.2 fired:M
    MONTH |                  | at 2028-02-29T23:59:59; call 120s; at 2028-03-01T00:00:00 | M=8.8 #M=0
    EVER  |                  | call 120s; at 2027-11-21T00:00:00; call 60s               | M=8.2 #E=1.8 fired:E
    DAY   | Europe/Berlin    | at 2026-10-25T00:00:00; call 60s; at 2026-10-25T23:59:59; call 60s | M=8.8 #D=1.2 fired:D
    DAY   | Europe/Berlin    | at 2026-10-25T23:59:59; call 120s; at 2026-10-26T00:00:00; call 60s | M=8.2 #D=0.6
    DAY   | Europe/Berlin    | at 2026-03-29T00:00:00; call 60s; at 2026-03-29T23:59:59; call 60s | M=8.8 #D=1.2 fired:D
    DAY   | Europe/Berlin    | at 2026-03-29T23:59:59; call 120s; at 2026-03-30T00:00:00; call 60s | M=8.2 #D=0.6
    DAY   | America/New_York | at 2026-11-01T00:00:00; call 60s; at 2026-11-01T23:59:59; call 60s | M=8.8 #D=1.2 fired:D
    DAY   | America/New_York | at 2026-03-08T23:59:59; call 120s; at 2026-03-09T00:00:00; call 60s | M=8.2 #D=0.6
    DAY   | America/New_York | at 2026-11-22T04:00:00Z; call 120s; at 2026-11-22T05:00:00Z | M=8.8 #D=0
    BOTH  |                  | call 120s; at 2026-11-22T00:00:00; call 60s               | M=8.2 #S=0.6 #S=1.8 #S=1.8
    BOTH  |                  | call 120s; at 2026-11-23T00:00:00; call 60s               | M=8.2 #S=0.6 #S=0.6 #S=1.8
    CALLS |                  | call 60s; call 60s; wait 86400s; call 60s                 | M=8.2 #N=1
    PAID  |                  | call 60s; wait 86400s; call 60s                           | M=8.8 #B=0
    AGAIN |                  | call 120s; call 60s; wait 86400s; call 60s                | M=7.6 BONUS=3 #R=0.6
    IDLE  |                  | topup M 1; wait 86400s; topup M 1                         | M=12 BONUS=2 #I=0 fired:I
""")
def test_what_begins_with_a_window(group: str, place: str, words: str, after: str) -> None:
    assert Scene(BOOK, "M=10", group, time_zone=place).do(words).told() == after


def test_a_daily_cap_is_armed_again_at_local_midnight_and_fires_again() -> None:
    scene = Scene(BOOK, "M=10", "DAY", time_zone="America/New_York")
    scene.do("at 2026-11-21T23:00:00; call 120s; call 60s; at 2026-11-22T00:00:00; call 120s; call 60s")
    observed = [alert.body["trigger"]["Observed"] for alert in scene.alerts]  # type: ignore[index]
    assert observed == ["1.2", "1.2"]
    assert scene.account.triggers[0].last_executed_ns == instant("2026-11-22T05:00:00Z")


def test_what_a_cap_disabled_stays_disabled() -> None:
    """A window arms monitors and forgives no deed: an account is enabled by a plan or by hand."""
    scene = Scene(BOOK, "M=10", "CAP").do("call 600s; at 2026-11-22T00:00:00; call 60s")
    assert scene.told() == "M=8.8 #C=0 disabled"
    assert scene.do("topup M 1").told() == "M=9.8 #C=0 disabled"


def test_a_refund_counts_back_in_the_present_window() -> None:
    scene = Scene(BOOK, "M=10", "DAY").do("call 60s; refund")
    assert scene.told() == "M=10 #D=0"
    assert scene.do("call 60s; at 2026-11-22T00:00:00; refund").told() == "M=10 #D=-0.6"


def test_an_account_reads_as_it_stands_in_the_window_of_the_reading() -> None:
    scene = Scene(BOOK, "M=10", "DAY").do("call 120s")
    stored = account_document(scene.account)
    midnight = instant("2026-11-22T00:00:00Z")
    before, after = (rolled(scene.account, at, scene.zone) for at in (midnight - 1, midnight))
    assert before is scene.account
    assert [(c.value, c.since_ns) for c in after.counters] == [(0, midnight)]
    assert [trigger.executed for trigger in after.triggers] == [False]
    assert account_document(scene.account) == stored


def test_a_clock_set_back_begins_nothing() -> None:
    scene = Scene(BOOK, "M=10", "DAY").do("at 2026-11-22T00:00:00; call 60s; at 2026-11-21T23:59:59; call 60s")
    assert scene.told() == "M=8.8 #D=1.2 fired:D"


def test_an_account_that_moves_keeps_its_day_until_the_next_one_begins_there() -> None:
    """It is 1 o'clock on Sunday in Berlin; in New York it is Saturday for five hours more."""
    scene = Scene(BOOK, "M=10", "DAY", time_zone="Europe/Berlin").do("at 2026-11-22T01:00:00; call 120s")
    scene.zone = zone("America/New_York")
    assert scene.do("at 2026-11-21T23:59:59; call 60s").told() == "M=8.2 #D=1.8 fired:D"
    assert scene.do("at 2026-11-22T00:00:00; call 60s").told() == "M=7.6 #D=0.6"


def test_an_account_whose_windows_have_not_passed_leaves_no_record() -> None:
    scene = Scene(BOOK, "M=10", "BOTH").do("call 60s")
    page = Page(scene.account.copy())
    roll_windows(page, scene.now_ns, scene.zone)
    assert page.changes == []


def test_a_monitor_that_gets_another_window_gets_another_counter() -> None:
    weekly = BOOK.catalogue.trigger_groups["WEEK"][0]
    scene = Scene(BOOK, "M=10", "DAY").do("call 120s")
    page = scene.page()
    page.replace_triggers([AccountTrigger(weekly)], [])
    rebuild_counters(page)
    assert [(c.window, c.value) for c in page.account.counters] == [(Window.WEEK, 0)]


ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland"]
PERIODS = [Window.HOUR, Window.DAY, Window.WEEK, Window.MONTH]


def naive_window(window: Window, at_ns: int, name: str) -> object:
    """The window an instant lies in, told by the library's calendar alone."""
    local = datetime.fromtimestamp(at_ns // SECOND_NS, UTC_TIME).astimezone(ZoneInfo(name))
    match window:
        case Window.HOUR:
            return local.strftime("%F %H %z")
        case Window.WEEK:
            return (local - timedelta(days=local.weekday())).date()
        case Window.MONTH:
            return local.strftime("%Y-%m")
        case _:
            return local.date()


@pytest.mark.parametrize("window", PERIODS)
@given(
    name=st.sampled_from(ZONES),
    begin=st.integers(1_772_000_000, 1_793_000_000),
    steps=st.lists(st.tuples(st.integers(0, 3 * 86_400), st.integers(-5, 50)), min_size=1, max_size=20),
)
@settings(max_examples=150, deadline=None)
def test_a_counter_of_a_window_is_the_sum_of_what_happened_in_it(
    window: Window, name: str, begin: int, steps: list[tuple[int, int]]
) -> None:
    terms = TriggerTerms("G", "U", ThresholdType.MAX_EVENT_COUNTER, 0, "ACT", "*monetary", window=window)
    page = Page(Account(KEY, triggers=[AccountTrigger(terms)]))
    rebuild_counters(page)
    now, events = begin, []
    for wait, amount in steps:
        now += wait
        roll_windows(page, now * SECOND_NS, zone(name))
        page.count(page.account.counters[0], amount)
        events.append((naive_window(window, now * SECOND_NS, name), amount))
        mine = naive_window(window, now * SECOND_NS, name)
        assert page.account.counters[0].value == sum(amount for held, amount in events if held == mine)
