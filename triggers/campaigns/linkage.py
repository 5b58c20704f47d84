"""Linkage: clusters that are one campaign, though their callers behave differently or come over different trunks.

    cluster  callers                 called in the last hour
    1        +3712000101 … 140       B1 … B300
    2        +4930111 … 4930119      B1 … B260        over another trunk: shares 260 of 300 with cluster 1
    3        +3712000801 … 820       B900 … B990      shares nobody, but the range +3712000 with cluster 1

All three are one. Two clusters are joined where they share at least three tenths of all numbers that either called in
the last hour, or where at least three tenths of all callers of either are in a range (seven digits) that both use: a
single number of a large domestic range says nothing. What is joined to the same cluster is joined to each other.
"""

from typing import Final

from triggers.campaigns.caller_profile import CallerProfile
from triggers.campaigns.overlap import overlap

SHARED: Final = 0.3
HOUR_MS: Final = 3_600_000


def linked(clusters: list[list[CallerProfile]], at_ms: int) -> list[list[CallerProfile]]:
    """The same callers in as many groups as there are campaigns; the largest first."""
    called = [_called(cluster, at_ms - HOUR_MS) for cluster in clusters]
    group_of = list(range(len(clusters)))
    for one, other in _acquainted(clusters, called):
        apart = group_of[one] != group_of[other]
        if apart and _belong(clusters[one], clusters[other], called[one], called[other]):
            _join(group_of, one, other)
    return _gathered(clusters, group_of)


def _acquainted(clusters: list[list[CallerProfile]], called: list[set[str]]) -> list[tuple[int, int]]:
    """Those pairs alone that have a called number or a range in common: most of thousands have nothing."""
    places = dict[str, list[int]]()
    for place, cluster in enumerate(clusters):
        for name in called[place] | {f"range {one.range}" for one in cluster if one.range}:
            places.setdefault(name, []).append(place)
    pairs = set[tuple[int, int]]()
    for known in places.values():
        for at, one in enumerate(known):
            for other in known[at + 1 :]:
                pairs.add((one, other))
    return sorted(pairs)


def _belong(one: list[CallerProfile], other: list[CallerProfile], called: set[str], also: set[str]) -> bool:
    return overlap(called, also) >= SHARED or _in_common_ranges(one, other) >= SHARED


def _called(cluster: list[CallerProfile], since_ms: int) -> set[str]:
    found = set[str]()
    for one in cluster:
        found |= one.called_since(since_ms)
    return found


def _in_common_ranges(one: list[CallerProfile], other: list[CallerProfile]) -> float:
    """The share of all callers that are in a range which both clusters use."""
    common = {each.range for each in one if each.range} & {each.range for each in other}
    if not common:
        return 0.0
    count = 0
    for each in [*one, *other]:
        if each.range in common:
            count += 1
    return count / (len(one) + len(other))


def _join(group_of: list[int], one: int, other: int) -> None:
    keeps, goes = group_of[one], group_of[other]
    for place in range(len(group_of)):
        if group_of[place] == goes:
            group_of[place] = keeps


def _gathered(clusters: list[list[CallerProfile]], group_of: list[int]) -> list[list[CallerProfile]]:
    groups = dict[int, list[CallerProfile]]()
    for place, cluster in enumerate(clusters):
        groups.setdefault(group_of[place], []).extend(cluster)
    found = [sorted(members, key=_number) for members in groups.values()]
    return sorted(found, key=_size_and_first)


def _number(one: CallerProfile) -> str:
    return one.number


def _size_and_first(members: list[CallerProfile]) -> tuple[int, str]:
    return (-len(members), members[0].number)
