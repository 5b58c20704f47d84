"""What a tariff knows about numbers: their prefixes, and which prefix of a plan comes nearest."""

from bisect import bisect_left

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tariffs.rating_plan import RatingPlan
from tariffs.tariff import EMPTY_TARIFF, Tariff

DESTINATIONS = {"DE": ("49",), "MOBILE": ("4917", "4916"), "SPECIAL": ("4917",), "UK": ("44",), "TEXT": ("+49",)}
PLAN = RatingPlan("P", {"MOBILE": (), "UK": (), "*any": ()})
TARIFF = Tariff(DESTINATIONS, {}, {"P": PLAN}, {})


@pytest.mark.parametrize(
    ("number", "prefixes"),
    [
        ("491712", [("4917", ("MOBILE", "SPECIAL")), ("49", ("DE",))]),
        ("49", [("49", ("DE",))]),
        ("4", []),
        ("+4917", [("+49", ("TEXT",))]),
        ("", []),
    ],
)
def test_prefixes_of_a_number_come_longest_first(number: str, prefixes: list[tuple[str, tuple[str, ...]]]) -> None:
    assert TARIFF.prefixes_of(number) == prefixes


@pytest.mark.parametrize(
    ("number", "nearest"),
    [("4915", "4916"), ("4918", "4917"), ("43", "44"), ("491", "4916"), ("7", ""), ("", ""), ("+4", "")],
)
def test_the_nearest_prefix_is_one_that_the_plan_prices(number: str, nearest: str) -> None:
    assert TARIFF.nearest_prefix(PLAN, number) == nearest


@given(st.sets(st.text("0123", min_size=1, max_size=5), max_size=12), st.text("0123", max_size=6))
def test_no_prefix_shares_more_digits_than_the_nearest(prefixes: set[str], number: str) -> None:
    plan = RatingPlan("P", {"D": ()})
    built = Tariff({"D": tuple(sorted(prefixes))}, {}, {"P": plan}, {})
    nearest = built.nearest_prefix(plan, number)
    assert shared(nearest, number) == max((shared(prefix, number) for prefix in prefixes), default=0)


def shared(prefix: str, number: str) -> int:
    lengths = range(min(len(prefix), len(number)) + 1)
    return bisect_left(lengths, True, key=lambda length: prefix[:length] != number[:length]) - 1


def test_the_order_of_a_plan_is_that_of_its_rows() -> None:
    assert [TARIFF.rank(PLAN, name) for name in ("UK", "*any", "MOBILE")] == [1, 2, 0]


def test_a_tariff_may_be_prepared_before_its_first_call() -> None:
    TARIFF.prepare()
    EMPTY_TARIFF.prepare()
    assert TARIFF.nearest_prefix(PLAN, "4915") == "4916"


def test_destinations_of_one_price_share_what_is_worked_out() -> None:
    assert TARIFF.prices(PLAN, "MOBILE") is TARIFF.prices(PLAN, "UK")
    assert TARIFF.prices(PLAN, "DE") is None
