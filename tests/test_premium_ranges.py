"""PremiumRanges.csv: what is read, and what is refused."""

from tariffs.fault import Finding
from triggers.numbers.premium_ranges import read_premium_ranges


def test_prefixes_are_read_however_they_are_written() -> None:
    findings: list[Finding] = []
    data = b"#Prefix,Text\n+371909,Latvia premium\n0088299,satellite\n371-909,again\n44 70,personal\n"
    assert read_premium_ranges(data, findings) == ("+371909", "+88299", "+4470")
    assert findings == []


def test_what_is_no_prefix_is_a_fault_of_its_row() -> None:
    findings: list[Finding] = []
    assert read_premium_ranges(b"0900,national\n,nothing\nabc,letters\n+37,short\n+371909\n", findings) == ("+37",)
    assert [str(finding).split(" (")[0] for finding in sorted(findings)] == [
        "PremiumRanges.csv:1:1: fault: Prefix is none: '0900'",
        "PremiumRanges.csv:2:1: fault: Prefix is none: ''",
        "PremiumRanges.csv:3:1: fault: Prefix is none: 'abc'",
        "PremiumRanges.csv:4:1: warning: Prefix is the prefix of whole countries: '+37'",
        "PremiumRanges.csv:5: fault: wrong number of fields: 1 found, 2 wanted",
    ]
