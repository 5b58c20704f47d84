"""Whose prices a call has: profiles, activations, fallback subjects, and how far a search goes."""

import pytest

from tariffs.rating import rate
from tariffs.span import Unrated
from tests.tariff_notation import price, priced, query, sold, table, tariff

PLANS = """
    Destinations: DST_DE,49
    Destinations: DST_UK,44
    Rates: R1,0.1,0.6,60s,1s,0s
    Rates: R2,0.2,0.3,60s,1s,0s
    Rates: R3,0,0.12,60s,1s,0s
    DestinationRates: D1,DST_DE,R1,*up,4,0,
    DestinationRates: D2,DST_DE,R2,*up,4,0,
    DestinationRates: D3,DST_DE,R3,*up,4,0,
    DestinationRates: DG,DST_UK,R3,*up,4,0,
    RatingPlans: P1,D1,*any,10
    RatingPlans: P2,D2,*any,10
    RatingPlans: P3,D3,*any,10
    RatingPlans: PG,DG,*any,10
"""


def profiles(rows: str) -> str:
    """Profiles of cgrates.org, category call, each `subject since plan fallbacks`; `08:00` is on 2026-01-05."""
    lines = [PLANS]
    for row in rows.split(" + "):
        subject, since, plan, *fallbacks = row.split()
        time = f"2026-01-05T{since}:00Z" if ":" in since else f"{since}-01-01T00:00:00Z" if since.isdigit() else since
        lines.append(f"RatingProfiles: cgrates.org,call,{subject},{time},{plan},{''.join(fallbacks)}")
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("rows", "start", "usage", "answer"),
    table("""
        profiles                                                     | start    | usage | cost (sold)
        1001 2020 P1 + 1001 08:00 P2                                 | 07:59:30 | 60s   | 0.55 (1m)
        1001 2020 P1 + 1001 08:00 P2                                 | 08:00:00 | 30s   | 0.35 (30s)
        1001 2020 P1 + 1001 08:00 P2                                 | 07:59:30 | 30s   | 0.4 (30s)
        1001 08:00 P2 + 1001 2020 P1                                 | 07:59:30 | 60s   | 0.55 (1m)    # in any order
        1001 2020 P1 + 1001 08:00 P2 + 1001 08:01 P3                 | 07:59:30 | 150s  | 0.82 (2m30s)
        1001 2020 P1 + 1001 08:00 P1                                 | 07:59:30 | 60s   | 0.7 (1m)
        1001 2020 P1 + 1001 08:00 PG                                 | 07:59:30 | 60s   | 0.7 (1m)     # P1 goes on
        1001 2020 P1 + 1001 08:00 PG f3 + f3 2019 P3                 | 07:59:30 | 60s   | 0.46 (1m)
        1001 2020 PG f3 + 1001 08:00 P1 + f3 2019 P3                 | 07:59:30 | 60s   | 0.36 (1m)
        1001 2020 PG + 1001 08:00 P1                                 | 07:59:30 | 60s   | DESTINATION_UNRATED
        1001 08:00 P2                                                | 07:59:30 | 60s   | DESTINATION_UNRATED
        1001 08:00 P2                                                | 07:59:00 | 30s   | DESTINATION_UNRATED
        1001 08:00 P2 + *any 2020 P3                                 | 07:59:30 | 60s   | 0.21 (1m)    # *any leads in
        1001 08:00 P2 + *any 2020 P3                                 | 07:59:00 | 30s   | DESTINATION_UNRATED
        1001 2020 PG x1;x2 + x2 2020 P2                              | 07:59:30 | 60s   | 0.5 (1m)     # no x1
        1001 2020 PG x1;x2 + x1 2020 PG + x2 2020 P2                 | 07:59:30 | 60s   | 0.5 (1m)     # x1 has 44
        1001 2020 PG x1;x2 + x1 2020 PG + x1 08:00 P1 + x2 2020 P2   | 07:59:30 | 60s   | 0.5 (1m)     # until 08:00
        1001 2020 PG *any + *any 2020 P3                             | 07:59:30 | 60s   | 0.12 (1m)
        1001 2020 PG + *any 2020 P3                                  | 07:59:30 | 60s   | DESTINATION_UNRATED
        1001 2020 PG 1001                                            | 07:59:30 | 60s   | DESTINATION_UNRATED
        1001 2020 PG f1 + f1 2020 PG f2 + f2 2020 P1                 | 07:59:30 | 60s   | 0.7 (1m)
        1001 2020 PG f1 + f1 2020 PG f2 + f2 2020 PG f3 + f3 2020 P1 | 07:59:30 | 60s   | DESTINATION_UNRATED
        1001 *unlimited P1                                           | 07:59:30 | 60s   | 0.7 (1m)
        1002 2020 P1                                                 | 07:59:30 | 60s   | NO_RATING_PLAN
        1002 2020 P1 + *any 2020 P3                                  | 07:59:30 | 60s   | 0.12 (1m)
        1001 2020 P1 + 1001 08:00 PG f1                              | 07:59:30 | 30s   | 0.4 (30s)    # over by 08:00
        1001 2020 P1 + 1001 08:00 PG f1                              | 07:59:30 | 60s   | DESTINATION_UNRATED
    """),
)
def test_each_part_of_a_call_has_the_plan_that_is_active_then(rows: str, start: str, usage: str, answer: str) -> None:
    assert price(tariff(profiles(rows)), query(start, usage)) == answer


def test_a_plan_that_takes_over_cuts_the_call_and_asks_no_second_fee() -> None:
    built = tariff(profiles("1001 2020 P1 + 1001 08:00 P2 + 1001 08:01 P3"))
    result = priced(built, query("07:59:30", "150s"))
    assert sold(result) == "0.1 + 30×(1s,0.01) + 60×(1s,0.005) + 60×(1s,0.002)"


def test_what_is_not_voice_keeps_the_plan_of_its_start() -> None:
    built = tariff(profiles("1001 2020 P1 + 1001 08:00 P2"))
    assert price(built, query("07:59:30", "60s", tor="*data")) == "0.7 (60000000000)"


@pytest.mark.parametrize(
    ("tenant", "category", "subject", "answer"),
    table("""
        tenant      | category | subject | cost
        cgrates.org | call     | 1001    | 0.7 (1m)
        cgrates.org | sms      | 1001    | NO_RATING_PLAN      # there is no *any category
        other.org   | call     | 1001    | NO_RATING_PLAN      # nor an *any tenant
        cgrates.org | call     | *zero1m | NO_RATING_PLAN      # an ordinary text
    """),
)
def test_tenant_and_category_are_literal(tenant: str, category: str, subject: str, answer: str) -> None:
    built = tariff(profiles("1001 2020 P1") + "\nRatingProfiles: cgrates.org,*any,1001,,P1,")
    assert price(built, query("10:00:00", "60s", tenant=tenant, category=category, subject=subject)) == answer


@pytest.mark.parametrize(
    ("subject", "exact", "shortened"),
    table("""
        subject | exact        | with prefix matching
        1001    | 0.12 (1m)    | 0.5 (1m)          # by the profile of 10
        10      | 0.5 (1m)     | 0.5 (1m)
        1       | 0.12 (1m)    | 0.7 (1m)
        19      | 0.12 (1m)    | 0.7 (1m)          # by that of 1, after the whole 19
        x       | 0.12 (1m)    | 0.12 (1m)
        10*any  | 0.12 (1m)    | 0.12 (1m)         # not shortened
    """),
)
def test_a_subject_may_be_shortened_where_settings_allow_it(subject: str, exact: str, shortened: str) -> None:
    built = tariff(profiles("10 2020 P2 + *any 2020 P3"))
    asked = query("10:00:00", "60s", subject=subject)
    assert price(built, asked) == exact
    wider = tariff(profiles("10 2020 P2 + 1 2020 P1 + *any 2020 P3"))
    assert price(wider, asked, prefix_matching=True) == shortened


@pytest.mark.parametrize(
    ("rows", "subject", "detail"),
    table("""
        profiles | subject | detail
        1001 2020 P1 | 1002 | no rating profile in tenant 'cgrates.org', category 'call' \
            for '1002' nor for '*any'
        1001 2020 PG | 1001 | no rate for 4912345 in rating plan 'PG'; \
            the nearest prefix it knows is 44 (profile cgrates.org:call:1001)
        1001 2027 P1 | 1001 | profile cgrates.org:call:1001 is not active before 2027-01-01 00:00:00 UTC
        1001 2020 PG f1 | 1001 | no rate for 4912345 in rating plan 'PG'; \
            the nearest prefix it knows is 44 (profile cgrates.org:call:1001); \
            profile cgrates.org:call:f1 does not exist
        1001 2020 PG 1001 | 1001 | no rate for 4912345 in rating plan 'PG'; \
            the nearest prefix it knows is 44 (profile cgrates.org:call:1001); \
            profile cgrates.org:call:1001 was not asked: \
            fallback_depth ends the chain of fallback subjects before it
    """),
)
def test_a_refusal_tells_what_was_looked_for_and_where(rows: str, subject: str, detail: str) -> None:
    result = rate(tariff(profiles(rows)), query("10:00:00", "60s", subject=subject), decimals=5)
    assert isinstance(result, Unrated)
    assert result.detail == detail
