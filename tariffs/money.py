"""Money without floats: nano-units, and the few divisions a price needs.

An amount is an `int` of nano-units (1e-9) of the tenant's currency: 0.60 is 600_000_000. A division rounds to the
nearest unit of the last decimal that is kept, half away from zero, and nowhere else: 0.10 a minute sold by the second
is 0.0016666… a second, which at 5 decimals is 0.00167, so 60 seconds cost 0.1002 and not 0.10. That is what the
operator's price list means by "rounded per increment", and what CGRateS charges.

Kept as written: a price per byte may need 15 decimals, so a rate stays an integer and a power of ten until it is
multiplied with usage. Set aside: `Decimal`, whose context rounds silently, and `Fraction`, ten times slower.
"""

from enum import Enum
from typing import Final

NANO: Final = 1_000_000_000
NANO_DECIMALS: Final = 9
_POWERS: Final = tuple(int(10**exponent) for exponent in range(32))


class RoundingMethod(Enum):
    """How the final amount is rounded. `NONE` is any text CGRateS does not know, an empty one included."""

    NONE = ""
    UP = "*up"
    DOWN = "*down"
    MIDDLE = "*middle"


_NONE: Final = RoundingMethod.NONE
_UP: Final = RoundingMethod.UP
_DOWN: Final = RoundingMethod.DOWN


def power_of_ten(exponent: int) -> int:
    """10^exponent, for an exponent of 0 or more."""
    return _POWERS[exponent] if exponent < len(_POWERS) else int(10**exponent)


def half(numerator: int, denominator: int) -> int:
    """Divide to the nearest integer, half away from zero. `denominator` is positive."""
    if numerator >= 0:
        return (numerator + denominator // 2) // denominator
    return -((-numerator + denominator // 2) // denominator)


def last_place(decimals: int) -> int:
    """One unit of the last of `decimals` (0 to 9) kept decimals, in nano-units."""
    return power_of_ten(NANO_DECIMALS - decimals)


def round_half(amount: int, decimals: int) -> int:
    """Bring a nano amount to `decimals` decimals, half away from zero."""
    unit = last_place(decimals)
    return amount if unit == 1 else unit * half(amount, unit)


def round_amount(amount: int, decimals: int, method: RoundingMethod) -> int:
    """Round a nano amount finally, by magnitude, so that the rounding of -x is minus that of x.

    No decimals, or nine and more, leave the amount as it is: zero means "no final rounding", not "to whole units".
    """
    if decimals <= 0 or decimals >= NANO_DECIMALS or method is _NONE:
        return amount
    unit = last_place(decimals)
    magnitude = abs(amount)
    if method is _UP:
        rounded = magnitude + -magnitude % unit
    elif method is _DOWN:
        rounded = magnitude - magnitude % unit
    else:
        rounded = half(magnitude, unit) * unit
    return rounded if amount >= 0 else -rounded


def decimal_text(amount: int) -> str:
    """Write a nano amount as people do, without trailing zeros: 1_500_000_000 is "1.5", -50_000_000 is "-0.05"."""
    sign = "-" if amount < 0 else ""
    whole, fraction = divmod(abs(amount), NANO)
    digits = f"{fraction:09d}".rstrip("0")
    return f"{sign}{whole}.{digits}" if digits else f"{sign}{whole}"
