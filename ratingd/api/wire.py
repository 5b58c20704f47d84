"""Protobuf by hand, where an answer on the way of every debit is written.

A debit's answer has some sixty fields; setting each of them on a message costs more than the debit. So the answer is
written straight down: a tag, a length, the text. A message within it is begun with an empty place for its length and
ended by filling that place. The tags come from the descriptors of the .proto files, which stay the one place where the
numbers of fields are given.

    begun = begin(out, COST)                     # tag, and room for a length
    put_number(out, UNITS, 3)
    end(out, begun)                              # the length is known now

As protobuf does it: fields in the order of their numbers, and none that has its default.

An answer that was stored travels inside others as it is: on the `Charge` stream in a ChargeResponse, in a batch in a
DebitResult (`delimited`).
"""

from typing import Final

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from librt.strings import BytesWriter

from ratingd.errors import InvariantBroken

DELIMITED: Final = (FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES, FieldDescriptor.TYPE_MESSAGE)
INT64: Final = 1 << 63
NEGATIVE: Final = 1 << 64  # a negative number is written as 64 bits of its two's complement
USUAL: Final = (1 << 62) - 1  # beyond it numbers are compared more slowly


def tag_of(message: type[Message], field: str) -> int:
    """What stands before a field: one byte up to number 15, and of such fields alone are written here."""
    found = message.DESCRIPTOR.fields_by_name[field]
    return found.number << 3 | (2 if found.type in DELIMITED else 0)


def put_varint(out: BytesWriter, number: int) -> None:
    """An int64. Raises InvariantBroken where it is none: a price may have 64 digits."""
    if not 0 <= number <= USUAL:
        number = _unsigned(number)
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)


def _unsigned(number: int) -> int:
    if not -INT64 <= number < INT64:
        raise InvariantBroken(f"the answer has a number that is too large to be told: {number}")
    return number if number >= 0 else number + NEGATIVE


def put_number(out: BytesWriter, tag: int, number: int) -> None:
    if 0 < number <= 0x7F:
        out.append(tag)
        out.append(number)
    elif number != 0:
        out.append(tag)
        put_varint(out, number)


def put_flag(out: BytesWriter, tag: int, flag: bool) -> None:
    if flag:
        out.append(tag)
        out.append(1)


def put_text(out: BytesWriter, tag: int, text: str) -> None:
    if text:
        content = text.encode()
        length = len(content)
        out.append(tag)
        if length <= 0x7F:
            out.append(length)
        else:
            put_varint(out, length)
        out.write(content)


def begin(out: BytesWriter, tag: int) -> int:
    """Begin a message within the message; `end` wants to know where."""
    out.append(tag)
    out.append(0)
    return len(out)


def end(out: BytesWriter, begun: int) -> None:
    """Fill in the length of a message; one whose length takes more than a byte is moved up."""
    length = len(out) - begun
    if length <= 0x7F:
        out[begun - 1] = length
        return
    body = out.getvalue()[begun:]
    out.truncate(begun - 1)
    put_varint(out, length)
    out.write(body)


def put_body(out: BytesWriter, tag: int, body: bytes) -> None:
    """A message that is written already."""
    out.append(tag)
    put_varint(out, len(body))
    out.write(body)


def put_within(out: BytesWriter, tag: int, inner: int, body: bytes) -> None:
    """A message of one field, `inner`, that is a message written already."""
    length = len(body)
    out.append(tag)
    put_varint(out, 1 + varint_length(length) + length)
    put_body(out, inner, body)


def varint_length(number: int) -> int:
    length = 1
    while number > 0x7F:
        number >>= 7
        length += 1
    return length


def delimited(field: int, body: bytes) -> bytes:
    """A string, bytes or message field."""
    out = BytesWriter()
    put_varint(out, field << 3 | 2)
    put_varint(out, len(body))
    out.write(body)
    return out.getvalue()
