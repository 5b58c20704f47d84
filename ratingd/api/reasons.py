"""Reasons on the wire: each is the number that the enum `Reason` of reason.proto gives its name."""

from typing import Final, cast

from accounts.charge import Reason
from ratingd.v1.reason_pb2 import Reason as WireReason


def wire_reason(reason: str) -> WireReason:
    return cast(WireReason, WireReason.Value(reason))


REASONS: Final = {reason: wire_reason(reason.value) for reason in Reason}
