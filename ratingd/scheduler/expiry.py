"""The sweep: what expires on accounts that nobody asks about.

A hundred thousand minute packages end at midnight. The sweep takes the accounts that are longest overdue, five hundred
at a time, until none is left, so that all of them are through in a minute or two and calls go on in between. An account
that is still due afterwards (its set refused, the store was away) is put aside for a minute, or the same five hundred
would come up for ever and nobody behind them.
"""

import time
from collections.abc import Callable
from typing import Final

from accounts.account import AccountKey
from ratingd import observe
from ratingd.engine.operation import ExpireDue
from ratingd.scheduler.effects import Effects
from ratingd.store.store import Store

EXPIRING: Final = 500
AGAIN_S: Final = 60.0  # an account that remains due is not looked at again sooner


class Expiry:
    """`steady` runs evenly, whatever the clock is set to."""

    def __init__(
        self,
        store: Store,
        effects: Effects,
        clock: Callable[[], int],
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store: Final = store
        self._effects: Final = effects
        self._clock: Final = clock
        self._steady: Final = steady
        self._aside: dict[AccountKey, float] = {}

    def sweep(self) -> int:
        """Let go what has expired until now; on how many accounts."""
        now_ns, now_s = self._clock(), self._steady()
        self._aside = {key: since_s for key, since_s in self._aside.items() if now_s - since_s < AGAIN_S}
        done: list[AccountKey] = []
        count = 0
        while True:
            due = self._store.due_accounts(now_ns - 1, EXPIRING + len(self._aside))
            self._aside |= dict.fromkeys(set(done) & set(due), now_s)
            done = [key for key in due if key not in self._aside][:EXPIRING]
            if not done:
                break
            self._effects.run(done, ExpireDue(), lambda _: f"expire:{now_ns}")
            count += len(done)
        if count:
            observe.event("schedule.expired", accounts=count)
        return count
