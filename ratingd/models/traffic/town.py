"""The town: who lives there, how they are connected, and at what hours they call.

Simulated traffic happens in one place. Its people call one another, and are whom all others call: a call centre hears
of the same people that a courier rings up and a SIM box reaches. There are places that many call (a taxi, a surgery, a
shop), companies behind a switchboard (which present its number and assert another one: no fraud), people in other
networks who turn up once, and abroad.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ratingd.models.traffic.call_block import HOME_TRUNKS, INTERCONNECTS, INTERNATIONAL, WHOLESALE, Lines, all_lines
from ratingd.models.traffic.numbering import Numbering
from ratingd.models.traffic.span import Floats, Ints, Span

DAY_MS: Final = 86_400_000
HOUR_MS: Final = 3_600_000
BEGIN_MS: Final = 1_772_409_600_000  # 2026-03-02T00:00:00Z, a Monday
NONE: Final = 0  # of numbers and attestations
LEVEL_A: Final = 1
LEVEL_B: Final = 2
LEVEL_C: Final = 3
_ELSEWHERE: Final = 1.5  # so many times as often nobody vouches for a line of another network

# how many of a day's calls begin in each hour
WAKING: Final = np.array(
    [1, 0.5, 0.3, 0.2, 0.2, 0.5, 2, 5, 8, 9, 9, 9, 8, 8, 8, 8, 9, 10, 11, 11, 9, 7, 4, 2], dtype=np.float64
)
WORKING: Final = np.array(
    [0, 0, 0, 0, 0, 0, 1, 4, 10, 12, 12, 11, 7, 9, 11, 11, 9, 5, 2, 1, 0, 0, 0, 0], dtype=np.float64
)
EVENING: Final = np.array([0] * 18 + [2, 6, 8, 8, 3, 0], dtype=np.float64)
AT_NIGHT: Final = np.array([8, 9, 10, 10, 8, 4] + [0] * 16 + [3, 6], dtype=np.float64)
AT_ANY_HOUR: Final = np.array([3, 2, 2, 2, 2, 3, 4] + [6] * 15 + [5, 4], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Streets:
    """What towns differ in."""

    mobile: Span  # share of people
    switchboards: Span  # share of people behind one
    unattested: Span  # share of lines of ours for which nobody vouches
    vouched_abroad: Span  # share of lines abroad that come with level C, and not with nothing
    wholesale: Span  # share of lines elsewhere whose calls a wholesaler brings, as he brings those of attackers


class Town:
    """`people` live there, by place; `places` are numbers that many call, `taste` how often."""

    def __init__(self, streets: Streets, people: int, days: int, draw: np.random.Generator) -> None:
        self.days: Final = days
        self.numbers: Final = Numbering(draw)
        self._draw: Final = draw
        self._unattested: Final = streets.unattested.one(draw)
        self._vouched: Final = streets.vouched_abroad.one(draw)
        self._wholesale: Final = streets.wholesale.one(draw)
        self._mobile: Final = streets.mobile.one(draw)
        self.people: Final = self._behind_switchboards(self._at_home(people), streets.switchboards.one(draw))
        self.places: Final = self.numbers.fixed.next(max(people // 40, 3))
        popularity = 1 / np.arange(2, len(self.places) + 2) ** 0.7
        self.taste: Final[Floats] = popularity / popularity.sum()

    def some(self, draw: np.random.Generator, count: int) -> Ints:
        """Places of people."""
        return draw.integers(len(self.people), size=count)

    def distinct(self, draw: np.random.Generator, count: int) -> Ints:
        """Of people who differ, as long as there are as many."""
        if count > len(self.people) // 2:
            return np.resize(draw.permutation(len(self.people)), count)
        return draw.choice(len(self.people), count, replace=False)

    def strangers(self, draw: np.random.Generator, count: int) -> Lines:
        """People of other networks, of whom nobody has heard."""
        number = self.numbers.home(count, self._mobile)
        wholesale = self._by_wholesale(number)
        trunk = np.where(wholesale, draw.choice(WHOLESALE, count), draw.choice(INTERCONNECTS, count))
        vouched = np.where(wholesale, LEVEL_C, LEVEL_B)
        return self._lines(number, trunk, np.where(draw.random(count) < self._unattested * _ELSEWHERE, NONE, vouched))

    def foreigners(self, draw: np.random.Generator, number: Ints) -> Lines:
        """They have a trunk by their number, and nobody here asserts it."""
        trunk = np.where(
            self._by_wholesale(number),
            np.array(WHOLESALE)[number % len(WHOLESALE)],
            np.array(INTERNATIONAL)[number % len(INTERNATIONAL)],
        )
        found = self._lines(number, trunk, np.where(draw.random(len(number)) < self._vouched, LEVEL_C, NONE))
        return Lines(found.number, found.trunk, found.attestation, found.cli, np.zeros_like(number))

    def crowd(self, draw: np.random.Generator, count: int, stranger_share: float) -> Lines:
        """Many who call at once, each of them once: people, and strangers among them."""
        strangers = min(round(count * stranger_share), count)
        people = self.people.take(self.distinct(draw, count - strangers))
        other = self.strangers(draw, strangers)
        return _shuffled(people, other, draw)

    def companies(self, draw: np.random.Generator, count: int) -> Lines:
        return self._lines(self.numbers.companies.next(count), draw.choice(HOME_TRUNKS[2:], count), LEVEL_A)

    def mobiles(self, draw: np.random.Generator, count: int) -> Lines:
        return self._lines(self.numbers.mobiles.next(count), draw.choice(HOME_TRUNKS[:2], count), LEVEL_A)

    def moments(self, draw: np.random.Generator, count: int, hours: Floats, days: int = 0) -> Ints:
        """Instants of any day, or of `days` in a row, more of them where `hours` has more."""
        within = min(days or self.days, self.days)
        day = draw.integers(self.days - within + 1) + draw.integers(within, size=count)
        hour = draw.choice(len(hours), count, p=hours / hours.sum())
        return BEGIN_MS + day * DAY_MS + hour * HOUR_MS + draw.integers(HOUR_MS, size=count)

    def _by_wholesale(self, number: Ints) -> NDArray[np.bool_]:
        """The same for a number each time."""
        return number * 7_919 % 1_000 < self._wholesale * 1_000

    def _at_home(self, count: int) -> Lines:
        mobile = self._draw.random(count) < self._mobile
        number = np.where(mobile, self.numbers.mobiles.next(count), self.numbers.fixed.next(count))
        trunk = np.where(mobile, 0, 2) + number % 2
        vouched = np.where(self._draw.random(count) < self._unattested, NONE, LEVEL_A)
        return self._lines(number, trunk, vouched)

    def _behind_switchboards(self, lines: Lines, share: float) -> Lines:
        """Who presents a company's number has it vouched for as a customer's, not as his own."""
        behind = self._draw.random(len(lines)) < share
        boards = self.numbers.companies.next(max(int(behind.sum()) // 5, 1))
        cli = np.where(behind, boards[lines.number % len(boards)], lines.cli)
        return Lines(lines.number, lines.trunk, np.where(behind, LEVEL_B, lines.attestation), cli, lines.pai)

    def _lines(self, number: Ints, trunk: Ints, attestation: Ints | int) -> Lines:
        levels = np.broadcast_to(np.asarray(attestation, dtype=np.int64), number.shape)
        return Lines(number, trunk.astype(np.int64), levels, number, number)


def _shuffled(some: Lines, others: Lines, draw: np.random.Generator) -> Lines:
    return all_lines([some, others]).take(draw.permutation(len(some) + len(others)))
