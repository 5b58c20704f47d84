"""International revenue share fraud: somebody else's line calls numbers abroad that pay whoever has them called.

A company's exchange, quiet at night, is taken over at 02:00: sixty calls within two hours to twelve numbers of one
premium range, six at a time and each as long as it will last. By day the company calls as it always did, which is no
fraud, and by the same number.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from ratingd.models.traffic.call_block import CallBlock
from ratingd.models.traffic.manner import Manner
from ratingd.models.traffic.simulated_call import ORDINARY
from ratingd.models.traffic.span import Span
from ratingd.models.traffic.town import AT_NIGHT, WORKING, Town

IRSF: Final = "irsf"


@dataclass(frozen=True, slots=True)
class RevenueShare:
    manner: Manner
    ordinary: Manner  # of the line's own calls
    ordinary_a_day: Span
    numbers: Span  # of the range that is called
    stolen: Span  # calls
    hours: Span

    def calls(self, town: Town, count: int, draw: np.random.Generator) -> list[CallBlock]:
        found: list[CallBlock] = []
        made = 0
        while made < count:
            found += self._theft(town, draw)
            made += len(found[-1])
        return found

    def _theft(self, town: Town, draw: np.random.Generator) -> list[CallBlock]:
        line = town.companies(draw, 1)
        own = np.zeros(int(self.ordinary_a_day.one(draw) * town.days), dtype=np.int64)
        by_day = town.moments(draw, len(own), WORKING)
        usual = CallBlock(
            ORDINARY, 0, line.take(own), town.people.number[town.some(draw, len(own))], by_day,
            self.ordinary.habits(draw, 1).course(draw, own, by_day),
        )  # fmt: skip
        stolen = np.zeros(self.stolen.whole(draw), dtype=np.int64)
        length_ms = self.hours.one(draw) * 3_600_000
        at_night = town.moments(draw, 1, AT_NIGHT)[0] + (draw.random(len(stolen)) * length_ms).astype(np.int64)
        paid = town.numbers.premium_row(self.numbers.whole(draw))
        b = paid[draw.integers(len(paid), size=len(stolen))]
        course = self.manner.habits(draw, 1).course(draw, stolen, at_night)
        return [usual, CallBlock(IRSF, 1, line.take(stolen), b, at_night, course)]
