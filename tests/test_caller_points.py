"""Which callers are near each other: by what they do, where they are from, and over which trunks they come."""

from math import dist
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.caller_profiles import AT_MS, profile
from triggers.campaigns.caller_points import LEAST, features, points, quantile
from triggers.campaigns.density_clusters import NEAR

RINGING: dict[str, Any] = {"calls": 60, "cancel_ratio": 0.9, "distinct_b_ratio": 1.0, "intl_ratio": 1.0}
BOX: dict[str, Any] = {
    "calls": 40, "asr": 48.0, "talk_s": 3_000.0, "distinct_b_ratio": 1.0, "night_ratio": 0.1, "cancel_ratio": 0.3,
    "first_ms": AT_MS - 36_000_000,
}  # fmt: skip


def test_the_features_of_a_caller() -> None:
    assert features(profile("+371", **RINGING)) == pytest.approx([4.111, 0, 0, 0, 1, 0.9, 1, 4.127], abs=0.001)
    assert features(profile("+371", **BOX)) == pytest.approx([3.714, 75, 48, 0.1, 1, 0.3, 0, 6.829], abs=0.001)


def test_alike_are_near_and_unlike_are_far() -> None:
    rows = points([profile("1", **RINGING), profile("2", **RINGING | {"calls": 66}), profile("3", **BOX)])
    assert dist(rows[0], rows[1]) < NEAR / 3
    assert dist(rows[0], rows[2]) > 2 * NEAR


@pytest.mark.parametrize(
    ("one", "other", "away"),
    [
        ({"country": 371}, {"country": 371}, 0.0),
        ({"country": 371}, {"country": 49}, 1.414),
        ({"trunks": {"t-1": 9.0}}, {"trunks": {"t-2": 2.0}}, 0.707),
        ({"trunks": {"t-1": 9.0}}, {"trunks": {"t-1": 1.0, "t-2": 1.0}}, 0.354),
        ({"trunks": {}}, {"trunks": {"t-1": 1.0}}, 0.5),
    ],
)
def test_countries_and_trunks_are_apart(one: Any, other: Any, away: float) -> None:
    rows = points([profile("1", **RINGING | one), profile("2", **RINGING | other)])
    assert dist(*rows) == pytest.approx(away, abs=0.001)


def test_a_group_that_is_alone_is_not_torn_apart_by_its_own_noise() -> None:
    rows = points([profile(str(each), **BOX | {"asr": 45.0 + each % 7}) for each in range(40)])
    assert max(dist(rows[0], row) for row in rows) < NEAR / 2


def test_few_with_very_many_calls_do_not_press_the_others_together() -> None:
    some = [profile(str(each), calls=10 * 8 ** (each % 2)) for each in range(20)]
    alone = points(some)
    beside = points([*some, *[profile(f"x{each}", calls=5_000_000) for each in range(4)]])
    assert dist(beside[0], beside[1]) == pytest.approx(dist(alone[0], alone[1]), rel=0.2)


@given(st.lists(st.integers(0, 5_000), min_size=1, max_size=30))
def test_no_unit_is_less_than_what_counts_as_a_difference(calls: list[int]) -> None:
    some = [profile(str(place), calls=max(1, each)) for place, each in enumerate(calls)]
    plain, rows = [features(one) for one in some], points(some)
    for place in range(len(LEAST)):
        for one in range(len(some)):
            assert (
                abs(rows[one][place] - rows[0][place]) * LEAST[place] <= abs(plain[one][place] - plain[0][place]) + 1e-9
            )


@pytest.mark.parametrize(("values", "quarter"), [([], 0), ([3], 3), ([1, 2], 1.25), ([1, 2, 3, 4, 5], 2)])
def test_quantile(values: list[float], quarter: float) -> None:
    assert quantile(values, 0.25) == quarter
