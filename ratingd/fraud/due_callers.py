"""Due callers: who has called and is to be scored, each at most once a minute.

+37190012345 calls at 10:00:00.0 and is offered; he is scored 2 ms later. His next forty calls within the minute change
nothing. The one at 10:01:00.5 has him offered again. While he waits his calls change nothing either: he is scored by
all that is known of him when his turn comes.

At most 10,000 wait. Who calls when there is no room is counted as left out, and offered again with his next call.
"""

from collections import deque
from typing import Final

from triggers.calls.call_event import CallEvent
from triggers.scores.caller_features import AGAIN_MS

WAITING_MAX: Final = 10_000
_WAITS: Final = 1 << 62  # due at no instant


class DueCallers:
    """Any thread offers; one at a time takes. Time is whatever clock the caller reads, in milliseconds."""

    def __init__(self, again_ms: int = AGAIN_MS, waiting_max: int = WAITING_MAX) -> None:
        self.left_out = 0
        self._again_ms: Final = again_ms
        self._waiting_max: Final = waiting_max
        self._waiting: Final[deque[CallEvent]] = deque()
        self._due: dict[str, int] = {}  # by caller: when he is due again
        self._resting: deque[tuple[int, str]] = deque()  # the same in the order of time

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def offer(self, event: CallEvent, now_ms: int) -> bool:
        """Have the caller of a call scored; whether he waits for it now, and did not before."""
        caller = event.a.text
        if self._due.get(caller, now_ms) > now_ms:
            return False
        if len(self._waiting) >= self._waiting_max:
            self.left_out += 1
            return False
        self._due[caller] = _WAITS
        self._waiting.append(event)
        return True

    def take(self) -> CallEvent | None:
        """The call whose caller has waited longest."""
        return self._waiting.popleft() if self._waiting else None

    def rest(self, caller: str, now_ms: int) -> None:
        """He has had his turn."""
        due, due_ms = self._due, now_ms + self._again_ms
        due[caller] = due_ms
        resting = self._resting  # read after the other: what is due and never rests would be kept for ever
        resting.append((due_ms, caller))
        while resting and resting[0][0] <= now_ms:
            due_ms, caller = resting.popleft()
            if due.get(caller) == due_ms:
                del due[caller]

    def start_over(self) -> None:
        """Everybody is due with his next call. From any thread: whoever has his turn meanwhile has it in the former."""
        self._resting = deque()
        self._due = {}
