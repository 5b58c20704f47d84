"""Labelled calls for the tests of features: a small town by chance of a seed, with what models have to tell apart.

`town(1)` is some 900 calls in four hours: subscribers who call each other, a hotline with many callers, a number that
is redialled, masking runs of three to twelve callers, a robocaller who goes through a range number by number, and
callers from abroad. The same calls `renamed` are those of other numbers, ids, trunks and regions.
"""

import random
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from ratingd.models.traffic.simulated_call import ORDINARY, SimulatedCall
from triggers.calls.call_event import ANSWERED, BUSY, CANCELLED, NO_ANSWER

MIDNIGHT_MS: Final = 1_794_787_200_000  # Monday, 2026-11-16 00:00 UTC
HOUR_MS: Final = 3_600_000
HOTLINE: Final = "+498001234567"
ROBOT: Final = "+49301990000"
REGIONS: Final = ("north", "south", "east", "west")


def town(seed: int, hours: int = 4) -> list[SimulatedCall]:
    return _Town(seed, MIDNIGHT_MS + 8 * HOUR_MS, hours * HOUR_MS).calls()


class _Town:
    def __init__(self, seed: int, begin_ms: int, length_ms: int) -> None:
        self._chance: Final = random.Random(seed)
        self._begin_ms: Final = begin_ms
        self._length_ms: Final = length_ms
        self._subscribers: Final = [f"+49302{number:06}" for number in self._chance.sample(range(1_000_000), 80)]
        self._found: list[SimulatedCall] = []

    def calls(self) -> list[SimulatedCall]:
        for _ in range(400):
            a, b = self._chance.sample(self._subscribers, 2)
            self._make(a, b, self._some_ms())
        for _ in range(200):
            self._make(self._chance.choice(self._subscribers), HOTLINE, self._some_ms(), kind="call_centre")
        self._robot(120)
        for _ in range(12):
            self._masking()
        caller, called = self._chance.sample(self._subscribers, 2)
        at_ms = self._some_ms()
        for number in range(8):
            self._make(caller, called, at_ms + 700 * number, talk=0, kind="redial")
        return self._found

    def _some_ms(self) -> int:
        return self._begin_ms + self._chance.randrange(self._length_ms)

    def _robot(self, calls: int) -> None:
        at_ms = self._some_ms()
        for number in range(calls):
            talk = self._chance.choice((0, 0, 2_000, 7_000))
            self._make(
                ROBOT, f"+49307{number + 555_000:06}", at_ms + 9_000 * number, talk=talk, kind="robocall", label=1
            )

    def _masking(self) -> None:
        at_ms, victim = self._some_ms(), self._chance.choice(self._subscribers)
        for _ in range(self._chance.randint(3, 12)):
            a = self._chance.choice(
                (f"+4477009{self._chance.randrange(100_000):05}", self._chance.choice(self._subscribers))
            )
            asserted = self._chance.choice((a, "+447700800000"))
            at_ms += self._chance.randint(0, 900)
            self._make(
                a, victim, at_ms, talk=0, kind="masking", label=1, pai=asserted, trunk="carrier-9", attestation="C"
            )

    def _make(
        self,
        a: str,
        b: str,
        start_ms: int,
        *,
        talk: int | None = None,
        kind: str = ORDINARY,
        label: int = 0,
        pai: str = "",
        trunk: str = "",
        attestation: str = "",
    ) -> None:
        chance = self._chance
        if talk is None:
            talk = int(chance.expovariate(1 / 90_000)) + 1_000 if chance.random() < 0.7 else 0
        ring_ms = start_ms + chance.randint(200, 1_500)
        answer_ms = ring_ms + chance.randint(1_000, 15_000) if talk else 0
        end_ms = answer_ms + talk if talk else ring_ms + chance.randint(1_000, 25_000)
        unanswered = chance.choice((BUSY, CANCELLED, NO_ANSWER))
        self._found.append(
            SimulatedCall(
                f"{kind}-{len(self._found)}", a, b, start_ms, ring_ms, answer_ms, end_ms,
                ANSWERED if talk else unanswered, trunk or chance.choice(("t-1", "t-2")), "sbc-1", a, pai or a,
                attestation or chance.choice(("A", "B", "")), chance.choice(REGIONS), chance.choice(REGIONS),
                label, kind,
            )
        )  # fmt: skip


def renamed(calls: Iterable[SimulatedCall], number: Callable[[str], str]) -> list[SimulatedCall]:
    """The same calls with other numbers, call ids, trunks, switches and regions."""
    return [
        replace(
            call,
            call_id=f"other-{len(call.call_id)}-{place}",
            a=number(call.a),
            b=number(call.b),
            cli=number(call.cli),
            pai=number(call.pai),
            trunk=call.trunk[::-1],
            switch_id="elsewhere",
            origin=call.origin.upper(),
            target=call.target.upper(),
        )
        for place, call in enumerate(calls)
    ]


def elsewhere(text: str) -> str:
    """The same subscriber in another town: what follows on what stays as it is."""
    return text.replace("+4930", "+4989").replace("+4477", "+4478")


def shuffled(calls: Iterable[SimulatedCall], seed: int) -> Callable[[str], str]:
    """Any other number of the same country, for each number its own."""
    chance = random.Random(seed)
    known: dict[str, str] = {}
    taken: set[str] = set()
    for call in calls:
        for text in (call.a, call.b, call.cli, call.pai):
            while text not in known:
                other = text[:3] + str(chance.randrange(2 * 10**9, 9 * 10**9))
                if other not in taken:
                    known[text] = other
                    taken.add(other)
    return known.__getitem__


def until(calls: Iterable[SimulatedCall], at_ms: int) -> list[SimulatedCall]:
    """What is known by an instant: no later call, and of running ones nothing that comes after it."""
    found = []
    for call in calls:
        if call.start_ms <= at_ms:
            ring, answer, end = [each if each <= at_ms else 0 for each in (call.ring_ms, call.answer_ms, call.end_ms)]
            found.append(replace(call, ring_ms=ring, answer_ms=answer, end_ms=end))
    return found
