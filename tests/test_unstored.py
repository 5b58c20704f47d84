"""Events that were looked at and are not on disk."""

from ratingd.fraud.unstored import Unstored
from triggers.calls.call_event import INVITE, RINGING, CallEvent
from triggers.calls.verdict import Verdict
from triggers.numbers.number import Number
from triggers.watch.outcome import Outcome


def event(call_id: str, kind: int = INVITE, event_id: str = "") -> CallEvent:
    return CallEvent(kind, 1_000, call_id, Number("+4930"), Number("+4989"), event_id=event_id)


def outcome(of: CallEvent) -> Outcome:
    return Outcome(of, Verdict(of.call_id))


def test_an_event_is_given_once_by_the_key_that_repeats_are_known_by() -> None:
    unstored = Unstored()
    assert unstored.take(event("c-1")) is None
    first, named = outcome(event("c-1")), outcome(event("c-2", event_id="e-7"))
    unstored.keep([first, named])
    assert unstored.holds(["x", "e-7"])
    assert not unstored.holds(["c-2:INVITE"])
    assert unstored.take(event("c-1", RINGING)) is None
    assert unstored.take(event("c-1")) is first
    assert unstored.take(event("c-1")) is None
    assert unstored.take(event("another", event_id="e-7")) is named
    assert not unstored.holds(["e-7"])


def test_beyond_the_most_that_are_kept_the_oldest_are_given_up() -> None:
    unstored = Unstored(kept_max=2)
    unstored.keep([outcome(event(f"c-{number}")) for number in range(5)])
    assert (len(unstored), unstored.given_up) == (2, 3)
    assert unstored.holds(["c-4:INVITE"])
    assert not unstored.holds(["c-2:INVITE"])
