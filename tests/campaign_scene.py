"""Groups of callers for the tests of campaigns: wangiri from abroad, SIM boxes, and people who just telephone."""

from random import Random
from typing import Any, Final

from ratingd.fraud.runtime import FraudRuntime
from ratingd.v1.fraud_pb2 import CallEvent, CallEventsRequest

NOW_MS: Final = 1_795_003_200_000
MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS


class Scene:
    """Calls that end at NOW; `events` are those of all, in the order of time."""

    def __init__(self, seed: int = 7) -> None:
        self._random: Final = Random(seed)
        self._seed: Final = seed
        self._events: Final[list[CallEvent]] = []
        self._made = 0

    def wangiri(self, callers: int = 8, calls: int = 62, first: int = 0, began_ms: int = 55 * MINUTE_MS) -> list[str]:
        """Each rings so many telephones in Germany for three seconds, at equal distances."""
        numbers = [f"+3712000{first + place:04}" for place in range(callers)]
        for number in numbers:
            for each in range(calls):
                at_ms = NOW_MS - began_ms + each * (began_ms - MINUTE_MS) // calls + self._random.randrange(20_000)
                self._call(number, self._german(), at_ms, trunk="t-wholesale", ring_ms=3_000)
        return numbers

    def sim_box(self, callers: int = 8, calls: int = 60) -> list[str]:
        """Each calls people it never called before for ten hours; half of them answer."""
        numbers = [f"+49151234{place:05}" for place in range(callers)]
        for number in numbers:
            for each in range(calls):
                at_ms = NOW_MS - 10 * HOUR_MS + each * 580_000 + self._random.randrange(500_000)
                talk_ms = round(self._random.expovariate(1 / 90_000)) if each % 2 else 0
                self._call(number, self._german(), at_ms, trunk="t-gsm", ring_ms=12_000, talk_ms=talk_ms)
        return numbers

    def people(self, count: int = 40) -> None:
        """Each calls a few friends now and then."""
        for place in range(count):
            friends = [self._german() for _ in range(5)]
            for _ in range(self._random.randrange(3, 12)):
                at_ms = NOW_MS - 1 - self._random.randrange(12 * HOUR_MS)
                talk_ms = round(self._random.expovariate(1 / 180_000))
                number = f"+4930{5000000 + place}"
                self._call(number, self._random.choice(friends), at_ms, trunk="t-1", ring_ms=9_000, talk_ms=talk_ms)

    def events(self) -> list[CallEvent]:
        return sorted(self._events, key=lambda each: each.time_ms)

    def _german(self) -> str:
        return f"+49{self._random.randrange(30, 99)}{self._random.randrange(10**7, 10**8)}"

    def _call(self, a: str, b: str, at_ms: int, *, trunk: str, ring_ms: int, talk_ms: int = 0) -> None:
        self._made += 1
        id = f"s-{self._seed}-{self._made}"
        self._events.append(CallEvent(kind="INVITE", call_id=id, time_ms=at_ms, a_number=a, b_number=b, trunk=trunk))
        self._events.append(CallEvent(kind="RINGING", call_id=id, time_ms=at_ms + 500))
        if talk_ms:
            self._events.append(CallEvent(kind="ANSWER", call_id=id, time_ms=at_ms + ring_ms))
        end = "BYE" if talk_ms else "CANCEL"
        self._events.append(CallEvent(kind=end, call_id=id, time_ms=at_ms + ring_ms + talk_ms))


def bring(fraud: FraudRuntime, events: list[CallEvent], size: int = 500) -> list[Any]:
    """As a switch sends them, each batch when its last event happened."""
    verdicts: list[Any] = []
    for start in range(0, len(events), size):
        some = events[start : start + size]
        batch = fraud.desk.reader.read_batch(CallEventsRequest(events=some).SerializeToString(), some[-1].time_ms)
        assert not batch.faults
        verdicts += fraud.desk.take_and_wait(batch.events, batch.bodies, "grpc")
    return verdicts
