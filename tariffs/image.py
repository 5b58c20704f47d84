"""The image of a tariff: compact tables that JSON can hold, and the tariff back from them.

Reading and checking a folder happens in another process than charging, and a tariff that was activated is kept in the
database, so it must travel. 100,000 destinations priced by 1,000 rates are 1,000 ratings and as many intervals, each
written once in a table and then named by its number; a plan is a list of destination names and a list of numbers beside
it. `json` writes that image in a tenth of a second.

    "destinations": [["DST_DE"], [["49"]]]
    "rates":        [["RT", 0, [[0, 6, 2, 60000000000, 1000000000]]]]
    "ratings":      [[0, "*up", 4, 0, ""]]            (of rate 0)
    "intervals":    [[0, 0, "10"]]                    (timing 0, rating 0, weight 10)
    "lists":        [[0]]                             (of intervals)
    "plans":        [["RP", ["DST_DE"], [0]]]         (DST_DE has list 0)

Parts that were one object are one object again after the way back. An image of another format is refused.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, Generic, TypeVar

from tariffs.money import RoundingMethod
from tariffs.rate import Rate, RateSlot
from tariffs.rating_plan import MaxCostStrategy, Rating, RatingInterval, RatingPlan
from tariffs.rating_profile import Activation, RatingProfile
from tariffs.tariff import Tariff
from tariffs.timing import Timing

FORMAT: Final = 1
Cells = list[Any]  # one line of a table, as JSON has it
Part = TypeVar("Part")


class _Table(Generic[Part]):
    """Parts numbered in the order in which they are first met; equal parts have one number."""

    __slots__ = ("_by_identity", "_by_value", "parts")

    def __init__(self) -> None:
        self.parts: Final[list[Part]] = []
        self._by_identity: Final[dict[int, int]] = {}
        self._by_value: Final[dict[Part, int]] = {}

    def number(self, part: Part) -> int:
        number = self._by_identity.get(id(part))
        if number is None:
            number = self._by_value.setdefault(part, len(self.parts))
            if number == len(self.parts):
                self.parts.append(part)
                self._by_identity[id(part)] = number
        return number


def to_image(tariff: Tariff) -> dict[str, object]:
    """The tables of a tariff, made of lists, texts and integers only."""
    timings, rates = _Table[Timing](), _Table[Rate]()
    ratings, intervals = _Table[Rating](), _Table[RatingInterval]()
    lists = _Table[tuple[RatingInterval, ...]]()
    plans = [
        [plan.id, list(plan.destinations), [lists.number(priced) for priced in plan.destinations.values()]]
        for plan in tariff.plans.values()
    ]
    names = [timings.number(timing) for timing in tariff.timings.values()]
    list_cells = [[intervals.number(interval) for interval in priced] for priced in lists.parts]
    interval_cells = [
        [timings.number(interval.timing), ratings.number(interval.rating), str(interval.weight)]
        for interval in intervals.parts
    ]
    rating_cells = [_rating_cells(rating, rates) for rating in ratings.parts]
    return {
        "format": FORMAT,
        "destinations": [list(tariff.destinations), [list(prefixes) for prefixes in tariff.destinations.values()]],
        "timings": [_timing_cells(timing) for timing in timings.parts],
        "names": names,
        "rates": [_rate_cells(rate) for rate in rates.parts],
        "ratings": rating_cells,
        "intervals": interval_cells,
        "lists": list_cells,
        "plans": plans,
        "profiles": [_profile_cells(profile) for profile in tariff.profiles.values()],
    }


def from_image(image: Mapping[str, Any]) -> Tariff:
    """The tariff of an image; ValueError where the image is of another format or does not fit together."""
    if image.get("format") != FORMAT:
        raise ValueError(f"a tariff image of format {image.get('format')!r}, where this release reads format {FORMAT}")
    try:
        return _tariff(image)
    except (KeyError, IndexError, TypeError, ArithmeticError) as error:
        raise ValueError(f"a damaged tariff image: {type(error).__name__} {error}") from error


def _tariff(image: Mapping[str, Any]) -> Tariff:
    timings = [_timing(cells) for cells in image["timings"]]
    rates = [_rate(cells) for cells in image["rates"]]
    ratings = [_rating(cells, rates) for cells in image["ratings"]]
    intervals = [
        RatingInterval(timings[timing], ratings[rating], Decimal(weight))
        for timing, rating, weight in image["intervals"]
    ]
    lists = [tuple(intervals[number] for number in cells) for cells in image["lists"]]
    ids, prefixes = image["destinations"]
    destinations = dict(zip(ids, map(tuple, prefixes), strict=True))
    own = {destination_id: destination_id for destination_id in destinations}
    plans = {plan_id: _plan(plan_id, names, numbers, lists, own) for plan_id, names, numbers in image["plans"]}
    profiles = [_profile(cells) for cells in image["profiles"]]
    return Tariff(
        destinations,
        {timings[number].id: timings[number] for number in image["names"]},
        plans,
        {(profile.tenant, profile.category, profile.subject): profile for profile in profiles},
    )


def _timing_cells(timing: Timing) -> Cells:
    sets = (timing.years, timing.months, timing.month_days, timing.week_days)
    return [timing.id, *map(sorted, sets), timing.start_ns, timing.end_ns, timing.schedule]


def _timing(cells: Cells) -> Timing:
    name, *sets, start_ns, end_ns, schedule = cells
    years, months, month_days, week_days = map(frozenset, sets)
    return Timing(name, years, months, month_days, week_days, start_ns, end_ns, schedule)


def _rate_cells(rate: Rate) -> Cells:
    slots = [[slot.group_start, slot.price, slot.price_scale, slot.unit, slot.increment] for slot in rate.slots]
    return [rate.id, rate.connect_fee, slots]


def _rate(cells: Cells) -> Rate:
    rate_id, connect_fee, slots = cells
    return Rate(rate_id, connect_fee, tuple(RateSlot(*slot) for slot in slots))


def _rating_cells(rating: Rating, rates: _Table[Rate]) -> Cells:
    strategy = rating.max_cost_strategy.value
    return [rates.number(rating.rate), rating.rounding.value, rating.decimals, rating.max_cost, strategy]


def _rating(cells: Cells, rates: Sequence[Rate]) -> Rating:
    rate, rounding, decimals, max_cost, strategy = cells
    return Rating(rates[rate], RoundingMethod(rounding), decimals, max_cost, MaxCostStrategy(strategy))


def _plan(
    plan_id: str,
    names: Iterable[str],
    numbers: Iterable[int],
    lists: Sequence[tuple[RatingInterval, ...]],
    own: Mapping[str, str],
) -> RatingPlan:
    """`own` maps a destination id to the text the tariff keeps anyway."""
    priced = zip(names, numbers, strict=True)
    return RatingPlan(plan_id, {own.get(name, name): lists[number] for name, number in priced})


def _profile_cells(profile: RatingProfile) -> Cells:
    activations = [
        [activation.from_ns, activation.plan_id, list(activation.fallback_subjects)]
        for activation in profile.activations
    ]
    return [profile.tenant, profile.category, profile.subject, activations]


def _profile(cells: Cells) -> RatingProfile:
    tenant, category, subject, activations = cells
    return RatingProfile(
        tenant, category, subject, tuple(Activation(at, plan, tuple(fallbacks)) for at, plan, fallbacks in activations)
    )
