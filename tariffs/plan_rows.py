"""DestinationRates.csv and RatingPlans.csv: what each destination costs when.

    #Id,DestinationId,RatesTag,RoundingMethod,RoundingDecimals,MaxCost,MaxCostStrategy
    DR_DE,DST_DE,RT_20,*up,4,0,
    #Id,DestinationRatesId,TimingTag,Weight
    RP_RETAIL,DR_DE,PEAK,10

Each plan row gives one rating interval to every destination of its destination rates, in the order of the rows,
because among equals the first written wins. A price list of 100,000 destinations has perhaps 1,000 prices: rows that
say the same share one rating, intervals and their tuples are shared too, and a plan costs a dictionary entry for each
destination.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from decimal import Decimal
from typing import Final

from tariffs.csv_rows import Row
from tariffs.money import RoundingMethod
from tariffs.rate import Rate
from tariffs.rating_plan import MaxCostStrategy, Rating, RatingInterval, RatingPlan
from tariffs.timing import ANY, Timing
from tariffs.timing_rows import ANY_TIME, SCHEDULE_WORDS

DESTINATION_RATE_COLUMNS: Final = (
    "Id",
    "DestinationId",
    "RatesTag",
    "RoundingMethod",
    "RoundingDecimals",
    "MaxCost",
    "MaxCostStrategy",
)
PLAN_COLUMNS: Final = ("Id", "DestinationRatesId", "TimingTag", "Weight")

Priced = list[tuple[str, Rating]]  # the rows of one DestinationRates id: a destination id and its price
Intervals = tuple[RatingInterval, ...]
Written = tuple[Row, Timing, Decimal]  # a row of RatingPlans.csv and what it says
_WEEK: Final = frozenset(range(7))


def read_destination_rates(
    rows: Iterable[Row], rates: Mapping[str, Rate], destination_ids: Mapping[str, str]
) -> dict[str, Priced]:
    """`destination_ids` maps each known id to itself, so that a plan keeps no second copy of its text."""
    ratings: dict[tuple[str, ...], Rating] = {}
    by_id: dict[str, Priced] = {}
    for row in rows:
        name, destination, *priced = row.cells
        rating = ratings.get(tuple(priced))
        if rating is None:
            before = len(row.sheet.findings)
            rating = _rating(row, rates)
            if rating is not None and len(row.sheet.findings) == before:
                ratings[tuple(priced)] = rating
        known = ANY if destination == ANY else destination_ids.get(destination)
        if known is None:
            message = "is no destination of this folder or of the tariff in force"
            row.fault("DestinationId", message, "an Id of Destinations.csv, or *any")
        if not name:
            row.fault("Id", "is empty", "the name that rating plans use")
        elif rating is not None and known is not None:
            by_id.setdefault(name, []).append((known, rating))
        else:
            by_id.setdefault(name, [])
    return by_id


def _rating(row: Row, rates: Mapping[str, Rate]) -> Rating | None:
    before = len(row.sheet.findings)
    decimals, max_cost = row.integer("RoundingDecimals"), row.nano("MaxCost")
    readable = len(row.sheet.findings) == before
    method, strategy = _method(row), _strategy(row)
    if readable:
        _warn_of_rounding(row, method, decimals)
        _warn_of_max_cost(row, strategy, max_cost)
    rate = rates.get(row["RatesTag"])
    if rate is None:
        row.fault("RatesTag", "is no rate of this folder", "an Id of Rates.csv")
        return None
    return Rating(rate, method, decimals, max_cost, strategy)


def _method(row: Row) -> RoundingMethod:
    try:
        return RoundingMethod(row["RoundingMethod"])
    except ValueError:
        row.warn("RoundingMethod", "is unknown, so the total is not rounded", "*up, *down, *middle or empty")
        return RoundingMethod.NONE


def _strategy(row: Row) -> MaxCostStrategy:
    try:
        return MaxCostStrategy(row["MaxCostStrategy"])
    except ValueError:
        row.warn("MaxCostStrategy", "is unknown, so MaxCost is not looked at", "*free, *disconnect or empty")
        return MaxCostStrategy.NONE


def _warn_of_rounding(row: Row, method: RoundingMethod, decimals: int) -> None:
    if method is RoundingMethod.DOWN and 0 < decimals < 9:
        row.warn("RoundingMethod", "rounds exactly", "0.29 at 2 decimals stays 0.29, where CGRateS may charge 0.28")
    if method is not RoundingMethod.NONE and decimals <= 0:
        message = "turns the final rounding off"
        row.warn("RoundingDecimals", message, "1 or more to round; at 0 a CDR of CGRateS is rounded to whole units")


def _warn_of_max_cost(row: Row, strategy: MaxCostStrategy, max_cost: int) -> None:
    if strategy is MaxCostStrategy.NONE:
        if max_cost:
            row.warn("MaxCost", "is not looked at without a MaxCostStrategy", "*free or *disconnect as MaxCostStrategy")
    elif max_cost <= 0:
        row.warn("MaxCost", "is no cap", "more than 0; with 0 CGRateS debits nothing (*free) or allows no time")
    elif strategy is MaxCostStrategy.FREE:
        row.warn("MaxCost", "is never exceeded", "the fee counts too; CGRateS may overshoot the cap or reach it early")
    else:
        row.warn("MaxCost", "bounds the allowed time, fee included", "CGRateS leaves the fee out")


class PlanRows:
    """The rating plans of a load, and the rows they were written in."""

    __slots__ = ("_destination_rates", "_intervals", "_longer", "_timings", "_written", "plans")

    def __init__(
        self, destination_rates: Mapping[str, Priced], timings: Mapping[str, Timing], rows: Iterable[Row]
    ) -> None:
        self._destination_rates: Final = destination_rates
        self._timings: Final = timings
        self._intervals: Final[dict[tuple[int, str, Decimal], RatingInterval]] = {}
        self._longer: Final[dict[tuple[int, int], Intervals]] = {}
        self._written: Final[dict[str, list[Written]]] = {}
        destinations: dict[str, dict[str, Intervals]] = {}
        for row in rows:
            self._read(row, destinations)
        self.plans: Final = {plan_id: RatingPlan(plan_id, priced) for plan_id, priced in destinations.items()}
        for plan_id, written in self._written.items():
            _warn_of_holes(written)
            _warn_of_weights(self.plans[plan_id], written)

    def warn_of_ties(self, destinations: Mapping[str, tuple[str, ...]], shared: Set[str]) -> None:
        """Say where a plan prices two destinations with one prefix of `shared` at one weight."""
        members = {name for name, prefixes in destinations.items() if not shared.isdisjoint(prefixes)}
        for plan_id, written in self._written.items():
            ties = _ties(self.plans[plan_id], members, destinations, shared)
            if ties:
                prefix, first, second = ties[0]
                row = next(row for row, _, _ in written if self._prices(row, second))
                more = f", and {len(ties) - 1} more prefixes are alike" if len(ties) > 1 else ""
                message = f"prices {first} and {second} at one weight though both have the prefix {prefix}{more}"
                row.warn("DestinationRatesId", message, "the first written counts; CGRateS takes either")

    def _prices(self, row: Row, destination_id: str) -> bool:
        return any(name == destination_id for name, _ in self._destination_rates.get(row["DestinationRatesId"], ()))

    def _read(self, row: Row, plans: dict[str, dict[str, Intervals]]) -> None:
        timing, weight = self._timing(row), row.decimal("Weight")
        priced = self._destination_rates.get(row["DestinationRatesId"])
        if priced is None:
            row.fault("DestinationRatesId", "is no destination rate of this folder", "an Id of DestinationRates.csv")
        if not row["Id"]:
            row.fault("Id", "is empty", "the name that rating profiles use")
            return
        destinations = plans.setdefault(row["Id"], {})
        if timing is None or priced is None:
            return
        self._written.setdefault(row["Id"], []).append((row, timing, weight))
        for destination_id, rating in priced:
            interval = self._interval(rating, timing, weight)
            destinations[destination_id] = self._extended(destinations.get(destination_id, ()), interval)

    def _timing(self, row: Row) -> Timing | None:
        tag = row["TimingTag"]
        timing = self._timings.get(tag, ANY_TIME if tag == ANY else None)
        if timing is not None and not timing.schedule:
            if timing.end_ns is not None:
                message = "has an end, which prices do not look at: it holds until midnight"
                row.warn("TimingTag", message, "another timing that begins where this one ends")
            return timing
        if not tag:
            row.fault("TimingTag", "is empty", "a Tag of Timings.csv, or *any")
        elif timing is not None or tag in SCHEDULE_WORDS:
            row.fault("TimingTag", "is for schedules and has no time of day", "a timing with HH:MM:SS, or *any")
        else:
            row.fault("TimingTag", "is no timing of this folder", "a Tag of Timings.csv, or *any")
        return None

    def _interval(self, rating: Rating, timing: Timing, weight: Decimal) -> RatingInterval:
        key = (id(rating), timing.id, weight)
        interval = self._intervals.get(key)
        if interval is None:
            interval = self._intervals[key] = RatingInterval(timing, rating, weight)
        return interval

    def _extended(self, present: Intervals, interval: RatingInterval) -> Intervals:
        """The intervals with one more, unless it is among them; the same tuple for the same parts."""
        key = (id(present), id(interval))
        longer = self._longer.get(key)
        if longer is None:
            longer = self._longer[key] = present if interval in present else (*present, interval)
        return longer


def _warn_of_holes(written: Sequence[Written]) -> None:
    """Say so when a plan has hours without any price: it needs a timing for all days, or one for each week day."""
    from_midnight = [timing for _, timing, _ in written if timing.start_ns == 0]
    weekly = [timing for timing in from_midnight if not (timing.years or timing.months or timing.month_days)]
    week_days = frozenset(day for timing in weekly for day in (timing.week_days or _WEEK))
    if week_days != _WEEK:
        message = "does not reach over the whole week; usage at other times is refused"
        written[0][0].warn("Id", message, "timings from 00:00:00 for each week day, or *any")


def _warn_of_weights(plan: RatingPlan, written: Sequence[Written]) -> None:
    """Say where intervals of one destination begin at different times and differ in weight."""
    for intervals in {id(intervals): intervals for intervals in plan.destinations.values()}.values():
        first = intervals[0]
        odd = next((interval for interval in intervals if interval.weight != first.weight), None)
        if odd is not None and len({interval.timing.start_ns for interval in intervals}) > 1:
            row = next(row for row, timing, weight in written if timing == odd.timing and weight == odd.weight)
            message = "differs from the weight of another timing of the same destination"
            row.warn("Weight", message, "the heaviest holds from its StartTime; CGRateS may not switch during a call")
            return


def _ties(
    plan: RatingPlan, members: Set[str], destinations: Mapping[str, tuple[str, ...]], shared: Set[str]
) -> list[tuple[str, str, str]]:
    """(prefix, first, second) of destinations in a plan that no rule but their order tells apart."""
    ties, seen = list[tuple[str, str, str]](), dict[tuple[str, Decimal], str]()
    for destination_id, intervals in plan.destinations.items():
        if destination_id in members:
            weight = max([Decimal(0), *[interval.weight for interval in intervals]])
            for prefix in shared & set(destinations[destination_id]):
                first = seen.setdefault((prefix, weight), destination_id)
                if first != destination_id:
                    ties.append((prefix, first, destination_id))
    return sorted(ties)
