"""Which destination of a plan prices a number: length, weight, activity, order, and `*any`."""

import pytest

from tariffs.rating import rate
from tariffs.span import Unrated
from tests.tariff_notation import price, query, table, tariff

PARTS = """
    Timings: WE,*any,*any,*any,6;7,00:00:00
    Timings: NOON,*any,*any,*any,*any,12:00:00
    Destinations: DST_A,49
    Destinations: DST_A,+49
    Destinations: DST_B,491
    Destinations: DST_C,4917
    Destinations: DST_X,4917
    Destinations: DST_UNUSED,4912345
    Rates: R_A,0,0.6,60s,1s,0s
    Rates: R_B,0,0.3,60s,1s,0s
    Rates: R_C,0,0.12,60s,1s,0s
    Rates: R_X,0,0.06,60s,1s,0s
    Rates: R_ANY,0,1.2,60s,1s,0s
    DestinationRates: A,DST_A,R_A,*up,4,0,
    DestinationRates: B,DST_B,R_B,*up,4,0,
    DestinationRates: C,DST_C,R_C,*up,4,0,
    DestinationRates: X,DST_X,R_X,*up,4,0,
    DestinationRates: ANY,*any,R_ANY,*up,4,0,
    RatingProfiles: cgrates.org,call,1001,,P,
"""


def plan(rows: str) -> str:
    lines = [f"RatingPlans: P,{name},{timing},{weight}" for name, timing, weight in map(str.split, rows.split(" + "))]
    return "\n".join([PARTS, *lines])


ALL = "A *any 10 + B *any 10 + C *any 10 + X *any 20 + ANY *any 10"
GERMANY = "A *any 10 + B *any 5"


@pytest.mark.parametrize(
    ("rows", "number", "answer"),
    [(GERMANY, *case) for case in table("""
        number | 60 s
        4912   | 0.3 (1m)      # the longest prefix beats weight
        49     | 0.6 (1m)
        +4912  | 0.6 (1m)      # a prefix is what is written: +491 is none
        4812   | DESTINATION_UNRATED
        4      | DESTINATION_UNRATED
        *any   | DESTINATION_UNRATED
               | DESTINATION_UNRATED
    """)] + [(ALL, *case) for case in table("""
        number | 60 s
        491712 | 0.06 (1m)     # of one prefix the heavier
        4812   | 1.2 (1m)
        33612  | 1.2 (1m)
        +1     | 1.2 (1m)
        abc    | 1.2 (1m)
        *any   | 1.2 (1m)
               | 1.2 (1m)
    """)],
)  # fmt: skip
def test_the_longest_prefix_wins_then_the_heaviest_then_any(rows: str, number: str, answer: str) -> None:
    assert price(tariff(plan(rows)), query("10:00:00", "60s", destination=number)) == answer


@pytest.mark.parametrize(
    ("rows", "start", "answer"),
    table("""
        rows                          | start               | 60 s to 4912345
        A *any 10 + B WE 10           | 10:00:00            | 0.6 (1m)     # B is sold at weekends only
        A *any 10 + B WE 10           | 2026-01-10 10:00:00 | 0.3 (1m)
        A *any 10 + B NOON 10         | 11:59:30            | 0.6 (1m)     # for the whole call
        A *any 10 + B NOON 10         | 12:00:00            | 0.3 (1m)
        A NOON 10 + ANY *any 10       | 11:59:30            | 1.2 (1m)
        A NOON 10 + ANY *any 10       | 12:59:30            | 0.6 (1m)
        A NOON 10 + ANY NOON 10       | 11:59:30            | DESTINATION_UNRATED
        A *any 10 + A WE 20 + B WE 30 | 10:00:00            | 0.6 (1m)
    """),
)
def test_a_destination_counts_only_if_it_is_sold_at_the_start_of_the_call(rows: str, start: str, answer: str) -> None:
    assert price(tariff(plan(rows)), query(start, "60s")) == answer


@pytest.mark.parametrize(
    ("rows", "answer"),
    table("""
        rows                              | 60 s to 491712
        C *any 10 + X *any 10             | 0.12 (1m)     # alike: the one that the plan names first
        X *any 10 + C *any 10             | 0.06 (1m)
        C *any 10 + X *any 5 + X WE 20    | 0.06 (1m)     # the weight of all its intervals, active or not
        C *any -1 + X *any -2             | 0.12 (1m)     # weights below 0 count as 0
    """),
)
def test_destinations_with_one_prefix_are_chosen_by_weight_and_order(rows: str, answer: str) -> None:
    assert price(tariff(plan(rows)), query("10:00:00", "60s", destination="491712")) == answer


@pytest.mark.parametrize(
    ("rows", "number", "detail"),
    table("""
        rows | number | detail
        B *any 10 | 4955 | no rate for 4955 in rating plan 'P'; the nearest prefix it knows is 491
        B *any 10 | 7000 | no rate for 7000 in rating plan 'P'; the nearest prefix it knows is none
        B WE 10 | 4912 | no rate for 4912 in rating plan 'P': it knows the prefix 491, \
            but no interval of it is active on 2026-01-05 10:00:00 UTC
        B *any 10 | *any | no rate for *any in rating plan 'P': it has no entry for other destinations
        ANY WE 10 | 7 | rating plan 'P' of profile cgrates.org:call:1001 knows 7 as '*any' \
            (prefix *any), but has no price for it on 2026-01-05 10:00:00 UTC
    """),
)
def test_a_refusal_names_what_comes_nearest(rows: str, number: str, detail: str) -> None:
    result = rate(tariff(plan(rows)), query("10:00:00", "60s", destination=number), decimals=5)
    assert isinstance(result, Unrated)
    assert result.detail.removesuffix(" (profile cgrates.org:call:1001)") == detail
