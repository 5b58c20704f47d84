"""The graph of a campaign: who calls whom over which trunk, small enough to be drawn.

Eight callers of CMP-2026-12 called 470 numbers over one trunk: 480 nodes with the campaign's own, and edges from each
caller to the campaign, to the trunk and to each number he called. Of a campaign with 3,000 callers at most 500 nodes
are shown, those of the greatest risk first, and `truncated` says so; callers take half of the places at most, for a
picture of callers alone says nothing. `node_count` and `edge_count` are those of the whole.

The risk of a number that is called is that of the worst caller who called it, and that of a trunk the mean of its
callers. `weight` is which share of all calls of the source went over the edge. `density` is how many of the pairs of a
caller and a called number there are calls between: 0.13 where eight callers made 500 calls to 470 different numbers.
"""

from typing import Final

from triggers.campaigns.caller_profile import CallerProfile

CAMPAIGN: Final = "campaign"
CALLER: Final = "caller"
CALLEE: Final = "callee"
TRUNK: Final = "trunk"
KINDS: Final = (CAMPAIGN, TRUNK, CALLER, CALLEE)
NODES_MAX: Final = 500


class Node:
    __slots__ = ("calls", "campaign_id", "kind", "label", "risk")

    def __init__(self, kind: str, label: str, risk: float, campaign_id: str, calls: int) -> None:
        self.kind: Final = kind
        self.label: Final = label
        self.risk = risk
        self.campaign_id: Final = campaign_id
        self.calls = calls

    @property
    def id(self) -> str:
        return self.label if self.kind == CAMPAIGN else f"{self.kind}:{self.label}"


class Edge:
    """`source` and `target` are ids of nodes; `last_ms` is when the last call began."""

    __slots__ = ("calls", "last_ms", "source", "target", "weight")

    def __init__(self, source: str, target: str, calls: int, weight: float, last_ms: int) -> None:
        self.source: Final = source
        self.target: Final = target
        self.calls: Final = calls
        self.weight: Final = weight
        self.last_ms: Final = last_ms


class CampaignGraph:
    """`pairs` of `callers` and `called` had calls between them; the lists may hold fewer."""

    __slots__ = ("called", "callers", "edge_count", "edges", "node_count", "nodes", "pairs", "velocity")

    def __init__(
        self,
        nodes: list[Node],
        edges: list[Edge],
        *,
        node_count: int,
        edge_count: int,
        callers: int,
        called: int,
        pairs: int,
        velocity: float,
    ) -> None:
        self.nodes: Final = nodes
        self.edges: Final = edges
        self.node_count: Final = node_count
        self.edge_count: Final = edge_count
        self.callers: Final = callers
        self.called: Final = called
        self.pairs: Final = pairs
        self.velocity: Final = velocity

    @property
    def truncated(self) -> bool:
        return self.node_count > len(self.nodes)

    @property
    def density(self) -> float:
        possible = self.callers * self.called
        return min(1.0, self.pairs / possible) if possible else 0.0


def graph(
    id: str, risk: float, members: list[CallerProfile], called: int, velocity: float, nodes_max: int = NODES_MAX
) -> CampaignGraph:
    """Of one campaign, whose callers called so many different numbers."""
    shown = sorted(members, key=_worst)[: max(nodes_max // 2, nodes_max - called)]
    trunks = _trunks(id, members)
    callers = [Node(CALLER, one.number, one.risk, id, one.calls) for one in shown]
    whole = Node(CAMPAIGN, id, risk, id, sum([one.calls for one in members]))
    chosen = cut([whole, *trunks, *callers, *_callees(id, shown, nodes_max)], nodes_max)
    within = {node.id for node in chosen}
    edges = list[Edge]()
    for one in shown:
        edges += [edge for edge in _edges(one, id, within) if edge.target in within]
    pairs = sum([one.called_total for one in members])
    return CampaignGraph(
        chosen,
        edges,
        node_count=1 + len(trunks) + len(members) + called,
        edge_count=pairs + sum([1 + len(one.trunks) for one in members]),
        callers=len(members),
        called=called,
        pairs=pairs,
        velocity=velocity,
    )


def joined(graphs: list[CampaignGraph], nodes_max: int = NODES_MAX) -> CampaignGraph:
    """Of several campaigns, which may have trunks and called numbers in common."""
    nodes = dict[str, Node]()
    edges = list[Edge]()
    entered = 0
    for each in graphs:
        entered += len(each.nodes)
        for node in each.nodes:
            _enter(nodes, node)
        edges.extend(each.edges)
    chosen = cut(list(nodes.values()), nodes_max)
    return CampaignGraph(
        chosen,
        _between(edges, chosen),
        node_count=sum([each.node_count for each in graphs]) - (entered - len(nodes)),
        edge_count=sum([each.edge_count for each in graphs]),
        callers=sum([each.callers for each in graphs]),
        called=sum([each.called for each in graphs]),
        pairs=sum([each.pairs for each in graphs]),
        velocity=sum([each.velocity for each in graphs]),
    )


def cut(nodes: list[Node], nodes_max: int) -> list[Node]:
    """The nodes that there is room for, campaigns and trunks first, then by risk; callers take half of it at most,
    unless there are too few others."""
    ordered = sorted(nodes, key=_node_order)
    if len(ordered) <= nodes_max:
        return ordered
    first = [node for node in ordered if node.kind in (CAMPAIGN, TRUNK)][: nodes_max // 2]
    callers = [node for node in ordered if node.kind == CALLER]
    called = [node for node in ordered if node.kind == CALLEE]
    room = nodes_max - len(first)
    some = callers[: max(room // 2, room - len(called))]
    return [*first, *some, *called[: room - len(some)]]


def _edges(one: CallerProfile, id: str, within: set[str]) -> list[Edge]:
    """To the campaign, to trunks, and to those called numbers that are shown."""
    caller = f"{CALLER}:{one.number}"
    if caller not in within:
        return []
    found = [Edge(caller, id, one.calls, 1.0, one.last_ms)]
    for name, calls in one.trunks.items():
        found.append(Edge(caller, f"{TRUNK}:{name}", _count(calls), calls / one.calls, one.last_ms))
    for number, contact in one.called.items():
        target = f"{CALLEE}:{number}"
        if target in within:
            found.append(Edge(caller, target, _count(contact.calls), contact.calls / one.calls, contact.last_ms))
    return found


def _callees(id: str, callers: list[CallerProfile], nodes_max: int) -> list[Node]:
    """Those called by the worst, and most."""
    risks, calls = dict[str, float](), dict[str, float]()
    for one in callers:
        for number, contact in one.called.items():
            risks[number] = max(risks.get(number, 0.0), one.risk)
            calls[number] = calls.get(number, 0.0) + contact.calls
    order = sorted(risks, key=lambda number: (-risks[number], -calls[number], number))
    return [Node(CALLEE, number, risks[number], id, _count(calls[number])) for number in order[:nodes_max]]


def _count(calls: float) -> int:
    """Calls that were shared evenly are one at least."""
    return max(1, round(calls))


def _trunks(id: str, members: list[CallerProfile]) -> list[Node]:
    risks, calls = dict[str, list[float]](), dict[str, float]()
    for one in members:
        for name, count in one.trunks.items():
            risks.setdefault(name, []).append(one.risk)
            calls[name] = calls.get(name, 0.0) + count
    return [Node(TRUNK, name, sum(risks[name]) / len(risks[name]), id, _count(calls[name])) for name in sorted(risks)]


def _enter(nodes: dict[str, Node], node: Node) -> None:
    known = nodes.get(node.id)
    if known is None:
        nodes[node.id] = Node(node.kind, node.label, node.risk, node.campaign_id, node.calls)
        return
    known.risk = max(known.risk, node.risk)
    known.calls += node.calls


def _between(edges: list[Edge], nodes: list[Node]) -> list[Edge]:
    shown = {node.id for node in nodes}
    return [edge for edge in edges if edge.source in shown and edge.target in shown]


def _worst(one: CallerProfile) -> tuple[float, int, str]:
    return (-one.risk, -one.calls, one.number)


def _node_order(node: Node) -> tuple[int, float, int, str]:
    return (KINDS.index(node.kind), -node.risk, -node.calls, node.label)
