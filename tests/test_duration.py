from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tariffs.duration import duration_text, parse_duration

SECOND = 1_000_000_000

READ = """
    text            nanoseconds
    90s             90000000000
    1m30s           90000000000
    1.5h            5400000000000
    1h1m1s          3661000000000
    30s1h           3630000000000       # any order
    100ms           100000000
    1.5us           1500
    1µs             1000
    7ns             7
    60              60                  # a bare number is nanoseconds (or units), not seconds
    1.5             1                   # what is finer than a nanosecond is cut off
    .5s             500000000
    1.s             1000000000
    +5s             5000000000
    -1m5s           -65000000000        # one sign for all
    0               0
    *unlimited      -1
    0.0000000019s   1
    2562047h47m     9223372020000000000 # 292 years is the longest
"""

WRITTEN = """
    nanoseconds     text
    90000000000     1m30s
    5400000000000   1h30m
    3600000000000   1h
    1500000000      1.5s
    100000000       100ms
    1500            1.5us
    7               7ns
    0               0s
    -65000000000    -1m5s
    -1              *unlimited
"""


def rows(table: str) -> list[list[str]]:
    return [line.split("#")[0].split() for line in table.strip().splitlines()[1:]]


@pytest.mark.parametrize(("text", "expected"), rows(READ))
def test_text_is_read_as_nanoseconds(text: str, expected: str) -> None:
    assert parse_duration(text) == int(expected)


def test_nothing_is_zero() -> None:
    assert parse_duration("") == 0


@pytest.mark.parametrize(
    "text",
    [
        "sixty",
        "1e3",
        "5 s",
        " 5s",
        "5s ",
        "1m30",
        "s",
        ".",
        "-",
        "5parsec",
        "1s-1s",
        "*never",
        "٣s",
        "1h\n",
        "0x10",
        "2562048h",
        "9" * 60,
        "9" * 60 + "h",
    ],
)
def test_anything_else_is_refused_and_named(text: str) -> None:
    with pytest.raises(ValueError, match=r"duration|292 years"):
        parse_duration(text)


@pytest.mark.parametrize(("nanoseconds", "text"), rows(WRITTEN))
def test_nanoseconds_are_written_as_people_do(nanoseconds: str, text: str) -> None:
    assert duration_text(int(nanoseconds)) == text


@given(st.integers(min_value=-(2**63) + 1, max_value=2**63 - 1))
def test_what_is_written_is_read_back(nanoseconds: int) -> None:
    assert parse_duration(duration_text(nanoseconds)) == nanoseconds


@given(st.text())
def test_any_text_is_a_number_or_a_value_error(text: str) -> None:
    with suppress(ValueError):
        assert isinstance(parse_duration(text), int)
