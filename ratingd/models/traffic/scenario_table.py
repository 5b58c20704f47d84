"""Scenarios as tables that a person reads: a line is a parameter, a column one town.

    parameter             | TRAIN              | SHIFTED
    masking.callers       | 3..4 5..8 12..24   | 9..11 26..40
    masking.spread_s      | 2.5..4.6           | 1..2.3
    revenue_share.hours   | 1..2.5             | 2.7..5

`low..high` is a span, one number a span of nothing else, several spans are taken in equal parts. Each parameter of each
population stands there once: what is missing, or known to nobody, is an error.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, TypeVar

from ratingd.models.traffic.busy_callers import Couriers, Notifiers
from ratingd.models.traffic.crowds import CallCentres, Conferences, Redials, Televotes
from ratingd.models.traffic.manner import Manner
from ratingd.models.traffic.masking_runs import MaskingRuns
from ratingd.models.traffic.people import People
from ratingd.models.traffic.revenue_share import RevenueShare
from ratingd.models.traffic.ring_once import RingOnce
from ratingd.models.traffic.robocalls import Robocalls
from ratingd.models.traffic.scenario import Population, Scenario
from ratingd.models.traffic.sim_boxes import SimBoxes
from ratingd.models.traffic.span import Span
from ratingd.models.traffic.town import Streets

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class _Part:
    kind: type[Population]
    share: float  # of all calls


_PARTS: Final[Mapping[str, _Part]] = {
    "call_centres": _Part(CallCentres, 0.09),
    "televotes": _Part(Televotes, 0.05),
    "conferences": _Part(Conferences, 0.03),
    "redials": _Part(Redials, 0.04),
    "notifiers": _Part(Notifiers, 0.04),
    "couriers": _Part(Couriers, 0.03),
    "sim_boxes": _Part(SimBoxes, 0.05),
    "ring_once": _Part(RingOnce, 0.02),
    "revenue_share": _Part(RevenueShare, 0.01),
    "robocalls": _Part(Robocalls, 0.03),
    "masking": _Part(MaskingRuns, 0.04),
}


def scenario(name: str, stream: int, days: int, values: Mapping[str, str]) -> Scenario:
    """The scenario of a column. Raises ValueError, which names the parameter."""
    given = dict(values)
    made = Scenario(
        name,
        stream,
        days,
        _made(Streets, "streets", given),
        _made(People, "people", given),
        {part: _made(each.kind, part, given) for part, each in _PARTS.items()},
        {part: each.share for part, each in _PARTS.items()},
    )
    if given:
        raise ValueError(f"scenario {name}: nobody knows the parameter {min(given)}")
    return made


def column_of(table: str, name: str) -> dict[str, str]:
    """Parameter and value of each line."""
    header, *lines = [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]
    place = header.index(name)
    return {cells[0]: cells[place] for cells in lines}


def spans(text: str) -> tuple[Span, ...]:
    """`3..4 5..8` are two, `1` is one. Raises ValueError."""
    found = []
    for part in text.split():
        low, _, high = part.partition("..")
        found.append(Span(float(low), float(high or low)))
    return tuple(found)


def _made(kind: type[Made], at: str, given: dict[str, str]) -> Made:
    """A population, or a manner of it; what it takes leaves `given`."""
    parts: dict[str, Any] = {}
    for field in fields(kind):  # type: ignore[arg-type]
        name = f"{at}.{field.name}"
        if field.type is Manner:
            parts[field.name] = _made(Manner, name, given)
        else:
            parts[field.name] = _value(field.type is Span, name, given)
    return kind(**parts)


def _value(single: bool, name: str, given: dict[str, str]) -> Span | tuple[Span, ...]:
    if name not in given:
        raise ValueError(f"{name} is missing: a span is wanted, such as 0.2..0.4")
    try:
        found = spans(given.pop(name))
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    if not found or (single and len(found) > 1):
        raise ValueError(f"{name}: {'one span is' if single else 'spans are'} wanted, such as 0.2..0.4")
    return found[0] if single else found
