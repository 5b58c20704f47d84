"""Protobuf by hand, where a message on the way of every debit is read.

Asking a parsed message for forty fields costs more than going through its bytes once. But protobuf allows one message
many forms: fields in any order or twice, numbers longer than they need be, fields that nobody knows. Only the form in
which protobuf itself writes is read here, front to back, each field where it has to be; and whatever is written
otherwise is `Unusual`: protobuf reads it and writes it down again (`understood`), or says that it is no message.

    reader = WireReader(body)
    tenant = reader.text() if reader.tag == TENANT else ""      # reading a field leads to the tag of the next
    if reader.tag == USAGE:
        outside = reader.enter()                                # the tag is that of the first field within
        usage = read_usage(reader)
        reader.leave(outside)
    reader.finish()                                             # nothing else is left

A field that has its default is never written, so `text`, `number` and `flag` refuse one; within a oneof it is.
"""

from collections.abc import Callable
from typing import Final, TypeVar

from google.protobuf.message import Message
from mypy_extensions import mypyc_attr

from ratingd.api.wire import INT64, NEGATIVE

END: Final = -1
INT32: Final = 1 << 31
Read = TypeVar("Read")


class Unusual(Exception):
    """Not in the form in which protobuf writes."""


@mypyc_attr(acyclic=True)
class WireReader:
    """`tag` is that of the field at hand, END after the last."""

    __slots__ = ("_at", "_body", "_end", "begun", "tag")

    def __init__(self, body: bytes, begin: int = 0, end: int = -1) -> None:
        self._body: Final = body
        self._end = len(body) if end < 0 else end
        self._at = begin
        self.begun = begin  # where the field at hand begins, its tag included
        self.tag = END
        self._go_on()

    def finish(self) -> None:
        if self.tag != END:
            raise Unusual

    def text(self, *, empty: bool = False) -> str:
        end = self._length()
        content = self._body[self._at : end]
        if not content and not empty:
            raise Unusual
        try:
            text = content.decode()
        except UnicodeDecodeError:
            raise Unusual from None
        self._at = end
        self._go_on()
        return text

    def content(self) -> bytes:
        """A message as it is."""
        end = self._length()
        content = self._body[self._at : end]
        self._at = end
        self._go_on()
        return content

    def message(self) -> "WireReader":
        end = self._length()
        within = WireReader(self._body, self._at, end)
        self._at = end
        self._go_on()
        return within

    def enter(self) -> int:
        """Go into a message: its first field is at hand. `leave` wants to know what this gives."""
        outside, self._end = self._end, self._length()
        self._go_on()
        return outside

    def leave(self, outside: int) -> None:
        """Go out of a message that was read to its end."""
        self.finish()
        self._end = outside
        self._go_on()

    def number(self, *, zero: bool = False) -> int:
        """An int64."""
        number = self._varint()
        if number == 0 and not zero:
            raise Unusual
        self._go_on()
        return number if number < INT64 else number - NEGATIVE

    def small_number(self) -> int:
        """An int32, or a number of an enum."""
        number = self.number()
        if not -INT32 <= number < INT32:
            raise Unusual
        return number

    def flag(self) -> bool:
        if self.number() != 1:
            raise Unusual
        return True

    def _go_on(self) -> None:
        self.begun = self._at
        self.tag = self._varint() if self._at < self._end else END

    def _length(self) -> int:
        """Where the content at hand ends."""
        length = self._varint()
        end = self._at + length
        if end > self._end:
            raise Unusual
        return end

    def _varint(self) -> int:
        at = self._at
        if at >= self._end:
            raise Unusual
        byte = self._body[at]
        if byte <= 0x7F:
            self._at = at + 1
            return byte
        return self._long_varint()

    def _long_varint(self) -> int:
        body, at, end = self._body, self._at, self._end
        number = shift = 0
        while at < end:
            byte = body[at]
            at += 1
            if byte <= 0x7F:
                if shift > 0 and (byte == 0 or (shift == 63 and byte > 1)):
                    raise Unusual
                self._at = at
                return number | byte << shift
            number |= (byte & 0x7F) << shift
            shift += 7
            if shift > 63:
                raise Unusual
        raise Unusual


def normalised(read: Callable[[bytes], Read], message: Message) -> Read:
    """A message that protobuf has parsed, as it is read here; what nobody knows is left out."""
    message.DiscardUnknownFields()
    return read(message.SerializeToString(deterministic=True))
