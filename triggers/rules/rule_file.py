"""FraudRules.csv: the rules, one a row, checked to its end as the files of a tariff folder are.

    #Id,FraudType,Subject,Condition,Severity,Confidence,Actions,ReportOnly,Pause,Text
    irsf,irsf,account,premium_ratio.3600 >= 0.5 and attempts.3600 >= 10,CRITICAL,HIGH,*alert;*disable_account,false,1h,…

A condition may be written over several lines in quotes. `Actions` is a `;`-list; `Pause` is how long the rule is silent
about a subject for which it held; an empty one is an hour. A fault names the place in the file, and within a condition
the character:

    FraudRules.csv:7:4: fault: Condition at character 25: no metric is called 'distinct_b_ration'; did you mean …?

The fraud type is free; one that looks like a misspelled known one is warned of.
"""

import re
from collections.abc import Set
from typing import Final

from tariffs.csv_rows import Row, read_rows
from tariffs.duration import DURATION_ALLOWED, parse_duration
from tariffs.fault import Finding
from triggers.rules.rule import (
    ACTION_TYPES,
    ADDRESS,
    CONFIDENCES,
    FRAUD_TYPES,
    LENGTH,
    NOTHING,
    SEVERITIES,
    Rule,
    RuleAction,
)
from triggers.rules.rule_book import RuleBook
from triggers.rules.rule_condition import Condition, Measured
from triggers.rules.rule_parsing import ConditionFault, closest, parse_condition
from triggers.traffic.metric_names import KINDS

FILE: Final = "FraudRules.csv"
COLUMNS: Final = (
    "Id", "FraudType", "Subject", "Condition", "Severity", "Confidence", "Actions", "ReportOnly", "Pause", "Text",
)  # fmt: skip
PAUSE_MS: Final = 3_600_000
_MS_NS: Final = 1_000_000
_SECOND_NS: Final = 1_000_000_000
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_NAME_ALLOWED: Final = "small letters, digits and _, beginning with a letter"


def read_rules(text: str, file: str = FILE, action_ids: Set[str] | None = None) -> tuple[RuleBook, list[Finding]]:
    """The rules of a file and all that is wrong with it. `action_ids` are the action sets there are, where known."""
    findings = list[Finding]()
    seen = dict[str, int]()
    rules = list[Rule]()
    for row in read_rows(file, text.encode("utf-8", "surrogatepass"), COLUMNS, findings):
        rule = _rule(row, seen, action_ids)
        if rule is not None:
            rules.append(rule)
    return RuleBook(tuple(rules)), findings


def _rule(row: Row, seen: dict[str, int], action_ids: Set[str] | None) -> Rule | None:
    """The rule of a row; None where a fault leaves nothing that makes sense."""
    id, subject = _id(row, seen), _word(row, "Subject", KINDS)
    fraud_type = _fraud_type(row)
    severity = _word(row, "Severity", SEVERITIES)
    confidence = _word(row, "Confidence", CONFIDENCES) if row["Confidence"] else "HIGH"
    actions = _actions(row, action_ids)
    condition = _condition(row, subject) if subject else None
    report_only, pause_ms = row.flag("ReportOnly"), _pause_ms(row)
    if condition is None or not (id and fraud_type and severity and confidence):
        return None
    return Rule(
        id,
        fraud_type,
        subject,
        condition,
        condition_text=" ".join(row["Condition"].split()),
        severity=severity,
        confidence=confidence,
        actions=actions,
        report_only=report_only,
        pause_ms=pause_ms,
        text=row["Text"].strip(),
        line=row.line,
    )


def _id(row: Row, seen: dict[str, int]) -> str:
    id = row["Id"].strip()
    if not _NAME.fullmatch(id):
        row.fault("Id", "is no name of a rule", _NAME_ALLOWED)
        return ""
    if id in seen:
        row.fault("Id", f"is that of the rule in line {seen[id]}", "an id of its own")
        return ""
    seen[id] = row.line
    return id


def _fraud_type(row: Row) -> str:
    name = row["FraudType"].strip()
    if not _NAME.fullmatch(name):
        row.fault("FraudType", "is no name of a kind of fraud", _NAME_ALLOWED)
        return ""
    if name not in FRAUD_TYPES and closest(name, FRAUD_TYPES):
        row.warn("FraudType", f"is a kind of its own{closest(name, FRAUD_TYPES)}", ", ".join(FRAUD_TYPES))
    return name


def _word(row: Row, column: str, known: tuple[str, ...]) -> str:
    text = row[column].strip()
    if text in known:
        return text
    near = closest(text.upper() if known[0].isupper() else text.lower(), known) if text else ""
    row.fault(column, f"is unknown{near}" if text else "is empty", "one of " + ", ".join(known))
    return ""


def _condition(row: Row, subject: str) -> Condition | None:
    text = row["Condition"]
    try:
        condition = parse_condition(text, subject)
    except ConditionFault as fault:
        row.fault("Condition", f"at {_place(text, fault.at)}: {fault.message}", fault.allowed)
        return None
    measured = list[Measured]()
    condition.measures(measured)
    if not measured:
        row.fault("Condition", "looks at no metric", "a comparison such as attempts.3600 >= 50")
    return condition


def _place(text: str, at: int) -> str:
    """Where a character stands, in the cell's own lines."""
    before = text[: at - 1]
    if "\n" not in text:
        return f"character {at}"
    return f"line {before.count(chr(10)) + 1}, character {at - 1 - before.rfind(chr(10))}"


def _actions(row: Row, action_ids: Set[str] | None) -> tuple[RuleAction, ...]:
    found = list[RuleAction]()
    for item in row.items("Actions"):
        action = _action_type(row, item) if item.startswith("*") else _action_set(row, item, action_ids)
        if action is not None:
            found.append(action)
    if not row.items("Actions"):
        row.warn("Actions", "are none: nobody is told when the rule holds", "*alert, and what else is to be done")
    return tuple(found)


def _action_set(row: Row, id: str, action_ids: Set[str] | None) -> RuleAction | None:
    if action_ids is None or id in action_ids:
        return RuleAction(id)
    near = closest(f"*{id}", tuple(ACTION_TYPES)) or closest(id, tuple(sorted(action_ids)))
    row.fault("Actions", f"name no action set {id!r}{near}", "an id of Actions.csv, or a type such as *alert")
    return None


def _action_type(row: Row, item: str) -> RuleAction | None:
    name, _, parameter = item.partition(":")
    takes = ACTION_TYPES.get(name)
    if takes is None:
        near = closest(name, tuple(ACTION_TYPES))
        row.fault("Actions", f"have no type {name!r}{near}", "one of " + ", ".join(ACTION_TYPES) + ", or an action set")
        return None
    if takes == NOTHING and parameter:
        row.fault("Actions", f"give {name} something: {parameter!r}", f"{name} alone")
    elif takes == ADDRESS and not parameter.startswith(("http://", "https://")):
        row.fault("Actions", f"give {name} no URL", f"{name}:https://…")
    elif takes == LENGTH:
        return _lasting(row, name, parameter)
    return RuleAction(name, parameter)


def _lasting(row: Row, name: str, parameter: str) -> RuleAction:
    try:
        length_ns = parse_duration(parameter)
    except ValueError:
        length_ns = 0
    if length_ns < _SECOND_NS:
        row.fault("Actions", f"say not how long {name} lasts: {parameter!r}", f"{name}:1h, a second at least")
    return RuleAction(name, parameter, length_ns // _SECOND_NS)


def _pause_ms(row: Row) -> int:
    if not row["Pause"]:
        return PAUSE_MS
    length_ns = row.duration("Pause")
    if length_ns < 0:
        row.fault("Pause", "is no pause", DURATION_ALLOWED)
        return PAUSE_MS
    return length_ns // _MS_NS
