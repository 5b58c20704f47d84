"""Value formulas: a share of an allowance for the time that one run covers.

30 a month, given out day by day: `{"Method":"*incremental","Params":{"Units":30,"Interval":"month","Increment":"day"}}`
is 1 a day in November and 30/31 in December, whose share is rounded half away from zero to the account's decimals.
The length of the month or year is that of the local day on which the action runs.

A share that is no shorter than its interval is 0, as in CGRateS, and so is one of a length that nobody knows: both are
warned of when the row is read. A method that nobody knows is refused there.
"""

import calendar
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from actions.json_object import parse_object
from tariffs.money import half

DIGITS_MAX: Final = 18
METHOD: Final = "*incremental"
SECONDS: Final = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
LENGTHS: Final = ("second", "minute", "hour", "day", "week", "month", "year")  # ascending


@dataclass(frozen=True, slots=True)
class ValueFormula:
    """`numerator`/`denominator` of a unit are shared out over `interval`, one share per `increment`."""

    numerator: int
    denominator: int
    interval: str  # "hour" … "year", or a word that nobody knows
    increment: str  # what one run covers, shorter than the interval

    def value(self, year: int, month: int, *, scale: int) -> int:
        """The share of one run in that month, in 1/scale of a unit."""
        if not self.shares:
            return 0
        whole, part = _seconds(self.interval, year, month), _seconds(self.increment, year, month)
        return half(self.numerator * scale * part, self.denominator * whole)

    @property
    def shares(self) -> bool:
        """Whether it gives anything: its increment is shorter than its interval, and both are known."""
        if self.increment not in LENGTHS or self.interval not in LENGTHS:
            return False
        return LENGTHS.index(self.increment) < LENGTHS.index(self.interval)


def _seconds(length: str, year: int, month: int) -> int:
    if length == "month":
        return calendar.monthrange(year, month)[1] * SECONDS["day"]
    if length == "year":
        return (366 if calendar.isleap(year) else 365) * SECONDS["day"]
    return SECONDS[length]


def parse_value_formula(text: str) -> ValueFormula:
    """Read the JSON of a formula. ValueError says what is wrong with it."""
    document = parse_object(text)
    params = document.get("Params")
    if not isinstance(params, dict) or document.get("Method") != METHOD:
        raise ValueError(f'expected {{"Method":"{METHOD}","Params":{{"Units":…,"Interval":…,"Increment":…}}}}')
    for name in ("Interval", "Increment"):
        if not isinstance(params.get(name), str):
            raise ValueError(f"{name} {params.get(name)!r} is no text; it is one of {', '.join(LENGTHS)}")
    numerator, denominator = _ratio(params.get("Units"))
    return ValueFormula(numerator, denominator, params["Interval"], params["Increment"])


def _ratio(units: object) -> tuple[int, int]:
    if not isinstance(units, Decimal):
        raise ValueError(f"Units {units!r} is not a number")
    if abs(units.adjusted()) > DIGITS_MAX:
        raise ValueError("Units has more digits than any amount")
    return units.as_integer_ratio()
