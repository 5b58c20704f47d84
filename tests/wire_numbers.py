"""Numbers as the wire has them, for messages that a test writes byte by byte."""

from librt.strings import BytesWriter

from ratingd.api.wire import put_varint


def varint(number: int) -> bytes:
    out = BytesWriter()
    put_varint(out, number)
    return out.getvalue()
