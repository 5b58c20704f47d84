"""The daemon: every part of ratingd on one store, put together, started in order, stopped in reverse.

    store       opened and migrated; a second daemon on one SQLite file is refused here
    delivery    what is still in the outbox begins to leave
    engine      the tariff in force, the lanes
    models      those in use are opened
    fraud       lists, rules, and the window of calls as it was before the end
    scheduler   plans that were missed are made up
    http        the same for those who do not speak gRPC
    folder      files of calls are looked for
    transport   requests come in, and health says SERVING

Going down: new requests are refused first, those in progress are answered, then the lanes end, and what they left in
the outbox waits for the next start. A daemon whose transport has ended by itself serves nobody: `on_lost` is called,
and `lost` says so.
"""

import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from accounts.account import AccountKey
from accounts.charge import ChargeRules
from actions.plan_schedule import ActionPlan
from ratingd import observe
from ratingd.api.admin import Difference, Verified
from ratingd.api.config import ApiConfig
from ratingd.api.fraud_parts import FraudParts
from ratingd.api.open_transport import chosen, open_transport
from ratingd.api.services import Services
from ratingd.api.tls_files import read_pems
from ratingd.api.transport import TlsFiles, Transport, TransportOptions
from ratingd.collector import settle
from ratingd.core import core
from ratingd.delivery.delivery import Delivery, DeliveryTerms
from ratingd.delivery.mailer import MailTerms
from ratingd.delivery.switch_webhooks import parse_webhooks
from ratingd.engine.engine import Engine, EngineOptions
from ratingd.engine.lane import LaneLimits
from ratingd.errors import AccountUnknown
from ratingd.fraud.runtime import FraudRuntime
from ratingd.models.model_desk import ModelDesk
from ratingd.models.registry import Registry
from ratingd.models.retraining import Retraining
from ratingd.models.scorers import Scorers
from ratingd.scheduler.scheduler import Scheduler, SchedulerOptions
from ratingd.settings import Settings, host_and_port
from ratingd.store.store import Store, open_store
from ratingd.store.verify import verify
from tariffs.zone import zone

if TYPE_CHECKING:
    from ratingd.http.server import HttpServer
    from ratingd.ingest.folder_watch import FolderWatch

DAY_NS: Final = 86_400_000_000_000


class Daemon:
    """One daemon. `start` returns when it serves, `stop` when everything that was accepted is answered."""

    def __init__(self, settings: Settings, on_lost: Callable[[], None] = lambda: None) -> None:
        self.settings: Final = settings
        self.lost = False
        self._serving = False
        self._on_lost: Final = on_lost
        self.version: Final = version("ratingd")
        self.start_ns: Final = time.time_ns()
        self.transport: Final = chosen(settings.transport)
        if (tls := tls_files(settings)) is not None:
            read_pems(tls)  # a wrong one is told before anything is opened
        self.store: Final[Store] = open_store(
            settings.database_url,
            connections=2 * settings.lane_count + 4,
            lock_timeout_ms=settings.locking_timeout_ms,
        )
        rules = rules_of(settings)
        self.delivery: Final = Delivery(self.store, delivery_terms(settings))
        scorers = Scorers()
        self.fraud: Final = FraudRuntime(
            settings, self.store, scorers, wake=self.delivery.wake, action_ids=self._action_ids
        )
        self.models: Final = ModelDesk(
            Registry(self.store.models), scorers, alert=self.fraud.book.raise_now, shared=self.store.shared
        )
        self.fraud.explained_by(self.models.explain, self.models.prepared)
        self.retraining: Final = Retraining(self.models, settings, self.store.database.alone)
        self.engine: Final = Engine(
            self.store, engine_options(settings, rules), self.delivery, admitting=self.fraud.desk
        )
        self.fraud.connect(self.delivery, self.engine)
        self.scheduler: Final = Scheduler(
            self.store,
            self.engine.submit,
            self._action_plans,
            SchedulerOptions(
                default_zone=settings.default_timezone,
                catch_up_ns=settings.catch_up,
                idempotency_ns=settings.idempotency_days * DAY_NS,
            ),
        )
        self._services: Final = Services(
            api_config(settings, rules),
            charger=self.engine,
            store=self.store,
            tariffs=self.engine.tariffs,
            disconnects=self.delivery.desk,
            daemon=self,
            fraud=self._fraud_parts(),
            models=self.models,
        )
        self._server: Transport | None = None
        self.http: Final = self._opened_http()
        self.folder: Final = self._watched_folder()

    @property
    def address(self) -> str:
        """Where it serves, once it is started; the port is the real one where 0 was asked for."""
        host, port = host_and_port(self.settings.listen)
        return f"{f'[{host}]' if ':' in host else host}:{self._server.port if self._server else port}"

    @property
    def store_name(self) -> str:
        return self.store.database.name

    @property
    def lanes(self) -> int:
        return len(self.engine.lanes)

    def start(self) -> None:
        observe.configure(observe.LogFormat(self.settings.log_format))
        self.store.migrate()
        self.engine.start()
        self.models.start()
        self.retraining.start()
        self.fraud.start(self.engine.submit)
        self.delivery.start()
        self.engine.tariffs.resume()
        self.scheduler.start()
        settle()
        options = transport_options(self.settings, self.address)
        if self.http is not None:
            self.http.start()
        if self.folder is not None:
            self.folder.start()
        self._server = open_transport(self.transport, self._services.methods, self.engine, options)
        self._server.on_lost(self._transport_lost)
        self._server.start()
        self._serving = True
        observe.event(
            "daemon.serving",
            address=self.address,
            http=self.http.address if self.http is not None else "none",
            transport=self.transport,
            tls=tls_name(options.tls),
            store=self.store_name,
            lanes=self.lanes,
            core=core(),
        )

    def stop(self) -> None:
        observe.event("daemon.stopping")
        self._serving = False
        if self._server is not None:
            self._server.stop(self.settings.drain_seconds)
        if self.http is not None:
            self.http.stop()
        if self.folder is not None:
            self.folder.stop(self.settings.drain_seconds)
        self.scheduler.stop()
        self.engine.stop(self.settings.drain_seconds)
        self.retraining.stop(self.settings.drain_seconds)
        self.models.stop(self.settings.drain_seconds)
        self.fraud.stop(self.settings.drain_seconds)
        self.delivery.stop()
        self.store.close()
        observe.event("daemon.stopped")

    def _opened_http(self) -> "HttpServer | None":
        if not self.settings.http_listen:
            return None
        from ratingd.http.open_http import Surroundings, open_http  # half a second that only those pay who want it

        around = Surroundings(self.version, self.start_ns, lambda: self._serving, self.delivery.wake, self.models)
        return open_http(self.settings, self.fraud, self.store, around)

    def _watched_folder(self) -> "FolderWatch | None":
        if not self.settings.watch_folder:
            return None
        from ratingd.ingest.folder_watch import watch_folder  # only those pay for it who want it

        return watch_folder(self.fraud.desk, self.settings.watch_folder, self.settings.watch_map)

    def _transport_lost(self) -> None:
        observe.event("daemon.transport_lost", address=self.address, hint="it ends now, and is to be started again")
        self.lost = True
        self._serving = False
        self._on_lost()

    def _fraud_parts(self) -> FraudParts:
        fraud = self.fraud
        return FraudParts(
            fraud.desk,
            fraud.book,
            self.store.fraud,
            fraud.threats,
            fraud.lists,
            fraud.rules,
            fraud.investigation,
            fraud.writer.on_told,
        )

    def _action_plans(self) -> Mapping[str, ActionPlan]:
        return self.engine.plans.current(time.time_ns()).book.catalogue.action_plans

    def _action_ids(self) -> frozenset[str]:
        return frozenset(self.engine.plans.current(time.time_ns()).book.catalogue.action_sets)

    # -- what AdminService tells

    def open_streams(self) -> int:
        return self._server.open_streams if self._server else 0

    def outbox_filled(self) -> None:
        self.delivery.wake()

    def verify(self, tenant: str | None, account: str | None) -> Verified:
        """Rebuild accounts from their operations and compare; one account, those of a tenant, or all."""
        key = AccountKey(tenant or self.settings.default_tenant, account) if account else None
        report = verify(self.store, tenant=tenant, key=key)
        if key is not None and not report.operations and not self.store.accounts([key]):
            raise AccountUnknown(key.tenant, key.account)
        return Verified(
            report.accounts,
            report.operations,
            tuple(Difference(wrong.key, wrong.field, wrong.stored, wrong.rebuilt) for wrong in report.differences),
        )


def rules_of(settings: Settings) -> ChargeRules:
    return ChargeRules(
        decimals=settings.rounding_decimals,
        max_usage=settings.max_usage,
        balance_rating_subject=settings.balance_rating_subject,
        fallback_depth=settings.fallback_depth,
        prefix_matching=settings.rp_subject_prefix_matching,
    )


def delivery_terms(settings: Settings) -> DeliveryTerms:
    return DeliveryTerms(
        secret=settings.webhook_secret.get_secret_value().encode(),
        hosts=settings.webhook_hosts,
        private=settings.webhook_private,
        max_age_ns=settings.outbox_max_age,
        exporters=settings.exporters,
        mail=mail_terms(settings),
        switches=parse_webhooks(settings.switch_webhooks),
    )


def mail_terms(settings: Settings) -> MailTerms | None:
    if not settings.smtp_host:
        return None
    return MailTerms(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_from,
        settings.smtp_tls,
        settings.smtp_user,
        settings.smtp_password.get_secret_value(),
    )


def engine_options(settings: Settings, rules: ChargeRules) -> EngineOptions:
    limits = LaneLimits(
        queue_max=settings.queue_max,
        batch_max=settings.batch_max,
        accounts_max=settings.accounts_max,
        answers_max=settings.answers_max,
        locking_timeout_ms=settings.locking_timeout_ms,
        gather_us=settings.gather_us,
    )
    return EngineOptions(
        rules,
        lanes=settings.lane_count,
        limits=limits,
        default_timezone=settings.default_timezone,
        open_call_ns=settings.open_call_lifetime,
        sync_action_ms=settings.sync_action_ms,
        exporters=tuple(settings.exporters),
        account_updates=settings.account_updates,
    )


def transport_options(settings: Settings, address: str) -> TransportOptions:
    return TransportOptions(
        address,
        max_message_bytes=settings.max_message_bytes,
        streams_max=settings.streams_max,
        tls=tls_files(settings),
        keepalive_ns=settings.keepalive,
        keepalive_timeout_ns=settings.keepalive_timeout,
    )


def tls_files(settings: Settings) -> TlsFiles | None:
    if settings.tls_certificate is None or settings.tls_key is None:
        return None
    return TlsFiles(settings.tls_certificate, settings.tls_key, settings.tls_client_ca)


def tls_name(files: TlsFiles | None) -> str:
    if files is None:
        return "none"
    return "mutual" if files.client_ca is not None else "server"


def api_config(settings: Settings, rules: ChargeRules) -> ApiConfig:
    return ApiConfig(
        time.time_ns,
        rules=rules,
        default_tenant=settings.default_tenant,
        default_category=settings.default_category,
        default_zone=zone(settings.default_timezone),
        currency=settings.currency,
        reserve_max_ns=settings.reserve_max,
        max_message_bytes=settings.max_message_bytes,
        streams_max=settings.streams_max,
        in_flight_max=settings.in_flight_max,
        upload_bytes_max=settings.upload_bytes_max,
        tariff_folders=settings.tariff_folders,
        publishes_accounts=bool(settings.account_updates),
    )
