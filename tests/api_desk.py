"""The API over a real gRPC server on loopback, with a real engine and store behind it, for one test."""

import time
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any, Final, TypeVar

import grpc
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from accounts.account import AccountKey
from actions.folder import EMPTY_PLAN_BOOK, read_folder
from ratingd.api.admin import Verified
from ratingd.api.config import ApiConfig
from ratingd.api.open_transport import chosen, open_transport
from ratingd.api.services import Services
from ratingd.api.transport import TransportOptions
from ratingd.delivery.delivery import Delivery
from ratingd.engine.engine import Engine, EngineOptions
from ratingd.engine.plans import PlanVersion
from ratingd.store.store import open_store
from ratingd.v1.account_pb2 import Account
from ratingd.v1.accounts_pb2 import AddBalanceRequest, BalanceSelector, GetAccountRequest
from ratingd.v1.accounts_pb2_grpc import AccountServiceStub
from ratingd.v1.admin_pb2 import StatusRequest
from ratingd.v1.admin_pb2_grpc import AdminServiceStub
from ratingd.v1.amount_pb2 import Usage
from ratingd.v1.call_pb2 import Call
from ratingd.v1.charging_pb2 import DebitRequest
from ratingd.v1.charging_pb2_grpc import ChargingServiceStub
from ratingd.v1.rating_pb2_grpc import RatingServiceStub
from ratingd.v1.sessions_pb2_grpc import SessionServiceStub
from ratingd.v1.tariffs_pb2 import TariffFile, TariffOptions, TariffUpload
from ratingd.v1.tariffs_pb2_grpc import TariffServiceStub
from tariffs.money import NANO
from tariffs.zone import UTC

FOLDER: Final = {
    "Destinations.csv": b"DST_49,49\n",
    "Rates.csv": b"RT,0,0.60,60s,60s,0s\nRSMS,0,0.07,1,1,0\n",
    "DestinationRates.csv": b"DR,DST_49,RT,*up,4,0,\nDRS,*any,RSMS,*up,4,0,\n",
    "RatingPlans.csv": b"RP,DR,*any,10\nRPS,DRS,*any,10\n",
    "RatingProfiles.csv": b"cgrates.org,call,*any,,RP,\ncgrates.org,sms,*any,,RPS,\n",
    "Actions.csv": b"BONUS,*topup,,,BONUS,*monetary,,,,,,,2,,,,10\n",
    "ActionTriggers.csv": b"GROUP,HIGH,*max_balance,1000,false,0,,,,*monetary,,,,,,,,,,BONUS,10\n",
}
SATURDAY_TEN: Final = 1_795_255_200  # 2026-11-21T10:00:00Z
Answer = TypeVar("Answer", bound=Message | bytes)


class Refused(Exception):
    """A call that was not OK: its code, its reason, and what else its status says."""

    def __init__(self, code: str, status: status_pb2.Status | None, details: str) -> None:
        super().__init__(f"{code}: {details}")
        self.code: Final = code
        self.details: Final = details
        self.status: Final = status if status is not None else status_pb2.Status()
        info, bad, retry = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest(), error_details_pb2.RetryInfo()
        self.reason, self.fields, self.retry_ms = "", dict[str, str](), -1
        for detail in self.status.details:
            if detail.Unpack(info):
                assert info.domain == "ratingd"
                self.reason, self.metadata = info.reason, dict(info.metadata)
            elif detail.Unpack(bad):
                self.fields = {violation.field: violation.description for violation in bad.field_violations}
            elif detail.Unpack(retry):
                self.retry_ms = retry.retry_delay.ToMilliseconds()


def refused(error: Any) -> Refused:
    trailers = dict(error.trailing_metadata() or ())
    body = trailers.get("grpc-status-details-bin")
    status = None if body is None else status_pb2.Status.FromString(body)
    if status is not None:
        assert status.code == error.code().value[0]
        assert status.message == error.details()
    return Refused(error.code().name, status, error.details())


class ApiDesk:
    """Use as a context. `ask` makes one call and raises `Refused`."""

    def __init__(self, url: str, *, folder: Mapping[str, bytes] = FOLDER, **config: Any) -> None:
        self._url: Final = url
        self._folder: Final = folder
        self._config: Final = ApiConfig(clock=time.time_ns, **config)
        self.transport: Final = chosen("auto")

    def __enter__(self) -> "ApiDesk":
        self.store = open_store(self._url)
        self.store.migrate()
        self.delivery = Delivery(self.store)
        self.engine = Engine(self.store, EngineOptions(self._config.rules, lanes=2), self.delivery)
        services = Services(
            self._config,
            charger=self.engine,
            store=self.store,
            tariffs=self.engine.tariffs,
            disconnects=self.delivery.desk,
            daemon=self,
        )
        self.methods = services.methods
        self.server = open_transport(
            self.transport,
            self.methods,
            self.engine,
            TransportOptions(
                "127.0.0.1:0",
                max_message_bytes=self._config.max_message_bytes,
                streams_max=self._config.streams_max,
            ),
        )
        self.engine.start()
        self.delivery.start()
        self.server.start()
        self.channel = grpc.insecure_channel(
            f"127.0.0.1:{self.server.port}", options=[("grpc.max_send_message_length", 1 << 27)]
        )
        self.rating = RatingServiceStub(self.channel)
        self.charging = ChargingServiceStub(self.channel)
        self.accounts = AccountServiceStub(self.channel)
        self.tariffs = TariffServiceStub(self.channel)
        self.sessions = SessionServiceStub(self.channel)
        self.admin = AdminServiceStub(self.channel)
        if self._folder:
            book, findings = read_folder(self._folder, EMPTY_PLAN_BOOK, now_ns=SATURDAY_TEN * NANO, zone=UTC)
            assert book is not None, findings
            self.engine.plans.activate(PlanVersion(1, book, 0))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.server.stop(5)
        self.channel.close()
        self.engine.stop(10)
        self.delivery.stop()
        self.store.close()

    def ask(self, method: Callable[..., Answer], request: object, timeout: float | None = 20) -> Answer:
        try:
            return method(request, timeout=timeout)
        except grpc.RpcError as error:
            raise refused(error) from None

    def top_up(self, account: str, units: int, key: str = "opening") -> None:
        request = AddBalanceRequest(
            account=account, idempotency_key=key, balance=BalanceSelector(kind="*monetary", id="M")
        )
        request.amount.money.units = units
        self.ask(self.accounts.AddBalance, request)

    def account(self, account: str) -> Account:
        found: Account = self.ask(self.accounts.GetAccount, GetAccountRequest(account=account))
        return found

    def money(self, account: str) -> int:
        """The money of an account in nano-units, all balances together."""
        values = [balance.value.money for balance in self.account(account).balances if balance.kind == "*monetary"]
        return sum(value.units * NANO + value.nanos for value in values)

    def watching(self) -> list[str]:
        return list(self.ask(self.admin.Status, StatusRequest()).watching_switches)

    @staticmethod
    def key(account: str) -> AccountKey:
        return AccountKey("cgrates.org", account)

    # What the daemon tells of itself.

    version = "test"
    start_ns = SATURDAY_TEN * NANO
    store_name = "sqlite"
    lanes = 1

    def open_streams(self) -> int:
        return self.server.open_streams

    def outbox_filled(self) -> None:
        self.delivery.wake()

    def verify(self, tenant: str | None, account: str | None) -> Verified:
        return Verified(accounts=1 if account else 0, operations=0)


def uploads(folder: Mapping[str, bytes], options: TariffOptions | None = None) -> Iterator[TariffUpload]:
    if options is not None:
        yield TariffUpload(options=options)
    for path, content in folder.items():
        yield TariffUpload(file=TariffFile(path=path, content=content))


def call(account: str = "1001", seconds: int = 60, *, destination: str = "49123", **more: Any) -> Call:
    """A call on Saturday at ten."""
    piece = Call(account=account, destination=destination, usage=Usage(), **more)
    piece.time_start.seconds = SATURDAY_TEN
    piece.usage.duration.seconds = seconds
    return piece


def debit(account: str = "1001", seconds: int = 60, key: str = "k", **more: Any) -> DebitRequest:
    return DebitRequest(call=call(account, seconds), idempotency_key=key, **more)
