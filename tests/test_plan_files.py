import time
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tariffs.fault import Finding, Severity
from tariffs.money import RoundingMethod
from tariffs.plan_files import COLUMNS, in_reading_order, read_tariff
from tariffs.profile_rows import ALWAYS_NS
from tariffs.rate import RateSlot
from tariffs.rating_plan import MaxCostStrategy
from tariffs.rating_profile import Activation
from tariffs.tariff import EMPTY_TARIFF, Tariff
from tariffs.timing import Timing
from tariffs.zone import UTC, zone

SECOND = 10**9
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
NOW = UTC.instant(2026, 1, 5)

# A folder that is right in everything; a test writes other rows in place of a file's, or beside them.
RIGHT = {
    "Timings.csv": "PEAK,*any,*any,*any,1;2;3;4;5,08:00:00",
    "Destinations.csv": "DST_DE,49\nDST_MOBILE,4917\nDST_MOBILE,4916",
    "Rates.csv": "RT_20,0.4,0.2,60s,60s,0s\nRT_20,0,0.1,60s,1s,60s\nRT_1,0,0.01,1s,1s,0s",
    "DestinationRates.csv": "DR,DST_DE,RT_1,*up,4,0,\nDR,DST_MOBILE,RT_20,*up,4,0,\nDR_PEAK,DST_DE,RT_20,*up,4,0,",
    "RatingPlans.csv": "RP,DR,*any,10\nRP,DR_PEAK,PEAK,10",
    "RatingProfiles.csv": "example.org,call,*any,2026-01-01T00:00:00Z,RP,",
}


def read(stored: Tariff = EMPTY_TARIFF, *, place: str = "UTC", **files: str) -> tuple[Tariff, list[Finding]]:
    """Read RIGHT with other contents: `Rates="…"` replaces Rates.csv, `sub__Rates="…"` adds sub/Rates.csv."""
    contents = RIGHT | {f"{name.replace('__', '/')}.csv": text for name, text in files.items()}
    return load(contents, stored, place=place)


def load(
    contents: dict[str, str], stored: Tariff = EMPTY_TARIFF, *, place: str = "UTC"
) -> tuple[Tariff, list[Finding]]:
    findings: list[Finding] = []
    data = {path: text.encode() for path, text in contents.items()}
    return read_tariff(data, stored, findings, now_ns=NOW, zone=zone(place)), findings


def with_row(name: str, text: str, contents: dict[str, str] = RIGHT) -> dict[str, str]:
    """The contents with one row more at the end of a file."""
    return contents | {f"{name}.csv": contents[f"{name}.csv"] + "\n" + text}


def places(findings: list[Finding]) -> list[str]:
    return [f"{f.file}:{f.line}:{f.column} {f.severity}" for f in findings]


def test_a_folder_becomes_a_tariff() -> None:
    tariff, findings = read()
    assert findings == []
    assert tariff.destinations == {"DST_DE": ("49",), "DST_MOBILE": ("4917", "4916")}
    assert tariff.timings == {"PEAK": Timing("PEAK", week_days=frozenset({1, 2, 3, 4, 5}), start_ns=8 * HOUR)}
    plan = tariff.plans["RP"]
    always, peak = plan.destinations["DST_DE"]
    assert list(plan.destinations) == ["DST_DE", "DST_MOBILE"]
    assert (always.timing, always.weight) == (Timing("*any"), Decimal(10))
    assert (peak.timing.id, peak.rating.rate.id) == ("PEAK", "RT_20")
    assert peak.rating.rate.connect_fee == 400_000_000
    assert peak.rating.rate.slots == (
        RateSlot(0, 2, 1, MINUTE, MINUTE),
        RateSlot(MINUTE, 1, 1, MINUTE, SECOND),
    )
    assert (always.rating.rounding, always.rating.decimals) == (RoundingMethod.UP, 4)
    profile = tariff.profiles["example.org", "call", "*any"]
    assert profile.activations == (Activation(UTC.instant(2026, 1, 1), "RP"),)


def test_headers_comments_and_line_ends_do_not_matter() -> None:
    plain, _ = read()
    files = {name: f"\ufeff#{','.join(COLUMNS[name])}\n\n{text}\n" for name, text in RIGHT.items()}
    dressed, findings = load({name: text.replace("\n", "\r\n") for name, text in files.items()})
    assert findings == []
    assert (dressed.plans, dressed.profiles, dressed.destinations) == (plain.plans, plain.profiles, plain.destinations)


def test_no_files_are_no_fault() -> None:
    tariff, findings = load({})
    assert (findings, tariff.plans, tariff.destinations) == ([], {}, {})


def test_the_folder_comes_before_its_sub_folders() -> None:
    paths = ["b/Rates.csv", "a/z/Rates.csv", "a/Rates.csv", "Rates.csv", "a-b/Rates.csv", "XRates.csv", "a/rates.csv"]
    assert in_reading_order(paths, "Rates.csv") == [
        "Rates.csv", "a/Rates.csv", "a/z/Rates.csv", "a-b/Rates.csv", "b/Rates.csv",
    ]  # fmt: skip


def test_files_of_one_name_are_one_file() -> None:
    tariff, findings = read(
        Rates="RT_1,0.5,0.01,1s,1s,0s", early__Rates="RT_1,0,0.02,1s,1s,60s\nRT_20,0,0.2,60s,60s,0s"
    )
    assert findings == []
    rate = tariff.plans["RP"].destinations["DST_DE"][0].rating.rate
    assert (rate.connect_fee, [slot.group_start for slot in rate.slots]) == (500_000_000, [0, MINUTE])


@pytest.mark.parametrize(
    ("row", "timing", "warned"),
    [
        ("T,,,,,", Timing("T"), []),
        ("T,*any,*any,*any,*any,00:00:00", Timing("T"), []),
        ("T,2025;2026,1;12,1;31,0;7,", Timing("T", *map(frozenset, ({2025, 2026}, {1, 12}, {1, 31}, {0}))), []),  # type: ignore[arg-type]
        ("T,,,-1,,", Timing("T", month_days=frozenset({-1})), []),
        ("T,,,,6;7,19:30:15", Timing("T", week_days=frozenset({0, 6}), start_ns=70_215 * SECOND), []),
        ("T,,,,,08:00:00;19:00:00", Timing("T", start_ns=8 * HOUR, end_ns=19 * HOUR), []),
        ("T,,,,,*asap", Timing("T", schedule="*asap"), []),
        ("T,,,,,+30s", Timing("T", schedule="+30s"), []),
        ("T,,,,,*monthly", Timing("T", schedule="*monthly"), []),
        ("T,,,,mon,", Timing("T"), ["WeekDays"]),  # means every day
        ("T,,,,1;tue,", Timing("T", week_days=frozenset({1})), ["WeekDays"]),
        ("T,,13,32,,", Timing("T", months=frozenset({13}), month_days=frozenset({32})), ["Months", "MonthDays"]),
        ("T,,,,,aa:30:00", Timing("T", start_ns=30 * MINUTE), ["Time"]),
        ("T,,,,,24:00:00", Timing("T", start_ns=24 * HOUR), ["Time"]),
    ],
)
def test_a_timing_row(row: str, timing: Timing, warned: list[str]) -> None:
    tariff, findings = load({"Timings.csv": row})
    assert tariff.timings == {"T": timing}
    assert [finding.field for finding in findings] == warned
    assert all(finding.severity is Severity.WARNING for finding in findings)


@pytest.mark.parametrize(
    ("row", "fee", "slot"),
    [
        ("0,0.06,60s,1s,0s", 0, RateSlot(0, 6, 2, MINUTE, SECOND)),
        ("1,6e-2,1m,1s,", 10**9, RateSlot(0, 6, 2, MINUTE, SECOND)),
        (",1,,,", 0, RateSlot(0, 1, 0, SECOND, SECOND)),  # nothing is one second
        (",1,0,0s,0", 0, RateSlot(0, 1, 0, SECOND, SECOND)),
        ("0.000000001,0.000000000000001,1,1,0", 1, RateSlot(0, 1, 15, 1, 1)),  # a price keeps every decimal
    ],
)
def test_a_rate_row(row: str, fee: int, slot: RateSlot) -> None:
    tariff, _ = read(Rates=f"RT_1,{row}\nRT_20,0,1,60s,60s,0s")
    rate = tariff.plans["RP"].destinations["DST_DE"][0].rating.rate
    assert (rate.connect_fee, rate.slots) == (fee, (slot,))


def test_slots_ascend_and_the_fee_is_that_of_the_first_row() -> None:
    tariff, findings = read(Rates="RT_1,0,0.1,60s,1s,60s\nRT_1,0.7,0.2,60s,60s,0s\nRT_20,0,1,60s,60s,0s")
    rate = tariff.plans["RP"].destinations["DST_DE"][0].rating.rate
    assert (rate.connect_fee, [slot.price for slot in rate.slots]) == (0, [2, 1])
    assert places(findings) == ["Rates.csv:2:2 warning"]


def test_of_two_rows_with_one_start_the_later_counts() -> None:
    tariff, findings = read(Rates="RT_1,0,0.6,60s,1s,0s\nRT_1,0,0.9,60s,1s,0s\nRT_20,0,1,60s,60s,0s")
    assert [slot.price for slot in tariff.plans["RP"].destinations["DST_DE"][0].rating.rate.slots] == [9]
    assert places(findings) == ["Rates.csv:2:6 warning"]


def test_what_is_stored_may_be_named_and_stays() -> None:
    stored, _ = read()
    files = {name: RIGHT[name] for name in ("Rates.csv", "DestinationRates.csv", "Timings.csv")}
    tariff, findings = load(files | {"RatingPlans.csv": "RP2,DR,*any,10"}, stored)
    assert findings == []
    assert list(tariff.plans) == ["RP", "RP2"]
    assert tariff.profiles == stored.profiles
    tariff, findings = load({"RatingProfiles.csv": "example.org,call,1001,,RP,"}, tariff)
    assert findings == []
    assert tariff.profiles["example.org", "call", "1001"].activations == (Activation(ALWAYS_NS, "RP"),)
    tariff, _ = load({"Destinations.csv": "DST_DE,0049"}, tariff)
    assert tariff.destinations == {"DST_DE": ("0049",), "DST_MOBILE": ("4917", "4916")}
    assert tariff.ids_by_prefix.get("49") is None


def test_a_profile_loaded_again_is_replaced_whole() -> None:
    stored, _ = read(RatingProfiles="example.org,call,*any,2026-01-01T00:00:00Z,RP,\nexample.org,call,*any,,RP,x")
    tariff, _ = read(stored, RatingProfiles="example.org,call,*any,2027-01-01T00:00:00Z,RP,")
    assert len(tariff.profiles["example.org", "call", "*any"].activations) == 1


def test_activations_ascend_whatever_the_order_of_the_rows() -> None:
    rows = "\n".join(f"example.org,call,1001,{at},RP,f1; f2" for at in ("2026-01-01 00:00:00", "*unlimited", "*now"))
    tariff, _ = read(RatingProfiles=rows, place="Europe/Berlin")
    found = tariff.profiles["example.org", "call", "1001"].activations
    assert [activation.from_ns for activation in found] == [ALWAYS_NS, UTC.instant(2026, 1, 1) - HOUR, NOW]
    assert found[0].fallback_subjects == ("f1", "f2")


def test_equal_intervals_of_a_destination_are_one_and_shared() -> None:
    tariff, findings = read(
        DestinationRates="DR,DST_DE,RT_1,*up,4,0,\nDR,DST_MOBILE,RT_1,*up,04,0.0,",
        RatingPlans="RP,DR,*any,10\nRP,DR,*any,10.0\nRP,DR,*any,20",
    )
    assert findings == []
    plan = tariff.plans["RP"]
    assert [interval.weight for interval in plan.destinations["DST_DE"]] == [10, 20]
    assert plan.destinations["DST_DE"] == plan.destinations["DST_MOBILE"]


def test_any_timing_can_be_written_anew() -> None:
    tariff, findings = read(Timings=RIGHT["Timings.csv"] + "\n*any,,,,,06:00:00")
    assert tariff.plans["RP"].destinations["DST_DE"][0].timing.start_ns == 6 * HOUR
    assert places(findings) == ["RatingPlans.csv:1:1 warning"]  # nothing is priced before six


FAULTS = """
    file             | row                                     | column | said
    Timings          | T,,,,,8:00                              | 6 | is not a time
    Timings          | T,,,,,*never                            | 6 | is not a time
    Timings          | T,,,,,+soon                             | 6 | neither a time nor a delay
    Timings          | T,,,,,08:00:00;19                       | 6 | is not a time
    Timings          | ,,,,,                                   | 1 | is empty
    Timings          | T,,,,                                   | 0 | 5 found, 6 wanted
    Destinations     | ,49                                     | 1 | is empty
    Destinations     | DST,49,x                                | 0 | 3 found, 2 wanted
    Rates            | ,0,1,60s,60s,0s                         | 1 | is empty
    Rates            | R,x,1,60s,60s,0s                        | 2 | is not a number
    Rates            | R,0.0000000001,1,60s,60s,0s             | 2 | more than 9 decimals
    Rates            | R,0,NaN,60s,60s,0s                      | 3 | not a finite number
    Rates            | R,0,+Inf,60s,60s,0s                     | 3 | not a finite number
    Rates            | R,0, 1,60s,60s,0s                       | 3 | is not a number
    Rates            | R,0,1,sixty,60s,0s                      | 4 | is not a duration
    Rates            | R,0,1,60s,-1s,0s                        | 5 | is not a length
    Rates            | R,0,1,60s,60s,-1s                       | 6 | before the call
    DestinationRates | ,DST_DE,RT_1,*up,4,0,                   | 1 | is empty
    DestinationRates | D,DST_ZZ,RT_1,*up,4,0,                  | 2 | no destination
    DestinationRates | D,DST_DE,RX,*up,4,0,                    | 3 | no rate of this folder
    DestinationRates | D,DST_DE,RT_1,*up,4.5,0,                | 5 | not a whole number
    DestinationRates | D,DST_DE,RT_1,*up,4,0.0000000001,*free  | 6 | more than 9 decimals
    RatingPlans      | ,DR,*any,10                             | 1 | is empty
    RatingPlans      | P,DX,*any,10                            | 2 | no destination rate
    RatingPlans      | P,DR,TX,10                              | 3 | no timing of this folder
    RatingPlans      | P,DR,,10                                | 3 | is empty
    RatingPlans      | P,DR,*asap,10                           | 3 | is for schedules
    RatingPlans      | P,DR,*monthly,10                        | 3 | is for schedules
    RatingPlans      | P,DR,*any,heavy                         | 4 | is not a number
    RatingProfiles   | example.org,call,1,2014-13-14,RP,       | 4 | is not an instant
    RatingProfiles   | example.org,call,1,,PX,                 | 5 | no rating plan
    RatingProfiles   | *out,example.org,call,1,,RP,            | 0 | 7 found, 6 wanted
"""


def faulty(row: str) -> tuple[str, str, int, str]:
    name, text, column, said = (cell.strip() for cell in row.split("|"))
    return name, text, int(column), said


@pytest.mark.parametrize("row", FAULTS.strip().splitlines()[1:])
def test_a_fault_names_its_cell(row: str) -> None:
    name, text, column, said = faulty(row)
    line = RIGHT[f"{name}.csv"].count("\n") + 2
    _, findings = load(with_row(name, text))
    assert places(findings) == [f"{name}.csv:{line}:{column} fault"]
    assert said in findings[0].message
    assert findings[0].allowed


def test_all_faults_of_a_folder_are_reported_at_once_and_in_order() -> None:
    rows = [faulty(row) for row in FAULTS.strip().splitlines()[1:]]
    contents = RIGHT
    for name, text, _, _ in rows:
        contents = with_row(name, text, contents)
    _, findings = load(contents)
    faults = [finding for finding in findings if finding.severity is Severity.FAULT]
    assert len(faults) == len(rows)
    assert {finding.file for finding in faults} == set(COLUMNS)
    assert findings == sorted(findings, key=lambda finding: (finding.file, finding.line, finding.column))


def test_a_plan_may_not_name_a_row_that_is_for_schedules() -> None:
    _, findings = read(Timings=RIGHT["Timings.csv"] + "\nSOON,,,,,+30s", RatingPlans="RP,DR,*any,10\nRP,DR,SOON,10")
    assert places(findings) == ["RatingPlans.csv:2:3 fault"]


WARNINGS = """
    file             | row                                         | place               | said
    Timings          | PEAK,,,,,09:00:00                           | Timings.csv:2:1     | replaces the earlier
    Destinations     | DST_X,                                      | Destinations.csv:4:2 | matches no number
    Destinations     | DST_X, 49                                   | Destinations.csv:4:2 | blanks
    Rates            | R,0,-1,60s,60s,0s                           | Rates.csv:4:3       | is negative
    Rates            | R,0.000001,1,60s,60s,0s                     | Rates.csv:4:2       | more than 5 decimals
    Rates            | R,0,0.000125,1s,1s,0s                       | Rates.csv:4:3       | exactly between two amounts
    Rates            | R,0,0.05,60s,60s,60s                        | Rates.csv:4:6       | not 0
    DestinationRates | D,DST_DE,RT_1,*sideways,4,0,                | DestinationRates.csv:4:4 | not rounded
    DestinationRates | D,DST_DE,RT_1,*down,2,0,                    | DestinationRates.csv:4:4 | rounds exactly
    DestinationRates | D,DST_DE,RT_1,*up,0,0,                      | DestinationRates.csv:4:5 | final rounding off
    DestinationRates | D,DST_DE,RT_1,*up,4,1,                      | DestinationRates.csv:4:6 | not looked at
    DestinationRates | D,DST_DE,RT_1,*up,4,0,*free                 | DestinationRates.csv:4:6 | no cap
    DestinationRates | D,DST_DE,RT_1,*up,4,1,*free                 | DestinationRates.csv:4:6 | never exceeded
    DestinationRates | D,DST_DE,RT_1,*up,4,1,*disconnect           | DestinationRates.csv:4:6 | fee included
    DestinationRates | D,DST_DE,RT_1,*up,4,0,*maybe                | DestinationRates.csv:4:7 | not looked at
    RatingPlans      | P2,DR,PEAK,10                               | RatingPlans.csv:3:1 | whole week
    RatingPlans      | RP,DR_PEAK,PEAK,20                          | RatingPlans.csv:3:4 | differs from the weight
    RatingProfiles   | ,call,1,,RP,                                | RatingProfiles.csv:2:1 | never counts
    RatingProfiles   | example.org,*any,1,,RP,                     | RatingProfiles.csv:2:2 | literally
    RatingProfiles   | example.org,call,,,RP,                      | RatingProfiles.csv:2:3 | never counts
    RatingProfiles   | example.org,call,1,,RP,ghost                | RatingProfiles.csv:2:6 | passed over
    RatingProfiles   | example.org,call,1,,RP,1                    | RatingProfiles.csv:2:6 | itself
    RatingProfiles   | example.org,call,*any,1767225600,RP,        | RatingProfiles.csv:2:4 | later row counts
"""


@pytest.mark.parametrize("row", WARNINGS.strip().splitlines()[1:])
def test_what_loads_otherwise_than_expected_warns(row: str) -> None:
    name, text, place, said = (cell.strip() for cell in row.split("|"))
    _, findings = load(with_row(name, text))
    assert places(findings) == [f"{place} warning"]
    assert said in findings[0].message


def test_a_timing_with_an_end_warns_where_a_price_uses_it() -> None:
    _, findings = read(Timings="PEAK,,,,1;2;3;4;5,08:00:00;19:00:00")
    assert places(findings) == ["RatingPlans.csv:2:3 warning"]


def test_a_group_within_an_increment_warns() -> None:
    _, findings = read(Rates="RT_1,0,0.3,60s,25s,0s\nRT_1,0,0.1,60s,1s,60s\nRT_20,0,1,60s,60s,0s")
    assert places(findings) == ["Rates.csv:2:6 warning"]


@pytest.mark.parametrize(("category", "warned"), [("call", 2), ("sms", 0)])
def test_bare_numbers_warn_where_calls_use_them(category: str, warned: int) -> None:
    rates = "RT_1,0,0.12,60,1,0\nRT_20,0,1,60s,60s,0s\nRT_UNUSED,0,1,1,1,0"
    _, findings = read(Rates=rates, RatingProfiles=f"example.org,{category},*any,,RP,")
    assert [place for place in places(findings) if ":1:" in place and "Rates.csv" in place] == [
        "Rates.csv:1:4 warning", "Rates.csv:1:5 warning",
    ][:warned]  # fmt: skip


def test_destinations_that_only_their_order_tells_apart_warn() -> None:
    tariff, findings = read(Destinations=RIGHT["Destinations.csv"] + "\nDST_DE,4917")
    assert tariff.ids_by_prefix["4917"] == ("DST_DE", "DST_MOBILE")
    assert places(findings) == ["RatingPlans.csv:1:2 warning"]
    assert "DST_DE and DST_MOBILE at one weight though both have the prefix 4917" in findings[0].message


def test_a_strategy_and_a_cap_are_kept() -> None:
    tariff, _ = read(DestinationRates="DR,DST_DE,RT_1,*middle,2,0.62,*free\nDR_PEAK,*any,RT_1,,,,")
    rating = tariff.plans["RP"].destinations["DST_DE"][0].rating
    assert (rating.max_cost, rating.max_cost_strategy) == (620_000_000, MaxCostStrategy.FREE)
    assert "*any" in tariff.plans["RP"].destinations


def test_the_sample_folder_is_right() -> None:
    folder = Path(__file__).parents[1] / "examples" / "tariffs"
    tariff, findings = load({path.name: path.read_text("utf-8") for path in folder.iterdir()})
    assert places(findings) == ["DestinationRates.csv:8:6 warning"]  # the cap of premium calls
    assert sorted(tariff.plans) == ["RP_FLAT", "RP_RETAIL", "RP_SMS"]


def test_a_large_price_list_is_quick_and_shares_what_is_equal() -> None:
    count = 20_000
    contents = {
        "Destinations.csv": "".join(f"DST_{n},{n + 1_000_000}\n" for n in range(count)),
        "Rates.csv": "".join(f"RT_{n},0,0.{n:04d}6,60s,1s,0s\n" for n in range(200)),
        "DestinationRates.csv": "".join(f"DR,DST_{n},RT_{n % 200},*up,4,0,\n" for n in range(count)),
        "RatingPlans.csv": "RP,DR,*any,10\n",
        "RatingProfiles.csv": "example.org,call,*any,,RP,\n",
    }
    begun = time.perf_counter()
    tariff, findings = load(contents)
    assert time.perf_counter() - begun < 5  # 0.2 s where nothing else runs
    assert [finding for finding in findings if finding.severity is Severity.FAULT] == []
    assert len(tariff.plans["RP"].destinations) == count
    assert len({id(intervals) for intervals in tariff.plans["RP"].destinations.values()}) == 200


CELL = st.sampled_from(
    ["", "*any", "DR", "RP", "RT_1", "DST_DE", "PEAK", "0", "1", "-1", "0.5", "60s", "*up", "*free", "x;y", '"', "NaN"]
)


@given(st.sampled_from(sorted(COLUMNS)), st.lists(st.lists(CELL, min_size=1, max_size=8), max_size=6))
def test_no_rows_break_the_reader(name: str, rows: list[list[str]]) -> None:
    text = RIGHT[name] + "\n" + "\n".join(map(",".join, rows))
    tariff, findings = load(RIGHT | {name: text})
    assert isinstance(tariff, Tariff)
    for finding in findings:
        assert finding.file in COLUMNS
        assert finding.message
        str(finding)
