"""Which price a call has and where it changes: timings, activations, fallbacks, destinations, midnights, zones."""

import pytest

from tariffs.rating import rate
from tariffs.span import Unrated
from tests.tariff_notation import plan_tariff, price, priced, query, sold, table, tariff

UNRATED = "DESTINATION_UNRATED"

TIMINGS = """
    Timings: PK,*any,*any,*any,1;2;3;4;5,08:00:00
    Timings: PK_DAILY,*any,*any,*any,*any,08:00:00;19:00:00
    Timings: OP_M,*any,*any,*any,1;2;3;4;5,00:00:00
    Timings: OP_E,*any,*any,*any,1;2;3;4;5,19:00:00
    Timings: NOON,*any,*any,*any,*any,12:00:00
    Timings: WE,*any,*any,*any,6;7,00:00:00
    Timings: SAT,*any,*any,*any,6,00:00:00
    Timings: SUN,*any,*any,*any,0,00:00:00
    Timings: XMAS,*any,12,25,*any,00:00:00
    Timings: NY26,2026,1,1,*any,00:00:00
"""


def timed(rows: str, prices: str = "PK 0,0.6 + OP 0,0.3 + WE 0,0.12 + HD 0,0.06", increment: str = "1s") -> str:
    """A tariff for 49 whose plan has `rows`, each `rate timing weight`; `prices` are fees and prices a minute."""
    lines = [TIMINGS, "Destinations: DST_49,49"]
    for name, fee_and_rate in (each.split() for each in prices.split(" + ")):
        lines.append(f"Rates: {name},{fee_and_rate},60s,{increment},0s")
        lines.append(f"DestinationRates: D_{name},DST_49,{name},*up,4,0,")
    for name, timing, weight in (row.split() for row in rows.split(" + ")):
        lines.append(f"RatingPlans: P,D_{name},{timing},{weight}")
    return "\n".join([*lines, "RatingProfiles: cgrates.org,call,1001,,P,"])


WEEK = "PK PK 10 + OP OP_M 10 + OP OP_E 10 + WE WE 10"
PLANS = {
    "A": timed(f"{WEEK} + HD XMAS 20 + HD NY26 20"),
    "B": timed("PK PK 20 + OP *any 10"),
    "C": timed("OP *any 10 + PK PK 20"),
    "E": timed("PK PK 10"),
    "F": timed("OP *any 20 + PK PK 10"),
    "G": timed(WEEK, "PK 0.15,0.6 + OP 0.05,0.3 + WE 0,0.12", "60s"),
    "H": timed("OP *any 5 + PK PK_DAILY 10"),
    "I": timed("OP *any 5 + PK SUN 10"),
    "J": timed("PK *any 10 + OP *any 10", "PK 0.1,0.6 + OP 0.2,0.3"),
    "K": timed("OP *any 10 + PK *any 10", "PK 0.1,0.6 + OP 0.2,0.3"),
    "S": timed("PK SAT 10"),
}


@pytest.mark.parametrize(
    ("plan", "start", "usage", "answer", "spans"),
    table("""
        plan | start                         | usage | cost (sold)  | spans
        A    | 07:59:30                      | 60s   | 0.45 (1m)    | 30×(1s,0.005) + 30×(1s,0.01)
        A    | 18:59:30                      | 60s   | 0.45 (1m)    | 30×(1s,0.01) + 30×(1s,0.005)
        A    | 07:59:00                      | 60s   | 0.3 (1m)     | 60×(1s,0.005)
        A    | 08:00:00                      | 60s   | 0.6 (1m)     | 60×(1s,0.01)
        A    | 2026-01-09 23:59:30           | 60s   | 0.21 (1m)    | 30×(1s,0.005) + 30×(1s,0.002)
        A    | 2026-01-11 23:59:30           | 60s   | 0.21 (1m)    | 30×(1s,0.002) + 30×(1s,0.005)
        A    | 2026-12-25 10:00:00           | 60s   | 0.06 (1m)    | 60×(1s,0.001)    # heavier than the Friday it is
        A    | 2026-12-24 23:59:00           | 120s  | 0.36 (2m)    | 60×(1s,0.005) + 60×(1s,0.001)
        A    | 2026-01-01 10:00:00           | 60s   | 0.06 (1m)    | 60×(1s,0.001)
        A    | 2027-01-01 10:00:00           | 60s   | 0.6 (1m)     | 60×(1s,0.01)     # only in 2026 a holiday
        A    | 2026-01-05 08:30:00 +02:00    | 60s   | 0.6 (1m)     | 60×(1s,0.01)
        A    | 2026-01-05 07:30:00 -05:00    | 60s   | 0.3 (1m)     | 60×(1s,0.005)
        A    | 23:00:00                      | 25h   | 648 (25h)    | 3600×(1s,0.005) + 28800×(1s,0.005) \
                                                                      + 39600×(1s,0.01) + 18000×(1s,0.005)
        B    | 07:59:30                      | 60s   | 0.45 (1m)    | 30×(1s,0.005) + 30×(1s,0.01)
        C    | 07:59:30                      | 60s   | 0.45 (1m)    | 30×(1s,0.005) + 30×(1s,0.01)     # any order
        C    | 08:00:00                      | 60s   | 0.6 (1m)     | 60×(1s,0.01)
        C    | 18:59:30                      | 60s   | 0.6 (1m)     | 60×(1s,0.01)     # peak lasts to midnight
        F    | 08:00:00                      | 60s   | 0.3 (1m)     | 60×(1s,0.005)    # peak is lighter
        F    | 07:59:30                      | 60s   | 0.3 (1m)     | 60×(1s,0.005)    # and does not cut
        G    | 07:59:30                      | 60s   | 0.35 (1m)    | 0.05 + 1×(1m,0.3)
        G    | 07:59:30                      | 150s  | 1.55 (3m)    | 0.05 + 1×(1m,0.3) + 2×(1m,0.6)
        H    | 20:00:00                      | 60s   | 0.6 (1m)     | 60×(1s,0.01)     # no end but midnight
        H    | 23:59:30                      | 60s   | 0.45 (1m)    | 30×(1s,0.01) + 30×(1s,0.005)
        I    | 2026-01-11 10:00:00           | 60s   | 0.6 (1m)     | 60×(1s,0.01)     # week day 0 is Sunday
        I    | 10:00:00                      | 60s   | 0.3 (1m)     | 60×(1s,0.005)
        J    | 10:00:00                      | 60s   | 0.7 (1m)     | 0.1 + 60×(1s,0.01)     # all alike: the first row
        K    | 10:00:00                      | 60s   | 0.5 (1m)     | 0.2 + 60×(1s,0.005)
        S    | 2026-01-10 23:59:30           | 30s   | 0.3 (30s)    | 30×(1s,0.01)
    """),
)
def test_the_price_is_that_of_the_timing_in_force(plan: str, start: str, usage: str, answer: str, spans: str) -> None:
    built, asked = tariff(PLANS[plan]), query(start, usage)
    assert price(built, asked) == answer
    assert sold(priced(built, asked)) == spans


@pytest.mark.parametrize(
    ("start", "usage", "answer"),
    table("""
        start in Berlin                   | usage | cost (sold)
        2026-01-05 07:59:30 Europe/Berlin | 60s   | 0.45 (1m)
        06:59:30                          | 60s   | 0.3 (1m)         # the same instant, by a clock in UTC
        2026-03-29 01:59:30 Europe/Berlin | 60s   | 0.3 (1m)         # 03:00 follows 02:00
        2026-03-29 07:59:30 Europe/Berlin | 60s   | 0.45 (1m)
        2026-03-28 23:00:00 Europe/Berlin | 24h   | 738 (24h)        # seven hours until 08:00
        2026-10-25 07:59:30 Europe/Berlin | 60s   | 0.45 (1m)
        2026-10-25 00:00:00 Europe/Berlin | 25h   | 738 (25h)        # nine
    """),
)
def test_peak_begins_by_the_clock_on_the_wall(start: str, usage: str, answer: str) -> None:
    assert price(tariff(PLANS["H"]), query(start, usage)) == answer


@pytest.mark.parametrize(
    ("plan", "start", "usage", "second"),
    table("""
        plan | start               | usage | the price ends after
        E    | 07:59:30            | 60s   | 0
        S    | 2026-01-10 23:59:30 | 60s   | 30
        S    | 2026-01-10 23:59:30 | 73h   | 30
        E    | 23:59:30            | 60s   | 30
    """),
)
def test_a_hole_in_the_week_has_no_price_and_says_where_it_begins(
    plan: str, start: str, usage: str, second: str
) -> None:
    asked = query(start, usage)
    result = rate(tariff(PLANS[plan]), asked, decimals=5)
    assert isinstance(result, Unrated)
    assert (result.reason.value, result.at_ns - asked.start_ns) == (UNRATED, int(second) * 1_000_000_000)


def test_a_hole_is_found_before_a_piece_is_widened_over_it() -> None:
    built = tariff(timed("PK SAT 10", increment="60s"))
    assert price(built, query("2026-01-10 23:59:30", "30s")) == "0.6 (1m)"
    assert price(built, query("2026-01-10 23:59:30", "31s")) == UNRATED


def test_what_is_not_voice_has_the_price_of_its_start() -> None:
    built = tariff(PLANS["A"])
    assert price(built, query("07:59:30", "60s", tor="*data")) == "0.3 (60000000000)"
    assert price(built, query("2026-01-09 23:59:30", "60s", tor="*sms")) == "0.3 (60000000000)"
    assert price(tariff(PLANS["E"]), query("07:59:30", "60s", tor="*data")) == UNRATED


MIDNIGHT_STEPS = "0,0.1,60s,60s,0s + 0,0.05,60s,1s,60s"


@pytest.mark.parametrize(
    ("start", "usage", "spans"),
    table("""
        start    | usage | spans
        23:59:30 | 60s   | 1×(1m,0.1)                           # the minute lasts over midnight
        23:59:30 | 61s   | 1×(1m,0.1) + 1×(1s,0.00083)
        23:58:00 | 180s  | 1×(1m,0.1) + 60×(1s,0.00083) + 60×(1s,0.00083)
        23:58:00 | 120s  | 1×(1m,0.1) + 60×(1s,0.00083)         # ends at midnight: no cut
        00:00:00 | 90s   | 1×(1m,0.1) + 30×(1s,0.00083)         # starts there: none either
    """),
)
def test_each_midnight_cuts_although_the_price_goes_on(start: str, usage: str, spans: str) -> None:
    assert sold(priced(plan_tariff(MIDNIGHT_STEPS), query(start, usage))) == spans


def test_days_are_cut_by_the_calendar_and_not_by_the_number_of_the_day() -> None:
    spans = priced(plan_tariff("0,0.6,60s,1s,0s"), query("2026-01-31 12:00:00", "720h")).spans
    assert [span.count for span in spans] == [43_200, *[86_400] * 29, 43_200]


TWO_STEPS = f"""{TIMINGS}
    Destinations: DST_49,49
    Rates: PK,0.4,0.2,60s,60s,0s
    Rates: PK,0,0.1,60s,1s,60s
    Rates: OP,0.2,0.1,60s,60s,0s
    Rates: OP,0,0.05,60s,1s,60s
    DestinationRates: D_PK,DST_49,PK,*up,4,0,
    DestinationRates: D_OP,DST_49,OP,*up,4,0,
    RatingPlans: P,D_PK,PK,10
    RatingPlans: P,D_OP,OP_M,10
    RatingPlans: P,D_OP,OP_E,10
    RatingPlans: P,D_OP,WE,10
    RatingProfiles: cgrates.org,call,1001,,P,
"""


@pytest.mark.parametrize(
    ("start", "usage", "answer", "spans"),
    table("""
        start               | usage | cost (sold)     | spans
        07:58:00            | 70s   | 0.3083 (1m10s)  | 0.2 + 1×(1m,0.1) + 10×(1s,0.00083)
        08:00:00            | 70s   | 0.6167 (1m10s)  | 0.4 + 1×(1m,0.2) + 10×(1s,0.00167)
        07:59:30            | 120s  | 0.4002 (2m)     | 0.2 + 1×(1m,0.1) + 60×(1s,0.00167)
        18:59:00            | 150s  | 0.6747 (2m30s)  | 0.4 + 1×(1m,0.2) + 90×(1s,0.00083)
        18:59:30            | 107s  | 0.6391 (1m47s)  | 0.4 + 1×(1m,0.2) + 47×(1s,0.00083)
        2026-01-09 23:59:00 | 150s  | 0.3747 (2m30s)  | 0.2 + 1×(1m,0.1) + 90×(1s,0.00083)
    """),
)
def test_a_price_that_takes_over_goes_on_at_the_place_of_the_call(
    start: str, usage: str, answer: str, spans: str
) -> None:
    built, asked = tariff(TWO_STEPS), query(start, usage)
    assert price(built, asked) == answer
    assert sold(priced(built, asked)) == spans


def test_the_nearest_cut_comes_first_so_that_no_later_step_hides_a_switch() -> None:
    """Peak is sold by 30 s until 19:00, off peak by the minute; both have a step at 60 s, which is 19:00:30 here."""
    built = tariff(f"""{TIMINGS}
        Rates: PK,0.8,0.4,60s,30s,0s
        Rates: PK,0,0.2,60s,10s,60s
        Rates: OP,0,0.1,60s,60s,0s
        Rates: OP,0,0.05,60s,1s,60s
        DestinationRates: D_PK,*any,PK,*up,4,0,
        DestinationRates: D_OP,*any,OP,*up,4,0,
        RatingPlans: P,D_PK,PK,10
        RatingPlans: P,D_OP,OP_E,10
        RatingProfiles: cgrates.org,call,1001,,P,
    """)
    asked = query("2026-12-24 18:59:30", "107s", destination="109")
    assert sold(priced(built, asked)) == "0.8 + 1×(30s,0.2) + 1×(1m,0.1) + 17×(1s,0.00083)"
    assert price(built, asked) == "1.1142 (1m47s)"
