"""Compact JSON is what the standard library makes of it, without a blank."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratingd.engine.compact import compact

SCALARS = st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.text()
DOCUMENTS = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@given(DOCUMENTS)
def test_is_what_json_makes_of_it(document: object) -> None:
    assert compact(document) == json.dumps(document, separators=(",", ":"))


def test_what_json_has_no_form_for() -> None:
    with pytest.raises(TypeError, match="not JSON serializable"):
        compact([1, object()])
    with pytest.raises(ValueError, match="not JSON compliant"):
        compact(float("nan"))
