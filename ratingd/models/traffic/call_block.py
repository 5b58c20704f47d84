"""Blocks of simulated calls: many calls of one kind, by column, and the lines that they are made from.

A town of 8,000 people makes 100,000 calls; drawn one by one they would take a minute, by column they take a tenth of a
second. A number is a whole number without its "+", 0 where there is none; a trunk, a disposition, an attestation is a
place in TRUNKS, DISPOSITIONS, ATTESTATIONS.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ratingd.models.traffic.simulated_call import SimulatedCall
from ratingd.models.traffic.span import Ints
from triggers.calls.call_event import ANSWERED, BUSY, CANCELLED, FAILED, NO_ANSWER

HOME_TRUNKS: Final = (0, 1, 2, 3)
INTERCONNECTS: Final = (4, 5, 6)
INTERNATIONAL: Final = (7, 8, 9)
WHOLESALE: Final = (10, 11, 12)
TRUNKS: Final = (
    "mobile-1", "mobile-2", "fixed-1", "fixed-2", "interconnect-1", "interconnect-2", "interconnect-3",
    "international-1", "international-2", "international-3", "wholesale-1", "wholesale-2", "wholesale-3",
)  # fmt: skip
SWITCHES: Final = ("switch-1", "switch-2")
DISPOSITIONS: Final = (ANSWERED, NO_ANSWER, BUSY, CANCELLED, FAILED)
ATTESTATIONS: Final = ("", "A", "B", "C")


@dataclass(frozen=True, slots=True)
class Lines:
    """Who calls, and how he is seen where the call comes in."""

    number: Ints
    trunk: Ints
    attestation: Ints
    cli: Ints
    pai: Ints

    def __len__(self) -> int:
        return len(self.number)

    def take(self, places: Ints) -> "Lines":
        return Lines(
            self.number[places], self.trunk[places], self.attestation[places], self.cli[places], self.pai[places]
        )


@dataclass(frozen=True, slots=True)
class Course:
    """How calls went: instants, 0 where it never came to that, and how they ended."""

    ring_ms: Ints
    answer_ms: Ints
    end_ms: Ints
    disposition: Ints


@dataclass(frozen=True, slots=True)
class CallBlock:
    kind: str
    label: int
    lines: Lines
    b: Ints
    start_ms: Ints
    course: Course

    def __len__(self) -> int:
        return len(self.start_ms)


def all_lines(parts: Sequence[Lines]) -> Lines:
    return Lines(
        np.concatenate([each.number for each in parts]),
        np.concatenate([each.trunk for each in parts]),
        np.concatenate([each.attestation for each in parts]),
        np.concatenate([each.cli for each in parts]),
        np.concatenate([each.pai for each in parts]),
    )


def calls_of(blocks: Sequence[CallBlock], name: str) -> list[SimulatedCall]:
    """In the order of time, named after it."""
    found: list[tuple[int, int, int]] = []
    columns = [_Columns(block) for block in blocks]
    for which, block in enumerate(blocks):
        found += [(start, which, place) for place, start in enumerate(block.start_ms.tolist())]
    found.sort()
    return [columns[which].call(f"{name}-{sequence:07}", place) for sequence, (_, which, place) in enumerate(found, 1)]


class _Columns:
    """The columns of a block as Python's own numbers and texts, which are faster one by one."""

    def __init__(self, block: CallBlock) -> None:
        self._kind: Final = block.kind
        self._label: Final = block.label
        self._start: Final[list[int]] = block.start_ms.tolist()
        course, lines = block.course, block.lines
        self._ring: Final[list[int]] = course.ring_ms.tolist()
        self._answer: Final[list[int]] = course.answer_ms.tolist()
        self._end: Final[list[int]] = course.end_ms.tolist()
        self._disposition: Final[list[int]] = course.disposition.tolist()
        self._a: Final = _written(lines.number)
        self._b: Final = _written(block.b)
        self._cli: Final = _written(lines.cli)
        self._pai: Final = _written(lines.pai)
        self._trunk: Final[list[int]] = lines.trunk.tolist()
        self._attestation: Final[list[int]] = lines.attestation.tolist()

    def call(self, call_id: str, place: int) -> SimulatedCall:
        trunk = self._trunk[place]
        return SimulatedCall(
            call_id,
            self._a[place],
            self._b[place],
            self._start[place],
            self._ring[place],
            self._answer[place],
            self._end[place],
            DISPOSITIONS[self._disposition[place]],
            TRUNKS[trunk],
            SWITCHES[trunk % len(SWITCHES)],
            self._cli[place],
            self._pai[place],
            ATTESTATIONS[self._attestation[place]],
            "",
            "",
            self._label,
            self._kind,
        )


def _written(numbers: Ints) -> list[str]:
    return [f"+{number}" if number else "" for number in numbers.tolist()]
