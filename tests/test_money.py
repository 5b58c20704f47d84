"""Divisions of money against fractions, which are slow and exact."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tariffs.money import RoundingMethod, half, last_place, power_of_ten, round_amount, round_half

AMOUNTS = st.integers(-(10**24), 10**24)
ROUNDINGS = st.sampled_from([RoundingMethod.UP, RoundingMethod.DOWN, RoundingMethod.MIDDLE])


def to_nearest(exact: Fraction) -> int:
    """Half away from zero, by its definition."""
    nearest = int(abs(exact) + Fraction(1, 2))
    return nearest if exact >= 0 else -nearest


@given(AMOUNTS, st.integers(1, 10**24))
def test_half_divides_to_the_nearest(numerator: int, denominator: int) -> None:
    assert half(numerator, denominator) == to_nearest(Fraction(numerator, denominator))


@pytest.mark.parametrize(
    ("numerator", "denominator", "quotient"),
    [(5, 2, 3), (-5, 2, -3), (4, 3, 1), (5, 3, 2), (-4, 3, -1), (-5, 3, -2), (1, 2, 1), (-1, 2, -1), (0, 7, 0)],
)
def test_a_half_goes_away_from_zero(numerator: int, denominator: int, quotient: int) -> None:
    assert half(numerator, denominator) == quotient


@given(AMOUNTS, st.integers(0, 9))
def test_an_amount_is_brought_to_its_decimals(amount: int, decimals: int) -> None:
    unit = 10 ** (9 - decimals)
    assert round_half(amount, decimals) == to_nearest(Fraction(amount, unit)) * unit


@given(AMOUNTS, st.integers(1, 8), ROUNDINGS)
def test_a_final_rounding_is_by_magnitude(amount: int, decimals: int, method: RoundingMethod) -> None:
    unit = last_place(decimals)
    rounded = round_amount(amount, decimals, method)
    assert rounded % unit == 0
    assert rounded == -round_amount(-amount, decimals, method)
    beyond = abs(rounded) - abs(amount)
    match method:
        case RoundingMethod.UP:
            assert 0 <= beyond < unit
        case RoundingMethod.DOWN:
            assert -unit < beyond <= 0
        case _:
            assert -unit < 2 * beyond <= unit


@pytest.mark.parametrize("exponent", [0, 1, 9, 31, 32, 60])
def test_a_power_of_ten_is_exact(exponent: int) -> None:
    assert power_of_ten(exponent) == int("1" + "0" * exponent)
