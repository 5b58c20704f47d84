"""Final rounding of a debit (PerformRounding): what a timespan costs, brought to the decimals of its price.

Seven seconds at 0.00167 are 0.01169. The price is rounded up to 2 decimals, so 0.00831 more are taken from the balance
that paid the first increment, and the call costs 0.02. Two neighbours alike in price, match and increments are one
timespan first: a call across midnight is not rounded twice.
"""

from collections.abc import Sequence

from accounts.charge import Increment
from accounts.drawn import Drawn
from tariffs.money import round_amount


def joined(drawn: Sequence[Drawn]) -> list[Drawn]:
    """The same timespans with neighbours that are alike made one."""
    found: list[Drawn] = []
    alike: Drawn | None = None  # the first of the neighbours that the last one found is made of
    for timespan in drawn:
        if alike is not None and _are_alike(alike, timespan):
            _append(found[-1], timespan)
        else:
            alike = timespan
            found.append(_copied(timespan))
    return found


def correction(timespan: Drawn) -> int:
    """What is still to be taken (or given back, if negative) so that a timespan costs a rounded amount."""
    if timespan.interval is None or not timespan.increments or timespan.increments[0].money is None:
        return 0
    rating = timespan.interval.rating
    return round_amount(timespan.cost, rating.decimals, rating.rounding) - timespan.cost


def _are_alike(first: Drawn, second: Drawn) -> bool:
    one, other = first.match, second.match
    return (
        first.interval is not None
        and first.interval == second.interval
        and (one.subject, one.plan_id, one.prefix, one.destination_id)
        == (other.subject, other.plan_id, other.prefix, other.destination_id)
        and [_terms(increment) for increment in first.increments]
        == [_terms(increment) for increment in second.increments]
    )


def _terms(increment: Increment) -> tuple[object, ...]:
    unit, money = increment.unit, increment.money
    return (
        increment.duration,
        increment.cost,
        increment.count,
        increment.payer,
        None if unit is None else (unit.uuid, unit.amount),
        None if money is None else money.uuid,
    )


def _copied(timespan: Drawn) -> Drawn:
    copy = Drawn(timespan.start_ns, timespan.position, timespan.match, timespan.interval, timespan.slot)
    _append(copy, timespan)
    return copy


def _append(timespan: Drawn, following: Drawn) -> None:
    timespan.end_ns = following.end_ns
    timespan.cost += following.cost
    for increment in following.increments:
        timespan.append(increment)
