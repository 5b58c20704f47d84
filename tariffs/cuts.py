"""Cuts: where a call changes its price, and how the pieces are sold in whole increments.

Off-peak sells the first minute whole and then by the second, peak likewise; peak begins at 08:00. A call from 07:59:30
to 08:01:30 is cut at 08:00:00, because another interval is in force from there, and at 08:00:30, because that is where
the ladder of peak has its second step: 60 s into the call, wherever the price changed. Then each piece is widened to
whole increments, in order: the first minute lasts to 08:00:30 and swallows the second piece.

A call is cut where another part of the lookup begins, at each local midnight, where another interval is in force (also
at the same price), and at the steps of the ladder in force; the nearest of them first, and nowhere else. Every piece is
rounded on its own, so one cut more or less is another price. Usage that is not voice has no clock: it is priced by what
is in force at its start, and cut only at the steps of the ladder.

The work grows with the cuts, never with the increments or the seconds of a call.
"""

from enum import StrEnum
from typing import Final

from mypy_extensions import mypyc_attr

from tariffs.lookup import RatingInfo
from tariffs.money import half, last_place, power_of_ten
from tariffs.rate import RateSlot
from tariffs.rating_plan import RatingInterval
from tariffs.span import VOICE, RatingQuery, Span
from tariffs.zone import LocalDay


class Cut(StrEnum):
    """Why a piece begins where it does; of several reasons the first of these."""

    START = "the usage begins"
    ACTIVATION = "another rating plan applies"
    MIDNIGHT = "a new day begins"
    SWITCH = "another price is in force"
    STEP = "the next step of the rate begins"


_START: Final = Cut.START
_ACTIVATION: Final = Cut.ACTIVATION
_MIDNIGHT: Final = Cut.MIDNIGHT
_SWITCH: Final = Cut.SWITCH
_STEP: Final = Cut.STEP


@mypyc_attr(acyclic=True, free_list_len=1)
class Piece:
    """A part of the usage at one price, before it is widened. `position` is its begin counted from that of the call."""

    __slots__ = ("cut", "end_ns", "info", "interval", "position", "slot", "start_ns")

    def __init__(
        self,
        start_ns: int,
        end_ns: int,
        position: int,
        interval: RatingInterval,
        slot: RateSlot,
        info: RatingInfo,
        cut: Cut,
    ) -> None:
        self.start_ns: Final = start_ns
        self.end_ns: Final = end_ns
        self.position: Final = position
        self.interval: Final = interval
        self.slot: Final = slot
        self.info: Final = info
        self.cut: Final = cut


@mypyc_attr(acyclic=True, free_list_len=1)
class Cutting:
    """The pieces of a query, and where they end for want of a price: `hole` is None when all of it has one."""

    __slots__ = ("_offset", "hole", "hole_info", "pieces")

    def __init__(self, infos: tuple[RatingInfo, ...], query: RatingQuery) -> None:
        self.pieces: Final[list[Piece]] = []
        self.hole: int | None = None
        self.hole_info: RatingInfo = infos[0]
        self._offset: Final = query.duration_index - query.end_ns  # instant + offset = position in the call
        if query.tor == VOICE:
            self._cut_by_info(infos, query)
        else:
            self._cut_by_ladder(infos[0], query)

    def _cut_by_ladder(self, info: RatingInfo, query: RatingQuery) -> None:
        interval = info.prices.in_force(query.zone.day_of(query.start_ns), query.start_ns)
        if interval is None:
            self._stop(info, query.start_ns)
        else:
            self._climb(query.start_ns, query.end_ns, interval, info, _START)

    def _cut_by_info(self, infos: tuple[RatingInfo, ...], query: RatingQuery) -> None:
        cut = _START
        last = len(infos) - 1
        for index, info in enumerate(infos):
            until_ns = query.end_ns if index == last else min(query.end_ns, infos[index + 1].from_ns)
            self._cut_by_day(info, max(info.from_ns, query.start_ns), until_ns, query, cut)
            if self.hole is not None:
                return
            cut = _ACTIVATION

    def _cut_by_day(self, info: RatingInfo, start_ns: int, until_ns: int, query: RatingQuery, cut: Cut) -> None:
        always = info.prices.always
        while start_ns < until_ns:
            day = query.zone.day_of(start_ns)
            end_ns = min(day.end_ns, until_ns)
            if always is not None:
                self._climb(start_ns, end_ns, always, info, cut)
            else:
                self._cut_by_shift(info, day, start_ns, end_ns, cut)
                if self.hole is not None:
                    return
            start_ns, cut = end_ns, _MIDNIGHT

    def _cut_by_shift(self, info: RatingInfo, day: LocalDay, start_ns: int, until_ns: int, cut: Cut) -> None:
        shifts = info.prices.shifts(day)
        last = len(shifts) - 1
        for index, shift in enumerate(shifts):
            end_ns = until_ns if index == last else min(until_ns, day.at(shifts[index + 1].start_ns))
            if end_ns <= start_ns:
                continue
            if shift.interval is None:
                self._stop(info, start_ns)
                return
            self._climb(start_ns, end_ns, shift.interval, info, cut)
            start_ns, cut = end_ns, _SWITCH

    def _climb(self, start_ns: int, end_ns: int, interval: RatingInterval, info: RatingInfo, cut: Cut) -> None:
        """Cut one stretch of one interval at the steps of its ladder."""
        position = start_ns + self._offset
        slots = interval.rating.rate.slots
        slot = slots[0]
        for step in slots[1:]:
            step_ns = step.group_start - self._offset
            if step_ns >= end_ns:
                break
            if step_ns > start_ns:
                self.pieces.append(Piece(start_ns, step_ns, position, interval, slot, info, cut))
                start_ns, position, cut = step_ns, step.group_start, _STEP
            slot = step
        self.pieces.append(Piece(start_ns, end_ns, position, interval, slot, info, cut))

    def _stop(self, info: RatingInfo, at_ns: int) -> None:
        self.hole = at_ns
        self.hole_info = info


def priced_at(piece: Piece, query: RatingQuery) -> int:
    """The instant whose price a piece has: its own begin, or that of the usage where it is not voice."""
    return piece.start_ns if query.tor == VOICE else query.start_ns


def widened(pieces: list[Piece], decimals: int) -> tuple[Span, ...]:
    """Sell each piece in whole increments. What an earlier piece has already sold, a later one does not sell again."""
    spans = []
    sold_ns = pieces[0].start_ns
    for piece in pieces:
        if piece.end_ns <= sold_ns:
            continue
        start_ns = max(piece.start_ns, sold_ns)
        increment = piece.slot.increment
        sold_ns = piece.end_ns + (start_ns - piece.end_ns) % increment
        count = (sold_ns - start_ns) // increment
        spans.append(
            Span(
                start_ns,
                sold_ns,
                piece.position + start_ns - piece.start_ns,
                count,
                increment,
                increment_cost(piece.slot, count, decimals),
                piece.interval,
                piece.slot,
                piece.info.match,
            )
        )
    return tuple(spans)


def stretch_cost(slot: RateSlot, count: int, decimals: int) -> int:
    """The price of `count` increments together, rounded to the kept decimals, in units of the last of them."""
    amount = count * slot.parts * slot.price
    places = decimals - slot.price_scale
    if places >= 0:
        return half(amount * power_of_ten(places), slot.whole)
    return half(amount, slot.whole * power_of_ten(-places))


def increment_cost(slot: RateSlot, count: int, decimals: int) -> int:
    """What each of `count` increments costs, in nano-units: the second rounding, that of a share of the stretch."""
    return half(stretch_cost(slot, count, decimals), count) * last_place(decimals)
