"""Findings of a tariff folder as people and programs read them, wherever the folder was checked."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from ratingd.cli.output import Output, table
from ratingd.cli.plain import plain
from ratingd.cli.plan_differences import differences_table
from ratingd.v1.tariffs_pb2 import Finding as FindingMessage
from ratingd.v1.tariffs_pb2 import KindDifference
from tariffs.fault import Finding, Severity

_STYLES: Final = {Severity.FAULT: "bold red", Severity.WARNING: "yellow", Severity.NOTICE: "dim"}
_KINDS: Final = (
    "destinations", "timings", "rating_plans", "rating_profiles", "action_sets", "action_plans", "trigger_groups",
    "shared_groups", "aliases", "accounts",
)  # fmt: skip
_SEVERITIES: Final = {
    FindingMessage.FAULT: Severity.FAULT,
    FindingMessage.WARNING: Severity.WARNING,
    FindingMessage.NOTICE: Severity.NOTICE,
}


def from_wire(findings: Iterable[FindingMessage]) -> list[Finding]:
    return [
        Finding(
            found.file,
            found.line,
            found.column,
            found.field,
            _SEVERITIES[found.severity],
            found.found,
            found.message,
            found.allowed,
        )
        for found in findings
    ]


def refused(findings: Iterable[Finding]) -> bool:
    return any(finding.severity is Severity.FAULT for finding in findings)


def show_check(
    out: Output,
    findings: list[Finding],
    counts: Mapping[str, int],
    files: int,
    differences: Sequence[KindDifference] = (),
) -> None:
    """What a check found: all of it, how much of each kind, and what would be other than what is in force."""
    kinds = Counter(finding.severity for finding in findings)
    value: dict[str, object] = {
        "valid": not refused(findings),
        "faults": kinds[Severity.FAULT],
        "warnings": kinds[Severity.WARNING],
        "notices": kinds[Severity.NOTICE],
        "counts": dict(counts),
        "findings": [plain_finding(finding) for finding in findings],
    }
    if differences:
        value["differences"] = [plain(difference) for difference in differences]
    if out.form == "jsonl":
        out.show_list([plain_finding(finding) for finding in findings], Text())
        return
    tables: list[RenderableType] = [findings_table(findings), Text()] if findings else []
    tables += [differences_table(differences), Text()] if differences else []
    out.show(value, *tables, Text(_verdict(kinds, counts, files), "bold"))


def findings_table(findings: Iterable[Finding]) -> Table:
    rows = table("where", "severity", "field", "found", "what is wrong", "hint")
    rows.columns[0].no_wrap = True
    for finding in findings:
        place = ":".join(str(part) for part in (finding.file, finding.line, finding.column) if part)
        rows.add_row(
            place,
            Text(finding.severity.value, _STYLES[finding.severity]),
            finding.field,
            finding.found,
            finding.message,
            finding.allowed,
        )
    return rows


def plain_finding(finding: Finding) -> dict[str, object]:
    return {
        "file": finding.file,
        "line": finding.line,
        "column": finding.column,
        "field": finding.field,
        "severity": finding.severity.value,
        "found": finding.found,
        "message": finding.message,
        "allowed": finding.allowed,
    }


def counts_text(counts: Mapping[str, int]) -> str:
    """`6 destinations, 1 rating plan`; what there is none of is left out."""
    named = [(count, name.replace("_", " ")) for name, count in in_order(counts) if count]
    return ", ".join(f"{count} {_singular(name) if count == 1 else name}" for count, name in named)


def in_order(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """The kinds as a folder is read; a map of the wire has no order."""
    places = {kind: place for place, kind in enumerate(_KINDS)}
    return sorted(counts.items(), key=lambda kind: (places.get(kind[0], len(places)), kind[0]))


def _singular(name: str) -> str:
    return "alias" if name == "aliases" else name.removesuffix("s")


def _verdict(kinds: Mapping[Severity, int], counts: Mapping[str, int], files: int) -> str:
    told = ", ".join(
        f"{kinds[severity]} {severity.value}{'' if kinds[severity] == 1 else 's'}" for severity in Severity
    )
    verdict = "cannot be loaded" if kinds[Severity.FAULT] else "can be loaded"
    held = f": {counts_text(counts)}" if counts_text(counts) and not kinds[Severity.FAULT] else ""
    return f"{files} files, {told}. The folder {verdict}{held}."
