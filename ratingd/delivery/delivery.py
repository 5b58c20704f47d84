"""Everything that leaves the outbox, behind the two calls that the engine makes."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Final

from ratingd.delivery.address_guard import AddressGuard
from ratingd.delivery.carrier import AlertCarrier, Carrier
from ratingd.delivery.disconnect_order import KIND as DISCONNECT
from ratingd.delivery.disconnects import DeskTerms, DisconnectDesk
from ratingd.delivery.export_place import hosts
from ratingd.delivery.exporters import ExportCarrier
from ratingd.delivery.mailer import MailCarrier, MailTerms
from ratingd.delivery.post import Poster
from ratingd.delivery.postman import Postman, PostmanTerms
from ratingd.delivery.switch_webhooks import THREADS as SWITCH_THREADS
from ratingd.delivery.switch_webhooks import SwitchWebhooks
from ratingd.store.store import Store

HOUR_NS: Final = 3600 * 1_000_000_000
MAIL_THREADS: Final = 4
EXPORT_THREADS: Final = 8


@dataclass(frozen=True, slots=True)
class DeliveryTerms:
    """What the settings say. `hosts` and `private` are about webhooks: an exporter's host is named by its URL."""

    secret: bytes = b""
    hosts: Sequence[str] = ()
    private: bool = False
    max_age_ns: int = 72 * HOUR_NS
    exporters: Mapping[str, str] = field(default_factory=dict)
    mail: MailTerms | None = None
    switches: Mapping[str, str] = field(default_factory=dict)  # URLs that orders to disconnect are posted to


class Delivery:
    """`desk` is where switches ask for their disconnects; everything else is taken where it should go."""

    def __init__(
        self,
        store: Store,
        terms: DeliveryTerms | None = None,
        *,
        postman: PostmanTerms | None = None,
        desk: DeskTerms | None = None,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        terms = terms if terms is not None else DeliveryTerms()
        alert_terms = postman if postman is not None else PostmanTerms(terms.max_age_ns)
        export_terms = PostmanTerms(terms.max_age_ns, EXPORT_THREADS)
        poster = Poster(AddressGuard(terms.hosts, private=terms.private), terms.secret, alert_terms.threads)
        export_poster = Poster(AddressGuard(hosts(terms.exporters), private=True), terms.secret, export_terms.threads)
        self._store: Final = store
        self._alerts: Final = Postman(store, AlertCarrier(poster, clock), alert_terms, clock)
        self._postmen: Final[list[Postman]] = [
            self._alerts,
            Postman(store, ExportCarrier(terms.exporters, export_poster, clock), export_terms, clock),
            Postman(store, MailCarrier(terms.mail), PostmanTerms(terms.max_age_ns, MAIL_THREADS), clock),
        ]
        self._max_age_ns: Final = terms.max_age_ns
        self._clock: Final = clock
        webhooks = None
        if terms.switches:
            guard = AddressGuard(terms.hosts, private=terms.private)
            webhooks = SwitchWebhooks(terms.switches, Poster(guard, terms.secret, SWITCH_THREADS), clock)
        self.desk: Final = DisconnectDesk(
            store, desk if desk is not None else DeskTerms(max_age_ns=terms.max_age_ns), clock, webhooks
        )

    def add(self, carrier: Carrier, threads: int = 2) -> None:
        """Let somebody else carry the entries of a kind. Before `start`."""
        self._postmen.append(Postman(self._store, carrier, PostmanTerms(self._max_age_ns, threads), self._clock))

    def start(self) -> None:
        if not self._store.shared:
            self._store.outbox.release_all()  # what a process that was killed had in its hands
        for postman in self._postmen:
            postman.start()
        self.desk.start()

    def stop(self, timeout_s: float = 6.0) -> None:
        """Take nothing more; what is on its way may end."""
        self.desk.stop(timeout_s)
        for postman in self._postmen:
            postman.end()
        for postman in self._postmen:
            postman.stop(timeout_s)

    def wake(self, kinds: Collection[str] = ()) -> None:
        """Something new is in the outbox, of these kinds, or of any: deliver it."""
        for postman in self._postmen:
            if not kinds or postman.kind in kinds:
                postman.wake()
        if not kinds or DISCONNECT in kinds:
            self.desk.wake()

    def first_attempt(self, entry_id: str) -> "Future[object]":
        """Done when a webhook has been tried once."""
        return self._alerts.first_attempt(entry_id)
