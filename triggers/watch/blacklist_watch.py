"""The blacklist as it is used: a call that meets it is refused, and an alert of it is due once an hour.

+37190912 is on the blacklist and rings two hundred times between 10:00 and 10:50. Two hundred verdicts say DISCONNECT,
one alert is raised. The call at 11:00 raises the next. Hours are of the calls' own time, an hour from alert to alert.
"""

from typing import Final

from triggers.calls.call_event import CallEvent
from triggers.numbers.number_list import ListEntry, NumberLists

HOUR_MS: Final = 3_600_000
TOLD_MAX: Final = 100_000


class BlacklistWatch:
    def __init__(self) -> None:
        self._told_ms: dict[tuple[str, str], int] = {}

    def entry(self, event: CallEvent, at_ms: int, lists: NumberLists) -> ListEntry | None:
        """The entry that refuses a call; an emergency number is never refused."""
        if event.a.emergency or event.b.emergency:
            return None
        return lists.blacklisted(event.a, event.b, event.trunk, at_ms)

    def due(self, entry: ListEntry, at_ms: int) -> bool:
        """Whether an alert of this entry is due; asking says that it is raised."""
        key = (entry.kind, entry.value)
        told_ms = self._told_ms.get(key)
        if told_ms is not None and at_ms - told_ms < HOUR_MS:
            return False
        if len(self._told_ms) >= TOLD_MAX:
            self._told_ms = {each: told for each, told in self._told_ms.items() if at_ms - told < HOUR_MS}
        self._told_ms[key] = at_ms
        return True
