"""The traffic that tests replay: the same each time, with what it promises in it; and what the window makes of it."""

from collections import Counter
from collections.abc import Iterable
from hashlib import sha256

import pytest

from tests.masking_traffic import (
    ATTACK,
    CALL_CENTRE,
    CALL_CENTRES,
    EVENTS,
    ORDINARY,
    REDIAL,
    TELEVOTE,
    TELEVOTES,
    TrafficEvent,
    attacked,
    late,
    traffic,
)  # fmt: skip
from tests.test_masking_properties import Facts, Watched, facts
from triggers.masking.incident import Attempt
from triggers.masking.terms import MaskingTerms

LATENESS_MS = 5_000
Incidents = list[tuple[str, str, tuple[str, ...], Facts]]


@pytest.fixture(scope="module")
def events() -> list[TrafficEvent]:
    return traffic(1)


def watched(events: Iterable[TrafficEvent], shards: int) -> tuple[set[str], Incidents]:
    found = Watched(MaskingTerms(), shards)
    for event in events:
        if event.kind == "INVITE":
            found.place(event.b, Attempt(event.at_ms, event.a, event.call_id, event.switch_id, event.trunk))
    assert not found.late
    return set(found.flagged), sorted((one.id, one.b, one.trunks, facts(one)) for one in found.incidents.values())


def test_the_same_seed_is_the_same_traffic(events: list[TrafficEvent]) -> None:
    assert sha256(repr(events).encode()).hexdigest()[:16] == "515b19d405b41842"
    assert traffic(2, 2_000) != traffic(1, 2_000) == traffic(1, 2_000)


def test_it_holds_what_it_promises(events: list[TrafficEvent]) -> None:
    assert len(events) == EVENTS
    assert [event.at_ms for event in events] == sorted(event.at_ms for event in events)
    calls = Counter(event.purpose for event in events if event.kind == "INVITE")
    assert min(calls[purpose] for purpose in (ORDINARY, CALL_CENTRE, TELEVOTE, ATTACK, REDIAL)) > 200
    assert len(attacked(events)) > 20


def test_late_events_are_the_same_and_none_is_too_late(events: list[TrafficEvent]) -> None:
    shuffled = late(events, LATENESS_MS, 7)
    assert sorted(shuffled, key=repr) == sorted(events, key=repr)
    newest_ms, lag_ms = 0, 0
    for event in shuffled:
        newest_ms = max(newest_ms, event.at_ms)
        lag_ms = max(lag_ms, newest_ms - event.at_ms)
    assert LATENESS_MS // 2 < lag_ms <= LATENESS_MS


def test_order_and_shards_change_neither_flags_nor_incidents(events: list[TrafficEvent]) -> None:
    flagged, incidents = watched(events, 1)
    purposes = {event.call_id: event.purpose for event in events}
    assert {one for one in purposes if purposes[one] == ATTACK} <= flagged
    numbers = {b for _, b, _, _ in incidents}
    assert attacked(events) <= numbers <= attacked(events).union(CALL_CENTRES, TELEVOTES)
    assert watched(events, 8) == (flagged, incidents)
    assert watched(late(events, LATENESS_MS, 7), 1) == (flagged, incidents)
    assert watched(late(events, LATENESS_MS, 8), 8) == (flagged, incidents)
