"""Cost: what a call or a part of it costs in all, with the fee, the cap and the final rounding.

0.10 to connect and 0.60 a minute, at most 1.50 a call (`*free`): 90 s cost 1.00, 120 s 1.30, 240 s 1.50 and not 2.50.
The part of a call that follows a part which cost 1.40 may cost 0.10. So the cap is on the call: what it has cost so far
comes with the request and goes back with the answer, the fee included; time beyond the cap goes on at no charge, and
what was charged before it is never given back.

The fee belongs to the first part of a call (`loop_index` 0), is added to its first span before that span is rounded,
and is paid once. The final rounding is that of the spans' destination rates: most decimals win, then the earlier span;
no decimals mean no final rounding.
"""

from typing import Final

from tariffs.money import RoundingMethod, round_amount, round_half
from tariffs.rating import rating_infos, spans_of
from tariffs.rating_plan import MaxCostStrategy, Rating
from tariffs.span import Match, RatingQuery, Span, Unrated
from tariffs.tariff import Tariff

_FREE: Final = MaxCostStrategy.FREE
_UNROUNDED: Final = RoundingMethod.NONE


class Cost:
    """A price: `total` is the sum of `charged`, one amount a span, after the final rounding. All in nano-units."""

    __slots__ = (
        "charged",
        "fee",
        "match",
        "max_cost_so_far",
        "rounding",
        "rounding_decimals",
        "spans",
        "subtotal",
        "total",
        "usage",
    )

    def __init__(
        self,
        spans: tuple[Span, ...],
        fee: int,
        charged: tuple[int, ...],
        max_cost_before: int,
        match: Match | None,
    ) -> None:
        self.spans: Final = spans
        self.fee: Final = fee  # part of the first of `charged`, as far as a cap leaves it
        self.charged: Final = charged
        self.match: Final = match  # whose price it is at the start; None for unpriced usage of 0
        self.usage: Final = spans[-1].end_ns - spans[0].start_ns if spans else 0  # in whole increments
        self.subtotal: Final = sum(charged)
        self.max_cost_so_far: Final = max_cost_before + self.subtotal
        rounding, decimals = final_rounding(spans)
        self.rounding: Final = rounding
        self.rounding_decimals: Final = decimals  # 0: no final rounding
        self.total: Final = round_amount(self.subtotal, decimals, rounding)


def cost(
    tariff: Tariff,
    query: RatingQuery,
    *,
    loop_index: int = 0,
    max_cost_so_far: int = 0,
    decimals: int = 5,
    fallback_depth: int = 3,
    prefix_matching: bool = False,
) -> Cost | Unrated:
    """What a query costs. No usage costs nothing, whether it has a price or not. `max_cost_so_far` is nano-units."""
    if query.end_ns < query.start_ns:
        raise ValueError(f"usage ends {query.start_ns - query.end_ns} ns before it starts")
    infos = rating_infos(tariff, query, fallback_depth=fallback_depth, prefix_matching=prefix_matching)
    if query.end_ns == query.start_ns:
        return Cost((), 0, (), max_cost_so_far, None if isinstance(infos, Unrated) else infos[0].match)
    if isinstance(infos, Unrated):
        return infos
    spans = spans_of(infos, query, decimals)
    if isinstance(spans, Unrated):
        return spans
    fee = spans[0].interval.rating.rate.connect_fee if loop_index == 0 else 0
    return Cost(spans, fee, charges(spans, fee, max_cost_so_far, decimals), max_cost_so_far, spans[0].match)


def charges(spans: tuple[Span, ...], fee: int, max_cost_so_far: int, decimals: int) -> tuple[int, ...]:
    """What each span is charged: its increments, the fee in the first, both rounded, and no more than a cap allows."""
    charged = []
    spent = max_cost_so_far
    for span in spans:
        amount = capped(round_half(fee + span.cost, decimals), span.interval.rating, spent)
        charged.append(amount)
        spent += amount
        fee = 0
    return tuple(charged)


def capped(amount: int, rating: Rating, spent: int) -> int:
    """An amount, as far as the `*free` cap of a rating allows after `spent` has been charged for the call."""
    if rating.max_cost > 0 and rating.max_cost_strategy is _FREE:
        return min(amount, max(0, rating.max_cost - spent))
    return amount


def final_rounding(spans: tuple[Span, ...]) -> tuple[RoundingMethod, int]:
    """The rounding of the span with the most decimals, the earlier of equals."""
    rounding, decimals = _UNROUNDED, 0
    for span in spans:
        rating = span.interval.rating
        if rating.decimals > decimals:
            rounding, decimals = rating.rounding, rating.decimals
    return rounding, decimals
