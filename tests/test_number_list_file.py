"""NumberLists.csv: what is read, what is refused, and that what is written is read as the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tariffs.fault import Finding
from tariffs.zone import UTC
from tests.table import table
from triggers.numbers.number_list import KINDS, LISTS, ListEntry
from triggers.numbers.number_list_file import entries_text, entry_value, read_entries
from triggers.numbers.number_reading import NumberReader

READER = NumberReader("DE")
NOW_MS = 1_795_000_000_000


def read(text: str, findings: list[Finding]) -> list[ListEntry]:
    return read_entries(text.encode(), READER, findings, now_ms=NOW_MS, zone=UTC, who="importer")


def fields(entry: ListEntry) -> tuple[object, ...]:
    return (
        entry.list, entry.kind, entry.value, entry.reason, entry.who, entry.expires_ms, entry.threshold, entry.window_ms
    )  # fmt: skip


def test_a_file_is_read() -> None:
    findings: list[Finding] = []
    entries = read(
        "#List,Kind,Value,Reason,Who,ExpiresAt,Threshold,Window\n"
        "b_whitelist,number,0800 1234567,sales line,anna,,,\n"
        "b_whitelist,prefix,0049-900-56,televoting,,2026-12-31T23:00:00Z,60,10s\n"
        'blacklist,trunk,bad-carrier,"unpaid, twice",ben,+1h,,\n',
        findings,
    )
    assert findings == []
    assert [fields(entry) for entry in entries] == [
        ("b_whitelist", "number", "+498001234567", "sales line", "anna", 0, 0, 0),
        ("b_whitelist", "prefix", "+4990056", "televoting", "importer", 1_798_758_000_000, 60, 10_000),
        ("blacklist", "trunk", "bad-carrier", "unpaid, twice", "ben", NOW_MS + 3_600_000, 0, 0),
    ]
    assert {entry.created_ms for entry in entries} == {NOW_MS}


@table("""
    row                                       | found
    whitelist,number,+498001234567,,,,,       | 1:1: fault: List is unknown: 'whitelist' (one of b_whitelist, a_whi
    blacklist,numbers,+498001234567,,,,,      | 1:2: fault: Kind is unknown: 'numbers' (one of number, prefix, trunk)
    blacklist,number,alice,,,,,               | 1:3: fault: Value cannot be listed: 'alice' ('alice' is no number; write
    blacklist,number,,,,,,                    | 1:3: fault: Value cannot be listed: '' ('' is no number; write it with
    blacklist,prefix,0900,,,,,                | 1:3: fault: Value cannot be listed: '0900' ('0900' is no prefix; write
    blacklist,prefix,,,,,,                    | 1:3: fault: Value cannot be listed: '' ('' is no prefix; write it
    blacklist,prefix,+1,,,,,                  | 1:3: warning: Value is the prefix of whole countries: '+1' (a longer one
    blacklist,trunk,,,,,,                     | 1:3: fault: Value cannot be listed: '' ('' is no name of a trunk; write
    blacklist,trunk,t,,,tomorrow,,            | 1:6: fault: ExpiresAt is not an instant: 'tomorrow' (2026-01-31T08:
    blacklist,trunk,t,,,,5,                   | 1: fault: only a b_whitelist has a threshold and a window (neither)
    b_whitelist,trunk,t,,,,1,                 | 1:7: fault: Threshold is out of range: '1' (2 to 100000, or nothing)
    b_whitelist,trunk,t,,,,,61s               | 1:8: fault: Window is out of range: '61s' (1s to 60s, or nothing)
    b_whitelist,trunk,t                       | 1: fault: wrong number of fields: 3 found, 8 wanted (List,Kind,Value
""")
def test_faults(row: str, found: str) -> None:
    findings: list[Finding] = []
    read(row, findings)
    assert str(findings[0]).startswith(f"NumberLists.csv:{found}")


@pytest.mark.parametrize("kind", KINDS)
def test_what_cannot_be_listed_says_what_to_write(kind: str) -> None:
    with pytest.raises(ValueError, match="; write"):
        entry_value(kind, " ", READER)


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20).map(str.strip)
ENTRIES = st.builds(
    lambda name, kind, digits, reason, expires_ms, own: ListEntry(
        name,
        kind,
        f"t {digits}" if kind == "trunk" else f"+49301{digits:07d}",
        reason=reason,
        who="anna",
        expires_ms=expires_ms,
        threshold=own if name == "b_whitelist" else 0,
        window_ms=own * 100 if name == "b_whitelist" else 0,
    ),
    st.sampled_from(LISTS),
    st.sampled_from(KINDS),
    st.integers(0, 9_999_999),
    TEXTS,
    st.just(0) | st.integers(NOW_MS, 2 * NOW_MS),
    st.just(0) | st.integers(10, 600),
)


@given(st.lists(ENTRIES, max_size=5))
def test_what_is_written_is_read_as_the_same(entries: list[ListEntry]) -> None:
    findings: list[Finding] = []
    assert [fields(entry) for entry in read(entries_text(entries), findings)] == [fields(entry) for entry in entries]
    assert findings == []
