"""How units pay: in which steps, and how many of them one step takes.

A voice balance without a rating subject pays by the second, one with `*zero1m` by the minute: 100 s of it pay one
whole minute and 40 s stay. A balance with the factor 2.5 for premium numbers gives 2.5 s of its time for each second of
such a call, so 100 s of it last 40 s.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from accounts.balance import Balance, BalanceTerms, kind_scale
from accounts.charge import ChargeRequest, ChargeRules
from tariffs.duration import parse_duration

ANY: Final = "*any"
ZERO: Final = "*zero"
FACTOR_FIELD: Final = "BalanceFactorID"
FACTOR_PLACE: Final = 10_000  # factors give amounts of at most five decimals of a unit
SECOND: Final = 1_000_000_000

_increments: Final[dict[str, int]] = {}


def zero_increment(subject: str) -> int:
    """The increment of a `*zero…` subject in ns or units: "*zero1m" is 60_000_000_000. ValueError if there is none."""
    found = _increments.get(subject)
    if found is None:
        found = parse_duration(subject.removeprefix(ZERO))
        if found <= 0:
            raise ValueError(f"{subject!r} names no increment; *zero1s and *zero1ns do")
        if len(_increments) < 1_000:
            _increments[subject] = found
    return found


def unit_subject(terms: BalanceTerms, tor: str, rules: ChargeRules) -> str:
    """What prices the units of a balance: its own rating subject, else the one that the settings have for the event.

    A `*zero…` that names no increment is refused where it is written; here it counts as not given.
    """
    subject = terms.rating_subject
    if subject == "" or subject == ANY or not _is_sound(subject):
        return _default(tor, rules.balance_rating_subject)
    return subject


def free_increment(subject: str) -> int | None:
    """The step in which units pay without a price; None where their subject names one."""
    return zero_increment(subject) if subject.startswith(ZERO) else None


def _is_sound(subject: str) -> bool:
    if not subject.startswith(ZERO):
        return True
    try:
        return zero_increment(subject) > 0
    except ValueError:
        return False


def _default(tor: str, subjects: Mapping[str, str]) -> str:
    return subjects.get(tor) or subjects.get(ANY) or "*zero1ns"


def factor_for(terms: BalanceTerms, request: ChargeRequest) -> Decimal | None:
    """The multiplier that the event asks for and the balance knows."""
    if not terms.factors:
        return None
    return terms.factors.get(request.extra_fields.get(FACTOR_FIELD, ""))


def unit_amount(usage: int, kind: str, factor: Decimal | None) -> int:
    """What usage (ns or units) takes, in the scale of a kind; a fraction that a factor makes is rounded up."""
    scale = kind_scale(kind)
    if factor is None:
        return usage * scale
    numerator, denominator = factor.as_integer_ratio()
    place = 1 if scale == 1 else FACTOR_PLACE
    return -(-usage * scale * numerator // (denominator * place)) * place


def counted_amount(amount: int, balance: Balance, tor: str) -> int:
    """What an amount of a balance is in a counter of the event's type: generic balances count in billionths of a ns."""
    held, counted = kind_scale(balance.terms.kind.value), kind_scale(tor)
    return -(-amount * counted // held)
