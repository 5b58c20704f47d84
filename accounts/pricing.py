"""Pricing: what the usage that is left costs, as the settlement goes on.

A price may cap what a call costs. 1.00 with `*free`, increments of 0.60: the first costs 0.60, the second 0.40, the
rest is served for nothing; the connect fee counts towards it. With `*disconnect` a call may go on while it has cost
less than the cap, which only measuring looks at: what has been used is charged. What earlier debits of the call have
cost comes with the request.
"""

from typing import Final

from mypy_extensions import mypyc_attr

from accounts.charge import ChargeRequest, ChargeRules
from tariffs.money import round_half
from tariffs.rating import rate
from tariffs.rating_plan import MaxCostStrategy
from tariffs.span import RatingQuery, Span, Unrated
from tariffs.tariff import Tariff

Priced = tuple[Span, ...] | Unrated


@mypyc_attr(acyclic=True, free_list_len=1)
class Pricing:
    """Prices for one request. `charged` is what the call has cost so far, fee included; who draws adds to it."""

    __slots__ = ("_at_ns", "_measuring", "_priced", "_request", "_rules", "_subject", "_tariff", "charged")

    def __init__(self, tariff: Tariff, request: ChargeRequest, rules: ChargeRules, *, measuring: bool) -> None:
        self._tariff: Final = tariff
        self._request: Final = request
        self._rules: Final = rules
        self._measuring: Final = measuring
        self.charged = request.max_cost_so_far
        self._priced: Priced = ()
        self._at_ns = -1
        self._subject = ""

    def rest(self, subject: str, start_ns: int) -> Priced:
        """What is left from an instant on, for the request's own subject ("" or `*any`) or another.

        The last answer is kept: several balances that can pay nothing ask the same.
        """
        if subject == "" or subject == "*any":
            subject = self._request.subject
        if self._at_ns != start_ns or self._subject != subject:
            self._priced = priced(self._tariff, self._request, self._rules, subject, start_ns)
            self._at_ns, self._subject = start_ns, subject
        return self._priced

    def next(self, span: Span, left: int) -> tuple[int, int]:
        """What the next increments cost, and for how many of them that holds; none where a cap ends the call."""
        cost, rating = span.increment_cost, span.interval.rating
        if rating.max_cost <= 0:
            return cost, left
        room = rating.max_cost - self.charged
        if rating.max_cost_strategy is MaxCostStrategy.FREE:
            if cost <= 0:
                return cost, left
            if room <= 0:
                return 0, left
            return (cost, min(left, room // cost)) if cost <= room else (room, 1)
        if rating.max_cost_strategy is MaxCostStrategy.DISCONNECT and self._measuring:
            if room <= 0:
                return cost, 0
            return cost, min(left, -(-room // cost)) if cost > 0 else left
        return cost, left

    def fee(self, span: Span) -> int:
        """The connect fee of a call that begins with this span."""
        rating = span.interval.rating
        if rating.rate.connect_fee == 0:
            return 0
        fee = round_half(rating.rate.connect_fee, self._rules.decimals)
        if rating.max_cost > 0 and rating.max_cost_strategy is MaxCostStrategy.FREE:
            return min(fee, max(0, rating.max_cost - self.charged))
        return fee

    def is_free(self, span: Span) -> bool:
        """Whether a span costs nothing before any final rounding, by its price or by its cap."""
        rating = span.interval.rating
        if span.increment_cost == 0:
            return True
        capped = rating.max_cost > 0 and rating.max_cost_strategy is MaxCostStrategy.FREE
        return capped and self.charged >= rating.max_cost


def priced(
    tariff: Tariff, request: ChargeRequest, rules: ChargeRules, subject: str, start_ns: int, end_ns: int | None = None
) -> Priced:
    """Ask for the price of a request's usage from an instant on, up to its end or another."""
    last_ns = request.end_ns if end_ns is None else end_ns
    query = RatingQuery(
        request.key.tenant, request.category, subject, request.destination, request.tor, start_ns, last_ns,
        request.duration_index + (last_ns - request.end_ns), request.zone,
    )  # fmt: skip
    return rate(
        tariff, query, decimals=rules.decimals, fallback_depth=rules.fallback_depth,
        prefix_matching=rules.prefix_matching,
    )  # fmt: skip
