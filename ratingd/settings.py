"""Settings: what an operator may set, with what bounds, and what each is for.

A value is looked for in four places, the later ones winning: the default, a TOML file (`--config` or RATINGD_CONFIG),
the environment (RATINGD_ and the name in capitals), an option of the command. `Settings(...)` itself takes what it is
given and looks nowhere, so that a test never depends on the machine's environment; `ratingd.settings_reading` looks
around and says where each value came from.

A duration is an `int` of nanoseconds in here and a text with its unit (`72h`) outside. A bare number is refused: a
catch_up of 24 could be hours to one reader and seconds to another.
"""

import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import BeforeValidator, Field, PlainSerializer, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from accounts.charge import MAX_USAGE
from accounts.unit_rating import ZERO, zero_increment
from ratingd.delivery.export_place import place
from ratingd.delivery.mail_message import checked_address
from ratingd.fraud_settings import FraudSettings
from tariffs.duration import duration_text, parse_duration
from tariffs.zone import zone

ENV_PREFIX: Final = "RATINGD_"
SECOND_NS: Final = 1_000_000_000
HOUR_NS: Final = 3600 * SECOND_NS
BALANCE_RATING_SUBJECT: Final[Mapping[str, str]] = {"*any": "*zero1ns", "*voice": "*zero1s"}
EXPORTER_ID: Final = re.compile(r"[\w.:*-]+")
NUMBER_KEY_MIN: Final = 16
_STORES: Final = ("sqlite", "postgresql")
_UNITLESS_MAX: Final = 1_000_000  # no duration that is meant is shorter than a millisecond


def _duration(value: object) -> object:
    if isinstance(value, str):
        if value.strip("+-.0123456789") == "":
            raise ValueError(f"{value!r} has no unit: write 90s, 15m or 72h")
        return parse_duration(value)
    if isinstance(value, bool | float) or (isinstance(value, int) and 0 < value < _UNITLESS_MAX):
        raise ValueError(f"{value!r} has no unit: write 90s, 15m or 72h")
    return value


def _names(value: object) -> object:
    """`a, b` of the environment as a list."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _file(value: object) -> object:
    """No file where nothing is written, rather than the folder that we are in."""
    return None if value == "" else value


def _pairs(value: object) -> object:
    """`*voice=72h, *sms=100` of the environment as a table."""
    if not isinstance(value, str):
        return value
    pairs = {}
    for part in (part.strip() for part in value.split(",") if part.strip()):
        key, equals, text = part.partition("=")
        if not equals:
            raise ValueError(f"{part!r} is not NAME=VALUE")
        pairs[key.strip()] = text.strip()
    return pairs


def _usages(value: object) -> object:
    """The limits given, over those that stay as they are."""
    value = _pairs(value)
    if not isinstance(value, Mapping):
        return value
    return {**MAX_USAGE, **{tor: _usage(str(tor), limit) for tor, limit in value.items()}}


def _usage(tor: str, limit: object) -> object:
    if tor != "*voice" and isinstance(limit, str) and limit.isdecimal():
        return int(limit)
    return limit if tor != "*voice" and isinstance(limit, int) else _duration(limit)


def _subjects(value: object) -> object:
    value = _pairs(value)
    if not isinstance(value, Mapping):
        return value
    for subject in value.values():
        if str(subject).startswith(ZERO):
            zero_increment(str(subject))
    return {**BALANCE_RATING_SUBJECT, **value}


def _exporters(value: object) -> object:
    value = _pairs(value)
    if not isinstance(value, Mapping):
        return value
    for id, url in value.items():
        if not isinstance(id, str) or not EXPORTER_ID.fullmatch(id):
            raise ValueError(f"{id!r} is no id of an exporter: letters, digits and _ . - : * are allowed")
        if not isinstance(url, str):
            raise ValueError(f"{id}: a URL is wanted, found {url!r}")
        try:
            place(url)
        except ValueError as fault:
            raise ValueError(f"{id}: {fault}") from None
    return value


Duration = Annotated[
    int, NoDecode, BeforeValidator(_duration), PlainSerializer(duration_text, return_type=str, when_used="json")
]
Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_names)]
Folders = Annotated[tuple[Path, ...], NoDecode, BeforeValidator(_names)]
PemFile = Annotated[
    Path | None,
    BeforeValidator(_file),
    PlainSerializer(lambda path: str(path or ""), return_type=str, when_used="json"),
]
Usages = Annotated[dict[str, Annotated[int, Field(ge=1)]], NoDecode, BeforeValidator(_usages)]
Exporters = Annotated[dict[str, str], NoDecode, BeforeValidator(_exporters)]
Subjects = Annotated[dict[str, str], NoDecode, BeforeValidator(_subjects)]


class Settings(FraudSettings):
    """Everything that can be set. The texts below the fields are what `ratingd config show` tells about them."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, extra="forbid", frozen=True, validate_default=True, use_attribute_docstrings=True
    )

    database_url: str = Field(default="sqlite:///ratingd.db")
    """Where accounts and operations are kept: sqlite:///FILE, or postgresql://USER:PASSWORD@HOST/DATABASE."""
    listen: str = Field(default="127.0.0.1:8090")
    """Address and port of the gRPC service. Port 0 takes a free one. Loopback only, unless insecure_listen is set."""
    insecure_listen: bool = Field(default=False)
    """Allow an address that other machines reach. Nobody is authenticated yet: whoever reaches it may charge."""
    transport: Literal["auto", "edge", "grpcio"] = Field(default="auto")
    """What serves gRPC: edge is the native server, grpcio the portable one. auto: edge where it is installed."""
    tls_certificate: PemFile = Field(default=None)
    """PEM file of the certificate that clients are shown, with the chain to its authority. Empty: no TLS."""
    tls_key: PemFile = Field(default=None)
    """PEM file of the private key of tls_certificate, without a password."""
    tls_client_ca: PemFile = Field(default=None)
    """PEM file of the authorities whose certificates clients must have (mutual TLS). Empty: clients need none."""
    keepalive: Duration = Field(default=60 * SECOND_NS, ge=SECOND_NS)
    """A client that has been silent for so long is asked for a sign of life."""
    keepalive_timeout: Duration = Field(default=20 * SECOND_NS, ge=SECOND_NS)
    """The connection of a client that gives no sign of life for so long is closed."""
    connect_ca: PemFile = Field(default=None)
    """For commands that ask a daemon with TLS: PEM file of its authority. Empty: tls_certificate itself is trusted."""
    connect_certificate: PemFile = Field(default=None)
    """For commands that ask a daemon with mutual TLS: PEM file of the certificate that they show it."""
    connect_key: PemFile = Field(default=None)
    """PEM file of the private key of connect_certificate."""
    connect_name: str = Field(default="")
    """The name in the daemon's certificate. Empty: the host that is asked, as --address or listen says it."""

    default_tenant: str = Field(default="cgrates.org", min_length=1)
    """The tenant of a request that names none."""
    default_category: str = Field(default="call", min_length=1)
    """The category of a request that names none."""
    default_timezone: str = Field(default="UTC")
    """Zone of peak hours and schedules where neither request nor account names one: an IANA name or +02:00."""
    currency: str = Field(default="", pattern=r"^([A-Z]{3})?$")
    """ISO 4217 code that is written beside amounts of money, such as EUR. Empty: none is."""
    rounding_decimals: int = Field(default=5, ge=0, le=9)
    """Decimals kept in every balance and in the cost of an increment. Raise it for prices per byte."""
    max_usage: Usages = Field(default=dict(MAX_USAGE))
    """Longest usage of one request by type of record, a duration for *voice; *any is for the types not named."""
    balance_rating_subject: Subjects = Field(default=dict(BALANCE_RATING_SUBJECT))
    """Rating subject of units without one, by type of record: *zero1s is free by the second, a name is priced."""
    fallback_depth: int = Field(default=3, ge=0, le=16)
    """How far fallback subjects of fallback subjects are followed."""
    rp_subject_prefix_matching: bool = Field(default=False)
    """Look for the rating profile of a subject also under its leading characters, longest first."""

    lanes: int = Field(default=2, ge=1, le=64)
    """Writers of accounts, each with its own connection to the store. On SQLite there is always one."""
    queue_max: int = Field(default=10_000, ge=1, le=1_000_000)
    """Requests that may wait in one lane. Those beyond are told to come again."""
    batch_max: int = Field(default=512, ge=1, le=10_000)
    """How many requests share one commit at most."""
    gather_us: int = Field(default=2_000, ge=0, le=100_000)
    """Microseconds for which a lane that is shared lets requests gather for one commit. A lone caller never waits."""
    accounts_max: int = Field(default=100_000, ge=1, le=100_000_000)
    """Accounts that each lane keeps in memory."""
    answers_max: int = Field(default=20_000, ge=0, le=100_000_000)
    """Answers that each lane keeps in memory for quick retries. Older ones are read from the store."""
    idempotency_days: int = Field(default=7, ge=1, le=3650)
    """How long the answer to an idempotency key is kept."""
    locking_timeout_ms: int = Field(default=3000, ge=1, le=600_000)
    """How long a request is decided anew while others write to its accounts, before it is answered ACCOUNT_BUSY."""

    sync_action_ms: int = Field(default=50, ge=0, le=5000)
    """How long a reply waits for the first delivery of a synchronous action. Nothing else waits with it."""
    outbox_max_age: Duration = Field(default=72 * HOUR_NS, ge=SECOND_NS)
    """How long an alert, a mail, an export or a disconnect is tried before it is put aside as dead."""
    webhook_secret: SecretStr = Field(default=SecretStr(""))
    """Key of the HMAC-SHA256 signature of webhooks and of exports that are posted. Empty: they are sent unsigned."""
    webhook_hosts: Names = Field(default=())
    """Hosts that webhooks may go to, as their URLs name them: alerts.example.org, *.example.org. None named: none."""
    webhook_private: bool = Field(default=False)
    """Allow webhooks to addresses of this machine and of private networks."""
    exporters: Exporters = Field(default={})
    """Where *export may send accounts, by id: an http or https URL gets a signed POST, file:///FOLDER/FILE a line."""
    account_updates: Names = Field(default=())
    """Ids of the exporters that *publish_account sends accounts to. None named: it is only told in the log."""
    smtp_host: str = Field(default="")
    """The mail server that takes the mails of *mail_async. Empty: they are put aside as dead."""
    smtp_port: int = Field(default=587, ge=1, le=65_535)
    """Port of the mail server: 587 is usual with starttls, 465 with tls, 25 with none."""
    smtp_tls: Literal["starttls", "tls", "none"] = Field(default="starttls")
    """How the way to the mail server is encrypted. Its certificate must be one that this machine trusts."""
    smtp_user: str = Field(default="")
    """Who we are to the mail server. Empty: it does not ask."""
    smtp_password: SecretStr = Field(default=SecretStr(""))
    """Password of smtp_user."""
    smtp_from: str = Field(default="")
    """Address that mails come from, such as ratingd@example.org. Needed where smtp_host is set."""
    catch_up: Duration = Field(default=24 * HOUR_NS, ge=0)
    """How far back runs of action plans are made up that were missed while the daemon was down."""
    open_call_lifetime: Duration = Field(default=4 * HOUR_NS, ge=60 * SECOND_NS)
    """How long after its last charge a call counts as open when no final debit closes it."""
    reserve_max: Duration = Field(default=3 * HOUR_NS, ge=SECOND_NS)
    """The longest that a call may hold what it is granted. A switch asks again to hold it for longer."""

    max_message_bytes: int = Field(default=4_194_304, ge=65_536, le=1_073_741_824)
    """The largest gRPC message that is accepted."""
    streams_max: int = Field(default=256, ge=1, le=100_000)
    """Streams that may be open at once."""
    in_flight_max: int = Field(default=1_024, ge=1, le=1_000_000)
    """Requests of one Charge stream that may wait for their answers; then the stream is held back."""
    upload_bytes_max: int = Field(default=1_073_741_824, ge=65_536)
    """The largest tariff folder that a client may send."""
    tariff_folders: Folders = Field(default=())
    """Folders of the daemon's machine below which a client may name one to load. None named: clients send files."""

    log_format: Literal["text", "json", "none"] = Field(default="text")
    """Events on standard error: as lines for people, as one JSON object a line, or not at all."""
    drain_seconds: float = Field(default=10.0, ge=0, le=3600)
    """How long requests in progress may take to finish after SIGTERM."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        *others: PydanticBaseSettingsSource,
        **by_name: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)

    @field_validator("database_url")
    @classmethod
    def _store_known(cls, url: str) -> str:
        backend = url.partition(":")[0].partition("+")[0]
        if backend not in _STORES or "://" not in url:
            raise ValueError(f"sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE is wanted, not {backend!r}")
        return url

    @field_validator("default_timezone", "fraud_timezone")
    @classmethod
    def _zone_known(cls, name: str) -> str:
        zone(name)
        return name

    @field_validator("listen")
    @classmethod
    def _address(cls, listen: str) -> str:
        host_and_port(listen)
        return listen

    @model_validator(mode="after")
    def _loopback(self) -> Self:
        served = [("listen", self.listen), ("http_listen", self.http_listen)]
        served += [("http_also_listen", address) for address in self.http_also_listen]
        for name, address in served:
            host, _ = host_and_port(address) if address else ("127.0.0.1", 0)
            if not self.insecure_listen and not is_loopback(host):
                raise ValueError(
                    f"{name}: other machines reach {host}; use 127.0.0.1, or allow it with insecure_listen"
                )
        return self

    @model_validator(mode="after")
    def _pseudonyms(self) -> Self:
        if self.hash_numbers and len(self.number_key.get_secret_value()) < NUMBER_KEY_MIN:
            raise ValueError(f"number_key: at least {NUMBER_KEY_MIN} characters are needed with hash_numbers")
        return self

    @model_validator(mode="after")
    def _tls(self) -> Self:
        for certificate, key in (("tls_certificate", "tls_key"), ("connect_certificate", "connect_key")):
            if bool(getattr(self, certificate)) != bool(getattr(self, key)):
                given, other = (certificate, key) if getattr(self, certificate) else (key, certificate)
                raise ValueError(f"{other}: is missing, and {given} is of no use without it")
        if self.tls_client_ca and not self.tls_certificate:
            raise ValueError("tls_client_ca: certificates of clients are asked for over TLS; set tls_certificate too")
        return self

    @model_validator(mode="after")
    def _known_exporters(self) -> Self:
        unknown = [id for id in self.account_updates if id not in self.exporters]
        if unknown:
            known = ", ".join(self.exporters) or "none is set"
            raise ValueError(f"account_updates: {', '.join(unknown)} is not among the exporters ({known})")
        return self

    @model_validator(mode="after")
    def _mail(self) -> Self:
        if not self.smtp_host:
            return self
        try:
            checked_address(self.smtp_from)
        except ValueError as fault:
            raise ValueError(
                f"smtp_from: {fault}" if self.smtp_from else "smtp_from: is empty, and mail needs a sender"
            ) from None
        if self.smtp_user and self.smtp_tls == "none" and not is_loopback(self.smtp_host):
            raise ValueError("smtp_tls: the password of smtp_user would be sent in the clear; use starttls or tls")
        return self

    @property
    def lane_count(self) -> int:
        """SQLite has one writer, so it has one lane."""
        return 1 if self.database_url.startswith("sqlite") else self.lanes


def host_and_port(address: str) -> tuple[str, int]:
    """`127.0.0.1:8090` or `[::1]:8090` taken apart; ValueError for anything else."""
    host, colon, port = address.rpartition(":")
    host = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not colon or not host or not port.isdecimal() or int(port) > 65_535:
        raise ValueError(f"{address!r} is not HOST:PORT, such as 127.0.0.1:8090")
    return host, int(port)


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
