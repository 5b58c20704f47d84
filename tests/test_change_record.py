"""Changes are stored as JSON writes them, whether they are written by hand or by the encoder."""

import json

from hypothesis import given
from hypothesis import strategies as st

from accounts.book import Change
from accounts.quoted_name import quoted_name
from ratingd.engine.change_record import changes_text

TEXTS = st.text(max_size=8)
NUMBERS = st.integers(-(10**24), 10**24)
CHANGES: st.SearchStrategy[Change] = st.one_of(
    st.tuples(st.just("value"), TEXTS, NUMBERS, NUMBERS),
    st.tuples(st.just("count"), TEXTS, TEXTS, TEXTS, TEXTS, TEXTS, NUMBERS, NUMBERS),
    st.tuples(st.just("trigger"), TEXTS, TEXTS, st.booleans(), st.none() | NUMBERS),
    st.tuples(st.just("set"), TEXTS, st.booleans() | st.lists(TEXTS)),
    st.tuples(st.just("removed")),
)


@given(st.lists(CHANGES, max_size=6))
def test_is_what_json_makes_of_them(changes: list[Change]) -> None:
    expected = json.dumps(changes, separators=(",", ":"))
    assert changes_text(changes) == expected
    assert changes_text(changes) == expected  # of what is remembered since


@given(TEXTS)
def test_names_are_quoted_as_json_quotes_them(name: str) -> None:
    assert [quoted_name(name), quoted_name(name)] == [json.dumps(name)] * 2
