"""FraudRules.csv: what a row means, and each fault with its place."""

from pathlib import Path

import pytest

from ratingd.shipped_rules import shipped_rules
from tariffs.fault import Severity
from tests.table import table
from triggers.rules.rule import ACTION_TYPES, FRAUD_TYPES
from triggers.rules.rule_file import COLUMNS, read_rules
from triggers.traffic.metric_names import KINDS, METRICS, MetricName

HEADER = f"#{','.join(COLUMNS)}\n"
ROW = (
    "irsf,irsf,account,attempts.60 > 5,HIGH,LOW,*alert;*limit_session:60s;DISABLE,true,90s,they call premium numbers\n"
)


def test_a_row_is_a_rule() -> None:
    book, findings = read_rules(HEADER + ROW, action_ids={"DISABLE"})
    assert findings == []
    (rule,) = book.rules
    assert (rule.id, rule.fraud_type, rule.subject, rule.severity, rule.confidence) == (
        "irsf", "irsf", "account", "HIGH", "LOW"
    )  # fmt: skip
    assert [(one.name, one.parameter, one.seconds, one.is_set) for one in rule.actions] == [
        ("*alert", "", 0, False), ("*limit_session", "60s", 60, False), ("DISABLE", "", 0, True)
    ]  # fmt: skip
    assert [one.text for one in rule.actions] == ["*alert", "*limit_session:60s", "DISABLE"]
    assert (rule.report_only, rule.pause_ms, rule.text) == (True, 90_000, "they call premium numbers")
    assert (rule.condition_text, rule.least, rule.line) == ("attempts.60 > 5", 6, 2)


def test_what_is_left_out_has_a_default() -> None:
    book, findings = read_rules("x,my_own,a,asr.60 > 5,LOW,,*log,,,\n")
    assert findings == []
    assert (book.rules[0].confidence, book.rules[0].report_only, book.rules[0].pause_ms) == ("HIGH", False, 3_600_000)


def test_without_a_plan_action_sets_are_believed() -> None:
    book, findings = read_rules(ROW)
    assert findings == []
    assert book.rules[0].actions[2].is_set


@table("""
    row                                               ; place ; message
    1x,irsf,a,asr.60 > 5,HIGH,,*alert,,,              ; 1:1   ; Id is no name of a rule: '1x' (small letters, digits
    x,IRSF,a,asr.60 > 5,HIGH,,*alert,,,               ; 1:2   ; FraudType is no name of a kind of fraud: 'IRSF'
    x,irfs,a,asr.60 > 5,HIGH,,*alert,,,               ; 1:2   ; FraudType is a kind of its own; did you mean irsf?: 'irf
    x,irsf,acount,asr.60 > 5,HIGH,,*alert,,,          ; 1:3   ; Subject is unknown; did you mean account?: 'acount'
    x,irsf,,asr.60 > 5,HIGH,,*alert,,,                ; 1:3   ; Subject is empty: '' (one of a, b, trunk, account,
    x,irsf,a,asr.60 = 5,HIGH,,*alert,,,               ; 1:4   ; Condition at character 8: '=' means nothing here: 'as
    x,irsf,a,1 > 0,HIGH,,*alert,,,                    ; 1:4   ; Condition looks at no metric: '1 > 0' (a comparison such
    x,irsf,a,overlap_ratio.60 > 0.5,HIGH,,*alert,,,   ; 1:4   ; Condition at character 1: overlap_ratio is not counted
    x,irsf,a,asr.60 > 5,High,,*alert,,,               ; 1:5   ; Severity is unknown; did you mean HIGH?: 'High' (one of
    x,irsf,a,asr.60 > 5,HIGH,SURE,*alert,,,           ; 1:6   ; Confidence is unknown: 'SURE' (one of LOW, MEDIUM, HIGH)
    x,irsf,a,asr.60 > 5,HIGH,,*alrt,,,                ; 1:7   ; Actions have no type '*alrt'; did you mean *alert?:
    x,irsf,a,asr.60 > 5,HIGH,,alert,,,                ; 1:7   ; Actions name no action set 'alert'; did you mean *ale
    x,irsf,a,asr.60 > 5,HIGH,,DISABEL,,,              ; 1:7   ; Actions name no action set 'DISABEL'; did you mean DISA
    x,irsf,a,asr.60 > 5,HIGH,,*alert:HIGH,,,          ; 1:7   ; Actions give *alert something: 'HIGH': '*alert:HIGH' (
    x,irsf,a,asr.60 > 5,HIGH,,*block_number,,,        ; 1:7   ; Actions say not how long *block_number lasts: '': '*b
    x,irsf,a,asr.60 > 5,HIGH,,*block_number:10,,,     ; 1:7   ; Actions say not how long *block_number lasts: '10':
    x,irsf,a,asr.60 > 5,HIGH,,*block_number:1d,,,     ; 1:7   ; Actions say not how long *block_number lasts: '1d':
    x,irsf,a,asr.60 > 5,HIGH,,*http_post:ftp://x,,,   ; 1:7   ; Actions give *http_post no URL: '*http_post:ftp://x'
    x,irsf,a,asr.60 > 5,HIGH,,,,,                     ; 1:7   ; Actions are none: nobody is told when the rule holds: ''
    x,irsf,a,asr.60 > 5,HIGH,,*alert,maybe,,          ; 1:8   ; ReportOnly is neither true nor false: 'maybe' (true or
    x,irsf,a,asr.60 > 5,HIGH,,*alert,,soon,           ; 1:9   ; Pause is not a duration: 'soon' (a duration such as 90s,
    x,irsf,a,asr.60 > 5,HIGH,,*alert,,-1h,            ; 1:9   ; Pause is no pause: '-1h' (a duration such as 90s,
    x,irsf,a,asr.60 > 5                               ; 1     ; wrong number of fields: 4 found, 10 wanted (Id,FraudType
""", split=" ; ")  # fmt: skip
def test_faults(row: str, place: str, message: str) -> None:
    _, findings = read_rules(row, action_ids={"DISABLE"})
    assert len(findings) == 1
    kind = "warning" if findings[0].severity is Severity.WARNING else "fault"
    assert str(findings[0]).startswith(f"FraudRules.csv:{place}: {kind}: {message}")


def test_every_fault_of_a_file_is_told_and_the_rules_without_one_are_read() -> None:
    text = HEADER + "x,irsf,a,asr > 5,HGH,,*alrt,,,\n" + ROW + ROW
    book, findings = read_rules(text)
    assert sorted([(one.line, one.field) for one in findings]) == [
        (2, "Actions"), (2, "Condition"), (2, "Severity"), (4, "Id")
    ]  # fmt: skip
    assert findings[-1].message == "Id is that of the rule in line 3: 'irsf'"
    assert [rule.line for rule in book.rules] == [3]


def test_a_condition_may_have_several_lines_and_a_fault_names_which() -> None:
    text = 'x,irsf,a,"attempts.60 > 5\n  and asr.60 >> 3",HIGH,,*alert,,,\n'
    _, (finding,) = read_rules(text)
    assert (finding.line, finding.column) == (1, 4)
    assert finding.message.startswith("Condition at line 2, character 15: '>' stands where a value is wanted")


def test_an_empty_file_has_no_rules() -> None:
    book, findings = read_rules("")
    assert (book.rules, findings) == ((), [])


def test_the_shipped_rules_are_without_fault_and_there_is_one_of_each_type() -> None:
    book, findings = read_rules(shipped_rules())
    assert findings == []
    assert {rule.fraud_type for rule in book.rules} == set(FRAUD_TYPES)
    assert all(rule.text and rule.actions and rule.least > 1 for rule in book.rules)


PAGE = (Path(__file__).parent.parent / "docs" / "fraud-rules.md").read_text("utf-8")


@pytest.mark.parametrize("id", [rule.id for rule in read_rules(shipped_rules())[0].rules])
def test_the_page_on_rules_tells_of_every_shipped_rule(id: str) -> None:
    assert f"`{id}`" in PAGE


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_the_page_on_rules_tells_of_every_metric(metric: MetricName) -> None:
    kinds = "all" if metric.kinds == KINDS else ", ".join(metric.kinds)
    name = f"`{metric.name}`" if metric.windowed else f"`{metric.name}` (no window)"
    assert f"| {name} | {metric.unit} | {kinds} | {metric.meaning} |\n" in PAGE


@pytest.mark.parametrize("type", ACTION_TYPES)
def test_the_page_on_rules_tells_of_every_action(type: str) -> None:
    assert f"| `{type}" in PAGE
