"""The masking window against the rule as it is written, in any order of arrival, on one shard and on eight."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from tests import masking_reference as reference
from triggers.masking_incident import Attempt, MaskingIncident
from triggers.masking_shard import MaskingShard
from triggers.masking_terms import MaskingTerms
from triggers.masking_window import Placed
from triggers.murmur2 import shard_of

Facts = tuple[int, int, int, tuple[str, ...], tuple[str, ...]]

TERMS = st.builds(
    MaskingTerms,
    st.integers(1, 12),
    st.integers(2, 4),
    lateness_ms=st.integers(0, 10),
    cooldown_ms=st.integers(0, 30),
    closed=st.booleans(),
)


@st.composite
def traffic(draw: st.DrawFn) -> list[tuple[str, int, str]]:
    """Calls as (called number, time, caller): mostly forward, often of one instant, and late by any amount."""
    now, calls = 1_000, []
    for _ in range(draw(st.integers(0, 60))):
        now += draw(st.sampled_from([0, 0, 1, 1, 2, 3, 5, 8, 25, 60]))
        back = draw(st.sampled_from([0, 0, 0, 1, 2, 4, 7, 10, 11, 20]))
        calls.append(
            (draw(st.sampled_from(["B1", "B1", "B1", "B2", "B3"])), now - back, draw(st.sampled_from("abcde")))
        )
    return calls


class Watched:
    """What a shard, or several, made of calls: which are late, which flagged, and the incidents as they were told."""

    def __init__(self, terms: MaskingTerms, shards: int = 1) -> None:
        self.shards = [MaskingShard(terms) for _ in range(shards)]
        self.terms = terms
        self.late: set[str] = set()
        self.flagged: list[str] = []
        self.hot: set[str] = set()
        self.distinct: dict[str, int] = {}
        self.incidents: dict[str, MaskingIncident] = {}
        self.opened: list[str] = []

    def place(self, b: str, call: Attempt) -> Placed:
        placed = self.shards[shard_of(b, len(self.shards))].place(b, call)
        if placed.late:
            self.late.add(call.call_id)
        if placed.hot:
            self.hot.add(call.call_id)
        self.distinct[call.call_id] = placed.distinct
        self.flagged += [one.call_id for one in placed.flagged]
        for gone in placed.absorbed:
            del self.incidents[gone]
        if placed.incident is not None:
            for incident in (placed.incident, *placed.also):
                self.incidents[incident.id] = incident
        return placed

    def all(self, calls: Iterable[tuple[str, int, str]]) -> "Watched":
        for number, (b, at_ms, caller) in enumerate(calls):
            self.place(b, Attempt(at_ms, caller, f"c{number:03}"))
        return self

    def found(self, b: str) -> list[Facts]:
        return sorted(facts(incident) for incident in self.incidents.values() if incident.b == b)


def facts(incident: MaskingIncident) -> Facts:
    ids = tuple(call.call_id for call in incident.calls)
    return incident.opened_ms, incident.last_ms, incident.max_distinct, ids, incident.callers


def arrived(calls: list[tuple[str, int, str]], b: str) -> list[Attempt]:
    return [Attempt(at, caller, f"c{number:03}") for number, (to, at, caller) in enumerate(calls) if to == b]


@given(traffic(), TERMS, st.sampled_from([1, 8]))
def test_flags_and_incidents_are_those_of_the_rule(
    calls: list[tuple[str, int, str]], terms: MaskingTerms, shards: int
) -> None:
    watched = Watched(terms, shards).all(calls)
    assert len(watched.flagged) == len(set(watched.flagged))
    for b in ("B1", "B2", "B3"):
        came = arrived(calls, b)
        taken = reference.accepted(came, terms)
        assert {call.call_id for call in came} & watched.late == {c.call_id for c in came} - {c.call_id for c in taken}
        assert {call.call_id for call in came} & set(watched.flagged) == reference.flagged(taken, terms)
        assert watched.found(b) == reference.incidents(taken, terms)
