"""The masking window against the rule as it is written, in any order of arrival, on one shard and on eight."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from tests import masking_reference as reference
from triggers.masking.incident import Attempt, MaskingIncident
from triggers.masking.murmur2 import shard_of
from triggers.masking.shard import MaskingShard
from triggers.masking.terms import MaskingTerms
from triggers.masking.window import Placed

Facts = tuple[int, int, int, tuple[str, ...], tuple[str, ...]]

TERMS = st.builds(
    MaskingTerms,
    st.integers(1, 12),
    st.integers(2, 4),
    lateness_ms=st.integers(0, 10),
    cooldown_ms=st.integers(0, 30),
    closed=st.booleans(),
)


Call = tuple[str, int, str]  # called number, time, caller


@st.composite
def traffic(draw: st.DrawFn, numbers: str, lag_max: int) -> list[Call]:
    """Calls mostly forward in time, often of one instant, at most `lag_max` behind the newest of all."""
    now, calls = 1_000, []
    for _ in range(draw(st.integers(0, 60))):
        now += draw(st.sampled_from([0, 0, 1, 1, 2, 3, 5, 8, 25, 60]))
        lag = min(lag_max, draw(st.sampled_from([0, 0, 0, 1, 2, 4, 7, 10, 11, 20])))
        calls.append((draw(st.sampled_from(numbers)), now - lag, draw(st.sampled_from("abcde"))))
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

    def all(self, calls: Iterable[Call]) -> "Watched":
        for number, (b, at_ms, caller) in enumerate(calls):
            self.place(b, Attempt(at_ms, caller, f"c{number:03}"))
        return self

    def found(self, b: str) -> list[Facts]:
        return sorted(facts(incident) for incident in self.incidents.values() if incident.b == b)


def facts(incident: MaskingIncident) -> Facts:
    ids = tuple(call.call_id for call in incident.calls)
    return incident.opened_ms, incident.last_ms, incident.max_distinct, ids, incident.callers


def arrived(calls: list[Call], b: str) -> list[Attempt]:
    return [Attempt(at_ms, caller, f"c{number:03}") for number, (to, at_ms, caller) in enumerate(calls) if to == b]


def hold_to_the_rule(watched: Watched, b: str, came: list[Attempt]) -> None:
    taken = reference.accepted(came, watched.terms)
    ids = {call.call_id for call in came}
    assert ids & watched.late == ids - {call.call_id for call in taken}
    assert ids & set(watched.flagged) == reference.flagged(taken, watched.terms)
    assert watched.found(b) == reference.incidents(taken, watched.terms)


@given(traffic("B", 20), TERMS)
def test_flags_and_incidents_are_those_of_the_rule(calls: list[Call], terms: MaskingTerms) -> None:
    watched = Watched(terms).all(calls)
    assert len(watched.flagged) == len(set(watched.flagged))
    assert watched.hot <= set(watched.flagged)
    hold_to_the_rule(watched, "B", arrived(calls, "B"))


@given(st.data(), TERMS, st.sampled_from([1, 8]))
def test_numbers_and_shards_do_not_touch_each_other(data: st.DataObject, terms: MaskingTerms, shards: int) -> None:
    calls = data.draw(traffic("BCDE", terms.lateness_ms))
    watched = Watched(terms, shards).all(calls)
    for b in "BCDE":
        hold_to_the_rule(watched, b, arrived(calls, b))


@given(st.data(), TERMS)
def test_the_order_of_arrival_within_the_lateness_decides_nothing(data: st.DataObject, terms: MaskingTerms) -> None:
    """The same calls in the order of their times and in another, in which none is too late."""
    calls = sorted(arrived(data.draw(traffic("B", 0)), "B"), key=lambda call: call.at_ms)
    lags = [data.draw(st.integers(0, terms.lateness_ms)) for _ in calls]
    other = sorted(range(len(calls)), key=lambda place: calls[place].at_ms + lags[place])
    in_order, shuffled = Watched(terms), Watched(terms)
    for call in calls:
        in_order.place("B", Attempt(call.at_ms, call.caller, call.call_id))
    for place in other:
        shuffled.place("B", calls[place])
    assert not shuffled.late
    assert set(shuffled.flagged) == set(in_order.flagged)
    assert shuffled.found("B") == in_order.found("B")
