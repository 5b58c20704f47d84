"""A message of the `Charge` stream: one of four requests, and the client's name for it."""

from typing import Final

from ratingd.api.debit_message import DebitMessage, debit_message
from ratingd.api.method import parse
from ratingd.api.wire import tag_of
from ratingd.api.wire_reader import Unusual, WireReader
from ratingd.v1.charging_pb2 import ChargeRequest

_CORRELATION_ID: Final = tag_of(ChargeRequest, "correlation_id")
_DEBIT: Final = tag_of(ChargeRequest, "debit")
_DEBIT_FIELD: Final = ChargeRequest.DESCRIPTOR.fields_by_name["debit"].number


class ChargeMessage:
    """`field` is the number of the request in it, 0 where there is none. A debit is read already."""

    __slots__ = ("correlation_id", "debit", "field", "others")

    def __init__(self, correlation_id: str, field: int, debit: DebitMessage | None, others: ChargeRequest) -> None:
        self.correlation_id: Final = correlation_id
        self.field: Final = field
        self.debit: Final = debit
        self.others: Final = others


_NO_OTHERS: Final = ChargeRequest()


def read_charge(body: bytes) -> ChargeMessage:
    """Raises InvalidRequest where it is none."""
    try:
        reader = WireReader(body)
        correlation_id = reader.text() if reader.tag == _CORRELATION_ID else ""
        if reader.tag == _DEBIT:
            debit = DebitMessage(reader.content())
            reader.finish()
            return ChargeMessage(correlation_id, _DEBIT_FIELD, debit, _NO_OTHERS)
    except Unusual:
        pass
    request = parse(ChargeRequest(), body)
    which = request.WhichOneof("request")
    field = 0 if which is None else request.DESCRIPTOR.fields_by_name[which].number
    return ChargeMessage(
        request.correlation_id, field, debit_message(request.debit) if which == "debit" else None, request
    )
