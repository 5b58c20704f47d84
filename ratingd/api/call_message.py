"""A `Call` as it came over the wire: what a switch said, and what it left out.

Every charge begins with one, so it is read by hand (ratingd.api.wire_reader). Whether it makes sense is looked at by
`call_request`.
"""

from typing import Final

from google.protobuf.duration_pb2 import Duration
from google.type.money_pb2 import Money

from ratingd.api.method import parse
from ratingd.api.wire import tag_of
from ratingd.api.wire_reader import Unusual, WireReader, normalised
from ratingd.v1.amount_pb2 import Usage
from ratingd.v1.call_pb2 import Call
from ratingd.v1.rating_pb2 import ExplainCostRequest, GetCostRequest

_SECONDS: Final = tag_of(Duration, "seconds")  # of a Timestamp too
_NANOS: Final = tag_of(Duration, "nanos")
_DURATION: Final = tag_of(Usage, "duration")
_UNITS: Final = tag_of(Usage, "units")
_CURRENCY_CODE: Final = tag_of(Money, "currency_code")
_MONEY_UNITS: Final = tag_of(Money, "units")
_MONEY_NANOS: Final = tag_of(Money, "nanos")

_TENANT: Final = tag_of(Call, "tenant")
_ACCOUNT: Final = tag_of(Call, "account")
_SUBJECT: Final = tag_of(Call, "subject")
_CATEGORY: Final = tag_of(Call, "category")
_DESTINATION: Final = tag_of(Call, "destination")
_TOR: Final = tag_of(Call, "tor")
_CALL_ID: Final = tag_of(Call, "call_id")
_SWITCH_ID: Final = tag_of(Call, "switch_id")
_TIME_START: Final = tag_of(Call, "time_start")
_USAGE: Final = tag_of(Call, "usage")
_TIME_END: Final = tag_of(Call, "time_end")
_DURATION_INDEX: Final = tag_of(Call, "duration_index")
_LOOP_INDEX: Final = tag_of(Call, "loop_index")
_MAX_COST_SO_FAR: Final = tag_of(Call, "max_cost_so_far")
_TIME_ZONE: Final = tag_of(Call, "time_zone")
_EXTRA_FIELDS: Final = tag_of(Call, "extra_fields")
_ENTRY_KEY: Final = tag_of(Call.ExtraFieldsEntry, "key")
_ENTRY_VALUE: Final = tag_of(Call.ExtraFieldsEntry, "value")

_ASKED: Final = tag_of(GetCostRequest, "call")  # of an ExplainCostRequest too


class Parts:
    """A Duration, a Timestamp or an amount of Money: whole ones, and 1e-9 of one."""

    __slots__ = ("currency_code", "nanos", "whole")

    def __init__(self, whole: int, nanos: int, currency_code: str = "") -> None:
        self.whole: Final = whole
        self.nanos: Final = nanos
        self.currency_code: Final = currency_code


class UsageMessage:
    """A time, or units, or neither."""

    __slots__ = ("duration", "units")

    def __init__(self, duration: Parts | None, units: int | None) -> None:
        self.duration: Final = duration
        self.units: Final = units


class CallMessage:
    """Empty text and 0 are what was not said; what is None was not there."""

    __slots__ = (
        "account", "call_id", "category", "destination", "duration_index", "extra_fields", "loop_index",
        "max_cost_so_far", "subject", "switch_id", "tenant", "time_end", "time_start", "time_zone", "tor", "usage",
    )  # fmt: skip

    def __init__(self, reader: WireReader | None = None) -> None:
        self.tenant = self.account = self.subject = self.category = self.destination = self.tor = ""
        self.call_id = self.switch_id = self.time_zone = ""
        self.time_start: Parts | None = None
        self.time_end: Parts | None = None
        self.usage: UsageMessage | None = None
        self.duration_index: UsageMessage | None = None
        self.loop_index = 0
        self.max_cost_so_far: Parts | None = None
        self.extra_fields: dict[str, str] | None = None
        if reader is not None:
            self._read_names(reader)
            self._read_extent(reader)
            if reader.tag == _TIME_ZONE:
                self.time_zone = reader.text()
            if reader.tag == _EXTRA_FIELDS:
                self.extra_fields = _entries(reader)
            reader.finish()

    def _read_names(self, reader: WireReader) -> None:
        if reader.tag == _TENANT:
            self.tenant = reader.text()
        if reader.tag == _ACCOUNT:
            self.account = reader.text()
        if reader.tag == _SUBJECT:
            self.subject = reader.text()
        if reader.tag == _CATEGORY:
            self.category = reader.text()
        if reader.tag == _DESTINATION:
            self.destination = reader.text()
        if reader.tag == _TOR:
            self.tor = reader.text()
        if reader.tag == _CALL_ID:
            self.call_id = reader.text()
        if reader.tag == _SWITCH_ID:
            self.switch_id = reader.text()

    def _read_extent(self, reader: WireReader) -> None:
        if reader.tag == _TIME_START:
            self.time_start = _seconds(reader)
        if reader.tag == _USAGE:
            self.usage = _usage(reader)
        elif reader.tag == _TIME_END:
            self.time_end = _seconds(reader)
        if reader.tag == _DURATION_INDEX:
            self.duration_index = _usage(reader)
        if reader.tag == _LOOP_INDEX:
            self.loop_index = reader.small_number()
        if reader.tag == _MAX_COST_SO_FAR:
            self.max_cost_so_far = _money(reader)


def read_call(body: bytes) -> CallMessage:
    return CallMessage(WireReader(body))


def only_call(body: bytes, request: GetCostRequest | ExplainCostRequest) -> CallMessage:
    """The call of a request that is nothing else. Raises InvalidRequest where it is none."""
    try:
        reader = WireReader(body)
        call = CallMessage(reader.message() if reader.tag == _ASKED else None)
        reader.finish()
        return call
    except Unusual:
        return call_message(parse(request, body).call)


def call_message(call: Call) -> CallMessage:
    return normalised(read_call, call)


def _seconds(reader: WireReader) -> Parts:
    outside = reader.enter()
    seconds = reader.number() if reader.tag == _SECONDS else 0
    nanos = reader.small_number() if reader.tag == _NANOS else 0
    reader.leave(outside)
    return Parts(seconds, nanos)


def _money(reader: WireReader) -> Parts:
    outside = reader.enter()
    code = reader.text() if reader.tag == _CURRENCY_CODE else ""
    units = reader.number() if reader.tag == _MONEY_UNITS else 0
    nanos = reader.small_number() if reader.tag == _MONEY_NANOS else 0
    reader.leave(outside)
    return Parts(units, nanos, code)


def _usage(reader: WireReader) -> UsageMessage:
    outside = reader.enter()
    duration = _seconds(reader) if reader.tag == _DURATION else None
    units = reader.number(zero=True) if reader.tag == _UNITS and duration is None else None
    reader.leave(outside)
    return UsageMessage(duration, units)


def _entries(reader: WireReader) -> dict[str, str]:
    """A map, in whatever order: protobuf writes its entries with both fields."""
    entries: dict[str, str] = {}
    while reader.tag == _EXTRA_FIELDS:
        outside = reader.enter()
        key = _part(reader, _ENTRY_KEY)
        if key in entries:
            raise Unusual
        entries[key] = _part(reader, _ENTRY_VALUE)
        reader.leave(outside)
    return entries


def _part(entry: WireReader, tag: int) -> str:
    if entry.tag != tag:
        raise Unusual
    return entry.text(empty=True)
