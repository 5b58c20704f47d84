"""Clusters that are one campaign: by whom they call, or by the range they are in."""

from hypothesis import given
from hypothesis import strategies as st

from tests.caller_profiles import AT_MS, profile
from tests.table import table
from triggers.campaigns.caller_profile import CallerProfile
from triggers.campaigns.linkage import linked

HOUR_MS = 3_600_000


def read(text: str) -> list[list[CallerProfile]]:
    """`a:XY b@371200:Z / c:XY` are two: a and b, of whom b is in a range, and c."""
    return [[one(each) for each in cluster.split()] for cluster in text.split("/")]


def one(text: str) -> CallerProfile:
    caller, _, called = text.partition(":")
    number, _, range = caller.partition("@")
    return profile(number, called, range=range)


@table("""
    clusters                                | together     # members of each, callers in order
    a:XYZ b:XYZ / c:XYZ d:X                 | abcd         # the same people
    a:XYZ / b:UVW                           | a b
    a:STXYZ b:ABCDE / c:XYZQR               | ab c         # 3 of 12 is a quarter
    a:STXYZ / b:XYZQR                       | ab           # 3 of 7
    a:XY / b:YZ / c:ZW                      | abc          # one in three each: through b they are one
    a@1:X b@1:Y / c@1:Z d@2:W               | abcd         # three of four are in range 1, which both use
    a@1:X b@2:Y c@2:Q / d@1:Z e@3:W f@3:V g@3:U | abc defg  # two of seven
    a:X b:Y / c:Z                           | ab c         # whose range nobody knows has none in common
""")
def test_clusters_are_joined(clusters: str, together: str) -> None:
    found = linked(read(clusters), AT_MS)
    assert sorted("".join(each.number for each in members) for members in found) == sorted(together.split())


def test_whom_they_called_two_hours_ago_joins_nobody() -> None:
    groups = [[profile(number, "XYZ", last_ms=AT_MS - 2 * HOUR_MS)] for number in "ab"]
    assert len(linked(groups, AT_MS)) == 2


@given(st.lists(st.lists(st.tuples(st.text("XYZUV", min_size=1, max_size=3), st.sampled_from(["", "1", "2"])),
                         min_size=1, max_size=4), max_size=5))  # fmt: skip
def test_nobody_is_lost_or_counted_twice(drawn: list[list[tuple[str, str]]]) -> None:
    groups = [
        [profile(f"{place}.{each}", called, range=range) for each, (called, range) in enumerate(members)]
        for place, members in enumerate(drawn)
    ]
    found = linked(groups, AT_MS)
    numbers = [one.number for members in found for one in members]
    assert sorted(numbers) == sorted(one.number for members in groups for one in members)
    assert [len(members) for members in found] == sorted([len(members) for members in found], reverse=True)
