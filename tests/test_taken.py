"""What was taken: of many outcomes those that lead to something, and whether that can wait."""

from collections.abc import Callable

import pytest

from ratingd.fraud.taken import Taken
from triggers.calls.call_event import INVITE, CallEvent
from triggers.calls.verdict import ALLOW, DISCONNECT, Verdict
from triggers.masking.incident import MaskingIncident
from triggers.masking.window import Placed
from triggers.numbers.number import NO_NUMBER
from triggers.watch.outcome import Outcome


def outcome(call_id: str, action: int = ALLOW, reasons: tuple[str, ...] = ()) -> Outcome:
    event = CallEvent(INVITE, 1_000, call_id, NO_NUMBER, NO_NUMBER)
    return Outcome(event, Verdict(call_id, action, reasons), attempt=True)


def taken(*outcomes: Outcome) -> Taken:
    return Taken("grpc", 1_000, [b"12", b"345"], outcomes, None, 1_000, 1_000)


def part_of_a_run(each: Outcome) -> None:
    each.placed = Placed(5, incident=MaskingIncident("+498912345678", 1_000, 1_000))


def due_for_an_alert(each: Outcome) -> None:
    each.blacklist_due = True


def test_ordinary_calls_lead_to_nothing() -> None:
    cold = outcome("placed")
    cold.placed = Placed(3)
    kept = taken(outcome("one"), cold)
    assert (list(kept.telling), kept.urgent, len(kept.outcomes)) == ([], False, 2)
    assert (kept.count, kept.bytes) == (2, 5)


@pytest.mark.parametrize(("become", "urgent"), [(part_of_a_run, False), (due_for_an_alert, True)])
def test_the_one_that_leads_on_is_found_among_others(become: Callable[[Outcome], None], urgent: bool) -> None:
    special = outcome("special")
    become(special)
    kept = taken(outcome("before"), special, outcome("after"))
    assert ([each.event.call_id for each in kept.telling], kept.urgent) == (["special"], urgent)


def test_a_call_that_is_refused_leads_on() -> None:
    refused = outcome("refused", DISCONNECT, ("blocked",))
    assert list(taken(outcome("before"), refused).telling) == [refused]
