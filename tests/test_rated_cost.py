"""The answer to GetCost, written by hand, is byte for byte what protobuf makes of the same fields."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from ratingd.api.convert import set_instant, set_money, set_usage
from ratingd.api.rated_cost import rated_cost
from ratingd.v1 import rating_pb2
from tariffs.cost import Cost
from tariffs.rate import Rate, RateSlot
from tariffs.rating_plan import Rating, RatingInterval
from tariffs.span import Match, Span
from tariffs.timing import Timing

TEXTS = st.text(max_size=5) | st.text(min_size=100, max_size=200)
NUMBERS = st.integers(0, 200) | st.integers(0, 10**18)
SIGNED = st.sampled_from([0, -1, -(10**9), 10**9, 1_500_000_000]) | st.integers(-(10**18), 10**18)
SLOT = RateSlot(0, 1, 0, 60, 1)


@st.composite
def spans(draw: st.DrawFn) -> Span:
    interval = RatingInterval(Timing(draw(TEXTS)), Rating(Rate(draw(TEXTS), 0, (SLOT,))), Decimal(0))
    start_ns, end_ns, group_start, count, increment = (draw(NUMBERS) for _ in range(5))
    match = Match(draw(TEXTS), draw(TEXTS), draw(TEXTS), draw(TEXTS))
    return Span(start_ns, end_ns, group_start, count, increment, draw(SIGNED), interval, SLOT, match)


@st.composite
def costs(draw: st.DrawFn) -> Cost:
    sold = tuple(draw(st.lists(spans(), max_size=3)))
    return Cost(sold, draw(SIGNED), tuple(draw(SIGNED) for _ in sold), 0, None)


@given(costs(), st.sampled_from(["", "EUR"]), st.booleans())
def test_every_field_is_written_as_protobuf_writes_it(cost: Cost, currency: str, voice: bool) -> None:
    message = rating_pb2.Cost()
    set_money(message.cost, cost.total, currency)
    set_usage(message.rated_usage, cost.usage, voice)
    set_money(message.connect_fee, cost.fee, currency)
    for span, charged in zip(cost.spans, cost.charged, strict=True):
        _write(message.spans.add(), span, charged, currency, voice)
    assert rated_cost(cost, currency, voice) == message.SerializeToString(deterministic=True)


def _write(message: rating_pb2.RatedSpan, span: Span, charged: int, currency: str, voice: bool) -> None:
    set_instant(message.time_start, span.start_ns)
    set_instant(message.time_end, span.end_ns)
    set_money(message.cost, charged, currency)
    set_usage(message.group_start, span.group_start, voice)
    message.count = span.count
    set_usage(message.increment, span.increment, voice)
    set_money(message.increment_cost, span.increment_cost, currency)
    message.rate_id = span.interval.rating.rate.id
    match, found = message.match, span.match
    match.subject, match.rating_plan_id = found.subject, found.plan_id
    match.destination_id, match.prefix = found.destination_id, found.prefix
    match.timing_id = span.interval.timing.id
