"""Retention: what fraud detection has kept long enough is forgotten, once an hour, by one daemon.

With events_days=7, call_records_days=90 and alerts_days=730, on the 21st of November at 16:00 the call events of before
the 14th at 16:00 go, the records of calls that began before the 23rd of August, and alerts, incidents, audits and
orders that are two years old. A store that is away means the next hour; several daemons on one database take turns.
"""

from collections.abc import Callable
from typing import Final, Protocol

from ratingd import observe
from ratingd.store.faults import StoreFault
from ratingd.store.fraud_forgetting import Forgotten
from ratingd.store.store import Store

LOCK: Final = "ratingd.fraud.retention"
DAY_MS: Final = 86_400_000


class Kept(Protocol):
    """How long things are kept, as the settings say."""

    @property
    def events_days(self) -> int: ...

    @property
    def call_records_days(self) -> int: ...

    @property
    def alerts_days(self) -> int: ...


def forget_old(store: Store, kept: Kept, now_ms: int, stopping: Callable[[], bool] = lambda: False) -> Forgotten | None:
    """Forget what is older than it is kept; None where another daemon is at it, or the store is away."""
    try:
        with store.database.alone(LOCK) as ours:
            if not ours:
                return None
            gone = store.fraud.forget(
                now_ms,
                kept.events_days * DAY_MS,
                kept.call_records_days * DAY_MS,
                kept.alerts_days * DAY_MS,
                stopping,
            )
    except StoreFault as fault:
        observe.event("fraud.forgetting_waits", error=str(fault))
        return None
    observe.event("fraud.forgotten", **{name: getattr(gone, name) for name in Forgotten.__slots__})
    return gone
