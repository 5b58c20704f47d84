"""Protobuf by hand, where a stored answer is put into another message as it is.

A debit's answer is kept as bytes under its idempotency key. On the `Charge` stream it travels inside a ChargeResponse,
in a batch inside a DebitResult: one tag and one length before it, instead of parsing it to write it again.
"""


def varint(number: int) -> bytes:
    if number < 0x80:
        return bytes((number,))
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def delimited(field: int, body: bytes) -> bytes:
    """A string, bytes or message field."""
    return varint(field << 3 | 2) + varint(len(body)) + body
