"""Masking runs: one caller behind many numbers, who calls one number again and again and is never the same.

Every half-minute six calls within four seconds reach one subscriber, each from another number: of nobody, from abroad,
or borrowed from people who know nothing of it. They come over one trunk of a wholesaler or two, few are answered, and
those briefly. Where six callers in five seconds are cut, three do not stand out: such runs are here, too.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from ratingd.models.traffic.call_block import INTERCONNECTS, WHOLESALE, CallBlock, Lines, all_lines
from ratingd.models.traffic.manner import Manner
from ratingd.models.traffic.span import Ints, Span
from ratingd.models.traffic.town import LEVEL_B, LEVEL_C, NONE, WAKING, Town

MASKING: Final = "masking"
MASKING_LOW: Final = "masking_low"  # three or four callers at once: the rule does not see it
LOW_MOST: Final = 4
_APART_MS: Final = 5_500  # so that no two waves are within one window


@dataclass(frozen=True, slots=True)
class MaskingRuns:
    """`callers` are of one wave: a run has one of these intensities."""

    manner: Manner
    callers: tuple[Span, ...]
    busy_victims: Span  # share of runs to a place that many call anyway
    spread_s: Span  # within which a wave comes
    waves: Span
    pause_s: Span  # mean, between waves
    pool: Span  # how many times as many numbers as a wave has callers
    borrowed: Span  # share of numbers that are somebody's
    foreign: Span  # share of the others that are from abroad
    mismatched: Span  # share of calls of which the network asserts another number
    vouched: Span  # share of calls with a level C, or B where the trunk is an interconnect's; others have none
    trunks: Span
    interconnect: Span  # share of runs that come over interconnects, as much other traffic does

    def calls(self, town: Town, count: int, draw: np.random.Generator) -> list[CallBlock]:
        """As many calls of each intensity."""
        found: list[CallBlock] = []
        made = [0] * len(self.callers)
        busy, quiet = draw.permutation(town.places), draw.permutation(town.people.number)
        share = self.busy_victims.one(draw)
        while sum(made) < count:
            least = made.index(min(made))
            victims = busy if draw.random() < share else quiet
            victim = int(victims[len(found) % len(victims)])
            found.append(self._run(town, victim, self.callers[least], count - sum(made), draw))
            made[least] += len(found[-1])
        return found

    def _run(self, town: Town, victim: int, intensity: Span, most: int, draw: np.random.Generator) -> CallBlock:
        callers = intensity.whole(draw)
        waves = max(min(self.waves.whole(draw), most // callers), 2)
        lines = self._pool(town, round(callers * self.pool.one(draw)), draw)
        chosen = np.concatenate([draw.permutation(len(lines))[:callers] for _ in range(waves)])
        start_ms = self._starts(town, callers, waves, draw)
        course = self.manner.habits(draw, 1).course(draw, np.zeros_like(chosen), start_ms)
        kind = MASKING_LOW if callers <= LOW_MOST else MASKING
        return CallBlock(
            kind, 1, self._seen(lines.take(chosen), lines, draw), np.full_like(chosen, victim), start_ms, course
        )

    def _pool(self, town: Town, size: int, draw: np.random.Generator) -> Lines:
        borrowed = round(size * self.borrowed.one(draw))
        foreign = round((size - borrowed) * self.foreign.one(draw))
        made_up = town.strangers(draw, size - borrowed - foreign)
        abroad = town.foreigners(draw, town.numbers.abroad(foreign))
        return all_lines([town.people.take(town.distinct(draw, borrowed)), abroad, made_up])

    def _starts(self, town: Town, callers: int, waves: int, draw: np.random.Generator) -> Ints:
        spread_ms = self.spread_s.one(draw) * 1000
        pause_ms = draw.exponential(self.pause_s.one(draw) * 1000, waves) + spread_ms + _APART_MS
        wave_ms = town.moments(draw, 1, WAKING)[0] + np.cumsum(pause_ms).astype(np.int64)
        within = (draw.random(waves * callers) * spread_ms).astype(np.int64)
        found: Ints = np.repeat(wave_ms, callers) + within
        return found

    def _seen(self, calls: Lines, pool: Lines, draw: np.random.Generator) -> Lines:
        """As the calls come in: by the run's trunks, whoever's numbers they are."""
        count = len(calls)
        over = INTERCONNECTS if draw.random() < self.interconnect.one(draw) else WHOLESALE
        trunks = draw.choice(over, min(self.trunks.whole(draw), len(over)), replace=False)
        asserted = draw.random(count) < self.mismatched.one(draw)
        behind = pool.number[int(draw.integers(len(pool)))] // 1000 * 1000
        level = LEVEL_B if over is INTERCONNECTS else LEVEL_C
        vouched = draw.random(count) < self.vouched.one(draw)
        return Lines(
            calls.number,
            trunks[draw.integers(len(trunks), size=count)],
            np.where(vouched, level, NONE),
            calls.number,
            np.where(asserted, behind, NONE),
        )
