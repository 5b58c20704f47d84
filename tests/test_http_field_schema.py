"""What the OpenAPI page says of times and texts is what is read."""

import re
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from ratingd.http.field_schema import EPOCH_TEXT, RFC_3339, TEXT_PATTERN, TEXT_SIGNS
from ratingd.ingest.event_fields import EARLIEST_MS, LATEST_MS, text_of, time_of


def is_day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def test_every_day_that_is_one_is_told_and_no_other() -> None:
    for year in range(1974, 2200):
        for month in range(1, 13):
            for day in range(1, 32):
                written = f"{year}-{month:02}-{day:02}T12:00:00Z"
                assert bool(re.fullmatch(RFC_3339, written)) == is_day(year, month, day), written


@given(st.from_regex(re.compile(f"{RFC_3339}|{EPOCH_TEXT}"), fullmatch=True))
def test_every_time_that_is_told_is_read(written: str) -> None:
    assert EARLIEST_MS <= time_of("timestamp", written) < LATEST_MS


@given(st.text(st.characters(max_codepoint=0xFFFF).filter(TEXT_SIGNS.fullmatch), max_size=200))
def test_every_text_that_is_told_is_read(text: str) -> None:
    assert re.search(TEXT_PATTERN, text)
    assert text_of("call_id", text) == text
