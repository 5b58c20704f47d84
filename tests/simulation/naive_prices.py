"""What a piece of a call costs, increment by increment."""

from dataclasses import dataclass
from fractions import Fraction
from math import floor

from tests.simulation.folder import DESTINATIONS, PEAK_ENDS, PROFILES, Price, Step
from tests.simulation.naive_account import Failed, next_midnight, of_day

LAST_PLACE = 10_000  # nano: five decimals are kept


@dataclass
class Piece:
    """Part of a call under one price and one step of its ladder, `count` increments of one cost."""

    begin: int
    price: Price
    step: Step
    count: int
    cost: int


def half(amount: Fraction) -> int:
    """To the nearest integer, half away from zero."""
    return floor(amount + Fraction(1, 2)) if amount >= 0 else -floor(-amount + Fraction(1, 2))


def in_last_place(amount: Fraction) -> int:
    return LAST_PLACE * half(amount / LAST_PLACE)


def prices_of(category: str, subject: str, number: str) -> tuple[Price, ...]:
    found = PROFILES.get((category, subject)) or PROFILES.get((category, "*any"))
    if found is None:
        raise Failed("NO_RATING_PLAN")
    wanted = found[0].destination
    if wanted != "*any" and not number.startswith(DESTINATIONS[wanted]):
        raise Failed("DESTINATION_UNRATED")
    return found


def pieces(
    category: str, subject: str, number: str, tor: str, start: int, end: int, position: int, zone: str
) -> list[Piece]:
    """The pieces from `start` to at least `end`; `position` is the usage of the call before `start`."""
    prices = prices_of(category, subject, number)
    voice = tor == "*voice"
    found: list[Piece] = []
    at = start
    while at < end:
        evening = len(prices) > 1 and voice and of_day(at, zone) >= PEAK_ENDS
        price = prices[1] if evening else prices[0]
        here = position + at - start
        steps = sorted(price.steps, key=lambda step: step.start)
        step = [step for step in steps if step.start <= here][-1]
        stop = end
        for later in steps:
            if later.start > here:
                stop = min(stop, at + later.start - here)
        if voice:
            stop = min(stop, next_midnight(at, zone))
            if len(prices) > 1 and not evening:
                stop = min(stop, at + PEAK_ENDS - of_day(at, zone))
        count = -(-(stop - at) // step.increment)
        whole = in_last_place(Fraction(count * step.increment * step.price, step.unit))
        found.append(Piece(at, price, step, count, in_last_place(Fraction(whole, count))))
        at += count * step.increment
    return found


def rounded(amount: int, method: str, decimals: int) -> int:
    if decimals <= 0 or decimals >= 9:
        return amount
    unit = int(10 ** (9 - decimals))
    size, sign = abs(amount), -1 if amount < 0 else 1
    if method == "*up":
        return sign * unit * -(-size // unit)
    if method == "*down":
        return sign * unit * (size // unit)
    return sign * unit * half(Fraction(size, unit))
