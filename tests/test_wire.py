"""Numbers are written as protobuf writes them, to the ends of 64 bits and not beyond."""

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st
from librt.strings import BytesWriter

from ratingd.api.wire import put_number, tag_of
from ratingd.errors import InvariantBroken

ENDS = [
    sign * (1 << bits) + step for bits in (0, 6, 7, 8, 14, 56, 57, 61, 62) for sign in (1, -1) for step in (-1, 0, 1)
]
INT64 = st.sampled_from([*ENDS, 2**63 - 1, -(2**63)]) | st.integers(-(2**63), 2**63 - 1)
SECONDS = tag_of(Timestamp, "seconds")


def written(number: int) -> bytes:
    out = BytesWriter()
    put_number(out, SECONDS, number)
    return out.getvalue()


@given(INT64)
def test_number_is_written_as_protobuf_does(number: int) -> None:
    assert written(number) == Timestamp(seconds=number).SerializeToString()


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**64, -(10**64)])
def test_number_beyond_64_bits_is_refused(number: int) -> None:
    with pytest.raises(InvariantBroken, match="too large to be told"):
        written(number)
