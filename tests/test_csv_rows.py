import csv
import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tariffs.csv_rows import Row, parse_number, read_rows
from tariffs.fault import Finding, Severity
from tariffs.zone import UTC

COLUMNS = ("Id", "Value")


def read(text: str | bytes, columns: tuple[str, ...] = COLUMNS) -> tuple[list[Row], list[Finding]]:
    findings: list[Finding] = []
    data = text if isinstance(text, bytes) else text.encode()
    return read_rows("F.csv", data, columns, findings), findings


def cells(text: str | bytes) -> list[list[str]]:
    rows, findings = read(text)
    assert findings == []
    return [row.cells for row in rows]


def cell(value: str) -> tuple[Row, list[Finding]]:
    rows, findings = read(f'a,"{value}"\n')
    return rows[0], findings


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b\nc,d\n", [["a", "b"], ["c", "d"]]),
        ("a,b\r\nc,d\r\n", [["a", "b"], ["c", "d"]]),
        ("a,b", [["a", "b"]]),  # no last line end
        ("a,b\r", [["a", "b"]]),
        ("\ufeffa,b\n", [["a", "b"]]),  # a byte-order mark
        ("\ufeff#Id,Value\na,b\n", [["a", "b"]]),  # before a comment too
        ('#x\na,b\n#"open\nc,#d\n', [["a", "b"], ["c", "#d"]]),
        ("\n\n \t\na,b\n\n", [["a", "b"]]),
        (" a , b\n", [[" a ", " b"]]),  # blanks belong to the cell
        (",\n", [["", ""]]),
        ('"a,b","c ""d"""\n', [["a,b", 'c "d"']]),
        ('a,"x\r\n#y\n\nz"\nc,d\n', [["a", "x\n#y\n\nz"], ["c", "d"]]),  # a quoted cell breaks lines
        ('"",""\n', [["", ""]]),
        ('"#a",b\n', [["#a", "b"]]),
        ("é,–\n", [["é", "–"]]),
        ("", []),
    ],
)
def test_text_is_read_as_rows(text: str, expected: list[list[str]]) -> None:
    assert cells(text) == expected


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("a,b\na\n", (2, 0), "wrong number of fields: 1 found, 2 wanted"),
        ("a,b,c\n", (1, 0), "wrong number of fields: 3 found, 2 wanted"),
        (" #a\n", (1, 0), "wrong number of fields: 1 found"),
        ('a,b"c\n', (1, 2), "a bare quote in an unquoted cell"),
        ('"a"b,c\n', (1, 1), "text follows the closing quote"),
        ('x,y\na,"b\nc,d\n', (2, 2), "a quote is opened and never closed"),
        (b"x,y\na,\xff\n", (2, 2), "not valid UTF-8 text: \\xff"),
        (b"a\x00,b\n", (1, 1), "not valid UTF-8 text: a\\x00"),
        ("a,b\n".encode("utf-16"), (1, 0), "UTF-16"),
    ],
)
def test_a_broken_row_is_reported_with_its_place(text: str | bytes, place: tuple[int, int], said: str) -> None:
    _, findings = read(text)
    assert [(finding.line, finding.column) for finding in findings] == [place]
    assert said in findings[0].message
    assert findings[0].severity is Severity.FAULT
    assert findings[0].file == "F.csv"


def test_reading_goes_on_after_each_fault() -> None:
    rows, findings = read(b'a\nb,1\nc,"2\nd,3"x\ne,\xe9\nf,4"\n"g",5\n')
    assert [row.cells for row in rows] == [["b", "1"], ["g", "5"]]
    assert [finding.line for finding in findings] == [1, 4, 4, 5, 6]


def test_a_row_that_breaks_lines_counts_from_where_it_begins() -> None:
    rows, _ = read('a,"1\n2"\nb,3\n')
    assert [row.line for row in rows] == [1, 3]


def test_a_finding_reads_like_a_compiler_message() -> None:
    row, findings = cell("0;4")
    assert row.decimal("Value") == 0
    assert str(findings[0]) == (
        "F.csv:1:2: fault: Value is not a number: '0;4' (a number such as 0.25, -1 or 6e-1; empty is 0)"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.1", (1, 1)), ("6e-1", (6, 1)), ("-0.6", (-6, 1)), (".5", (5, 1)), ("+1", (1, 0)), ("1.", (1, 0)),
        ("0.10", (1, 1)), ("1e3", (1000, 0)), ("1.5E2", (150, 0)), ("-0", (0, 0)), ("0.000000000000001", (1, 15)),
        ("", None), ("abc", None), (" 1", None), ("1 ", None), ("1,5", None), ("NaN", None), ("Inf", None),
        ("1e999", None), ("1e-999", None), ("0x1p-2", None), ("1_000", None), ("٣", None), ("--1", None), ("e5", None),
        ("9" * 200, None),
    ],
)  # fmt: skip
def test_a_number_is_exact(text: str, expected: tuple[int, int] | None) -> None:
    assert parse_number(text) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [("NaN", "finite"), ("-inf", "finite"), ("1e99", "too many digits"), ("x", "not a number")],
)
def test_what_is_no_number_is_named_and_reads_as_nothing(text: str, said: str) -> None:
    row, findings = cell(text)
    assert row.given_decimal("Value") is None
    assert said in findings[0].message


def test_a_weight_keeps_all_its_digits() -> None:
    text = "1234567890123456789012345678901234567890.123"
    assert cell(text)[0].decimal("Value") == Decimal(text)
    assert [str(cell(text)[0].decimal("Value")) for text in ("10", "10.50", "-.5")] == ["10", "10.5", "-0.5"]


def test_an_amount_has_at_most_nine_decimals() -> None:
    row, findings = cell("0.1234567891")
    assert row.nano("Value") == 0
    assert "more than 9 decimals" in findings[0].message
    row, findings = cell("-1.5000000000000")
    assert row.nano("Value") == -1_500_000_000
    assert findings == []


@pytest.mark.parametrize("text", ["1", "t", "T", "TRUE", "true", "True"])
def test_yes(text: str) -> None:
    assert cell(text)[0].given_flag("Value") is True


@pytest.mark.parametrize("text", ["0", "f", "F", "FALSE", "false", "False"])
def test_no_is_given(text: str) -> None:
    assert cell(text)[0].given_flag("Value") is False


def test_nothing_is_no_but_not_given() -> None:
    row, findings = cell("")
    assert (row.given_flag("Value"), row.flag("Value")) == (None, False)
    assert (row.given_decimal("Value"), row.decimal("Value"), row.integer("Value")) == (None, Decimal(0), 0)
    assert (row.duration("Value"), row.instant("Value", now_ns=0, zone=UTC)) == (0, None)
    assert (row.items("Value"), row.names("Value")) == ((), None)
    assert findings == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*any", None),
        ("*zero", {}),
        (" DST_A ; !DST_B;;", {"DST_A": True, "DST_B": False}),
        ("*any;DST_A", {"*any": True, "DST_A": True}),
    ],
)
def test_a_list_of_names(text: str, expected: dict[str, bool] | None) -> None:
    row, findings = cell(text)
    assert row.names("Value") == expected
    assert findings == []


def test_each_kind_of_cell_reports_what_it_cannot_read() -> None:
    row, findings = cell("maybe; a;!a;!")
    row.flag("Value")
    row.integer("Value")
    row.duration("Value")
    row.instant("Value", now_ns=0, zone=UTC)
    row.names("Value")
    assert [finding.message.partition(":")[0] for finding in findings] == [
        "Value is neither true nor false",
        "Value is not a whole number",
        "Value is not a duration",
        "Value is not an instant",
        "Value both includes and excludes 'a'",
        "Value excludes nothing",
    ]
    assert all(finding.allowed for finding in findings)


@pytest.mark.parametrize("text", ["4.5", "9223372036854775808", "1e3", " 1", "1" * 5000])
def test_what_is_no_whole_number_is_a_fault(text: str) -> None:
    row, findings = cell(text)
    assert row.integer("Value") == 0
    assert len(findings) == 1
    assert len(findings[0].found) <= 80


def test_warnings_alike_are_cut_short_but_faults_never() -> None:
    rows, findings = read("a,b\n" * 300)
    for row in rows:
        row.warn("Value", "is odd", "even")
        row.fault("Id", "is wrong")
    warnings = [finding for finding in findings if finding.severity is Severity.WARNING]
    assert len(warnings) == 100
    assert "more rows alike" in warnings[-1].allowed
    assert len(findings) - len(warnings) == 300


TEXT = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=8)


@given(st.lists(st.tuples(TEXT, TEXT)))
def test_what_a_spreadsheet_writes_is_read_back(table: list[tuple[str, str]]) -> None:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows(table)
    assert cells(b"\xef\xbb\xbf" + out.getvalue().encode()) == [list(row) for row in table]


@given(st.binary() | st.text(alphabet='a,"\n\r#', max_size=40).map(str.encode))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    rows, findings = read(data)
    for row in rows:
        assert len(row.cells) == 2
        for reading in (row.number, row.nano, row.integer, row.flag, row.duration, row.names):
            reading("Value")
        row.instant("Value", now_ns=0, zone=UTC)
    for finding in findings:
        str(finding).encode()
        assert finding.line >= 1


@given(st.text(alphabet='a,"\n#', max_size=60))
def test_every_line_is_in_a_row_a_finding_a_comment_or_a_quote(text: str) -> None:
    rows, findings = read(text)
    seen = {row.line for row in rows} | {finding.line for finding in findings}
    first = next((n for n, line in enumerate(text.split("\n"), 1) if line.strip() and line[0] != "#"), None)
    assert first is None or min(seen) >= first
    assert first is None or seen
