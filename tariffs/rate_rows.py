"""Rates.csv: connect fees and ladders of prices.

    #Id,ConnectFee,Rate,RateUnit,RateIncrement,GroupIntervalStart
    RT_20,0.4,0.2,60s,60s,0s
    RT_20,0,0.1,60s,1s,60s

0.40 to connect and 0.20 for the first minute, sold whole; from then on 0.10 a minute by the second. Rows with one Id
are one rate. Its fee is that of the row written first, and of two rows with one GroupIntervalStart the later counts.

A price keeps every decimal it is written with. Where it is known from a row alone that CGRateS, which computes in
doubles, answers otherwise, a warning says so: a fee with a decimal more than are kept; an increment whose price lies
exactly between two amounts, as 0.000125 a second does at 5 decimals (0.00013 here, there it depends).
"""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Final

from tariffs.csv_rows import Row
from tariffs.money import last_place
from tariffs.rate import Rate, RateSlot

RATE_COLUMNS: Final = ("Id", "ConnectFee", "Rate", "RateUnit", "RateIncrement", "GroupIntervalStart")
DEFAULT_STEP: Final = 1_000_000_000  # of unit and increment, where nothing or 0 is given: one second
MILLISECOND: Final = 1_000_000


Step = tuple[Row, RateSlot]  # a row and what it says


class RateRows:
    """The rates of a load, and the rows they were written in."""

    __slots__ = ("_steps", "rates")

    def __init__(self, rates: Mapping[str, Rate], steps: Mapping[str, list[Step]]) -> None:
        self.rates: Final = rates
        self._steps: Final = steps

    def warn_of_nanoseconds(self, rate_id: str) -> None:
        """Say where a rate that prices calls has a unit or an increment that can only have been meant as seconds."""
        for row, slot in self._steps.get(rate_id, ()):
            for column, length in (("RateUnit", slot.unit), ("RateIncrement", slot.increment)):
                if length < MILLISECOND:
                    row.warn(column, "is less than a millisecond, and calls are priced by it", "60s for a minute")


def read_rates(rows: Iterable[Row], *, decimals: int) -> RateRows:
    """The rates of a load; `decimals` are those that costs keep."""
    steps: dict[str, list[Step]] = {}
    for row in rows:
        if row["Id"]:
            steps.setdefault(row["Id"], []).append((row, _slot(row, decimals)))
        else:
            row.fault("Id", "is empty", "the name that destination rates use")
    return RateRows({rate_id: _rate(rate_id, group, decimals) for rate_id, group in steps.items()}, steps)


def _rate(rate_id: str, steps: list[Step], decimals: int) -> Rate:
    by_start: dict[int, Step] = {}
    for row, slot in steps:
        if slot.group_start in by_start:
            message = "is there twice in this rate; this row replaces the earlier one"
            row.warn("GroupIntervalStart", message, "a start for each row")
        by_start[slot.group_start] = row, slot
    ladder = [by_start[start] for start in sorted(by_start)]
    _warn_of_starts(ladder)
    fee = _connect_fee([row for row, _ in steps], decimals)
    return Rate(rate_id, fee, tuple(slot for _, slot in ladder))


def _slot(row: Row, decimals: int) -> RateSlot:
    price, scale = row.number("Rate")
    if price < 0:
        message = "is negative, so that usage pays money back"
        row.warn("Rate", message, "0 or more; CGRateS rounds negative amounts down, ratingd to the nearest")
    start = row.duration("GroupIntervalStart")
    if start < 0:
        row.fault("GroupIntervalStart", "lies before the call", "0s or more")
    slot = RateSlot(max(start, 0), price, scale, _step(row, "RateUnit"), _step(row, "RateIncrement"))
    if _is_tie(slot, decimals):
        message = f"makes the price of an increment lie exactly between two amounts of {decimals} decimals"
        row.warn("Rate", message, "rounded away from zero here; CGRateS may charge one unit less")
    return slot


def _step(row: Row, column: str) -> int:
    step = row.duration(column)
    if step < 0:
        row.fault(column, "is not a length", "more than 0; empty or 0 is 1s")
    return step if step > 0 else DEFAULT_STEP


def _is_tie(slot: RateSlot, decimals: int) -> bool:
    halves, rest = divmod(2 * slot.price * slot.increment * 10**decimals, slot.unit * 10**slot.price_scale)
    return bool(rest == 0 and halves % 2 == 1)


def _connect_fee(rows: list[Row], decimals: int) -> int:
    """The fee of the row written first, whatever its group."""
    fee = rows[0].nano("ConnectFee")
    if fee % last_place(decimals):
        message = f"has more than {decimals} decimals and is rounded to them"
        rows[0].warn("ConnectFee", message, "CGRateS charges it unrounded in debits")
    for row in rows[1:]:
        if row.nano("ConnectFee") not in (0, fee):
            message = "is ignored: the fee is that of the first row of the rate"
            row.warn("ConnectFee", message, "the fee in the first row")
    return fee


def _warn_of_starts(ladder: list[Step]) -> None:
    """A ladder that begins late begins at once; a group that starts inside an increment begins later than it says."""
    row, slot = ladder[0]
    if slot.group_start:
        message = "is the first of its rate and not 0; its price counts from the begin of the call"
        row.warn("GroupIntervalStart", message, "0s; CGRateS charges the time before it wrongly")
    for (_, before), (row, slot) in pairwise(ladder):
        if slot.group_start % before.increment:
            message = "is no multiple of the increment before it, which is sold whole and so delays it"
            row.warn("GroupIntervalStart", message, "a multiple of the increment of the group before")
