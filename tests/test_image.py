import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tariffs.image import from_image, to_image
from tariffs.money import RoundingMethod
from tariffs.rate import Rate, RateSlot
from tariffs.rating_plan import MaxCostStrategy, Rating, RatingInterval, RatingPlan
from tariffs.rating_profile import Activation, RatingProfile
from tariffs.tariff import EMPTY_TARIFF, Tariff
from tariffs.timing import Timing

NAME = st.text(max_size=4)
AMOUNT = st.integers(-(10**30), 10**30)
LENGTH = st.integers(1, 10**15)
NUMBERS = st.frozensets(st.integers(-1, 2100), max_size=3)

TIMING = st.builds(
    Timing, NAME, NUMBERS, NUMBERS, NUMBERS, NUMBERS, st.integers(0, 10**14), st.none() | st.integers(0, 10**14), NAME
)
SLOT = st.builds(RateSlot, LENGTH, AMOUNT, st.integers(0, 20), LENGTH, LENGTH)
RATE = st.builds(Rate, NAME, AMOUNT, st.lists(SLOT, min_size=1, max_size=3).map(tuple))
RATING = st.builds(
    Rating, RATE, st.sampled_from(RoundingMethod), st.integers(-9, 20), AMOUNT, st.sampled_from(MaxCostStrategy)
)
WEIGHT = st.decimals(allow_nan=False, allow_infinity=False)
INTERVAL = st.builds(RatingInterval, TIMING, RATING, WEIGHT)
INTERVALS = st.lists(INTERVAL, max_size=3).map(tuple)
ACTIVATION = st.builds(Activation, st.integers(-(2**63), 2**63 - 1), NAME, st.lists(NAME, max_size=2).map(tuple))


@st.composite
def tariffs(draw: st.DrawFn) -> Tariff:
    priced = draw(st.lists(INTERVALS, min_size=1, max_size=3))
    entries = st.dictionaries(NAME, st.sampled_from(priced), max_size=3)
    plans = draw(st.dictionaries(NAME, entries, max_size=3))
    activations = st.lists(ACTIVATION, max_size=2).map(tuple)
    profiles = draw(st.dictionaries(st.tuples(NAME, NAME, NAME), activations, max_size=3))
    timings = draw(st.lists(TIMING, max_size=2))
    return Tariff(
        draw(st.dictionaries(NAME, st.lists(NAME, max_size=3, unique=True).map(tuple), max_size=3)),
        {timing.id: timing for timing in timings},
        {plan_id: RatingPlan(plan_id, destinations) for plan_id, destinations in plans.items()},
        {key: RatingProfile(*key, found) for key, found in profiles.items()},
    )


def travelled(tariff: Tariff) -> Tariff:
    return from_image(json.loads(json.dumps(to_image(tariff))))


def parts(tariff: Tariff) -> tuple[object, ...]:
    """A tariff's tables with their orders, which decide between equals."""
    plans = [(plan.id, list(plan.destinations.items())) for plan in tariff.plans.values()]
    tables = (tariff.destinations, tariff.timings, tariff.profiles, tariff.ids_by_prefix)
    return plans, *(list(table.items()) for table in tables)


@given(tariffs())
def test_a_tariff_comes_back_from_its_image(tariff: Tariff) -> None:
    assert parts(travelled(tariff)) == parts(tariff)


def small() -> Tariff:
    rate = Rate("RT", 0, (RateSlot(0, 6, 2, 60_000_000_000, 1_000_000_000),))
    one = (RatingInterval(Timing("*any"), Rating(rate, RoundingMethod.UP, 4), Decimal(10)),)
    equal = (RatingInterval(Timing("*any"), Rating(rate, RoundingMethod.UP, 4), Decimal(10)),)
    plans = {"RP": RatingPlan("RP", {"DST_DE": one, "DST_FR": equal, "*any": one})}
    return Tariff({"DST_DE": ("49",), "DST_FR": ("33",)}, {}, plans, {})


def test_what_is_equal_is_written_once_and_shared_afterwards() -> None:
    image: dict[str, Any] = to_image(small())
    assert [len(image[table]) for table in ("timings", "rates", "ratings", "intervals", "lists")] == [1, 1, 1, 1, 1]
    assert image["plans"] == [["RP", ["DST_DE", "DST_FR", "*any"], [0, 0, 0]]]
    assert image["intervals"] == [[0, 0, "10"]]
    back = travelled(small())
    assert len({id(intervals) for intervals in back.plans["RP"].destinations.values()}) == 1


def test_an_empty_tariff_has_an_image() -> None:
    assert parts(travelled(EMPTY_TARIFF)) == parts(EMPTY_TARIFF)


@pytest.mark.parametrize("image", [{}, {"format": 2}, {"format": "1"}])
def test_an_image_of_another_format_is_refused(image: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="format"):
        from_image(image)


@pytest.mark.parametrize(
    "table", ["destinations", "timings", "names", "rates", "ratings", "intervals", "lists", "plans", "profiles"]
)
def test_a_damaged_image_is_refused(table: str) -> None:
    image = to_image(small())
    del image[table]
    with pytest.raises(ValueError, match="damaged"):
        from_image(image)


def test_an_image_that_does_not_fit_together_is_refused() -> None:
    image = to_image(small())
    with pytest.raises(ValueError, match="damaged"):
        from_image(image | {"lists": [[7]]})
