import pytest
from hypothesis import given
from hypothesis import strategies as st

from tariffs.instant import instant_text, parse_instant
from tariffs.zone import UTC, zone

BERLIN = zone("Europe/Berlin")
NOW = UTC.instant(2026, 1, 31, 36_000 * 10**9)  # 10:00, 11:00 in Berlin

# What is written, the zone of the tariff, and the instant meant; now is 2026-01-31T10:00:00Z.
READ = """
    2014-01-14T00:00:00Z              | Berlin | 2014-01-14T00:00:00Z
    2014-01-14T00:00:00.5+02:00       | Berlin | 2014-01-13T22:00:00.5Z
    2014-01-14T00:00:00               | Berlin | 2014-01-13T23:00:00Z
    2014-01-14 00:00:00               | Berlin | 2014-01-13T23:00:00Z
    2014-07-14 00:00:00               | Berlin | 2014-07-13T22:00:00Z
    2014-01-14 00:00:00               | UTC    | 2014-01-14T00:00:00Z
    2014-01-14 00:00:00.999 +0000 UTC | Berlin | 2014-01-14T00:00:00.999Z
    2014-01-14 00:00:00 +0200 +0200   | Berlin | 2014-01-13T22:00:00Z
    20140114083000                    | UTC    | 2014-01-14T08:30:00Z
    20140114083000.125                | UTC    | 2014-01-14T08:30:00.125Z
    14.01.2014 08:30:00               | UTC    | 2014-01-14T08:30:00Z
    14.01.2014  08:30:00              | UTC    | 2014-01-14T08:30:00Z
    14/01/2014 08:30:00               | UTC    | 2014-01-14T08:30:00Z
    1389659400                        | Berlin | 2014-01-14T00:30:00Z
    1389659400123                     | Berlin | 2014-01-14T00:30:00.123Z
    1389659400123456                  | Berlin | 2014-01-14T00:30:00.123456Z
    1389659400123456789               | Berlin | 2014-01-14T00:30:00.123456789Z
    *now                              | UTC    | 2026-01-31T10:00:00Z
    +90m                              | UTC    | 2026-01-31T11:30:00Z
    -1h                               | UTC    | 2026-01-31T09:00:00Z
    *daily                            | UTC    | 2026-02-01T10:00:00Z
    *monthly                          | UTC    | 2026-03-03T10:00:00Z   # 31 February overflows
    *monthly_estimated                | UTC    | 2026-02-28T10:00:00Z   # or is clipped
    *yearly                           | UTC    | 2027-01-31T10:00:00Z
    *month_end                        | UTC    | 2026-01-31T23:59:59Z
    *month_end                        | Berlin | 2026-01-31T22:59:59Z
    *month_end+1h                     | UTC    | 2026-02-01T00:59:59Z
    *mo+1h                            | UTC    | 2026-03-03T11:00:00Z
    2026-03-29 02:30:00               | Berlin | 2026-03-29T01:00:00Z   # no such wall time: when 03:00 began
    9999-12-31 00:00:00               | UTC    | 2262-04-11T23:47:16.854775807Z
    0001-01-02 00:00:00               | UTC    | 1677-09-21T00:12:43.145224192Z
"""


@pytest.mark.parametrize("row", READ.strip().splitlines())
def test_text_names_an_instant(row: str) -> None:
    text, place, expected = (cell.strip() for cell in row.split("#")[0].split("|"))
    found = parse_instant(text, now_ns=NOW, zone=BERLIN if place == "Berlin" else UTC)
    assert found is not None
    assert instant_text(found) == expected


@pytest.mark.parametrize("text", ["", "  ", "0", "*unlimited", " *unlimited\t", "0001-01-01T00:00:00Z"])
def test_no_instant_is_never_or_always(text: str) -> None:
    assert parse_instant(text, now_ns=NOW, zone=UTC) is None


def test_blanks_around_a_text_do_not_matter() -> None:
    assert parse_instant(" 1389659400 ", now_ns=NOW, zone=UTC) == 1_389_659_400 * 10**9


@pytest.mark.parametrize(
    "text",
    [
        "2014-13-14",
        "2014-13-14T00:00:00Z",
        "2014-02-30 00:00:00",
        "2014-01-14T24:00:00Z",
        "2014-01-14T00:60:00Z",
        "2014-01-14T00:00:00z",
        "2014-01-14 8:30:00",
        "12345",
        "tomorrow",
        "*never",
        "*monthly+1h",
        "*month_end-1h",
        "+soon",
        "+",
        "0000-01-01 00:00:00",
        "2014-01-14T00:00:00+99:00",
        "2014-01-14T00:00:00.1234567890Z",
        "２０14-01-14T00:00:00Z",
    ],
)
def test_anything_else_is_refused_with_the_text(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not an instant|no clock|no calendar|no offset"):
        parse_instant(text, now_ns=NOW, zone=UTC)


def test_a_month_later_keeps_the_wall_time_over_a_clock_change() -> None:
    before = BERLIN.instant(2026, 3, 15, 8 * 3600 * 10**9)
    assert parse_instant("*monthly", now_ns=before, zone=BERLIN) == BERLIN.instant(2026, 4, 15, 8 * 3600 * 10**9)


@given(st.integers(min_value=-(2**63) + 1, max_value=2**63 - 1))
def test_what_is_written_is_read_back(instant_ns: int) -> None:
    assert parse_instant(instant_text(instant_ns), now_ns=0, zone=BERLIN) == instant_ns


@given(st.text(alphabet="0123456789-+:.TZ */abcmnothy_e ", max_size=30), st.integers(-(2**63), 2**63 - 1))
def test_any_text_is_an_instant_or_a_value_error(text: str, now_ns: int) -> None:
    for place in (UTC, BERLIN):
        try:
            found = parse_instant(text, now_ns=now_ns, zone=place)
        except ValueError:
            continue
        assert found is None or -(2**63) <= found < 2**63


@given(
    st.sampled_from(["*daily", "*monthly", "*monthly_estimated", "*yearly", "*month_end", "*mo+1h", "+1h"]),
    st.integers(min_value=-(2**62), max_value=2**62),
)
def test_a_word_never_lies_in_the_past(word: str, now_ns: int) -> None:
    found = parse_instant(word, now_ns=now_ns, zone=BERLIN)
    assert found is not None
    assert found > now_ns or (word == "*month_end" and found > now_ns - 10**9)
