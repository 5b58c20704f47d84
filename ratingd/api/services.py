"""All services and the one table of their methods, whichever transport serves it."""

from dataclasses import replace
from typing import Final, Protocol

from ratingd.api.accounts import Accounts
from ratingd.api.admin import Admin, Daemon, OutboxShelf
from ratingd.api.charge_stream import ChargeStream
from ratingd.api.charging import SERVICE, Charging
from ratingd.api.config import ApiConfig
from ratingd.api.fraud import fraud_methods
from ratingd.api.fraud_parts import FraudParts
from ratingd.api.listing import Listing, Shelves
from ratingd.api.method import AnyMethod, Kind, Outlet, Stream, StreamMethod
from ratingd.api.models import ModelsApi
from ratingd.api.plans import Charger
from ratingd.api.rating import Rating
from ratingd.api.reflection import Reflection
from ratingd.api.schedules import SchedulesApi
from ratingd.api.sessions import Sessions
from ratingd.api.shared_groups import SharedGroups
from ratingd.api.tariffs import TariffDesk, Tariffs
from ratingd.delivery.disconnects import DisconnectDesk
from ratingd.models.model_desk import ModelDesk
from ratingd.scheduler.desk import ScheduleDesk
from ratingd.store.directory import Directory
from ratingd.store.schedules import Schedules


class Store(Shelves, Protocol):
    @property
    def outbox(self) -> OutboxShelf: ...

    @property
    def directory(self) -> Directory: ...

    @property
    def schedules(self) -> Schedules: ...


class Services:
    """All services on one engine. FraudService is served where `fraud` is there to be asked, ModelService so too."""

    def __init__(
        self,
        config: ApiConfig,
        *,
        charger: Charger,
        store: Store,
        tariffs: TariffDesk,
        disconnects: DisconnectDesk,
        daemon: Daemon,
        fraud: FraudParts | None = None,
        models: ModelDesk | None = None,
    ) -> None:
        config = replace(config, aliases=lambda: charger.plans.current(config.clock()).book.catalogue.aliases)
        self._config: Final = config
        self._charger: Final = charger
        self._charging: Final = Charging(config)
        self.sessions: Final = Sessions(disconnects)
        methods: list[AnyMethod] = [
            *self._charging.methods(),
            StreamMethod(f"{SERVICE}Charge", self._charge_stream, Kind.LANE, config.in_flight_max),
            *Rating(config, charger).methods(),
            *Accounts(config).methods(),
            *Listing(config, store).methods(),
            *SharedGroups(config, charger, store).methods(),
            *Tariffs(config, charger, tariffs).methods(),
            *self.sessions.methods(),
            *Admin(config, charger, store.outbox, daemon, self.sessions).methods(),
            *SchedulesApi(config, self._schedule_desk(store)).methods(),
            *([] if fraud is None else fraud_methods(fraud)),
            *([] if models is None else ModelsApi(models).methods()),
        ]
        self.methods: Final = [*methods, *Reflection(methods).methods()]

    def _schedule_desk(self, store: Store) -> ScheduleDesk:
        clock, plans = self._config.clock, self._charger.plans
        return ScheduleDesk(
            store,
            lambda: plans.current(clock()).book.catalogue.action_plans,
            self._config.default_zone.name,
            clock,
        )

    def _charge_stream(self, outlet: Outlet) -> Stream:
        return ChargeStream(self._charging, self._charger.submit, outlet, self._config.in_flight_max)
