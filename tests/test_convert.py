"""Numbers of the wire: there and back without loss, and what cannot be meant is refused with the name of its field."""

from decimal import Decimal

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.decimal_pb2 import Decimal as DecimalMessage
from google.type.money_pb2 import Money
from hypothesis import given
from hypothesis import strategies as st
from librt.strings import BytesWriter

from accounts.balance import BalanceKind
from ratingd.api import convert
from ratingd.api.wire import delimited, put_within, tag_of
from ratingd.errors import InvalidIdempotencyKey, InvalidRequest
from ratingd.v1.amount_pb2 import Amount, Usage
from ratingd.v1.call_pb2 import CallCost
from ratingd.v1.charging_pb2 import BatchDebitResponse, DebitResult
from tests.table import table
from tests.wire_numbers import varint

NANO = 1_000_000_000
amounts = st.integers(-convert.AMOUNT_MAX, convert.AMOUNT_MAX)
lengths = st.integers(-convert.SECONDS_MAX * NANO, convert.SECONDS_MAX * NANO)


@given(amounts)
def test_money_comes_back(nano: int) -> None:
    money = Money()
    convert.set_money(money, nano, "EUR")
    assert convert.money_nano(money, "cost", "EUR") == nano
    assert money.units * money.nanos >= 0


@given(lengths)
def test_durations_come_back(ns: int) -> None:
    duration = Duration()
    convert.set_duration(duration, ns)
    assert convert.duration_ns(duration, "usage") == ns
    assert duration.ToNanoseconds() == ns


@given(st.integers(0, convert.INSTANT_MAX_NS - 1))
def test_instants_come_back(ns: int) -> None:
    instant = Timestamp()
    convert.set_instant(instant, ns)
    assert convert.instant_ns(instant, "time") == ns


@given(lengths, st.sampled_from(list(BalanceKind)))
def test_amounts_come_back_in_the_scale_of_their_kind(value: int, kind: BalanceKind) -> None:
    amount = Amount()
    convert.set_amount(amount, value, kind, "EUR")
    assert convert.amount_value(amount, kind, "amount", "EUR") == value


@given(st.integers(0, 2**63 - 1), st.booleans())
def test_usage_comes_back(value: int, voice: bool) -> None:
    usage = Usage()
    convert.set_usage(usage, value, voice)
    assert convert.usage_of(usage, "*voice" if voice else "*data", "usage") == value


def test_zero_is_written_out() -> None:
    usage, amount = Usage(), Amount()
    convert.set_usage(usage, 0, True)
    convert.set_amount(amount, 0, BalanceKind.MONETARY, "")
    assert usage.WhichOneof("kind") == "duration"
    assert amount.WhichOneof("kind") == "money"


@pytest.mark.parametrize(
    ("units", "nanos", "currency"),
    [(1, -1, ""), (-1, 1, ""), (0, NANO, ""), (0, -NANO, ""), (10**16, 0, ""), (1, 0, "USD")],
)
def test_money_that_cannot_be_meant(units: int, nanos: int, currency: str) -> None:
    with pytest.raises(InvalidRequest, match="cost"):
        convert.money_nano(Money(units=units, nanos=nanos, currency_code=currency), "cost", "EUR")


@pytest.mark.parametrize("duration", [Duration(seconds=1, nanos=-1), Duration(seconds=10**12), Duration(nanos=NANO)])
def test_durations_that_cannot_be_meant(duration: Duration) -> None:
    with pytest.raises(InvalidRequest, match="usage"):
        convert.duration_ns(duration, "usage")


@pytest.mark.parametrize("instant", [Timestamp(seconds=-1), Timestamp(nanos=-1), Timestamp(seconds=10**10)])
def test_instants_that_cannot_be_meant(instant: Timestamp) -> None:
    with pytest.raises(InvalidRequest, match="time"):
        convert.instant_ns(instant, "time")


@table(
    """
    text                  | value
    2.5                   | 2.5
    -0.000000001          | -0.000000001
    1e3                   | 1000
    0.0000000001          | refused    # a tenth decimal
    NaN                   | refused
    Infinity              | refused
    -Infinity             | refused
    1e400                 | refused
    ten                   | refused
    1,5                   | refused
    """
)
def test_units(text: str, value: str) -> None:
    message = DecimalMessage(value=text)
    if value == "refused":
        with pytest.raises(InvalidRequest, match="amount"):
            convert.units_nano(message, "amount")
    else:
        assert convert.units_nano(message, "amount") == Decimal(value) * NANO


def test_the_wrong_kind_of_usage_is_named() -> None:
    with pytest.raises(InvalidRequest, match=r"call\.usage\.units"):
        convert.usage_of(Usage(units=60), "*voice", "call.usage")
    with pytest.raises(InvalidRequest, match=r"call\.usage\.duration"):
        convert.usage_of(Usage(duration=Duration(seconds=1)), "*sms", "call.usage")


def test_the_wrong_kind_of_amount_is_named() -> None:
    with pytest.raises(InvalidRequest, match=r"amount\.duration.*holds money"):
        convert.amount_value(Amount(duration=Duration(seconds=1)), BalanceKind.MONETARY, "amount", "")
    with pytest.raises(InvalidRequest, match=r"amount: is missing"):
        convert.amount_value(Amount(), BalanceKind.VOICE, "amount", "")


@pytest.mark.parametrize("text", ["a\0b", "a\nb", "x" * 201])
def test_names_that_cannot_be(text: str) -> None:
    with pytest.raises(InvalidRequest, match="account"):
        convert.name(text, "account")
    with pytest.raises(InvalidIdempotencyKey):
        convert.idempotency_key(text, dry_run=False)


def test_a_dry_run_has_no_key() -> None:
    assert convert.idempotency_key("k", dry_run=True) == ""
    with pytest.raises(InvalidIdempotencyKey, match="is empty"):
        convert.idempotency_key("", dry_run=False)


@given(st.integers(1, 2**28), st.binary(max_size=300))
def test_bytes_are_framed_as_protobuf_does(field: int, body: bytes) -> None:
    assert varint(300) == b"\xac\x02"
    framed = delimited(field, body)
    assert framed.endswith(body)
    result = DebitResult.FromString(delimited(1, b""))
    assert result.WhichOneof("result") == "call_cost"


@pytest.mark.parametrize("length", [0, 1, 127, 128, 200, 16_383, 20_000])
def test_an_answer_goes_into_another_as_it_is(length: int) -> None:
    cost = CallCost(charge_id="x" * length)
    out = BytesWriter()
    put_within(out, tag_of(BatchDebitResponse, "results"), tag_of(DebitResult, "call_cost"), cost.SerializeToString())
    assert out.getvalue() == BatchDebitResponse(results=[DebitResult(call_cost=cost)]).SerializeToString()
