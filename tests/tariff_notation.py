"""Tariffs, calls and answers as an operator writes them, for the tests of the rating function.

A tariff is the rows of its CSV files, each behind the name of its file: `Rates: R,0.4,0.2,60s,60s,0s`. A call starts at
`08:00:00` on Monday 2026-01-05 UTC unless it says more, and an answer is `0.6017 (61s)`: the cost and what was sold.
"""

from tariffs.cost import Cost, cost
from tariffs.duration import parse_duration
from tariffs.explanation_text import usage_text
from tariffs.fault import Finding, Severity
from tariffs.instant import parse_instant
from tariffs.money import NANO, decimal_text
from tariffs.plan_files import read_tariff
from tariffs.span import VOICE, RatingQuery, Span, Unrated
from tariffs.tariff import EMPTY_TARIFF, Tariff
from tariffs.zone import UTC, zone


def table(text: str) -> list[tuple[str, ...]]:
    """The rows below the heading, cells between `|`; blanks are worth one, blank lines and remarks (` # `) nothing."""
    lines = [line.split(" # ")[0] for line in text.splitlines() if line.strip()]
    return [tuple(" ".join(cell.split()) for cell in line.split("|")) for line in lines[1:] if line.strip()]


def tariff(text: str) -> Tariff:
    """The tariff of `File: row` lines; what stands behind ` # ` is a remark."""
    files: dict[str, str] = {}
    for line in text.splitlines():
        if line.strip():
            file, row = line.strip().split(": ", 1)
            files[f"{file}.csv"] = files.get(f"{file}.csv", "") + row.split(" # ")[0].rstrip() + "\n"
    findings: list[Finding] = []
    content = {name: rows.encode() for name, rows in files.items()}
    built = read_tariff(content, EMPTY_TARIFF, findings, now_ns=0, zone=UTC)
    faults = [str(finding) for finding in findings if finding.severity is Severity.FAULT]
    assert not faults, faults
    return built


def plan_tariff(rates: str, *, rounding: str = "*up,4", cap: str = "0,") -> Tariff:
    """One plan for 49 and all, one subject 1001: `rates` are rows of the rate R."""
    rows = "\n".join(f"Rates: R,{row.strip()}" for row in rates.strip().split(" + "))
    return tariff(f"""
        Destinations: DST_49,49
        {rows}
        DestinationRates: D,DST_49,R,{rounding},{cap}
        DestinationRates: D,*any,R,{rounding},{cap}
        RatingPlans: P,D,*any,10
        RatingProfiles: cgrates.org,call,1001,,P,
    """)


def nano(text: str) -> int:
    """An amount in nano-units: "0.6" is 600_000_000."""
    whole, _, fraction = text.lstrip("-").partition(".")
    amount = int(whole) * NANO + int(fraction.ljust(9, "0"))
    return -amount if text.startswith("-") else amount


def query(
    start: str,
    usage: str,
    *,
    subject: str = "1001",
    destination: str = "4912345",
    tenant: str = "cgrates.org",
    category: str = "call",
    tor: str = VOICE,
    duration_index: str = "0s",
) -> RatingQuery:
    """`start` is "08:00:00", "2026-01-09 23:59:00", either with a zone behind it."""
    parts = start.split(" ")
    place = zone(parts.pop()) if ":" not in parts[-1] or parts[-1][0] in "+-" else UTC
    text = " ".join(parts) if len(parts) == 2 else f"2026-01-05 {parts[0]}"
    start_ns = parse_instant(text, now_ns=0, zone=place)
    assert start_ns is not None
    end_ns = start_ns + parse_duration(usage)
    return RatingQuery(
        tenant, category, subject, destination, tor, start_ns, end_ns, parse_duration(duration_index), place
    )


def price(built: Tariff, asked: RatingQuery, *, loop_index: int = 0, prefix_matching: bool = False) -> str:
    """The answer of `cost`: `0.6017 (61s)`, or the reason why there is none."""
    result = cost(built, asked, loop_index=loop_index, prefix_matching=prefix_matching)
    if isinstance(result, Unrated):
        return result.reason.value
    return f"{decimal_text(result.total)} ({usage_text(result.usage, asked.tor)})"


def priced(
    built: Tariff, asked: RatingQuery, *, loop_index: int = 0, max_cost_so_far: int = 0, decimals: int = 5
) -> Cost:
    """The cost of a query that has one."""
    result = cost(built, asked, loop_index=loop_index, max_cost_so_far=max_cost_so_far, decimals=decimals)
    assert isinstance(result, Cost), result
    return result


def sold(result: Cost, tor: str = VOICE) -> str:
    """The spans and the fee: `0.4 + 1×(1m,0.2) + 1×(1s,0.00167)`."""
    parts = [decimal_text(result.fee)] if result.fee else []
    return " + ".join(parts + [span_text(span, tor) for span in result.spans])


def span_text(span: Span, tor: str = VOICE) -> str:
    return f"{span.count}×({usage_text(span.increment, tor)},{decimal_text(span.increment_cost)})"
