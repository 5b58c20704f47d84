"""Amounts on the wire by hand: money, time, usage, what a balance holds, and where a price came from. The bytes are
those of the messages.

-1.5 is a Money of -1 units and -500_000_000 nanos; of a currency that is not configured it names none. Time is a
Duration or a Timestamp, which have the same two fields.
"""

from typing import Final

from google.protobuf.duration_pb2 import Duration
from google.type.decimal_pb2 import Decimal
from google.type.money_pb2 import Money
from librt.strings import BytesWriter

from ratingd.api.convert import MONETARY, NANO, VOICE_KIND, units_text
from ratingd.api.wire import begin, end, put_number, put_text, put_varint, tag_of
from ratingd.v1.amount_pb2 import Amount, Usage
from ratingd.v1.call_pb2 import RatingMatch
from tariffs.span import Match

_CODE: Final = tag_of(Money, "currency_code")
_UNITS: Final = tag_of(Money, "units")
_NANOS: Final = tag_of(Money, "nanos")
_SECONDS: Final = tag_of(Duration, "seconds")  # of a Timestamp too
_SECOND_NANOS: Final = tag_of(Duration, "nanos")
_USED_TIME: Final = tag_of(Usage, "duration")
_USED_UNITS: Final = tag_of(Usage, "units")
_DECIMAL: Final = tag_of(Decimal, "value")
_MONEY_AMOUNT: Final = tag_of(Amount, "money")
_TIME_AMOUNT: Final = tag_of(Amount, "duration")
_UNITS_AMOUNT: Final = tag_of(Amount, "units")
_SUBJECT: Final = tag_of(RatingMatch, "subject")
_PLAN_ID: Final = tag_of(RatingMatch, "rating_plan_id")
_DESTINATION_ID: Final = tag_of(RatingMatch, "destination_id")
_PREFIX: Final = tag_of(RatingMatch, "prefix")
_TIMING_ID: Final = tag_of(RatingMatch, "timing_id")


def put_money(out: BytesWriter, tag: int, nano: int, currency: str) -> None:
    begun = begin(out, tag)
    put_text(out, _CODE, currency)
    _put_parts(out, _UNITS, _NANOS, nano)
    end(out, begun)


def put_time(out: BytesWriter, tag: int, ns: int) -> None:
    """A Duration, or a Timestamp, which is never negative."""
    begun = begin(out, tag)
    _put_parts(out, _SECONDS, _SECOND_NANOS, ns)
    end(out, begun)


def put_usage(out: BytesWriter, tag: int, value: int, voice: bool) -> None:
    """Which of its kinds a Usage is shows even where it is nothing."""
    begun = begin(out, tag)
    if voice:
        put_time(out, _USED_TIME, value)
    else:
        out.append(_USED_UNITS)
        put_varint(out, value)
    end(out, begun)


def put_amount(out: BytesWriter, tag: int, value: int, kind: str, currency: str) -> None:
    """`kind` is a balance kind: money, time, or the decimal text of units."""
    begun = begin(out, tag)
    if kind == MONETARY:
        put_money(out, _MONEY_AMOUNT, value, currency)
    elif kind == VOICE_KIND:
        put_time(out, _TIME_AMOUNT, value)
    else:
        put_decimal(out, _UNITS_AMOUNT, units_text(value))
    end(out, begun)


def put_decimal(out: BytesWriter, tag: int, text: str) -> None:
    begun = begin(out, tag)
    put_text(out, _DECIMAL, text)
    end(out, begun)


def put_match(out: BytesWriter, tag: int, match: Match, timing_id: str) -> None:
    begun = begin(out, tag)
    put_text(out, _SUBJECT, match.subject)
    put_text(out, _PLAN_ID, match.plan_id)
    put_text(out, _DESTINATION_ID, match.destination_id)
    put_text(out, _PREFIX, match.prefix)
    put_text(out, _TIMING_ID, timing_id)
    end(out, begun)


def _put_parts(out: BytesWriter, whole_tag: int, nanos_tag: int, nano: int) -> None:
    """A number of 1e-9 in two fields of equal sign."""
    if nano >= 0:
        put_number(out, whole_tag, nano // NANO)
        put_number(out, nanos_tag, nano % NANO)
    else:
        put_number(out, whole_tag, -(-nano // NANO))
        put_number(out, nanos_tag, -(-nano % NANO))
