"""An explanation tells the truth about a cost, and reads like one."""

import json
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tariffs.activity import Verdict
from tariffs.cost import Cost, cost
from tariffs.cuts import Cut, widened
from tariffs.destination import Fate
from tariffs.explanation import PieceStory, explain
from tariffs.explanation_document import explanation_document
from tariffs.explanation_text import explanation_lines, fraction_text
from tariffs.lookup import Outcome
from tariffs.span import RatingQuery, Unrated
from tariffs.tariff import Tariff
from tests.tariff_notation import query, tariff
from tests.tariff_strategies import queries, tariffs


@settings(max_examples=75, deadline=None)
@given(tariffs(), queries(), st.integers(0, 1), st.integers(0, 9), st.sampled_from([0, 400_000_000]))
def test_an_explanation_tells_the_cost(
    built: Tariff, asked: RatingQuery, loop_index: int, decimals: int, spent: int
) -> None:
    result = cost(built, asked, loop_index=loop_index, decimals=decimals, max_cost_so_far=spent)
    told = explain(built, asked, loop_index=loop_index, decimals=decimals, max_cost_so_far=spent)
    if isinstance(result, Unrated):
        assert told.total is None
        assert told.result == result
        assert told.hole is None or told.hole.at_ns == result.at_ns
    else:
        assert told.total == result.total
        assert sum(charge.charged for charge in told.charges) == result.subtotal
        assert isinstance(told.result, Cost)
        assert_pieces_are_the_spans(told.pieces, told.result, decimals)
    json.dumps(explanation_document(told))
    assert all(explanation_lines(told))


def assert_pieces_are_the_spans(pieces: tuple[PieceStory, ...], result: Cost, decimals: int) -> None:
    stories = [story for story in pieces if story.span is not None]
    assert [story.span for story in stories] == list(result.spans)
    again = widened([story.piece for story in pieces], decimals) if pieces else ()
    assert [(span.start_ns, span.cost) for span in again] == [(span.start_ns, span.cost) for span in result.spans]
    for story in pieces:
        winners = [each.interval for each in story.standings if each.verdict is Verdict.IN_FORCE]
        assert winners
        assert story.piece.interval in winners


PLAN = tariff("""
    Timings: PEAK,*any,*any,*any,1;2;3;4;5,08:00:00
    Timings: XMAS,*any,12,25,*any,00:00:00
    Destinations: DST_DE,49
    Destinations: DST_MOBILE,4917
    Destinations: DST_SPECIAL,4917
    Destinations: DST_WEEKEND,49171
    Destinations: DST_UK,44
    Timings: WE,*any,*any,*any,6;7,00:00:00
    Rates: R_PEAK,0.4,0.2,60s,60s,0s
    Rates: R_PEAK,0,0.1,60s,1s,60s
    Rates: R_OFF,0.2,0.1,60s,60s,0s
    Rates: R_OFF,0,0.05,60s,1s,60s
    DestinationRates: D_PEAK,DST_MOBILE,R_PEAK,*up,4,0.45,*free
    DestinationRates: D_OFF,DST_MOBILE,R_OFF,*up,4,0.45,*free
    DestinationRates: D_DE,DST_DE,R_OFF,*up,4,0,
    DestinationRates: D_SPECIAL,DST_SPECIAL,R_OFF,*up,4,0,
    DestinationRates: D_WEEKEND,DST_WEEKEND,R_OFF,*up,4,0,
    DestinationRates: D_ANY,*any,R_OFF,*up,4,0,
    DestinationRates: D_UK,DST_UK,R_OFF,*up,4,0,
    RatingPlans: P,D_PEAK,PEAK,10
    RatingPlans: P,D_OFF,*any,10
    RatingPlans: P,D_OFF,XMAS,20
    RatingPlans: P,D_DE,*any,10
    RatingPlans: P,D_SPECIAL,*any,5
    RatingPlans: P,D_WEEKEND,WE,10
    RatingPlans: P,D_ANY,*any,10
    RatingPlans: PUK,D_UK,*any,10
    RatingProfiles: cgrates.org,call,1001,,P,
    RatingProfiles: cgrates.org,call,1002,2020-01-01T00:00:00Z,PUK,1003;1001
    RatingProfiles: cgrates.org,call,*any,2027-01-01T00:00:00Z,P,
""")


def text(subject: str, start: str, usage: str, destination: str = "491712") -> str:
    return "\n".join(explanation_lines(explain(PLAN, query(start, usage, subject=subject, destination=destination))))


def test_the_whole_story_of_a_cost() -> None:
    assert text("1001", "07:59:30", "131s") == dedent("""\
        1001 to 491712, call, 2026-01-05 07:59:30 UTC, 2m11s
        Rating profiles of tenant cgrates.org, category call
          1001: is used
          *any: not asked
        Lookup
          1001, rating plan P always active, has a price
            prefix 49171 of DST_WEEKEND, weight 10: has no interval that is active at the start of the call
            prefix 4917 of DST_MOBILE, weight 20: matches
            prefix 4917 of DST_SPECIAL, weight 5: is lighter
            prefix 49 of DST_DE, weight 10: is a shorter prefix
            prefix *any of *any, weight 10: is for numbers that no prefix matches
        Pieces
          2026-01-05 07:59:30 UTC, 0s into the call, for 30s: the usage begins
            rate R_PEAK at PEAK (Mon Tue Wed Thu Fri, from 08:00:00), weight 10: starts later in the day
            rate R_OFF at *any (always), weight 10: in force
            rate R_OFF at XMAS (month 12, day 25), weight 20: does not hold on this day
            step from 0s: 0.1 / 1m in increments of 1m
            widened by 30s to whole increments
          2026-01-05 08:00:00 UTC, 30s into the call, for 30s: another price is in force
            rate R_PEAK at PEAK (Mon Tue Wed Thu Fri, from 08:00:00), weight 10: in force
            rate R_OFF at *any (always), weight 10: started earlier in the day
            rate R_OFF at XMAS (month 12, day 25), weight 20: does not hold on this day
            step from 0s: 0.2 / 1m in increments of 1m
            sold already by the increments before it
          2026-01-05 08:00:30 UTC, 1m into the call, for 1m11s: the next step of the rate begins
            rate R_PEAK at PEAK (Mon Tue Wed Thu Fri, from 08:00:00), weight 10: in force
            rate R_OFF at *any (always), weight 10: started earlier in the day
            rate R_OFF at XMAS (month 12, day 25), weight 20: does not hold on this day
            step from 1m: 0.1 / 1m in increments of 1s
        Charges
          1 × 1m: 1m × 0.1 / 1m = 0.1, each 0.1, with the fee 0.2 together 0.3
          71 × 1s: 1m11s × 0.1 / 1m = 0.118333333333… → 0.11833, each 0.001666619718… → 0.00167, together 0.11857
        Total 0.41857, *up to 4 decimals: 0.4186""")


def test_a_cap_is_told_where_it_acts() -> None:
    assert text("1001", "10:00:00", "61s").splitlines()[-3:] == [
        "  1 × 1m: 1m × 0.2 / 1m = 0.2, each 0.2, with the fee 0.4 together 0.6; charged 0.45: at most 0.45 a call, "
        "0 before",
        "  1 × 1s: 1s × 0.1 / 1m = 0.001666666666… → 0.00167, each 0.00167, together 0.00167; charged 0: "
        "at most 0.45 a call, 0.45 before",
        "Total 0.45, *up to 4 decimals: 0.45",
    ]


def test_fallback_subjects_are_told_in_the_order_of_asking() -> None:
    assert text("1002", "10:00:00", "5s", "4955").splitlines()[1:12] == [
        "Rating profiles of tenant cgrates.org, category call",
        "  1002: is used",
        "  *any: not asked",
        "Lookup",
        "  1002, rating plan PUK active from 2020-01-01 00:00:00 UTC, does not know the destination; its fallback "
        "subjects are asked",
        "    1003 has no rating profile",
        "    1001, rating plan P always active, has a price",
        "      prefix 49 of DST_DE, weight 10: matches",
        "      prefix *any of *any, weight 10: is for numbers that no prefix matches",
        "Pieces",
        "  2026-01-05 10:00:00 UTC, 0s into the call, for 5s: the usage begins",
    ]


def test_no_price_is_explained_too() -> None:
    assert text("nobody", "10:00:00", "5s") == dedent("""\
        nobody to 491712, call, 2026-01-05 10:00:00 UTC, 5s
        Rating profiles of tenant cgrates.org, category call
          nobody: does not exist
          *any: is used
        Lookup
          *any, rating plan P active from 2027-01-01 00:00:00 UTC, is not active before the call ends
        No price (DESTINATION_UNRATED): profile cgrates.org:call:*any is not active before 2027-01-01 00:00:00 UTC""")


def test_where_a_price_ends_the_intervals_say_why() -> None:
    built = tariff("""
        Timings: SAT,*any,*any,*any,6,00:00:00
        Rates: R,0,0.6,60s,1s,0s
        DestinationRates: D,*any,R,*up,4,0,
        RatingPlans: P,D,SAT,10
        RatingProfiles: cgrates.org,call,1001,,P,
    """)
    told = explain(built, query("2026-01-10 23:59:30", "60s"))
    assert told.hole is not None
    assert [each.verdict for each in told.hole.standings] == [Verdict.OTHER_DAY]
    assert [story.piece.cut for story in told.pieces] == [Cut.START]
    assert "2026-01-11 00:00:00 UTC: no price is in force from here on" in "\n".join(explanation_lines(told))


def test_a_document_has_the_same_facts_as_the_text() -> None:
    document = explanation_document(explain(PLAN, query("10:00:00", "61s", destination="491712")))
    assert document["unrated"] is None
    assert document["cost"] == {
        "total": "0.45",
        "subtotal": "0.45",
        "rounding": "*up",
        "rounding_decimals": 4,
        "fee": "0.4",
        "usage": 61_000_000_000,
        "max_cost_so_far": "0.45",
    }
    charges = document["charges"]
    assert isinstance(charges, list)
    assert [(each["count"], each["increment_cost"], each["charged"]) for each in charges] == [
        (1, "0.2", "0.45"),
        (1, "0.00167", "0"),
    ]
    lookup = document["lookup"]
    assert isinstance(lookup, list)
    assert lookup[0]["outcome"] == Outcome.PRICED.name
    assert [each["fate"] for each in lookup[0]["destinations"]] == [
        Fate.INACTIVE.name,
        Fate.MATCHED.name,
        Fate.LIGHTER.name,
        Fate.SHORTER.name,
        Fate.FOR_OTHERS.name,
    ]


@pytest.mark.parametrize(
    ("numerator", "denominator", "shown"),
    [(1, 600, "0.001666666666…"), (2, 10, "0.2"), (-1, 3, "-0.333333333333…"), (5, 1, "5"), (0, 7, "0")],
)
def test_a_fraction_is_exact_or_says_that_it_goes_on(numerator: int, denominator: int, shown: str) -> None:
    assert fraction_text(numerator, denominator) == shown
