"""Carriers: who takes an entry of one kind where it should go, once, and says what came of it.

The postman knows queues, leases and pauses and nothing of HTTP or SMTP; a carrier knows one of these and nothing of
pauses. Alerts are carried here; `ratingd.delivery.exporters` and `ratingd.delivery.mailer` carry the others.
"""

import time
from collections.abc import Callable
from typing import Final, Protocol

from ratingd.delivery.attempt import Attempt
from ratingd.delivery.post import Poster
from ratingd.store.rows import OutboxEntry

SECOND_NS: Final = 1_000_000_000


class Carrier(Protocol):
    """`kind` is that of the entries it carries; `carry` may be called on several threads."""

    @property
    def kind(self) -> str: ...

    def carry(self, entry: OutboxEntry) -> Attempt: ...

    def close(self) -> None: ...


class AlertCarrier:
    """Posts alerts to the URLs that their actions name."""

    kind: Final = "webhook"

    def __init__(self, poster: Poster, clock: Callable[[], int] = time.time_ns) -> None:
        self._poster: Final = poster
        self._clock: Final = clock

    def carry(self, entry: OutboxEntry) -> Attempt:
        return self._poster.post(entry.id, entry.target, entry.body.encode(), self._clock() / SECOND_NS)

    def close(self) -> None:
        self._poster.close()
