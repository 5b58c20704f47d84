"""Which campaign of before a group of now is: tables of what an analyst saw, and what holds for any groups."""

from hypothesis import given
from hypothesis import strategies as st

from tests.table import table
from triggers.campaigns.identity import Group, Identity, Named, identities

CALLERS = st.frozensets(st.sampled_from("abcdefghijklmnop"), min_size=1)


def written(text: str) -> list[tuple[frozenset[str], frozenset[str]]]:
    """`abc:XY def` are two groups: a, b and c, who called X and Y; d, e and f, of whom nobody says whom they called."""
    parts = [each.partition(":") for each in text.split()]
    return [(frozenset(callers), frozenset(called)) for callers, _, called in parts]


def answer(each: Identity) -> str:
    """`2`, `2+3` where 3 was merged into it, `new`, `new/2` where it was part of 2."""
    if not each.id:
        return f"new/{each.split_from}" if each.split_from else "new"
    return "+".join((each.id, *each.merged))


@table("""
    before           | now                | are             # 1 is the oldest
    abcde            | abcdef             | 1
    abcde pqrst      | pqrst abcde        | 2 1
    abcde            | vwxyz              | new
                     | abcde              | new
    abcdefghij       | abvwxyz            | new             # 2 of 15 in common
    abcdefghij       | abcxyz             | new/1           # 3 of 13, and half of it was part of 1
    abcdefg          | abcxyz             | 1               # 3 of 10: 0.3 is enough
    abcdef           | abcd ef            | 1 new/1         # the larger part keeps the name
    abcdef           | ef abcd            | new/1 1
    abcdef           | abc def            | 1 new/1         # of equal parts the first
    abcdefghi        | abc def ghi        | 1 new/1 new/1
    abc def          | abcdef             | 1+2
    def abc          | abcdef             | 1+2             # the oldest name, whoever is first now
    ab cdefgh        | abcdefgh           | 1+2             # also where the younger one is the larger
    ab cd ef         | abcdef             | 1+2+3
    abcd efgh        | abef cdgh          | 1 2             # both pairs share 2 of 6: the older is matched first
    abc:XYZ          | def:XYZ            | 1               # all numbers changed, and they call the same people
    abc:XYZ          | def:XYUVW          | 1               # 2 of 6
    abc:XYZ          | def:XUVWQ          | new             # 1 of 7
    abc:XYZ def:XYZ  | abcg:Q klm:XYZ     | 1 2             # callers come before the called
    abcdefgh ij      | abcdefgh           | 1               # 2 was not seen: it stays what it is
""")
def test_a_group_is_the_campaign_it_shares_most_with(before: str, now: str, are: str) -> None:
    known = [Named(str(place + 1), place, *each) for place, each in enumerate(written(before))]
    found = identities([Group(*each) for each in written(now)], known)
    assert " ".join(answer(each) for each in found) == are


@given(st.lists(CALLERS, max_size=6), st.lists(CALLERS, max_size=6))
def test_no_name_is_given_twice_and_a_merge_keeps_the_oldest(
    before: list[frozenset[str]], now: list[frozenset[str]]
) -> None:
    known = [Named(str(place), place, each) for place, each in enumerate(before)]
    found = identities([Group(each) for each in now], known)
    given_names = [name for each in found if each.id for name in (each.id, *each.merged)]
    assert len(given_names) == len(set(given_names))
    for each in found:
        assert all(int(each.id) < int(other) for other in each.merged)


@given(st.lists(CALLERS, max_size=6, unique=True))
def test_groups_that_do_not_change_keep_their_names(groups: list[frozenset[str]]) -> None:
    apart = [callers for place, callers in enumerate(groups) if not any(callers & other for other in groups[:place])]
    known = [Named(str(place), place, each) for place, each in enumerate(apart)]
    found = identities([Group(each) for each in reversed(apart)], known)
    assert [each.id for each in found] == [str(place) for place in reversed(range(len(apart)))]
    assert not any(each.merged for each in found)


@given(st.frozensets(st.integers(0, 99), min_size=2), st.data())
def test_of_two_parts_the_larger_keeps_the_name(callers: frozenset[int], data: st.DataObject) -> None:
    names = sorted(f"n{each}" for each in callers)
    size = data.draw(st.integers(1, len(names) - 1))
    parts = [frozenset(names[:size]), frozenset(names[size:])]
    found = identities([Group(each) for each in parts], [Named("1", 0, frozenset(names))])
    larger = 0 if len(parts[0]) >= len(parts[1]) else 1
    assert found[larger].id == "1"
    assert (found[1 - larger].id, found[1 - larger].split_from) == ("", "1")
