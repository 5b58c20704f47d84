"""What is kept in parts is the same as what is kept whole."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from triggers.spread import FEW, PARTS, Leaving, Spread

KEYS = st.integers(0, 40).map(str)


@given(st.lists(st.tuples(st.booleans(), KEYS)), st.booleans())
@settings(max_examples=60)
def test_it_is_a_dictionary(steps: list[tuple[bool, str]], large: bool) -> None:
    spread, whole = Spread[int](), dict[str, int]()
    for number in range(FEW + 1 if large else 0):
        spread.put(f"k{number}", number)
        whole[f"k{number}"] = number
    for number, (put, key) in enumerate(steps):
        if put:
            spread.put(key, number)
            whole[key] = number
        else:
            assert spread.pop(key) == whole.pop(key, None)
        assert (len(spread), spread.get(key), key in spread) == (len(whole), whole.get(key), key in whole)
    assert {key: spread.get(key) for key in spread} == whole


def test_what_leaves_goes_part_by_part() -> None:
    spread, leaving = Spread[int](), Leaving[int]()
    for number in range(2 * FEW):
        spread.put(str(number), number)
    left = [len(list(spread))]
    leaving.take(spread)
    for _ in range(100 * (PARTS + 1)):
        leaving.step()
        left.append(len(list(spread)))
    steps = {before - after for before, after in pairwise(left)}
    assert left[0] == 2 * FEW
    assert left[-1] == 0
    assert max(steps) < 2 * FEW // PARTS * 2
