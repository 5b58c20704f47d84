"""Masking incidents: what is one attack, what its evidence is, and which id it has."""

from hashlib import sha256

from tests.masking_notation import EPOCH_MS, B, Called, at, attempt
from tests.table import table
from triggers.masking.incident import FirstSeen, MaskingIncident, incident_id
from triggers.masking.terms import MaskingTerms

RUN = "a0 b1 c2 d3 e4"


@table("""
    calls                                       | runs
    a0 b1 c2 d3 e4 a60 b61 c62 d63 e64          | 4-64:5              # 60 s apart: the cool-down, to the millisecond
    a0 b1 c2 d3 e4 a60 b61 c62 d63 e64.001      | 4-4:5 64.001-64.001:5
    a0 b0 c0 d0 e0 a50 b50 c50 d50 e50 f50      | 0-50:6
    a0 b0 c0 d0 e0 a50 b50 c50 d50 e50 a110 b110 c110 d110 e110 | 0-110:5    # from the last hot call on
    a3 b3 c3 d3 f5 e2                           | 3-5:6               # late: hot at 3 s already
""")
def test_hot_calls_within_the_cool_down_are_one_incident(calls: str, runs: str) -> None:
    assert Called().calls(calls).runs() == runs


def test_an_incident_carries_its_evidence() -> None:
    called = Called().calls(f"{RUN} a4.5")
    (incident,) = called.incidents.values()
    assert incident.b == B
    assert incident.id == sha256(f"{B}|{EPOCH_MS + 4_000}".encode()).hexdigest()[:16]
    assert (incident.opened_ms, incident.last_ms) == (at("4"), at("4.5"))
    assert [call.call_id for call in incident.calls] == ["a0", "b1", "c2", "d3", "e4", "a4.5"]
    assert incident.callers == ("a", "b", "c", "d", "e")
    assert incident.trunks == ("trunk-a", "trunk-b", "trunk-c", "trunk-d", "trunk-e")
    assert (incident.max_distinct, incident.former_ids) == (5, ())


def test_only_the_call_that_opens_an_incident_says_so() -> None:
    called = Called().calls(f"{RUN} f4 g5")
    assert [placed.opened for placed in called.placed] == [False, False, False, False, True, False, False]
    assert called.placed[-1].incident is called.placed[4].incident


def test_a_late_call_moves_the_opening() -> None:
    called = Called().calls("a0 b1 c2 d3 e4")
    placed = called.call("f3.5")  # five callers at 3.5 s already
    incident = placed.incident
    assert incident is not None
    assert (incident.opened_ms, incident.id) == (at("3.5"), incident_id(B, at("3.5")))
    assert placed.absorbed == incident.former_ids == (incident_id(B, at("4")),)
    assert not placed.opened
    assert called.runs() == "3.5-4:6"


def test_a_late_call_makes_two_incidents_one() -> None:
    called = Called(MaskingTerms(lateness_ms=60_000, cooldown_ms=30_000))
    called.calls("a0 b0 c0 d0 e0 a50 b50 c50 d50 e50 a26 b26 c26 d26")
    assert called.runs() == "0-0:5 50-50:5"
    placed = called.call("e26")
    incident = placed.incident
    assert incident is not None
    assert placed.absorbed == incident.former_ids == (incident_id(B, at("50")),)
    assert incident.id == incident_id(B, at("0"))
    assert (len(incident.calls), incident.callers, called.runs()) == (15, ("a", "b", "c", "d", "e"), "0-50:5")
    assert [call.call_id for call in placed.flagged] == ["a26", "b26", "c26", "d26", "e26"]


def test_a_late_call_may_open_an_incident_between_two() -> None:
    called = Called(MaskingTerms(lateness_ms=100_000, cooldown_ms=10_000))
    called.calls("a0 b0 c0 d0 e0 a50 b50 c50 d50 e50 a26 b26 c26 d26 e26")
    assert called.runs() == "0-0:5 26-26:5 50-50:5"
    assert called.placed[-1].opened


def test_a_cool_down_shorter_than_the_window_leaves_a_call_in_two_incidents() -> None:
    called = Called(MaskingTerms(cooldown_ms=500)).calls("a0 b0 c0 d0 e0 f2")
    assert called.runs() == "0-0:5 2-2:6"
    assert called.flagged == ["a0", "b0", "c0", "d0", "e0", "f2"]
    assert [len(incident.calls) for incident in called.incidents.values()] == [5, 6]
    placed = called.call("g0")  # it is late, and in both
    assert [placed.incident, *placed.also] == list(called.incidents.values())
    assert called.runs() == "0-0:6 2-2:7"


def test_the_first_calls_are_kept_and_of_those_beyond_the_callers() -> None:
    for calls in ("e4 d3 c2 b1 a0", RUN):
        incident = MaskingIncident(B, at("4"), at("4"), calls_max=3)
        for word in calls.split():
            incident.add(attempt(word))
        assert [call.call_id for call in incident.calls] == ["a0", "b1", "c2"]
        assert incident.callers == ("a", "b", "c", "d", "e")
        assert incident.trunks[-1] == "trunk-e"


def test_a_call_is_added_once() -> None:
    incident = MaskingIncident(B, at("4"), at("4"))
    for word in (*RUN.split(), "c2", "a0", "e4"):
        incident.add(attempt(word))
    assert [call.call_id for call in incident.calls] == RUN.split()


def test_a_restored_incident_goes_on() -> None:
    called = Called()
    stored = MaskingIncident(B, at("0"), at("4"), max_distinct=7, former_ids=("former",), probability_max=0.9)
    stored.add(attempt("a0"))
    called.shard.restore(stored)
    called.calls("a40 b40 c40 d40 e40")
    assert [placed.opened for placed in called.placed] == [False] * 5
    assert called.placed[-1].incident is stored
    assert (stored.last_ms, stored.max_distinct, len(stored.calls)) == (at("40"), 7, 6)


def test_calls_of_a_restored_incident_placed_again_change_nothing() -> None:
    called = Called()
    stored = MaskingIncident(B, at("4"), at("4"), max_distinct=5)
    for word in RUN.split():
        stored.add(attempt(word))
    called.shard.restore(stored)
    called.calls(RUN)
    assert called.placed[-1].incident is stored
    assert not called.placed[-1].opened
    assert [call.call_id for call in stored.calls] == RUN.split()
    assert called.runs() == "4-4:5"


def test_the_first_thousand_are_those_first_seen_whatever_the_order() -> None:
    seen = [(f"{number:05}", number // 3) for number in range(5_000)]
    for order in (seen, seen[::-1], seen[2_500:] + seen[:2_500]):
        first = FirstSeen()
        for text, at_ms in order:
            first.add(text, at_ms + 7)
            first.add(text, at_ms)
        assert first.texts() == tuple(text for text, _ in seen[:1_000])
