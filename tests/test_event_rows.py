"""Rows of CSV and of JSON lines: what is taken as meant, and every bad row named without harm to its neighbours."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratingd.ingest.event_rows import ROW_BYTES_MAX, FileRefused, Lines, Row, RowFault, csv_rows, jsonl_rows

Found = list[tuple[int, object]]


def read(content: bytes, delimiter: str = "", needed: str = "a") -> Found:
    rows = csv_rows(Lines(io.BytesIO(content)), delimiter, lambda header: [] if needed in header else [needed])
    return [shown(row) for row in rows]


def read_json(content: bytes) -> Found:
    return [shown(row) for row in jsonl_rows(Lines(io.BytesIO(content)))]


def shown(row: Row | RowFault) -> tuple[int, object]:
    return (row.line, dict(row.values)) if isinstance(row, Row) else (row.line, f"{row.column}: {row.reason}")


@pytest.mark.parametrize(
    "content",
    [
        b"a,b\n1,2\n",
        b"a,b\r\n1,2\r\n",
        b"\xef\xbb\xbfa,b\r\n1,2",
        b"a;b\n1;2\n",
        b"a\tb\n1\t2\n",
        b"a|b\n1|2\n",
        b'"a","b"\n"1","2"\n',
        b" a , b \n 1 , 2 \n",
        b"#a,b\n1,2\n",
    ],
)
def test_ways_to_write_one_row(content: bytes) -> None:
    assert read(content) == [(2, {"a": "1", "b": "2"})]


def test_a_delimiter_that_is_given_holds() -> None:
    assert read(b"a;b,c\n1;2,3\n", ";") == [(2, {"a": "1", "b,c": "2,3"})]


def test_quotes_hold_delimiters_quotes_and_lines() -> None:
    assert read(b'a,b\n"1,""x""\r\n2",3\n4,5\n') == [(2, {"a": '1,"x"\r\n2', "b": "3"}), (4, {"a": "4", "b": "5"})]


def test_blank_lines_say_nothing_and_are_counted() -> None:
    assert read(b"a,b\n\n  \n1,2\n\n") == [(4, {"a": "1", "b": "2"})]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (b"1", "b: has 1 cells, and the header names 2 columns"),
        (b"1,2,3", ": has 3 cells, and the header names 2 columns"),
        (b"1,\xff", "b: is not UTF-8; write the file in UTF-8"),
        (b'1,"2"x', ": is no CSV: ',' expected after '\"'"),
        (b'1,"2', ": the file ends within quotes; a quote is open that should be closed"),
        (b"1," + b"x" * ROW_BYTES_MAX, f": has more than {ROW_BYTES_MAX} bytes, which no row of calls has"),
    ],
)
def test_a_row_that_is_none_is_named_and_the_next_is_read(row: bytes, said: str) -> None:
    assert read(b"a,b\n" + row + b"\n5,6\n") == [(2, said), (3, {"a": "5", "b": "6"})]


def test_an_open_quote_swallows_nothing() -> None:
    lines = b"".join(b"%d,%d\n" % (number, number) for number in range(40_000))
    found = read(b'a,b\n1,"2\n' + lines)
    assert found[0] == (2, f": a cell has more than {ROW_BYTES_MAX} characters; is a quote open that should be closed?")
    assert [row[0] for row in found] == list(range(2, 40_003))
    assert found[-1] == (40_002, {"a": "39999", "b": "39999"})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty: a header is wanted"),
        (b"b,c\n1,2\n", "lacks the column a; its header names b, c. Is it the right --map?"),
        (b"a,a\n", "names the column 'a' twice"),
        (b"a" * (ROW_BYTES_MAX + 1), "has no header: line 1 has more than"),
        (b'a,"b"x\n', "has no header in line 1"),
    ],
)
def test_a_file_without_a_usable_header_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(FileRefused, match=said.replace(".", r"\.").replace("?", r"\?")):
        read(content)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"a": 1', ": is no JSON: character 8: Expecting ',' delimiter"),
        (b"[1]", ": an object is wanted: {…}"),
        (b'{"a": NaN}', ": is no JSON: NaN is no number of JSON"),
        (b'{"a": "\xff"}', ": is not UTF-8; write the file in UTF-8"),
        (b"[" * 100_000, ": is no call: lists lie in lists too deep to be read"),
        (b" " * (ROW_BYTES_MAX + 1), f": has more than {ROW_BYTES_MAX} bytes, which no row of calls has"),
    ],
)  # fmt: skip
def test_a_line_that_is_no_object_is_named_and_the_next_is_read(line: bytes, said: str) -> None:
    assert read_json(line + b'\n\n{"a": 5}\n') == [(1, said), (3, {"a": 5})]


def test_a_fault_shows_the_row_as_it_stands_there() -> None:
    (fault,) = csv_rows(Lines(io.BytesIO(b"a,b\n1,\xff\n")), "", lambda header: [])
    assert isinstance(fault, RowFault)
    assert (fault.text, str(fault)) == ("1,\\xff", "2: b: is not UTF-8; write the file in UTF-8")


@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20)), max_size=20), st.sampled_from(",;\t|"))
def test_what_was_written_is_read(rows: list[tuple[str, str]], delimiter: str) -> None:
    quoted = [delimiter.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    content = "\n".join([f"a{delimiter}b", *quoted]) + "\n"
    found = read(content.encode("utf-8", "surrogatepass"))
    sound = [row for row in found if isinstance(row[1], dict)]
    whole = [
        row
        for row in rows
        if all(cell.isprintable() or cell.encode("utf-8", "ignore").decode() == cell for cell in row)
    ]
    assert [tuple(values.values()) for _, values in sound if isinstance(values, dict)] == [
        (a.strip(), b.strip()) for a, b in whole
    ]
    assert len(found) == len(rows)


@given(st.binary(max_size=300))
def test_no_bytes_end_in_anything_but_rows_and_faults(content: bytes) -> None:
    for row in read_json(content) + read(b"a\n" + content):
        assert row[0] >= 1
        json.dumps(row[1])
