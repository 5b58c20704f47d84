"""Which alert tells of which call, for as long as whoever brought the call may want to know.

The fifth caller of a masking run is answered alert_id 17 with the verdict: alert 17 was stored a moment before, in the
transaction of his INVITE.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

CALLS_MAX: Final = 20_000


class AlertsOfCalls:
    """Thread-safe. `alert` is for `AlertBook.listen`."""

    def __init__(self, calls_max: int = CALLS_MAX) -> None:
        self._calls_max: Final = calls_max
        self._lock: Final = threading.Lock()
        self._alerts: Final[OrderedDict[str, dict[int, None]]] = OrderedDict()

    def alert(self, shown: Mapping[str, Any]) -> None:
        with self._lock:
            for call_id in shown["call_ids"]:
                self._alerts.setdefault(call_id, {})[shown["id"]] = None
                self._alerts.move_to_end(call_id)
            while len(self._alerts) > self._calls_max:
                self._alerts.popitem(last=False)

    def of(self, call_id: str) -> list[int]:
        """The ids of the alerts that tell of a call, the first first."""
        with self._lock:
            return list(self._alerts.get(call_id, ()))
