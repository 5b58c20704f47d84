"""Caller points: profiles as points, so that callers that behave alike are near each other.

    feature                   counted as one      A      B      C
    calls                     factor of 7.4      60     66     40
    avg_call_duration         120 s               0      0     75
    asr                       50 points           0      2     48
    night, distinct B,        0.5 each            0      0      0.1
      cancelled, abroad
    mean gap                  factor of 7.4      30 s   28 s  900 s

A and B, two numbers of one wangiri, are 0.1 apart; C, a SIM box, is more than 1 from both. Callers of two countries are
1.4 apart at least and never meet, and so are callers of two trunks (0.7), but for those that use both.

Each feature is scaled by its median and the spread of the middle half of the callers, as robust scaling does: ten
callers with 5,000 calls each do not press all others together. That alone would tear apart a group that is alone: the
middle half of forty SIM boxes that do the same is that group, and its own noise became the unit. So the unit is never
less than what an analyst would call a difference, as the table says.
"""

from math import log1p
from typing import Final

from triggers.campaigns.caller_profile import CallerProfile

COUNTRY_WEIGHT: Final = 1.0
TRUNK_WEIGHT: Final = 0.5
LEAST: Final[tuple[float, ...]] = (2.0, 120.0, 50.0, 0.5, 0.5, 0.5, 0.5, 2.0)  # the units, in the order of `features`


def features(one: CallerProfile) -> list[float]:
    return [
        log1p(one.calls),
        one.avg_duration_s,
        one.asr,
        one.night_ratio,
        one.distinct_b_ratio,
        one.cancel_ratio,
        one.intl_ratio,
        log1p(one.gap_s),
    ]


def points(profiles: list[CallerProfile]) -> list[list[float]]:
    """One point a caller: its features, scaled, then a place for each country and for each trunk."""
    rows = [features(one) for one in profiles]
    for place, least in enumerate(LEAST):
        _scale(rows, place, least)
    _add_countries(rows, profiles)
    _add_trunks(rows, profiles)
    return rows


def _scale(rows: list[list[float]], place: int, least: float) -> None:
    values = sorted([row[place] for row in rows])
    middle = quantile(values, 0.5)
    unit = max(quantile(values, 0.75) - quantile(values, 0.25), least)
    for row in rows:
        row[place] = (row[place] - middle) / unit


def _add_countries(rows: list[list[float]], profiles: list[CallerProfile]) -> None:
    places = {country: place for place, country in enumerate(sorted({one.country for one in profiles}))}
    for row, one in zip(rows, profiles, strict=True):
        columns = [0.0] * len(places)
        columns[places[one.country]] = COUNTRY_WEIGHT
        row.extend(columns)


def _add_trunks(rows: list[list[float]], profiles: list[CallerProfile]) -> None:
    names = set[str]()
    for one in profiles:
        names.update(one.trunks)
    places = {name: place for place, name in enumerate(sorted(names))}
    for row, one in zip(rows, profiles, strict=True):
        columns = [0.0] * len(places)
        total = sum(one.trunks.values())
        for name, calls in one.trunks.items():
            columns[places[name]] = TRUNK_WEIGHT * calls / total
        row.extend(columns)


def quantile(values: list[float], part: float) -> float:
    """Of sorted values, between the two nearest in proportion; 0 of none."""
    if not values:
        return 0.0
    place = part * (len(values) - 1)
    below = int(place)
    above = min(below + 1, len(values) - 1)
    return values[below] + (place - below) * (values[above] - values[below])
