"""Tariffs and calls at random, for properties: few minutes, few days, few prices, so that edges meet often."""

from decimal import Decimal

from hypothesis import strategies as st

from tariffs.money import NANO, RoundingMethod
from tariffs.rate import Rate, RateSlot
from tariffs.rating_plan import MaxCostStrategy, Rating, RatingInterval, RatingPlan
from tariffs.rating_profile import Activation, RatingProfile
from tariffs.span import VOICE, RatingQuery
from tariffs.tariff import Tariff
from tariffs.timing import Timing
from tariffs.zone import DAY_NS, SECOND_NS, Zone, zone

MINUTE_NS = 60 * SECOND_NS
MIDNIGHTS = [1_767_571_200, 1_774_738_800, 1_792_879_200, 1_735_689_600]  # a Monday, two changes of clocks, a new year
ZONES = ["UTC", "Europe/Berlin", "+05:30", "America/Sao_Paulo"]


@st.composite
def slots(draw: st.DrawFn, *, exact: bool) -> tuple[RateSlot, ...]:
    """A ladder of one to three steps; `exact` prices are whole at five decimals for each increment."""
    starts = draw(st.lists(st.sampled_from([30, 60, 90, 300]), max_size=2, unique=True))
    ladder = []
    for start in [0, *sorted(starts)]:
        increment = draw(st.sampled_from([1, 6, 7, 30, 60])) * SECOND_NS
        if exact:
            price, scale, unit = draw(st.integers(0, 99_999)), 5, increment
        else:
            price, scale = draw(st.integers(-50_000, 2_000_000)), draw(st.integers(0, 12))
            unit = draw(st.sampled_from([1, 7, 60])) * SECOND_NS
        ladder.append(RateSlot(start * SECOND_NS, price, scale, unit, increment))
    return tuple(ladder)


@st.composite
def ratings(draw: st.DrawFn, *, exact: bool = False) -> Rating:
    fee = draw(st.sampled_from([0, NANO // 10, 123_450_000]))
    rate = Rate(f"R{draw(st.integers(0, 9))}", fee, draw(slots(exact=exact)))
    if exact:
        return Rating(rate)
    strategy = draw(st.sampled_from(MaxCostStrategy))
    return Rating(rate, draw(st.sampled_from(RoundingMethod)), draw(st.integers(0, 6)), NANO // 2, strategy)


@st.composite
def timings(draw: st.DrawFn) -> Timing:
    """Any time, or from a time of the day on, perhaps on certain days only."""
    start = draw(st.sampled_from([0, 0, 1, 119, 120, 150, 480, 1439])) * MINUTE_NS
    week = draw(st.sampled_from([(), (), (), (1, 2, 3, 4, 5), (0, 6), (0,)]))
    days = draw(st.sampled_from([(), (), (), (1,), (29,)]))
    return Timing("T", month_days=frozenset(days), week_days=frozenset(week), start_ns=start)


@st.composite
def intervals(draw: st.DrawFn, *, exact: bool = False) -> tuple[RatingInterval, ...]:
    found = draw(st.lists(st.tuples(timings(), ratings(exact=exact), st.integers(0, 2)), min_size=1, max_size=4))
    return tuple(RatingInterval(timing, rating, Decimal(weight)) for timing, rating, weight in found)


@st.composite
def tariffs(draw: st.DrawFn, *, exact: bool = False) -> Tariff:
    """Two plans for 49, 491 or anything, and profiles for 1001, its fallback subjects and `*any`."""
    plans = {
        name: RatingPlan(
            name,
            {
                place: draw(intervals(exact=exact))
                for place in draw(st.lists(st.sampled_from(["D49", "D491", "X49", "*any"]), min_size=1, unique=True))
            },
        )
        for name in ("P", "Q")
    }
    profiles = {}
    for subject in ("1001", "f1", "f2", "*any"):
        if subject == "1001" or draw(st.booleans()):
            activations = draw(st.lists(_activations(), min_size=1, max_size=3))
            ordered = tuple(sorted(activations, key=lambda each: each.from_ns))
            profiles["t", "call", subject] = RatingProfile("t", "call", subject, ordered)
    destinations = {"D49": ("49",), "D491": ("491",), "X49": ("49", "4")}
    return Tariff(destinations, {}, plans, profiles)


@st.composite
def _activations(draw: st.DrawFn) -> Activation:
    instant = draw(st.sampled_from([0, 0, *(midnight * SECOND_NS + draw(_shifts()) for midnight in MIDNIGHTS)]))
    subjects = draw(st.sampled_from([(), (), ("f1",), ("f1", "f2"), ("f2", "*any"), ("1001",)]))
    return Activation(instant, draw(st.sampled_from(["P", "Q"])), subjects)


def _shifts() -> st.SearchStrategy[int]:
    minutes = st.sampled_from([-1440, -60, -1, 0, 1, 59, 60, 119, 120, 121, 150, 180, 480, 1439])
    return minutes.map(lambda minute: minute * MINUTE_NS)


@st.composite
def zones(draw: st.DrawFn) -> Zone:
    return zone(draw(st.sampled_from(ZONES)))


@st.composite
def queries(draw: st.DrawFn) -> RatingQuery:
    """A call of whole minutes or of seconds, near a midnight or a StartTime, perhaps a later slice."""
    start = draw(st.sampled_from(MIDNIGHTS)) * SECOND_NS + draw(_shifts()) - draw(st.integers(0, 90)) * SECOND_NS
    usage = draw(st.one_of(st.integers(1, 400).map(lambda second: second * SECOND_NS), st.integers(0, 2 * DAY_NS)))
    before = draw(st.sampled_from([0, 0, 30, 60, 1000])) * SECOND_NS
    number = draw(st.sampled_from(["4912345", "491", "48", "7", "*any"]))
    tor = draw(st.sampled_from([VOICE, VOICE, VOICE, "*data"]))
    return RatingQuery("t", "call", "1001", number, tor, start, start + usage, usage + before, draw(zones()))
