"""What the writer reads of an incident stays as it was, though the attack goes on."""

from ratingd.fraud.still import Still
from tests.watch_scene import burst, taken, watch


def test_an_incident_stands_still_while_it_is_written_down() -> None:
    one = watch()
    outcomes = taken(one, burst(6))
    live = outcomes[5].incident
    Still().settle(outcomes)
    still = outcomes[5].incident
    assert still is not None
    assert live is not None
    assert outcomes[4].incident is still, "one copy for all outcomes of a batch"
    assert (still.id, still.callers, still.max_distinct) == (live.id, live.callers, 6)
    taken(one, burst(3, first=6, at_ms=700))
    assert (live.max_distinct, len(live.calls)) == (9, 9)
    assert (still.max_distinct, len(still.calls)) == (6, 6)


def test_outcomes_without_an_incident_are_left_alone() -> None:
    outcomes = taken(watch(), burst(3))
    placed = [outcome.placed for outcome in outcomes]
    Still().settle(outcomes)
    assert [outcome.placed for outcome in outcomes] == placed


def test_ids_that_an_incident_had_before_go_along() -> None:
    one = watch()
    events = burst(8)
    outcomes = taken(one, [*events[1:], events[0]])  # the first comes last and moves the opening
    live = outcomes[-1].incident
    assert live is not None
    Still().settle(outcomes)
    still = outcomes[-1].incident
    assert still is not None
    assert (still.id, still.former_ids) == (live.id, live.former_ids)
    assert len(live.former_ids) == 1
