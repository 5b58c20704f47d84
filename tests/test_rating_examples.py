"""Price lists as operators publish them, with calls whose price is known: retail, carriers, data, messages."""

import pytest

from tariffs.money import decimal_text
from tests.tariff_notation import price, priced, query, sold, table, tariff

RETAIL = """
    Destinations: DST_1001,1001
    Destinations: DST_1002,1002
    Destinations: DST_1003,1003
    Rates: RT_20,0.4,0.2,60s,60s,0s
    Rates: RT_20,0,0.1,60s,1s,60s
    Rates: RT_10,0.2,0.1,60s,60s,0s
    Rates: RT_10,0,0.05,60s,1s,60s
    Rates: RT_1,0,0.01,1s,1s,0s
    DestinationRates: DR_1001_20,DST_1001,RT_20,*up,4,0,
    DestinationRates: DR_1001_10,DST_1001,RT_10,*up,4,0,
    DestinationRates: DR_1002_20,DST_1002,RT_20,*up,4,0,
    DestinationRates: DR_1003_MAX,DST_1003,RT_1,*up,4,0.12,*disconnect
    RatingPlans: RP_1001,DR_1002_20,*any,10
    RatingPlans: RP_1001,DR_1003_MAX,*any,10
    RatingPlans: RP_1002,DR_1001_20,*any,10
    RatingPlans: RP_1003,DR_1001_10,*any,10
    RatingProfiles: cgrates.org,call,1001,2014-01-14T00:00:00Z,RP_1001,
    RatingProfiles: cgrates.org,call,1001,2012-01-01T00:00:00Z,RP_1002,
    RatingProfiles: cgrates.org,call,1003,2014-01-14T00:00:00Z,RP_1003,
    RatingProfiles: cgrates.com,call,*any,2014-01-14T00:00:00Z,RP_1001,
"""


@pytest.mark.parametrize(
    ("tenant", "call", "start", "usage", "answer", "spans"),
    table("""
        tenant      | call       | start               | usage | cost (sold)      | spans
        cgrates.org | 1001 1002  | 08:00:00            | 1s    | 0.6 (1m)         | 0.4 + 1×(1m,0.2)
        cgrates.org | 1001 1002  | 08:00:00            | 60s   | 0.6 (1m)         | 0.4 + 1×(1m,0.2)
        cgrates.org | 1001 1002  | 08:00:00            | 61s   | 0.6017 (1m1s)    | 0.4 + 1×(1m,0.2) + 1×(1s,0.00167)
        cgrates.org | 1001 1002  | 08:00:00            | 123s  | 0.7053 (2m3s)    | 0.4 + 1×(1m,0.2) + 63×(1s,0.00167)
        cgrates.org | 1001 1002  | 08:00:00            | 600s  | 1.5018 (10m)     | 0.4 + 1×(1m,0.2) + 540×(1s,0.00167)
        cgrates.org | 1001 1003  | 08:00:00            | 20s   | 0.2 (20s)        | 20×(1s,0.01)
        cgrates.org | 1003 1001  | 08:00:00            | 65s   | 0.3042 (1m5s)    | 0.2 + 1×(1m,0.1) + 5×(1s,0.00083)
        cgrates.org | 1001 1001  | 08:00:00            | 65s   | DESTINATION_UNRATED |
        cgrates.org | 1001 1001  | 2012-01-05 08:00:00 | 65s   | 0.6084 (1m5s)    | 0.4 + 1×(1m,0.2) + 5×(1s,0.00167)
        cgrates.org | 1001 1002  | 2009-01-05 08:00:00 | 65s   | DESTINATION_UNRATED |
        cgrates.org | 1009 1001  | 08:00:00            | 65s   | NO_RATING_PLAN   |
        cgrates.com | zz 1002    | 08:00:00            | 65s   | 0.6084 (1m5s)    | 0.4 + 1×(1m,0.2) + 5×(1s,0.00167)
    """),
)
def test_a_retail_plan(tenant: str, call: str, start: str, usage: str, answer: str, spans: str) -> None:
    subject, number = call.split()
    built, asked = tariff(RETAIL), query(start, usage, tenant=tenant, subject=subject, destination=number)
    assert price(built, asked) == answer
    if spans:
        assert sold(priced(built, asked)) == spans


PEAK = """
    Timings: PEAK,*any,*any,*any,1;2;3;4;5,08:00:00
    Timings: OFF_MORNING,*any,*any,*any,1;2;3;4;5,00:00:00
    Timings: OFF_EVENING,*any,*any,*any,1;2;3;4;5,19:00:00
    Timings: OFF_WEEKEND,*any,*any,*any,6;7,00:00:00
    Destinations: DST_1002,1002
    Destinations: DST_1007,1007
    Destinations: DST_FS,10
    Rates: RT_20,0.4,0.2,60s,60s,0s
    Rates: RT_20,0,0.1,60s,1s,60s
    Rates: RT_10,0.2,0.1,60s,60s,0s
    Rates: RT_10,0,0.05,60s,1s,60s
    Rates: RT_40,0.8,0.4,60s,30s,0s
    Rates: RT_40,0,0.2,60s,10s,60s
    Rates: RT_1S,0,0.01,1s,1s,0s
    Rates: RT_1M,0,0.01,60s,60s,0s
    Rates: RT_UNIT,0,1,1,1,0
    DestinationRates: DR_PEAK,DST_1002,RT_20,*up,4,0,
    DestinationRates: DR_OFF,DST_1002,RT_10,*up,4,0,
    DestinationRates: DR_FS,DST_FS,RT_40,*up,4,0,
    DestinationRates: DR_FREE,DST_1007,RT_1S,*up,4,0.62,*free
    DestinationRates: DR_CUT,DST_1007,RT_1S,*up,4,0.62,*disconnect
    DestinationRates: DR_SPECIAL,DST_1002,RT_1M,*up,4,0,
    DestinationRates: DR_GENERIC,*any,RT_UNIT,*up,4,0,
    RatingPlans: RP_RETAIL,DR_PEAK,PEAK,10
    RatingPlans: RP_RETAIL,DR_OFF,OFF_MORNING,10
    RatingPlans: RP_RETAIL,DR_OFF,OFF_EVENING,10
    RatingPlans: RP_RETAIL,DR_OFF,OFF_WEEKEND,10
    RatingPlans: RP_RETAIL,DR_FS,*any,10
    RatingPlans: RP_RETAIL,DR_FREE,*any,10
    RatingPlans: RP_OTHER,DR_CUT,*any,10
    RatingPlans: RP_SPECIAL,DR_SPECIAL,*any,10
    RatingPlans: RP_GENERIC,DR_GENERIC,*any,10
    RatingProfiles: cgrates.org,call,1001,2012-01-01T00:00:00Z,RP_RETAIL,
    RatingProfiles: cgrates.org,call,*any,2012-01-01T00:00:00Z,RP_OTHER,
    RatingProfiles: cgrates.org,call,SPECIAL_1002,2012-01-01T00:00:00Z,RP_SPECIAL,
    RatingProfiles: cgrates.org,generic,*any,2012-01-01T00:00:00Z,RP_GENERIC,
"""


@pytest.mark.parametrize(
    ("call", "start", "usage", "answer", "spans"),
    table("""
        call              | start               | usage | cost (sold)     | spans
        1001 1002         | 07:58:00            | 70s   | 0.3083 (1m10s)  | 0.2 + 1×(1m,0.1) + 10×(1s,0.00083)
        1001 1002         | 08:00:00            | 70s   | 0.6167 (1m10s)  | 0.4 + 1×(1m,0.2) + 10×(1s,0.00167)
        1001 1002         | 07:59:30            | 120s  | 0.4002 (2m)     | 0.2 + 1×(1m,0.1) + 60×(1s,0.00167)
        1001 1002         | 18:59:00            | 150s  | 0.6747 (2m30s)  | 0.4 + 1×(1m,0.2) + 90×(1s,0.00083)
        1001 1002         | 2026-01-09 23:59:00 | 150s  | 0.3747 (2m30s)  | 0.2 + 1×(1m,0.1) + 90×(1s,0.00083)
        1001 1003         | 10:00:00            | 65s   | 1.2334 (1m10s)  | 0.8 + 2×(30s,0.2) + 1×(10s,0.03333)
        1001 1004         | 10:00:00            | 65s   | 1.2334 (1m10s)  | 0.8 + 2×(30s,0.2) + 1×(10s,0.03333)
        1001 1007         | 10:00:00            | 65s   | 0.62 (1m5s)     | 65×(1s,0.01)     # no more than 0.62
        1005 1007         | 10:00:00            | 65s   | 0.65 (1m5s)     | 65×(1s,0.01)
        SPECIAL_1002 1002 | 10:00:00            | 61s   | 0.02 (2m)       | 2×(1m,0.01)
    """),
)
def test_a_plan_with_peak_hours(call: str, start: str, usage: str, answer: str, spans: str) -> None:
    subject, number = call.split()
    built, asked = tariff(PEAK), query(start, usage, subject=subject, destination=number)
    assert price(built, asked) == answer
    assert sold(priced(built, asked)) == spans


def test_units_of_a_category_of_their_own() -> None:
    asked = query("10:00:00", "20", category="generic", destination="x", tor="*generic")
    assert price(tariff(PEAK), asked) == "20 (20)"


CARRIERS = """
    Destinations: DST_1001,1001
    Destinations: DST_1011,1011
    Destinations: DST_1501,1501
    Rates: R_A,0.82,0.9603,60s,60s,0s
    Rates: R_A,0,0.48,60s,1s,60s
    Rates: R_B,0.2,0.5178,60s,60s,0s
    Rates: R_B,0,0.174,60s,1s,60s
    Rates: R_C,0.63,0.7551,60s,60s,0s
    Rates: R_O,0.05,0.6,60s,60s,0s
    Rates: R_O,0,0.6,60s,1s,60s
    DestinationRates: D,DST_1001,R_A,*middle,20,0,
    DestinationRates: D,DST_1011,R_B,*middle,20,0,
    DestinationRates: D,DST_1501,R_C,*middle,20,0,
    DestinationRates: D,*any,R_O,*up,4,0,
    RatingPlans: P,D,*any,10
    RatingProfiles: cgrates.org,call,1001,,P,
"""


@pytest.mark.parametrize(
    ("number", "usage", "answer"),
    table("""
        number | usage | cost (sold)
        100123 | 59s   | 1.7803 (1m)          # decimals beyond nine change nothing
        100123 | 97s   | 2.0763 (1m37s)
        101123 | 97s   | 0.8251 (1m37s)
        150123 | 97s   | 2.1402 (2m)
        2000   | 1s    | 0.65 (1m)
        2000   | 61s   | 0.66 (1m1s)
        2000   | 120s  | 1.25 (2m)
        2000   | 210s  | 2.15 (3m30s)
    """),
)
def test_carrier_prices(number: str, usage: str, answer: str) -> None:
    assert price(tariff(CARRIERS), query("10:00:00", usage, destination=number)) == answer


UNITS = """
    Destinations: DST_222,222
    Destinations: DST_1002,1002
    Rates: R_SMS,0,0.005,1,1,0
    Rates: R_DATA,0,0.1,1048576,10240,0
    Rates: R_SMALL,0,0.002,10,10,0
    Rates: R_CALL,0.2,0.1,60s,60s,0s
    Rates: R_CALL,0,0.05,60s,1s,60s
    Rates: R_20,0,0.01,60s,60s,0s
    DestinationRates: D_SMS,DST_222,R_SMS,*up,4,0,
    DestinationRates: D_DATA,DST_222,R_DATA,*up,4,0,
    DestinationRates: D_SMALL,*any,R_SMALL,*up,4,0,
    DestinationRates: D_CALL,*any,R_CALL,*up,4,0,
    DestinationRates: D_CALL,DST_1002,R_20,*up,4,0,
    RatingPlans: P_SMS,D_SMS,*any,10
    RatingPlans: P_DATA,D_DATA,*any,10
    RatingPlans: P_SMALL,D_SMALL,*any,10
    RatingPlans: P_CALL,D_CALL,*any,10
    RatingProfiles: cgrates.org,sms,*any,,P_SMS,
    RatingProfiles: cgrates.org,data,datar,,P_DATA,
    RatingProfiles: cgrates.org,data,*any,,P_SMALL,
    RatingProfiles: cgrates.org,call,1001,,P_CALL,
"""


@pytest.mark.parametrize(
    ("category", "call", "usage", "tor", "answer"),
    table("""
        category | call      | usage   | tor    | cost (sold)
        data     | datar 222 | 2097152 | *data  | 0.2009 (2099200)
        data     | 1001 222  | 25      | *data  | 0.006 (30)
        sms      | 1001 222  | 3       | *sms   | 0.015 (3)
        call     | 1001 999  | 65s     | *voice | 0.3042 (1m5s)
        call     | 1001 1002 | 65s     | *voice | 0.02 (2m)
    """),
)
def test_data_messages_and_calls_side_by_side(category: str, call: str, usage: str, tor: str, answer: str) -> None:
    subject, number = call.split()
    asked = query("10:00:00", usage, category=category, subject=subject, destination=number, tor=tor)
    assert price(tariff(UNITS), asked) == answer


def test_what_a_total_was_before_its_final_rounding() -> None:
    asked = query("08:00:00", "123s", destination="1002")
    assert decimal_text(priced(tariff(RETAIL), asked).subtotal) == "0.70521"
