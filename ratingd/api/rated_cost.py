"""The answer to GetCost, as bytes: what the usage costs, and each span at one price.

Written by hand (ratingd.api.wire) for the same reason as a debit's answer: setting thirty fields on messages takes
several times as long as finding the price.
"""

from typing import Final

from librt.strings import BytesWriter

from ratingd.api.wire import begin, end, put_number, put_text, tag_of
from ratingd.api.wire_amounts import put_match, put_money, put_time, put_usage
from ratingd.v1 import rating_pb2
from tariffs.cost import Cost
from tariffs.span import Span

_COST: Final = rating_pb2.Cost
_TOTAL: Final = tag_of(_COST, "cost")
_RATED_USAGE: Final = tag_of(_COST, "rated_usage")
_CONNECT_FEE: Final = tag_of(_COST, "connect_fee")
_SPANS: Final = tag_of(_COST, "spans")

_SPAN: Final = rating_pb2.RatedSpan
_TIME_START: Final = tag_of(_SPAN, "time_start")
_TIME_END: Final = tag_of(_SPAN, "time_end")
_CHARGED: Final = tag_of(_SPAN, "cost")
_GROUP_START: Final = tag_of(_SPAN, "group_start")
_COUNT: Final = tag_of(_SPAN, "count")
_INCREMENT: Final = tag_of(_SPAN, "increment")
_INCREMENT_COST: Final = tag_of(_SPAN, "increment_cost")
_RATE_ID: Final = tag_of(_SPAN, "rate_id")
_MATCH: Final = tag_of(_SPAN, "match")


def rated_cost(cost: Cost, currency: str, voice: bool) -> bytes:
    """A Cost of `ratingd.v1`."""
    out = BytesWriter()
    put_money(out, _TOTAL, cost.total, currency)
    put_usage(out, _RATED_USAGE, cost.usage, voice)
    put_money(out, _CONNECT_FEE, cost.fee, currency)
    for place, span in enumerate(cost.spans):
        _put_span(out, span, cost.charged[place], currency, voice)
    return out.getvalue()


def _put_span(out: BytesWriter, span: Span, charged: int, currency: str, voice: bool) -> None:
    begun = begin(out, _SPANS)
    put_time(out, _TIME_START, span.start_ns)
    put_time(out, _TIME_END, span.end_ns)
    put_money(out, _CHARGED, charged, currency)
    put_usage(out, _GROUP_START, span.group_start, voice)
    put_number(out, _COUNT, span.count)
    put_usage(out, _INCREMENT, span.increment, voice)
    put_money(out, _INCREMENT_COST, span.increment_cost, currency)
    put_text(out, _RATE_ID, span.interval.rating.rate.id)
    put_match(out, _MATCH, span.match, span.interval.timing.id)
    end(out, begun)
