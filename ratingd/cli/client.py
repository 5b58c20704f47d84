"""A daemon, asked over gRPC: one stub for each service, and refusals as values that can be told to people.

A refused call raises `Refused`, which holds what the google.rpc.Status says: the reason a program acts on, the text for
people, the fields that were wrong, what was looked at. A daemon that does not answer gives the reason UNREACHABLE, with
the command that starts one.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import grpc
from google.rpc import error_details_pb2, status_pb2

from ratingd.cli.refusal import Refusal, Refused
from ratingd.v1.accounts_pb2_grpc import AccountServiceStub
from ratingd.v1.admin_pb2_grpc import AdminServiceStub
from ratingd.v1.charging_pb2_grpc import ChargingServiceStub
from ratingd.v1.fraud_pb2_grpc import FraudServiceStub
from ratingd.v1.models_pb2_grpc import ModelServiceStub
from ratingd.v1.rating_pb2_grpc import RatingServiceStub
from ratingd.v1.sessions_pb2_grpc import SessionServiceStub
from ratingd.v1.tariffs_pb2_grpc import TariffServiceStub

DETAILS_KEY: Final = "grpc-status-details-bin"
MESSAGE_BYTES_MAX: Final = 1 << 30
CALL_SECONDS: Final = 30.0
# The last is how an alert of TLS arrives that comes after the handshake: a certificate was wanted and none shown.
HUNG_UP: Final = ("Socket closed", "Connection reset", "Broken pipe", "TSI_DATA_CORRUPTED")


@dataclass(frozen=True, slots=True)
class Trust:
    """How a daemon with TLS is asked: whom we trust, under which name, and who we are; all of it PEM."""

    authority: bytes
    name: str = ""  # in its certificate; "" is the host of its address
    certificate: bytes | None = None
    key: bytes | None = None


class Client:
    """The services of one daemon. `ask` turns what gRPC raises into `Refused`."""

    def __init__(self, address: str, trust: Trust | None = None) -> None:
        self.address: Final = address
        self.trust: Final = trust
        self.channel: Final = _channel(address, trust)
        self.rating: Final = RatingServiceStub(self.channel)
        self.charging: Final = ChargingServiceStub(self.channel)
        self.accounts: Final = AccountServiceStub(self.channel)
        self.tariffs: Final = TariffServiceStub(self.channel)
        self.sessions: Final = SessionServiceStub(self.channel)
        self.admin: Final = AdminServiceStub(self.channel)
        self.fraud: Final = FraudServiceStub(self.channel)
        self.models: Final = ModelServiceStub(self.channel)

    def ask(self, method: Callable[..., Any], request: object, seconds: float | None = CALL_SECONDS) -> Any:
        """One request, or an iterator of them, and its answer."""
        try:
            return method(request, timeout=seconds)
        except grpc.RpcError as error:
            raise Refused(refusal_of(error, self.address, encrypted=self.trust is not None)) from None

    def close(self) -> None:
        self.channel.close()


@contextmanager
def connected(address: str, trust: Trust | None = None) -> Iterator[Client]:
    client = Client(address, trust)
    try:
        yield client
    finally:
        client.close()


def _channel(address: str, trust: Trust | None) -> grpc.Channel:
    options: list[tuple[str, int | str]] = [
        ("grpc.max_receive_message_length", MESSAGE_BYTES_MAX),
        ("grpc.max_send_message_length", MESSAGE_BYTES_MAX),
        ("grpc.enable_http_proxy", 0),
    ]
    if trust is None:
        return grpc.insecure_channel(address, options)
    if trust.name:
        options.append(("grpc.ssl_target_name_override", trust.name))
    return grpc.secure_channel(
        address, grpc.ssl_channel_credentials(trust.authority, trust.key, trust.certificate), options
    )


def refusal_of(error: Any, address: str, *, encrypted: bool = False) -> Refusal:
    """What a failed call says, from its google.rpc.Status where the daemon sent one."""
    for key, value in error.trailing_metadata() or ():
        if key == DETAILS_KEY:
            return refusal_of_status(status_pb2.Status.FromString(value))
    code = error.code()
    if code == grpc.StatusCode.UNAVAILABLE:
        cause = str(error.details())
        return Refusal(
            "UNREACHABLE", _unreachable(address, cause, encrypted), looked_at={"address": address, "cause": cause}
        )
    return Refusal(code.name, str(error.details()))


def _unreachable(address: str, cause: str, encrypted: bool) -> str:
    if "handshake failed" in cause or "Verification Check failed" in cause:
        return (
            f"{address} and this command do not trust each other: {cause}. Compare its tls_certificate and "
            "tls_client_ca with connect_ca, connect_name and connect_certificate here."
        )
    if "failed to connect" in cause and any(text in cause for text in HUNG_UP):
        wanted = "a certificate of ours: set connect_certificate" if encrypted else "TLS: set connect_ca"
        return f"{address} is there and hung up at once. It may want {wanted}."
    return f"no daemon answers at {address}. Start one with `ratingd serve`, or name another with --address."


def refusal_of_status(status: status_pb2.Status) -> Refusal:
    reason, looked_at, fields, retry_after_ms = "UNKNOWN", {}, {}, None
    info, bad, retry = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest(), error_details_pb2.RetryInfo()
    for detail in status.details:
        if detail.Unpack(info):
            reason, looked_at = info.reason, dict(info.metadata)
        elif detail.Unpack(bad):
            fields = {violation.field: violation.description for violation in bad.field_violations}
        elif detail.Unpack(retry):
            retry_after_ms = retry.retry_delay.ToMilliseconds()
    return Refusal(reason, status.message, fields, looked_at, retry_after_ms)
