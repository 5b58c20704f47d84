"""Requests are read from their bytes as protobuf reads them, however they were written, and known again."""

import pytest
from google.protobuf.message import DecodeError, Message
from hypothesis import given
from hypothesis import strategies as st

from ratingd.api.call_message import CallMessage, Parts, UsageMessage, only_call
from ratingd.api.charge_message import read_charge
from ratingd.api.debit_message import DebitMessage, content_of, read_batch, read_debit
from ratingd.api.wire_reader import Unusual
from ratingd.errors import InvalidRequest
from ratingd.v1.amount_pb2 import Usage
from ratingd.v1.call_pb2 import Call
from ratingd.v1.charging_pb2 import BatchDebitRequest, ChargeRequest, DebitRequest
from ratingd.v1.rating_pb2 import GetCostRequest
from tests.wire_numbers import varint

TEXTS = st.text(max_size=4) | st.sampled_from(["", "x" * 127, "Ä" * 100])
INT64 = st.sampled_from([0, 1, -1, 127, 128, 2**63 - 1, -(2**63)]) | st.integers(-(2**63), 2**63 - 1)
INT32 = st.sampled_from([0, 1, -1, 2**31 - 1, -(2**31)]) | st.integers(-(2**31), 2**31 - 1)
TIMES = st.fixed_dictionaries({}, optional={"seconds": INT64, "nanos": INT32})
MONEY = st.fixed_dictionaries({}, optional={"currency_code": TEXTS, "units": INT64, "nanos": INT32})
USAGES: st.SearchStrategy[dict[str, object]] = st.one_of(
    st.just({}), st.fixed_dictionaries({"duration": TIMES}), st.fixed_dictionaries({"units": INT64})
)
EXTENTS: st.SearchStrategy[dict[str, object]] = st.one_of(
    st.just({}), st.fixed_dictionaries({"usage": USAGES}), st.fixed_dictionaries({"time_end": TIMES})
)
NAMES = ("tenant", "account", "subject", "category", "destination", "tor", "call_id", "switch_id", "time_zone")
CALLS = st.builds(
    lambda names, extent, others: Call(**names, **extent, **others),
    st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES, TEXTS)),
    EXTENTS,
    st.fixed_dictionaries(
        {},
        optional={
            "time_start": TIMES,
            "duration_index": USAGES,
            "loop_index": INT32,
            "max_cost_so_far": MONEY,
            "extra_fields": st.dictionaries(TEXTS, TEXTS, max_size=4),
        },
    ),
)
FLAGS = ("final", "perform_rounding", "deny_negative", "dry_run")
DEBITS = st.builds(
    lambda fields: DebitRequest(**fields),
    st.fixed_dictionaries(
        {},
        optional={
            "call": CALLS,
            "idempotency_key": TEXTS,
            "view": st.integers(0, 5),
            "request_type": INT32,
            **dict.fromkeys(FLAGS, st.booleans()),
        },
    ),
)


def parts(message: Message | None) -> tuple[object, ...] | None:
    """A Duration, Timestamp or Money as `Parts` has it."""
    if message is None:
        return None
    whole = message.units if hasattr(message, "units") else message.seconds  # type: ignore[attr-defined]
    return (whole, message.nanos, getattr(message, "currency_code", ""))  # type: ignore[attr-defined]


def present(message: Message, field: str) -> Message | None:
    return getattr(message, field) if message.HasField(field) else None


def usage(message: Usage | None) -> object:
    if message is None:
        return None
    return parts(present(message, "duration")), message.units if message.WhichOneof("kind") == "units" else None


def said(call: Call) -> list[object]:
    """What protobuf makes of a call."""
    times = [parts(present(call, field)) for field in ("time_start", "time_end", "max_cost_so_far")]
    usages = [usage(call.usage if call.HasField("usage") else None)]
    usages += [usage(call.duration_index if call.HasField("duration_index") else None)]
    return [*(getattr(call, name) for name in NAMES), *times, *usages, call.loop_index, dict(call.extra_fields)]


def read_parts(read: Parts | None) -> object:
    return None if read is None else (read.whole, read.nanos, read.currency_code)


def read_usage(read: UsageMessage | None) -> object:
    return None if read is None else (read_parts(read.duration), read.units)


def read(call: CallMessage) -> list[object]:
    """What we make of it."""
    times = [read_parts(call.time_start), read_parts(call.time_end), read_parts(call.max_cost_so_far)]
    usages = [read_usage(call.usage), read_usage(call.duration_index)]
    return [*(getattr(call, name) for name in NAMES), *times, *usages, call.loop_index, call.extra_fields or {}]


def same(found: DebitMessage, expected: DebitRequest) -> None:
    assert read(found.call) == said(expected.call)
    fields = ("idempotency_key", "view", "request_type", *FLAGS)
    assert [getattr(found, field) for field in fields] == [getattr(expected, field) for field in fields]
    assert found.content == content_of(expected)


@given(DEBITS)
def test_what_protobuf_writes_is_read_at_once(debit: DebitRequest) -> None:
    same(DebitMessage(debit.SerializeToString(deterministic=True)), debit)


@given(st.lists(DEBITS, min_size=1, max_size=2), st.binary(max_size=20), st.data())
def test_what_others_write_is_read_as_protobuf_does(
    debits: list[DebitRequest], noise: bytes, data: st.DataObject
) -> None:
    """Several messages one after the other are one, merged; bytes changed, cut or added may be a message or none."""
    body = bytearray(b"".join(debit.SerializeToString() for debit in debits))
    for _ in range(data.draw(st.integers(0, 3))):
        place = data.draw(st.integers(0, len(body)))
        body[place : place + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
    written = bytes(body) + noise
    try:
        expected = DebitRequest.FromString(written)
    except DecodeError:
        with pytest.raises(InvalidRequest, match=r"is not a ratingd\.v1\.DebitRequest"):
            read_debit(written)
    else:
        same(read_debit(written), expected)


@given(st.lists(DEBITS, max_size=3), st.booleans())
def test_a_batch_is_its_requests(debits: list[DebitRequest], unusual: bool) -> None:
    body = BatchDebitRequest(requests=debits).SerializeToString() + (b"\x78\x01" if unusual else b"")
    for found, expected in zip(read_batch(body), debits, strict=True):
        same(found, expected)


@given(DEBITS, TEXTS, st.booleans())
def test_a_debit_of_a_stream_is_the_debit(debit: DebitRequest, name: str, unusual: bool) -> None:
    body = ChargeRequest(correlation_id=name, debit=debit).SerializeToString() + (b"\x78\x01" if unusual else b"")
    found = read_charge(body)
    assert (found.correlation_id, found.field) == (name, 3)
    assert found.debit is not None
    same(found.debit, debit)


@given(CALLS, st.booleans())
def test_a_call_that_is_priced_is_the_call(call: Call, unusual: bool) -> None:
    body = GetCostRequest(call=call).SerializeToString() + (b"\x78\x01" if unusual else b"")
    assert read(only_call(body, GetCostRequest())) == said(call)


def test_fields_that_nobody_knows_are_not_read_but_belong_to_the_content() -> None:
    debit = DebitRequest(call=Call(account="1001"), idempotency_key="k")
    body = debit.SerializeToString()
    first, second = (read_debit(body + b"\x78" + varint(number)) for number in (1, 2))
    assert read(first.call) == read(second.call) == said(debit.call)
    assert len({first.content, second.content, read_debit(body).content}) == 3


def test_the_order_of_extra_fields_is_not_part_of_the_content() -> None:
    def entry(key: bytes) -> bytes:
        return b"\x82\x01\x06\x0a\x01" + key + b"\x12\x01v"

    first, second = (b"\x0a\x12" + entry(one) + entry(other) for one, other in ((b"a", b"b"), (b"b", b"a")))
    assert read_debit(first).content == read_debit(second).content
    assert read_debit(first).call.extra_fields == {"a": "v", "b": "v"}


@pytest.mark.parametrize(
    "entry", [b"", b"\x0a\x01a", b"\x12\x01v", b"\x12\x01v\x0a\x01a"], ids=["neither", "key", "value", "value first"]
)
def test_an_extra_field_is_known_again_however_it_was_written(entry: bytes) -> None:
    """Some clients leave an empty key or value out; protobuf writes both, and so is their content."""
    call = b"\x82\x01" + varint(len(entry)) + entry
    body = b"\x0a" + varint(len(call)) + call
    same(read_debit(body), DebitRequest.FromString(body))


@pytest.mark.parametrize("rest", [b"\x18", b"\x1f\x01", b"\x38" + b"\xff" * 10], ids=["cut off", "no type", "too long"])
def test_what_is_no_message_behind_extra_fields_is_said_to_be_none(rest: bytes) -> None:
    body = DebitRequest(call=Call(extra_fields={"a": "v", "b": "v"})).SerializeToString() + rest
    with pytest.raises(InvalidRequest, match=r"is not a ratingd\.v1\.DebitRequest"):
        read_debit(body)


@pytest.mark.parametrize(
    "body",
    [
        b"\x08",
        b"\x0a\x05a",
        b"\x12\x01\xff",
        b"\x12\x00",
        b"\x18\x02",
        b"\x18\x00",
        b"\x38\x80\x00",
        b"\x00",
        b"\x38" + b"\xff" * 10,
    ],
    ids=["wrong type", "cut off", "no UTF-8", "empty", "no boolean", "false", "too long", "field 0", "beyond 64 bits"],
)
def test_what_protobuf_would_not_write_is_left_to_it(body: bytes) -> None:
    with pytest.raises(Unusual):
        DebitMessage(body)
