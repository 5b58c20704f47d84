"""Who calls whom, in a picture of five hundred nodes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.caller_profiles import AT_MS, profile
from triggers.campaigns.caller_profile import CallerProfile, Contact
from triggers.campaigns.campaign import called_by
from triggers.campaigns.campaign_graph import CampaignGraph, Node, cut, graph, joined

NAMES = st.sampled_from("abcdefgh")


def drawn(members: list[CallerProfile], id: str = "CMP-2026-1", nodes_max: int = 500) -> CampaignGraph:
    return graph(id, 85.0, members, len(called_by(members)), 2.0, nodes_max)


def test_two_callers_three_called_one_trunk() -> None:
    one = profile("+371", ["x", "y"], risk=90, trunks={"t-1": 2.0})
    other = profile("+372", ["y", "z"], risk=80, trunks={"t-1": 2.0, "t-2": 1.0})
    one.called["y"] = Contact(3.0, AT_MS - 5)
    one.calls = 4
    found = drawn([one, other])
    assert [(each.id, each.risk, each.calls) for each in found.nodes] == [
        ("CMP-2026-1", 85, 6), ("trunk:t-1", 85, 4), ("trunk:t-2", 80, 1),
        ("caller:+371", 90, 4), ("caller:+372", 80, 2),
        ("callee:y", 90, 4), ("callee:x", 90, 1), ("callee:z", 80, 1),
    ]  # fmt: skip
    edges = {(each.source, each.target): [each.calls, each.weight, each.last_ms] for each in found.edges}
    assert edges["caller:+371", "callee:y"] == [3, 0.75, AT_MS - 5]
    assert edges["caller:+371", "CMP-2026-1"] == [4, 1, AT_MS]
    assert len(edges) == 2 + 3 + 4
    assert (found.node_count, found.edge_count, found.truncated) == (8, 9, False)
    assert found.density == pytest.approx(4 / 6)


def test_of_many_the_worst_are_shown_and_half_the_places_are_left_to_whom_they_call() -> None:
    members = [profile(f"c{each:04}", [f"{each}-{b}" for b in range(4)], risk=each / 10) for each in range(700)]
    found = drawn(members)
    kinds = [each.kind for each in found.nodes]
    assert (len(found.nodes), found.truncated) == (500, True)
    assert (found.node_count, found.edge_count) == (1 + 1 + 700 + 2_800, 700 * 6)
    assert kinds.count("caller") == 249
    assert min(each.risk for each in found.nodes if each.kind == "caller") == pytest.approx(45.1)


def test_callers_without_anybody_called_take_all_places() -> None:
    found = drawn([profile(f"c{each}") for each in range(700)])
    assert [each.kind for each in found.nodes].count("caller") == 498


def test_two_campaigns_share_a_trunk_and_a_victim() -> None:
    graphs = [drawn([profile("1", "xy")], "CMP-2026-1"), drawn([profile("2", "yz")], "CMP-2026-2")]
    whole = joined(graphs)
    assert (whole.node_count, whole.edge_count, len(whole.nodes)) == (8, 8, 8)
    assert {each.label: each.calls for each in whole.nodes if each.kind == "callee"} == {"x": 1, "y": 2, "z": 1}
    assert whole.velocity == 4
    assert joined([]).nodes == []


@given(st.lists(st.tuples(st.sets(NAMES), st.integers(0, 100)), min_size=1, max_size=8), st.integers(3, 30))
def test_edges_are_between_nodes_that_are_shown(drawing: list[tuple[set[str], int]], nodes_max: int) -> None:
    members = [profile(f"c{each}", called, risk=risk) for each, (called, risk) in enumerate(drawing)]
    for found in (drawn(members, nodes_max=nodes_max), joined([drawn(members), drawn(members, "2")], nodes_max)):
        ids = {each.id for each in found.nodes}
        assert len(ids) == len(found.nodes) <= nodes_max
        assert all(each.source in ids and each.target in ids for each in found.edges)
        assert found.truncated == (len(ids) < found.node_count)
        assert 0 <= found.density <= 1
        assert all(0 < each.weight <= 1 for each in found.edges)


@given(st.lists(st.tuples(st.sampled_from(["campaign", "trunk", "caller", "callee"]), st.integers(0, 9)), max_size=40))
def test_no_place_is_left_empty(drawing: list[tuple[str, int]]) -> None:
    nodes = [Node(kind, str(place), risk, "1", 1) for place, (kind, risk) in enumerate(drawing)]
    marks = sum(kind in ("campaign", "trunk") for kind, _ in drawing)
    assert len(cut(nodes, 20)) == min(20, len(nodes) - max(0, marks - 10) if len(nodes) > 20 else len(nodes))
