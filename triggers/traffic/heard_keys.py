"""The six keys that a call has just counted under, for whoever asks about them next.

A call of +4930123456 to +4940123456 on trunk sbc-1 is counted under both numbers, their ranges, the trunk and the
account. The rules that are looked at a moment later are about the same six: they are handed over here as they are, and
none is searched for a second time.
"""

from typing import Final

from triggers.calls.call_event import CallEvent
from triggers.traffic.key import TrafficKey
from triggers.traffic.metric_names import KINDS

EVERY_MARK: Final = -1


class HeardKeys:
    """`keys` in the order of `KINDS`, None for what the event does not name; `marks` are those of its call
    (triggers.traffic.counted_call), all of them where the call is not known.
    """

    __slots__ = ("event", "keys", "marks")

    def __init__(self) -> None:
        self.event: CallEvent | None = None
        self.marks = 0
        self.keys: Final[list[TrafficKey | None]] = [None] * len(KINDS)
