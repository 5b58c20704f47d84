"""What usage costs: increments, ladders, fees, slices, rounding, caps and units."""

import pytest

from tariffs.cost import Cost, cost
from tariffs.money import decimal_text
from tariffs.span import Unrated
from tests.tariff_notation import nano, plan_tariff, price, priced, query, sold, table, tariff

LADDERS = {
    "RA": "0.5,0.2,60s,60s,0s + 9,0.1,60s,1s,60s",
    "RB": "0,0.3,60s,30s,0s + 0,0.2,60s,10s,60s + 0,0.1,60s,1s,300s",
    "RC": "0,0.1,60s,1s,60s + 0.7,0.2,60s,60s,0s",
    "RD": "0,0.3,60s,25s,0s + 0,0.1,60s,1s,60s",
}


@pytest.mark.parametrize(
    ("steps", "usage", "answer"),
    table("""
        unit,increment | usage | cost (sold)
        60s,60s        | 1s    | 0.12 (1m)
        60s,60s        | 61s   | 0.24 (2m)
        60s,60s        | 65s   | 0.24 (2m)
        60s,60s        | 61.5s | 0.24 (2m)
        60s,1s         | 1s    | 0.002 (1s)
        60s,1s         | 61s   | 0.122 (1m1s)
        60s,1s         | 65s   | 0.13 (1m5s)
        60s,1s         | 61.5s | 0.124 (1m2s)
        60s,6s         | 1s    | 0.012 (6s)
        60s,6s         | 61s   | 0.132 (1m6s)
        60s,6s         | 61.5s | 0.132 (1m6s)
        60s,7s         | 1s    | 0.014 (7s)
        60s,7s         | 61s   | 0.126 (1m3s)
        60s,7s         | 65s   | 0.14 (1m10s)
        60s,7s         | 61.5s | 0.126 (1m3s)
        1s,1s          | 61s   | 7.32 (1m1s)
        ,1s            | 61.5s | 7.44 (1m2s)         # no unit is 1 s
        0s,0s          | 65s   | 7.8 (1m5s)
        60s,           | 61s   | 0.122 (1m1s)        # no increment is 1 s
        60,1           | 1s    | 2000000 (1s)        # a bare 60 is 60 ns; a thousand million increments
        60,1           | 61s   | 122000000 (1m1s)
    """),
)
def test_usage_is_sold_in_whole_increments(steps: str, usage: str, answer: str) -> None:
    assert price(plan_tariff(f"0,0.12,{steps},0s"), query("08:00:00", usage)) == answer


@pytest.mark.parametrize(
    ("method", "decimals", "total"),
    table("""
        method   | decimals | 65 × 0.00022 = 0.0143 becomes
        *up      | 0        | 0.0143         # no decimals: no final rounding
        *up      | -1       | 0.0143
        *up      | 2        | 0.02
        *up      | 3        | 0.015
        *up      | 4        | 0.0143
        *up      | 6        | 0.0143
        *down    | 0        | 0.0143
        *down    | 2        | 0.01
        *down    | 3        | 0.014
        *down    | 4        | 0.0143
        *middle  | 0        | 0.0143
        *middle  | 2        | 0.01
        *middle  | 3        | 0.014
        *middle  | 6        | 0.0143
                 | 2        | 0.0143         # no method
        *sideways| 3        | 0.0143         # nor is this one
    """),
)
def test_the_total_is_rounded_as_the_destination_rate_says(method: str, decimals: str, total: str) -> None:
    built = plan_tariff("0,0.0133333,60s,1s,0s", rounding=f"{method},{decimals}")
    result = priced(built, query("08:00:00", "65s"))
    assert sold(result) == "65×(1s,0.00022)"
    assert decimal_text(result.subtotal) == "0.0143"
    assert decimal_text(result.total) == total


@pytest.mark.parametrize(
    ("rate", "rounding", "usage", "total"),
    table("""
        rate                       | rounding   | usage | total
        0,0.29,60s,60s             | *down,2    | 60s   | 0.29          # exact: doubles would lose a cent
        0,0.57,60s,60s             | *down,2    | 60s   | 0.57
        0,1.005,60s,60s            | *middle,2  | 60s   | 1.01          # a tie goes away from zero
        0,1.1,60s,60s              | *up,2      | 60s   | 1.1
        0,1.1001,60s,60s           | *up,2      | 60s   | 1.11
        0,0.123456,60s,60s         | *up,5      | 60s   | 0.12346
        0,0.123456,60s,60s         | *down,4    | 60s   | 0.1234
        0,0.123456,60s,60s         | *up,-1     | 60s   | 0.12346
        0,0.000125,1s,1s           | *up,4      | 1s    | 0.0002
        0,0.000125,1s,1s           | *up,4      | 10s   | 0.0013        # 10 × 0.00013, a tie in each increment
        0.123456789,0.6,60s,1s     | *up,4      | 60s   | 0.7235
        0.388645,0.7302,60s,1s     |            | 90s   | 1.48395       # the span's sum is a tie
        0,1.0,60s,100ms            | *up,4      | 1.25s | 0.0218        # 13 × 0.00167
        0,-0.6,60s,1s              | *up,4      | 60s   | -0.6
        0,-1.199,60s,60s           | *down,2    | 60s   | -1.19         # a refund is the opposite of its charge
        0,-1.1001,60s,60s          | *up,2      | 60s   | -1.11
        0,-0.126,60s,60s           | *middle,2  | 60s   | -0.13
        0,-0.124,60s,60s           | *middle,2  | 60s   | -0.12
    """),
)
def test_arithmetic_is_exact(rate: str, rounding: str, usage: str, total: str) -> None:
    result = priced(plan_tariff(f"{rate},0s", rounding=rounding or "*up,0"), query("08:00:00", usage))
    assert decimal_text(result.total) == total


@pytest.mark.parametrize(
    ("rate", "decimals", "total"),
    table("""
        rate                | decimals kept | 61 s
        0,0.1,60s,1s        | 0             | 0
        0,0.1,60s,1s        | 2             | 0
        0,0.1,60s,1s        | 3             | 0.122
        0,0.1,60s,1s        | 5             | 0.10187
        0,0.1,60s,1s        | 9             | 0.101666687
        0,60,60s,1s         | 0             | 61
        0.4,1,60s,60s       | 0             | 2            # the fee too is rounded to what is kept
    """),
)
def test_each_increment_is_rounded_to_the_kept_decimals(rate: str, decimals: str, total: str) -> None:
    built = plan_tariff(f"{rate},0s", rounding=",0")
    assert decimal_text(priced(built, query("08:00:00", "61s"), decimals=int(decimals)).total) == total


@pytest.mark.parametrize(
    ("ladder", "usage", "answer", "subtotal", "spans"),
    table("""
        rate | usage | cost (sold)     | before  | spans
        RA   | 61s   | 0.7017 (1m1s)   | 0.70167 | 0.5 + 1×(1m,0.2) + 1×(1s,0.00167)
        RA   | 90s   | 0.7501 (1m30s)  | 0.7501  | 0.5 + 1×(1m,0.2) + 30×(1s,0.00167)
        RA   | 310s  | 1.1175 (5m10s)  | 1.1175  | 0.5 + 1×(1m,0.2) + 250×(1s,0.00167)
        RA   | 0s    | 0 (0s)          | 0       |
        RB   | 310s  | 1.1167 (5m10s)  | 1.11662 | 2×(30s,0.15) + 24×(10s,0.03333) + 10×(1s,0.00167)
        RB   | 61s   | 0.3334 (1m10s)  | 0.33333 | 2×(30s,0.15) + 1×(10s,0.03333)
        RC   | 20s   | 0.2 (1m)        | 0.2     | 1×(1m,0.2)                        # the fee is that of the first row
        RD   | 60s   | 0.375 (1m15s)   | 0.375   | 3×(25s,0.125)
        RD   | 90s   | 0.4001 (1m30s)  | 0.40005 | 3×(25s,0.125) + 15×(1s,0.00167)   # the second step begins late
    """),
)
def test_a_call_climbs_the_ladder_of_its_rate(ladder: str, usage: str, answer: str, subtotal: str, spans: str) -> None:
    built, asked = plan_tariff(LADDERS[ladder]), query("08:00:00", usage)
    assert price(built, asked) == answer
    assert decimal_text(priced(built, asked).subtotal) == subtotal
    assert sold(priced(built, asked)) == spans


@pytest.mark.parametrize(
    ("usage", "index", "answer", "spans"),
    table("""
        slice | call so far | cost (sold)   | spans
        60s   | 60s         | 0.2 (1m)      | 1×(1m,0.2)           # no fee
        60s   | 120s        | 0.1002 (1m)   | 60×(1s,0.00167)
        60s   | 90s         | 0.2 (1m)      | 1×(1m,0.2)           # from 30 s on: the first step, sold whole
        40s   | 100s        | 0.0668 (40s)  | 40×(1s,0.00167)
        10s   | 70s         | 0.0167 (10s)  | 10×(1s,0.00167)
    """),
)
def test_a_later_slice_goes_on_where_the_call_is_and_pays_no_fee(
    usage: str, index: str, answer: str, spans: str
) -> None:
    built, asked = plan_tariff(LADDERS["RA"]), query("08:00:00", usage, duration_index=index)
    assert price(built, asked, loop_index=1) == answer
    assert sold(priced(built, asked, loop_index=1)) == spans


@pytest.mark.parametrize(
    ("rates", "usage", "answer"),
    table("""
        rates                                       | usage | cost (sold)
        0,0.6,60s,1s,0s + 0,0.9,60s,1s,0s           | 60s   | 0.9 (1m)     # of two equal starts the later row
        0,0.05,60s,60s,60s                          | 65s   | 0.1 (2m)     # the first step counts from the begin
        0.2,0.6,60s,60s,0s + 0,0.6,60s,60s,60s      | 120s  | 1.4 (2m)     # one fee, though both minutes are alike
        0.05,0.6,60s,60s,0s + 0,0.6,60s,1s,60s      | 210s  | 2.15 (3m30s)
        0.1,0.6,60s,1s,0s                           | 72h   | 2592.1 (72h)
        0.2,0.6,60s,1s,0s                           | 73h   | 2628.2 (73h) # one fee, not three
        0,0.1,1s,1ns,0s                             | 24h   | 0 (24h)      # each nanosecond rounds to nothing
    """),
)
def test_ladders_and_fees_at_their_edges(rates: str, usage: str, answer: str) -> None:
    assert price(plan_tariff(rates), query("00:00:00", usage)) == answer


def test_a_fee_is_paid_once_when_a_call_passes_midnight() -> None:
    built = plan_tariff("0.2,0.6,60s,1s,0s")
    assert price(built, query("23:59:30", "60s")) == "0.8 (1m)"
    assert price(built, query("23:59:20", "60s")) == "0.8 (1m)"
    assert price(plan_tariff("0.1,0.6,60s,1s,0s"), query("23:59:00", "120s")) == "1.3 (2m)"


@pytest.mark.parametrize(
    ("rates", "cap", "usage", "answer"),
    table("""
        rates                                    | cap             | usage | cost (sold)
        0,0.6,60s,1s,0s                          | 0.5,*free       | 30s   | 0.3 (30s)
        0,0.6,60s,1s,0s                          | 0.5,*free       | 60s   | 0.5 (1m)
        0,0.6,60s,1s,0s                          | 0.5,*free       | 240s  | 0.5 (4m)
        0.1,0.6,60s,60s,0s + 0,0.6,60s,1s,60s    | 1.5,*free       | 60s   | 0.7 (1m)
        0.1,0.6,60s,60s,0s + 0,0.6,60s,1s,60s    | 1.5,*free       | 90s   | 1 (1m30s)
        0.1,0.6,60s,60s,0s + 0,0.6,60s,1s,60s    | 1.5,*free       | 120s  | 1.3 (2m)
        0.1,0.6,60s,60s,0s + 0,0.6,60s,1s,60s    | 1.5,*free       | 240s  | 1.5 (4m)
        0,0.6,60s,1s,0s                          | 0.5,*disconnect | 120s  | 1.2 (2m)     # bounds the time only
        0,0.6,60s,1s,0s                          | 0,*free         | 120s  | 1.2 (2m)     # 0 is no cap
        0,0.6,60s,1s,0s                          | 0.5,            | 120s  | 1.2 (2m)
        0,0.6,60s,60s,0s                         | 0.5,*free       | 30s   | 0.5 (1m)
        0.5,0.6,60s,1s,0s                        | 0.6,*free       | 120s  | 0.6 (2m)     # the fee counts
    """),
)
def test_a_free_cap_bounds_what_a_call_costs(rates: str, cap: str, usage: str, answer: str) -> None:
    assert price(plan_tariff(rates, cap=cap), query("10:00:00", usage)) == answer


@pytest.mark.parametrize(
    ("before", "total", "after"),
    table("""
        spent before | 30 s at 0.6, cap 0.5 | spent after
        0            | 0.3                  | 0.3
        0.1          | 0.3                  | 0.4
        0.4          | 0.1                  | 0.5
        0.5          | 0                    | 0.5
        0.7          | 0                    | 0.7              # what was charged is never given back
    """),
)
def test_a_cap_counts_what_the_call_has_cost_before(before: str, total: str, after: str) -> None:
    built = plan_tariff("0,0.6,60s,1s,0s", cap="0.5,*free")
    result = priced(built, query("10:00:00", "30s"), loop_index=1, max_cost_so_far=nano(before))
    assert (decimal_text(result.total), decimal_text(result.max_cost_so_far)) == (total, after)


def test_a_call_in_slices_reaches_the_same_cap() -> None:
    built = plan_tariff("0.1,0.6,60s,60s,0s", cap="1.5,*free")
    spent = 0
    charged = []
    for part in range(5):
        asked = query("10:00:00", "60s", duration_index=f"{60 * (part + 1)}s")
        result = priced(built, asked, loop_index=part, max_cost_so_far=spent)
        charged.append(decimal_text(result.total))
        spent = result.max_cost_so_far
    assert charged == ["0.7", "0.6", "0.2", "0", "0"]


@pytest.mark.parametrize(
    ("rates", "rounding", "units", "index", "answer"),
    table("""
        rates                                                      | rounding  | units    | so far   | cost (sold)
        0,0.1,1048576,1024,0s + 0,0.05,1048576,1024,10485760       | *up,0     | 1        |          | 0.0001 (1024)
        0,0.1,1048576,1024,0s + 0,0.05,1048576,1024,10485760       | *up,0     | 1024     |          | 0.0001 (1024)
        0,0.1,1048576,1024,0s + 0,0.05,1048576,1024,10485760       | *up,0     | 1500     |          | 0.0002 (2048)
        0,0.1,1048576,1024,0s + 0,0.05,1048576,1024,10485760       | *up,0     | 1048576  |          | 0.1024 (1048576)
        0,0.1,1048576,1024,0s + 0,0.05,1048576,1024,10485760       | *up,0     | 11534336 |          | 1.0752 (11534336)
        0,0.1,1048576,1024,0s + 0,0.05,1048576,1024,10485760       | *up,0     | 1024     | 10486784 | 0.00005 (1024)
        0,0.07,1,1,0s                                              | *up,4     | 1        |          | 0.07 (1)
        0,0.07,1,1,0s                                              | *up,4     | 3        |          | 0.21 (3)
        0,0.07,1,1,0s                                              | *up,4     | 10001    |          | 700.07 (10001)
        0.3,2.5,1,1,0s                                             | *middle,2 | 1        |          | 2.8 (1)
        0.3,2.5,1,1,0s                                             | *middle,2 | 2        |          | 5.3 (2)
        0,0.000001,1,1,0s                                          | *up,4     | 1000000  |          | 0 (1000000)
        0,0.000000095367431640625,1,1024,0s                        | *up,0     | 1024     |          | 0.0001 (1024)
        0,1,1,1,0s                                                 | *up,4     | 20       |          | 20 (20)
        0,0.1,1,1,0s                                               | *up,4     | 2000000  |          | 200000 (2000000)
    """),
)
def test_units_are_counted_like_nanoseconds(rates: str, rounding: str, units: str, index: str, answer: str) -> None:
    asked = query("08:00:00", units, tor="*data", duration_index=index or "0")
    assert price(plan_tariff(rates, rounding=rounding), asked, loop_index=1 if index else 0) == answer


def test_the_final_rounding_is_that_of_the_span_with_most_decimals_the_earlier_of_equals() -> None:
    built = tariff("""
        Timings: PK,*any,*any,*any,*any,08:00:00
        Timings: PM,*any,*any,*any,*any,08:01:00
        Destinations: DST_49,49
        Rates: R,0,0.012345,60s,60s,0s
        DestinationRates: D2,DST_49,R,*up,2,0,
        DestinationRates: D3,DST_49,R,*down,3,0,
        DestinationRates: D3U,DST_49,R,*up,3,0,
        RatingPlans: P,D2,*any,10
        RatingPlans: P,D3,PK,10
        RatingPlans: P,D3U,PM,10
        RatingProfiles: cgrates.org,call,1001,,P,
    """)
    assert price(built, query("07:58:00", "60s")) == "0.02 (1m)"
    assert price(built, query("07:59:00", "180s")) == "0.037 (3m)"  # 3 × 0.01235, by the *down,3 of the second span


def test_no_usage_costs_nothing_even_where_there_is_no_price() -> None:
    built = plan_tariff("0.5,0.2,60s,60s,0s")
    known = priced(built, query("08:00:00", "0s"), max_cost_so_far=7)
    assert (known.total, known.usage, known.spans, known.max_cost_so_far) == (0, 0, (), 7)
    assert known.match is not None
    assert known.match.plan_id == "P"
    unknown = priced(built, query("08:00:00", "0s", subject="nobody"))
    assert (unknown.total, unknown.match) == (0, None)


def test_usage_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValueError, match="5000000000 ns before it starts"):
        cost(plan_tariff("0,0.2,60s,60s,0s"), query("08:00:00", "-5s"))


def test_a_cost_says_whose_price_it_is() -> None:
    result = cost(plan_tariff("0,0.2,60s,60s,0s"), query("08:00:00", "5s", destination="4812"))
    assert isinstance(result, Cost)
    assert result.match is not None
    match = result.match
    assert (match.subject, match.plan_id, match.prefix, match.destination_id) == (
        "cgrates.org:call:1001", "P", "*any", "*any"
    )  # fmt: skip


def test_a_hole_is_no_cost() -> None:
    assert isinstance(cost(plan_tariff("0,0.2,60s,60s,0s"), query("08:00:00", "5s", subject="1002")), Unrated)
