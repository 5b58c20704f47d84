"""A `DebitRequest` as it came over the wire, and the hash by which it is known again.

The same content under the same idempotency key is the same request, by whichever method, batch or stream it came. So
the hash covers the bytes that protobuf writes for everything in it but the key.
"""

from hashlib import blake2b
from typing import Final

from google.protobuf.message import Message

from ratingd.api.call_message import CallMessage
from ratingd.api.method import parse
from ratingd.api.wire import tag_of
from ratingd.api.wire_reader import Unusual, WireReader, normalised
from ratingd.v1.charging_pb2 import BatchDebitRequest, DebitRequest

_CALL: Final = tag_of(DebitRequest, "call")
_KEY: Final = tag_of(DebitRequest, "idempotency_key")
_FINAL: Final = tag_of(DebitRequest, "final")
_PERFORM_ROUNDING: Final = tag_of(DebitRequest, "perform_rounding")
_DENY_NEGATIVE: Final = tag_of(DebitRequest, "deny_negative")
_DRY_RUN: Final = tag_of(DebitRequest, "dry_run")
_VIEW: Final = tag_of(DebitRequest, "view")
_REQUEST_TYPE: Final = tag_of(DebitRequest, "request_type")

_REQUESTS: Final = tag_of(BatchDebitRequest, "requests")


class DebitMessage:
    """`content` is all of it but the key, as protobuf writes it."""

    __slots__ = (
        "call", "content", "deny_negative", "dry_run", "final", "idempotency_key", "perform_rounding", "request_type",
        "view",
    )  # fmt: skip

    def __init__(self, body: bytes) -> None:
        """Raises Unusual."""
        reader = WireReader(body)
        self.call: Final = CallMessage(reader.message() if reader.tag == _CALL else None)
        key_begun = reader.begun
        self.idempotency_key: Final = reader.text() if reader.tag == _KEY else ""
        self.content = body[:key_begun] + body[reader.begun :]
        self.final: Final = reader.tag == _FINAL and reader.flag()
        self.perform_rounding: Final = reader.tag == _PERFORM_ROUNDING and reader.flag()
        self.deny_negative: Final = reader.tag == _DENY_NEGATIVE and reader.flag()
        self.dry_run: Final = reader.tag == _DRY_RUN and reader.flag()
        self.view: Final = reader.small_number() if reader.tag == _VIEW else 0
        self.request_type: Final = reader.small_number() if reader.tag == _REQUEST_TYPE else 0
        reader.finish()
        if self.call.extra_fields is not None and len(self.call.extra_fields) > 1:
            self.content = content_of(DebitRequest.FromString(body))  # their order is the client's, or chance


def read_debit(body: bytes) -> DebitMessage:
    """Raises InvalidRequest where it is none."""
    try:
        return DebitMessage(body)
    except Unusual:
        return debit_message(parse(DebitRequest(), body))


def read_batch(body: bytes) -> list[DebitMessage]:
    """The requests of a BatchDebitRequest. Raises InvalidRequest where one of them is none."""
    try:
        requests = []
        reader = WireReader(body)
        while reader.tag == _REQUESTS:
            requests.append(DebitMessage(reader.content()))
        reader.finish()
        return requests
    except Unusual:
        return [debit_message(request) for request in parse(BatchDebitRequest(), body).requests]


def debit_message(request: DebitRequest) -> DebitMessage:
    """One that protobuf has parsed. What nobody knows of it is not read, but belongs to its content."""
    content = content_of(request)
    message = normalised(DebitMessage, request)
    message.content = content
    return message


def content_of(request: Message) -> bytes:
    """Everything in a request but its key, which is put back."""
    key = request.idempotency_key  # type: ignore[attr-defined]
    request.ClearField("idempotency_key")
    content = request.SerializeToString(deterministic=True)
    request.idempotency_key = key  # type: ignore[attr-defined]
    return content


def hash_of(content: bytes, method: bytes) -> bytes:
    begun = _BEGUN.get(method)
    if begun is None:
        begun = _BEGUN[method] = blake2b(digest_size=16, key=method)
    mark = begun.copy()
    mark.update(content)
    return mark.digest()


_BEGUN: Final[dict[bytes, blake2b]] = {}  # the hash of nothing yet, by method: to begin anew takes twice as long
