"""ActionTriggers.csv: what a row becomes, and what is wrong with one."""

import pytest

from accounts.account import ThresholdType, TriggerTerms
from accounts.balance import BalanceKind
from accounts.balance_filter import BalanceFilter
from tariffs.fault import Finding, Severity
from tariffs.zone import UTC
from tests.action_scene import SATURDAY_TEN, TRIGGERS, instant, rows
from tests.table import table
from triggers.trigger_files import COLUMNS, FILE, read_triggers

SETS = {"ACT"}
WHOLE = (
    "G,U1,*max_balance_counter,3.5,true,90s,2027-01-01T00:00:00Z,2026-01-01T00:00:00Z,MON,*monetary,call;premium,"
    "DST_49;!DST_4915,GOLD,,+24h,,10,false,true,ACT,20\n"
)


def read(data: bytes | str) -> tuple[tuple[TriggerTerms, ...], list[Finding]]:
    findings: list[Finding] = []
    files = {FILE: data.encode() if isinstance(data, str) else data}
    groups = read_triggers(files, SETS, findings, now_ns=SATURDAY_TEN, zone=UTC)
    return tuple(terms for group in groups.values() for terms in group), findings


def written(text: str) -> tuple[tuple[TriggerTerms, ...], list[Finding]]:
    return read(rows(COLUMNS, TRIGGERS, text))


def test_every_column_is_read() -> None:
    (terms,), findings = read(WHOLE)
    assert findings == []
    assert terms == TriggerTerms(
        group="G",
        unique_id="U1",
        type=ThresholdType.MAX_BALANCE_COUNTER,
        threshold=3_500_000_000,
        actions_id="ACT",
        kind="*monetary",
        filter=terms.filter,
        recurrent=True,
        min_sleep_ns=90_000_000_000,
        expires_at_ns=instant("2027-01-01T00:00:00Z"),
        activates_at_ns=instant("2026-01-01T00:00:00Z"),
        weight=terms.weight,
    )
    assert terms.weight == 20
    assert terms.filter == BalanceFilter(
        kind=BalanceKind.MONETARY,
        id="MON",
        weight=terms.filter.weight,
        expires_at_ns=instant("2026-11-22T10:00:00Z"),
        destinations={"DST_49": True, "DST_4915": False},
        rating_subject="GOLD",
        categories={"call": True, "premium": True},
        blocker=False,
        disabled=True,
    )
    assert terms.filter.weight == 10


def test_blank_and_any_constrain_nothing() -> None:
    row = "G,,*min_balance,2,,,,,*any,*monetary,*any,*any,*any,*any,*any,*any,*any,*any,*any,ACT,\n"
    (terms,), findings = read(row)
    assert findings == []
    assert terms.filter == BalanceFilter(kind=BalanceKind.MONETARY)
    assert (terms.recurrent, terms.min_sleep_ns, terms.expires_at_ns, terms.activates_at_ns) == (False, 0, None, None)


@table("""
    row                                              | threshold
    on=*min_balance at=2 type=*monetary              | 2000000000
    on=*max_event_counter at=2 type=*event_connect   | 2000000000
    on=*max_event_counter at=120000000000 type=*voice | 120000000000
    on=*max_balance at=1.2e11 type=*voice            | 120000000000
    on=*max_balance at=-0.5 type=*monetary           | -500000000
    on=*max_balance at=100 type=*sms                 | 100000000000
    on=*max_balance type=*monetary                   | 0
""")
def test_a_threshold_has_the_scale_of_what_is_watched(row: str, threshold: str) -> None:
    (terms,), _ = written(f"G {row} run=ACT")
    assert terms.threshold == int(threshold)


def test_an_id_that_is_not_given_comes_from_the_row() -> None:
    row = "G on=*max_balance at=2 type=*monetary run=ACT"
    (first, other, again), _ = written(f"{row}\n{row} w=1\n{row}")
    (once,), _ = written(row)
    assert first.unique_id == once.unique_id
    assert again.unique_id == f"{first.unique_id}-2"
    assert other.unique_id not in (first.unique_id, again.unique_id)


@table("""
    row                                                / finding
    on=*max_cow at=2 type=*monetary run=ACT            / fault ThresholdType is unknown
    on=*min_asr at=2 type=*monetary run=ACT            / fault ThresholdType is unknown
    on=*max_balance at=two type=*monetary run=ACT      / fault ThresholdValue is not a number
    on=*max_balance type=*monetary recurrent=maybe run=ACT / fault Recurrent is neither true nor false
    on=*max_balance type=*monetary sleep=1parsec run=ACT / fault MinSleep is not a duration
    on=*max_balance type=*monetary sleep=-3s run=ACT   / fault MinSleep is no pause
    on=*max_balance type=*monetary sleep=*unlimited run=ACT / fault MinSleep is no pause
    on=*max_balance type=*monetary until=soon run=ACT  / fault ExpiryTime is not an instant
    on=*max_balance type=*monetary from=2026-13-01 run=ACT / fault ActivationTime is not an instant
    on=*max_balance type=*monetary bw=x run=ACT        / fault BalanceWeight is not a number
    on=*max_balance type=*monetary w=x run=ACT         / fault Weight is not a number
    on=*max_balance type=*monetary run=NOACT           / fault ActionsId names no action set
    on=*max_balance type=*monetary                     / fault ActionsId is empty
    on=*max_score at=80 id=score.mood run=ACT          / warning BalanceTag is computed by nobody, so it has to be told
    on=*min_counter at=20 id=b.asr.301 run=ACT         / warning BalanceTag is computed by nobody, so it has to be told
    on=*min_counter at=20 id=b.charm.300 run=ACT       / warning BalanceTag is computed by nobody, so it has to be told
    on=*max_event_counter type=*monetary timing=*day;*week run=ACT / fault BalanceTimingIds names 2 windows
    on=*max_event_counter type=*monetary timing=!*day run=ACT / fault BalanceTimingIds excludes a window
    on=*max_balance type=*monetary timing=*day run=ACT / fault BalanceTimingIds names a window, but *max_balance counts
    on=*max_balance at=2 run=ACT                       / warning BalanceType is empty: the monitor watches nothing
    on=*max_balance at=2 type=*event_connect run=ACT   / warning BalanceType is no type that is watched: the monitor nev
    on=*max_event_counter at=2 type=*minutes run=ACT   / warning BalanceType is no type that is watched: the monitor nev
""", split="/")  # fmt: skip
def test_what_is_wrong_is_named_with_its_place(row: str, finding: str) -> None:
    _, (found,) = written(f"G {row}")
    severity, _, message = finding.partition(" ")
    assert found.severity is Severity(severity)
    assert found.message.startswith(message)
    assert (found.file, found.line, COLUMNS[found.column - 1]) == (FILE, 1, found.field)


def test_all_faults_of_a_row_are_named_at_once() -> None:
    _, findings = read("G,,*max_cow,two,maybe,1parsec,soon,soon,,,,,,,soon,,x,2,2,,x\n")
    assert [finding.field for finding in findings] == [
        "ThresholdType", "ActionsId", "ExpiryTime", "ActivationTime", "BalanceExpiryTime", "ThresholdValue",
        "BalanceWeight", "BalanceBlocker", "BalanceDisabled", "Recurrent", "MinSleep", "Weight",
    ]  # fmt: skip


def test_an_id_twice_in_a_group_names_both_rows() -> None:
    row = "uid=U on=*max_balance at=2 type=*monetary run=ACT"
    _, (found,) = written(f"G {row}\nH {row}\nG {row}")
    assert str(found).startswith("ActionTriggers.csv:3:2: fault: UniqueId is that of ActionTriggers.csv:1 in")


def test_another_number_of_columns_is_refused() -> None:
    groups, (found,) = read("G,,*max_balance,2\n")
    assert (groups, found.severity, found.line) == ((), Severity.FAULT, 1)


@table("""
    timing             | window | timings
    *call              | *call  |
    *hour              | *hour  |
    *day               | *day   |
    *week              | *week  |
    *month             | *month |
    PEAK;*day          | *day   | PEAK
    PEAK;WEEKEND       |        | PEAK WEEKEND     # a filter, as ever
    *daily             |        | *daily           # a timing, and no window
    *any               |        |
""")
def test_a_window_stands_among_the_timings(timing: str, window: str, timings: str) -> None:
    row = f"on=*max_event_counter at=20 type=*monetary timing={timing} run=ACT"
    (terms,), findings = written(f"G {row}")
    assert findings == []
    assert (terms.window, " ".join(terms.filter.timing_ids or {})) == (window, timings)


def test_a_monitor_on_a_score_has_its_address_and_no_type() -> None:
    (terms,), findings = written("G on=*max_score at=79.5 id=score.masking type=*voice to=DST_49 run=ACT")
    assert (terms.kind, terms.filter.kind, terms.filter.id, terms.threshold) == (
        "",
        None,
        "score.masking",
        79_500_000_000,
    )
    assert [finding.field for finding in findings] == ["BalanceType"]
    assert terms.filter.destinations == {"DST_49": True}


@pytest.mark.parametrize(
    "address", ["score.risk", "score.masking", "b.asr.300", "a.total_calls.86400", "trunk.acd.3600"]
)
def test_a_monitor_on_what_is_computed_needs_no_warning(address: str) -> None:
    _, findings = written(f"G on=*max_counter at=20 id={address} to=DST_49 run=ACT")
    assert findings == []


@table("""
    address        | known
    score.risk     | yes
    b.asr.300      | yes
    a.total_calls.86400 | yes
    trunk.acd.3600 | yes
    score          | no
    Score.risk     | no
    score.         | no
    score risk     | no
                   | no
""")
def test_the_form_of_an_address_is_checked(address: str, known: str) -> None:
    _, findings = read(f"G,,*max_score,80,,,,,{address},,,,,,,,,,,ACT,\n")
    faults = [finding.field for finding in findings if finding.severity is Severity.FAULT]
    assert faults == ([] if known == "yes" else ["BalanceTag"])


def test_groups_and_timings_of_balances_are_part_of_the_filter() -> None:
    row = "G,,*max_balance_counter,2,,,,,,*monetary,,,,SHARED,,PEAK,,,,ACT,\n"
    (terms,), findings = read(row)
    assert findings == []
    assert (terms.filter.shared_groups, terms.filter.timing_ids) == ({"SHARED": True}, {"PEAK": True})
