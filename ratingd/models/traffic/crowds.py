"""Crowds: many callers to one number at once, and nobody means harm.

A masking run is five callers to one number within five seconds, and so is a televote, whose first five seconds bring
fifty; a call centre after its advertisement, with three; a conference at the full hour, with six; a surgery that opens
at eight and is busy for whoever tries again. They are what a rule cuts off by mistake, and what a model has to tell
apart: by how the callers come in (over all trunks, from lines that have called before), by how the calls go, and by
what the number was called before.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from ratingd.models.traffic.call_block import CallBlock, Lines
from ratingd.models.traffic.manner import Manner
from ratingd.models.traffic.span import Floats, Ints, Span
from ratingd.models.traffic.town import BEGIN_MS, DAY_MS, EVENING, HOUR_MS, WORKING, Town

CALL_CENTRE: Final = "call_centre"
TELEVOTE: Final = "televote"
CONFERENCE: Final = "conference"
REDIAL: Final = "redial"
_HALF_HOUR_MS: Final = HOUR_MS // 2


@dataclass(frozen=True, slots=True)
class CallCentres:
    """Calls all day, and a rush of minutes whenever something was advertised or broken."""

    manner: Manner
    an_hour: Span  # calls in ordinary hours, to each
    rushes: Span  # over all days
    rush_an_hour: Span
    rush_minutes: Span
    strangers: Span  # share of callers of other networks

    def calls(self, town: Town, count: int, draw: np.random.Generator) -> list[CallBlock]:
        found: list[CallBlock] = []
        made = 0
        while made < count:
            found.append(self._centre(town, count - made, draw))
            made += len(found[-1])
        return found

    def _centre(self, town: Town, most: int, draw: np.random.Generator) -> CallBlock:
        calm = _least(most, int(self.an_hour.one(draw) * 8 * town.days))
        parts = [town.moments(draw, calm, WORKING)]
        for begun in town.moments(draw, self.rushes.whole(draw), WORKING).tolist():
            length_ms = self.rush_minutes.one(draw) * 60_000
            rush = _least(most, int(self.rush_an_hour.one(draw) * length_ms / HOUR_MS))
            parts.append(begun + (draw.random(rush) * length_ms).astype(np.int64))
        start_ms = np.concatenate(parts)
        lines = town.crowd(draw, len(start_ms), self.strangers.one(draw))
        return _block(CALL_CENTRE, lines, town.numbers.companies.next(1)[0], start_ms, self.manner, draw)


@dataclass(frozen=True, slots=True)
class Televotes:
    """Some minutes in which thousands call, some of them more than once."""

    manner: Manner
    a_minute: Span  # calls
    minutes: Span
    again: Span  # share of calls by somebody who has called before
    strangers: Span

    def calls(self, town: Town, count: int, draw: np.random.Generator) -> list[CallBlock]:
        found: list[CallBlock] = []
        made = 0
        while made < count:
            found.append(self._vote(town, count - made, draw))
            made += len(found[-1])
        return found

    def _vote(self, town: Town, most: int, draw: np.random.Generator) -> CallBlock:
        minutes = self.minutes.one(draw)
        calls = _least(most, int(self.a_minute.one(draw) * minutes))
        voters = max(int(calls * (1 - self.again.one(draw))), 1)
        lines = town.crowd(draw, voters, self.strangers.one(draw))
        chosen = np.concatenate([np.arange(voters), draw.integers(voters, size=calls - voters)])
        when = draw.beta(1.2, 2.5, calls)  # most of them soon
        start_ms = town.moments(draw, 1, EVENING)[0] + (when * minutes * 60_000).astype(np.int64)
        return _block(TELEVOTE, lines.take(chosen), town.numbers.televotes.next(1)[0], start_ms, self.manner, draw)


@dataclass(frozen=True, slots=True)
class Conferences:
    """Bridges: the same people at the same half-hour of each day, all within a minute or two."""

    manner: Manner
    members: Span
    spread_s: Span  # around the time of the meeting
    strangers: Span

    def calls(self, town: Town, count: int, draw: np.random.Generator) -> list[CallBlock]:
        found: list[CallBlock] = []
        made = 0
        while made < count:
            found.append(self._bridge(town, draw))
            made += len(found[-1])
        return found

    def _bridge(self, town: Town, draw: np.random.Generator) -> CallBlock:
        """The meetings of all days."""
        members = self.members.whole(draw)
        lines = town.crowd(draw, members, self.strangers.one(draw))
        chosen = np.tile(np.arange(members), town.days)
        meeting = BEGIN_MS + int(draw.integers(16, 34)) * _HALF_HOUR_MS
        days = np.repeat(np.arange(town.days, dtype=np.int64), members)
        late_ms = (draw.normal(0, self.spread_s.one(draw) * 1000, len(chosen))).astype(np.int64)
        start_ms = meeting + days * DAY_MS + late_ms
        return _block(CONFERENCE, lines.take(chosen), town.numbers.companies.next(1)[0], start_ms, self.manner, draw)


@dataclass(frozen=True, slots=True)
class Redials:
    """A surgery that opens at eight: one line, and everybody tries again as soon as he hears that it is busy."""

    manner: Manner
    callers: Span
    tries: Span  # of each
    pause_s: Span  # mean, between the tries of one
    strangers: Span

    def calls(self, town: Town, count: int, draw: np.random.Generator) -> list[CallBlock]:
        found: list[CallBlock] = []
        made = 0
        while made < count:
            found.append(self._rush(town, draw))
            made += len(found[-1])
        return found

    def _rush(self, town: Town, draw: np.random.Generator) -> CallBlock:
        callers = self.callers.whole(draw)
        lines = town.crowd(draw, callers, self.strangers.one(draw))
        tries = np.maximum(draw.poisson(self.tries.one(draw), callers), 1)
        chosen = np.repeat(np.arange(callers), tries)
        pause_ms = draw.exponential(self.pause_s.one(draw), len(chosen)) * 1000 + 1500
        waited = _since_first(pause_ms, tries) + np.repeat(draw.exponential(45_000, callers), tries)
        start_ms = town.moments(draw, 1, WORKING)[0] // HOUR_MS * HOUR_MS + waited.astype(np.int64)
        surgery = town.places[int(draw.integers(len(town.places)))]
        return _block(REDIAL, lines.take(chosen), surgery, start_ms, self.manner, draw)


def _since_first(pause_ms: Floats, tries: Ints) -> Floats:
    """How long after his first call each caller makes each of his."""
    total = np.cumsum(pause_ms)
    first = np.cumsum(tries) - tries
    found: Floats = total - np.repeat(total[first], tries)
    return found


def _least(most: int, count: int) -> int:
    """No more than what is wanted, but a handful."""
    return max(min(count, most), 8)


def _block(kind: str, lines: Lines, b: int, start_ms: Ints, manner: Manner, draw: np.random.Generator) -> CallBlock:
    whose = np.zeros(len(start_ms), dtype=np.int64)
    course = manner.habits(draw, 1).course(draw, whose, start_ms)
    return CallBlock(kind, 0, lines, np.full(len(start_ms), b, dtype=np.int64), start_ms, course)
