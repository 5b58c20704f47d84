"""Traffic of a morning, drawn from a seed: ordinary calls, call centres, televotes and masking attacks.

`traffic(1)` gives 200,000 events, the same in each run and on each machine: INVITE, RINGING, ANSWER and BYE, or CANCEL
or REJECT, in the order of their times. What each call is for stands in `purpose`, which no detector sees. Of the calls

- ordinary ones go between 20,000 subscribers, some of whom are called often;
- call centres are called by whoever likes, well answered, many in a minute;
- televotes are called by thousands within a minute, and each call lasts seconds;
- an attack is one person who shows 8 to 40 numbers within two to four seconds, from one trunk, and stays unanswered;
- impatient people call the same number again and again: one caller, however many calls.

`late(events, 5_000, 7)` are the same in an order in which a switch might bring them: none is more than 5 s behind the
newest before it.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

START_MS = 1_760_000_000_000
LENGTH_MS = 3_600_000
SUBSCRIBERS = 20_000
EVENTS = 200_000
SWITCHES = ("sbc-1", "sbc-2", "sbc-3")
ORDINARY, CALL_CENTRE, TELEVOTE, ATTACK, REDIAL = "ordinary", "call_centre", "televote", "attack", "redial"
CALL_CENTRES = tuple(f"+498001{number:06}" for number in range(3))
TELEVOTES = tuple(f"+4913777{number:05}" for number in range(3))


@dataclass(frozen=True, slots=True)
class TrafficEvent:
    """One event as a switch tells it. `kind` is a name of `triggers.calls.call_event.KIND_NAMES`."""

    kind: str
    at_ms: int
    call_id: str
    a: str
    b: str
    trunk: str
    switch_id: str
    purpose: str


def traffic(seed: int, events: int = EVENTS) -> list[TrafficEvent]:
    """Exactly so many events. The last calls may lack their ends."""
    drawn = _Draw(seed, events)
    found: list[TrafficEvent] = []
    while len(found) < events + events // 50:
        found += drawn.some()
    return sorted(found, key=lambda event: (event.at_ms, event.call_id, ORDER[event.kind]))[:events]


def late(events: Sequence[TrafficEvent], lateness_ms: int, seed: int) -> list[TrafficEvent]:
    """The same events as they might arrive: each up to `lateness_ms` after its time, in whatever order that gives."""
    chance = random.Random(seed)
    lags = [chance.randint(0, lateness_ms) for _ in events]
    order = sorted(range(len(events)), key=lambda place: (events[place].at_ms + lags[place], place))
    return [events[place] for place in order]


def attacked(events: Sequence[TrafficEvent]) -> set[str]:
    """The numbers that were attacked."""
    return {event.b for event in events if event.purpose == ATTACK}


ORDER = {kind: place for place, kind in enumerate(("INVITE", "RINGING", "ANSWER", "CANCEL", "REJECT", "BYE"))}


class _Draw:
    def __init__(self, seed: int, events: int) -> None:
        self._chance = random.Random(seed)
        self._calls = 0
        self._length_ms = LENGTH_MS * events // EVENTS + 60_000  # the same density, however long it is
        self._subscribers = [f"+4930{number:08}" for number in range(SUBSCRIBERS)]

    def some(self) -> list[TrafficEvent]:
        """One call, or all calls of one occasion."""
        at_ms, dice = START_MS + self._chance.randrange(self._length_ms), self._chance.random()
        if dice < 0.0008:
            return self._attack(at_ms)
        if dice < 0.00085:
            return self._televote(at_ms)
        if dice < 0.002:
            return self._redial(at_ms)
        if dice < 0.12:
            centre = self._chance.choice(CALL_CENTRES)
            return self._call(at_ms, self._subscriber(), centre, "national", CALL_CENTRE, answered=0.95)
        return self._call(at_ms, self._subscriber(), self._subscriber(), "national", ORDINARY, answered=0.6)

    def _skewed(self) -> float:
        """From 0 to 1, and nearer to 0."""
        drawn = self._chance.random()
        return drawn * drawn

    def _subscriber(self) -> str:
        """Somebody; a few are in it far more often than the others."""
        return self._subscribers[int(SUBSCRIBERS * self._skewed())]

    def _attack(self, at_ms: int) -> list[TrafficEvent]:
        victim, trunk = self._subscriber(), f"wholesale-{self._chance.randint(1, 4)}"
        shown, span_ms = self._chance.randint(8, 40), self._chance.randint(2_000, 4_000)
        found: list[TrafficEvent] = []
        for _ in range(shown):
            a = f"+371{self._chance.randrange(10**8):08}"
            found += self._call(at_ms + self._chance.randrange(span_ms), a, victim, trunk, ATTACK, answered=0.05)
        return found

    def _televote(self, at_ms: int) -> list[TrafficEvent]:
        vote, found = self._chance.choice(TELEVOTES), list[TrafficEvent]()
        for _ in range(self._chance.randint(400, 1_500)):
            late_ms = int(60_000 * self._skewed())
            found += self._call(at_ms + late_ms, self._subscriber(), vote, "national", TELEVOTE, answered=0.9)
        return found

    def _redial(self, at_ms: int) -> list[TrafficEvent]:
        a, b, found = self._subscriber(), self._subscriber(), list[TrafficEvent]()
        for again in range(self._chance.randint(5, 15)):
            found += self._call(at_ms + again * 400, a, b, "national", REDIAL, answered=0.0)
        return found

    def _call(self, at_ms: int, a: str, b: str, trunk: str, purpose: str, *, answered: float) -> list[TrafficEvent]:
        self._calls += 1
        call_id, switch_id = f"call-{self._calls:07}", self._chance.choice(SWITCHES)

        def event(kind: str, after_ms: int) -> TrafficEvent:
            return TrafficEvent(kind, at_ms + after_ms, call_id, a, b, trunk, switch_id, purpose)

        rung_ms = self._chance.randint(200, 3_000)
        if self._chance.random() < answered:
            answered_ms = rung_ms + self._chance.randint(500, 15_000)
            over_ms = answered_ms + (self._chance.randint(2_000, 8_000) if purpose == TELEVOTE else self._talk_ms())
            kinds = (("INVITE", 0), ("RINGING", rung_ms), ("ANSWER", answered_ms), ("BYE", over_ms))
            return [event(kind, after_ms) for kind, after_ms in kinds]
        if purpose == REDIAL or self._chance.random() < 0.3:
            return [event("INVITE", 0), event("REJECT", self._chance.randint(50, 300))]
        return [
            event("INVITE", 0),
            event("RINGING", rung_ms),
            event("CANCEL", rung_ms + self._chance.randint(500, 30_000)),
        ]

    def _talk_ms(self) -> int:
        """Mostly a minute or two, seldom ten."""
        return 1_000 + int(600_000 * self._skewed())
