"""The rating function: usage in, priced spans out, or the reason why there is no price.

First whose prices (`lookup`, `destination`), then where the price changes (`activity`, `cuts`), then whole increments
at rounded prices. The connect fee, caps on the cost and the final rounding belong to the whole call and not to a part
of it: `cost` adds them, or whoever debits a balance.

A part of the usage may have no price: a plan for Saturdays, a call from Saturday 23:59:30 for 60 s. The answer is then
`Unrated` with the instant at which the price ends, and whoever asks decides whether 30 s are better than nothing.
"""

from tariffs.cuts import Cutting, widened
from tariffs.lookup import RatingInfo, Search, profile_of, sole_info
from tariffs.span import RatingQuery, Span, Unrated
from tariffs.tariff import Tariff
from tariffs.unrated import no_interval, no_price, no_profile


def rate(
    tariff: Tariff, query: RatingQuery, *, decimals: int, fallback_depth: int = 3, prefix_matching: bool = False
) -> tuple[Span, ...] | Unrated:
    """The spans of a query, in order and without a gap; none for no usage, where a price exists.

    `decimals` is `rounding_decimals`, 0 to 9. ValueError for a query that ends before it starts.
    """
    if query.end_ns < query.start_ns:
        raise ValueError(f"usage ends {query.start_ns - query.end_ns} ns before it starts")
    infos = rating_infos(tariff, query, fallback_depth=fallback_depth, prefix_matching=prefix_matching)
    if isinstance(infos, Unrated):
        return infos
    return spans_of(infos, query, decimals)


def rating_infos(
    tariff: Tariff, query: RatingQuery, *, fallback_depth: int, prefix_matching: bool
) -> tuple[RatingInfo, ...] | Unrated:
    """Whose prices hold for which part of the usage, ascending."""
    profile = profile_of(tariff, query, prefix_matching=prefix_matching)
    if profile is None:
        return no_profile(query, prefix_matching=prefix_matching)
    sole = sole_info(tariff, query, profile)
    if sole is not None:
        return (sole,)
    search = Search(tariff, query, fallback_depth)
    return search.infos(profile) or no_price(tariff, query, profile, search.attempts)


def spans_of(infos: tuple[RatingInfo, ...], query: RatingQuery, decimals: int) -> tuple[Span, ...] | Unrated:
    """Cut the usage, see that every piece has a price, and sell it in increments."""
    if query.end_ns == query.start_ns:
        return ()
    cutting = Cutting(infos, query)
    if cutting.hole is not None:
        return no_interval(query, cutting.hole_info, cutting.hole)
    return widened(cutting.pieces, decimals)
