"""SIM boxes: calls from abroad that come in over the air, each by a SIM card of a box, to save the interconnect fee.

A box of twenty SIMs carries 3,000 calls a day: each SIM calls 150 numbers that it has never called before, from one
place, at any hour, half of them in vain, and nobody ever calls it. Better ones mimic people: thirty calls a day, in
waking hours, some to the same numbers again, and SIMs that call one another.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from ratingd.models.traffic.call_block import CallBlock, Lines
from ratingd.models.traffic.manner import Manner
from ratingd.models.traffic.span import Ints, Span
from ratingd.models.traffic.town import AT_ANY_HOUR, WAKING, Town

SIM_BOX: Final = "sim_box"
SIM_BOX_MIMIC: Final = "sim_box_mimic"
_KNOWN: Final = 8  # numbers that a mimicking SIM calls again and again


@dataclass(frozen=True, slots=True)
class SimBoxes:
    manner: Manner
    sims: Span  # of a box
    days: Span  # that it lives: then its numbers are known, and it gets others
    a_day: Span  # calls of each SIM
    mimics: Span  # share of boxes that mimic people
    mimic_a_day: Span
    mimic_known: Span  # share of their calls to numbers that they have called before
    mimic_inside: Span  # share of their calls to other SIMs of the box

    def calls(self, town: Town, count: int, draw: np.random.Generator) -> list[CallBlock]:
        found: list[CallBlock] = []
        made, mimics, boxes, share = 0, 0, 0, self.mimics.one(draw)
        while made < count:
            boxes += 1
            if mimics < share * boxes:
                mimics += 1
                found.append(self._mimic(town, count - made, draw))
            else:
                found.append(self._plain(town, count - made, draw))
            made += len(found[-1])
        return found

    def _plain(self, town: Town, most: int, draw: np.random.Generator) -> CallBlock:
        days = self.days.whole(draw)
        box, whose = self._box(town, self.a_day.one(draw) * days, most, draw)
        b = town.people.number[town.some(draw, len(whose))]
        return self._block(SIM_BOX, box, whose, b, town.moments(draw, len(whose), AT_ANY_HOUR, days), draw)

    def _mimic(self, town: Town, most: int, draw: np.random.Generator) -> CallBlock:
        """Their SIMs live on: nothing gives them away."""
        box, whose = self._box(town, self.mimic_a_day.one(draw) * town.days, most, draw)
        calls = len(whose)
        known = town.people.number[town.some(draw, len(box) * _KNOWN)]
        again = draw.random(calls) < self.mimic_known.one(draw)
        friend = known[whose * _KNOWN + draw.integers(_KNOWN, size=calls)]
        b = np.where(again, friend, town.people.number[town.some(draw, calls)])
        inside = draw.random(calls) < self.mimic_inside.one(draw)
        other = (whose + draw.integers(1, len(box), size=calls)) % len(box)
        b = np.where(inside, box.number[other], b)
        return self._block(SIM_BOX_MIMIC, box, whose, b, town.moments(draw, calls, WAKING), draw)

    def _box(self, town: Town, each: float, most: int, draw: np.random.Generator) -> tuple[Lines, Ints]:
        """Its SIMs, all on one trunk, and by which of them each call goes: no more of them than `most` calls need."""
        sims = max(min(self.sims.whole(draw), round(most / each)), 2)
        lines = town.mobiles(draw, sims)
        calls = np.maximum(draw.poisson(each * draw.uniform(0.8, 1.2, sims)), 1)
        box = Lines(lines.number, np.full_like(lines.trunk, lines.trunk[0]), lines.attestation, lines.cli, lines.pai)
        return box, np.repeat(np.arange(sims), calls)

    def _block(
        self, kind: str, box: Lines, whose: Ints, b: Ints, start_ms: Ints, draw: np.random.Generator
    ) -> CallBlock:
        course = self.manner.habits(draw, len(box)).course(draw, whose, start_ms)
        return CallBlock(kind, 1, box.take(whose), b, start_ms, course)
