"""What two groups of numbers have in common."""

from hypothesis import given
from hypothesis import strategies as st

from tests.table import table
from triggers.campaigns.overlap import overlap

NUMBERS = st.frozensets(st.sampled_from("abcdef"))


@table("""
    one  | other | share
    abcd | cde   | 0.4
    ab   | ab    | 1
    ab   | cd    | 0
    a    |       | 0
         |       | 0
""")
def test_overlap(one: str, other: str, share: str) -> None:
    assert overlap(set(one), set(other)) == float(share)


@given(NUMBERS, NUMBERS)
def test_it_is_the_same_either_way_and_whole_only_of_equals(one: frozenset[str], other: frozenset[str]) -> None:
    assert overlap(one, other) == overlap(other, one)
    assert (overlap(one, other) == 1) == (one == other and bool(one))
