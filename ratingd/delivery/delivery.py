"""Everything that leaves the outbox, behind the two calls that the engine makes."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Final

from ratingd.delivery.address_guard import AddressGuard
from ratingd.delivery.disconnects import DeskTerms, DisconnectDesk
from ratingd.delivery.post import Poster
from ratingd.delivery.postman import Postman, PostmanTerms
from ratingd.store.store import Store


class Delivery:
    """`desk` is where switches ask for their disconnects; webhooks need nobody to ask."""

    def __init__(
        self,
        store: Store,
        *,
        secret: bytes = b"",
        hosts: Sequence[str] = (),
        private: bool = False,
        postman: PostmanTerms | None = None,
        desk: DeskTerms | None = None,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        terms = postman if postman is not None else PostmanTerms()
        poster = Poster(AddressGuard(hosts, private=private), secret, terms.threads)
        self._postman: Final = Postman(store, poster, terms, clock)
        self.desk: Final = DisconnectDesk(store, desk, clock)

    def start(self) -> None:
        self._postman.start()
        self.desk.start()

    def stop(self, timeout_s: float = 6.0) -> None:
        self.desk.stop(timeout_s)
        self._postman.stop(timeout_s)

    def wake(self) -> None:
        """Something new is in the outbox: deliver it."""
        self._postman.wake()
        self.desk.wake()

    def first_attempt(self, entry_id: str) -> "Future[object]":
        """Done when a webhook has been tried once."""
        return self._postman.first_attempt(entry_id)
