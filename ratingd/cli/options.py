"""Options that many commands share: which daemon, which form of output, whose name space, only pretend."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, TypeVar

import click
from click.shell_completion import CompletionItem

from ratingd import pem
from ratingd.cli.client import Client, Trust, connected
from ratingd.cli.config_option import configured
from ratingd.cli.output import Form, Output
from ratingd.cli.refusal import OUTPUT_KEY, Refused
from ratingd.settings import Settings, host_and_port
from ratingd.settings_reading import Problem, Reading, SettingsRefused, read_settings
from ratingd.v1.accounts_pb2 import ListAccountsRequest
from ratingd.v1.tariffs_pb2 import GetTariffRequest

Command = TypeVar("Command", bound=Callable[..., Any])
Completion = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]
_COMPLETION_SECONDS: Final = 1.0
_ANYWHERE: Final = ("0.0.0.0", "::")


@dataclass(frozen=True, slots=True)
class Where:
    """Which daemon a command asks: the address given, else the one that the settings listen on."""

    address: str | None
    config: Path | None

    def reading(self) -> Reading:
        return read_settings(self.config)

    def settings(self) -> Settings:
        return self.reading().settings

    def found(self) -> str:
        if self.address is not None:
            return _host_and_port(self.address)
        listen = self.settings().listen
        host, port = host_and_port(listen)
        if port == 0:
            raise click.UsageError("the settings listen on any free port: name the daemon with --address HOST:PORT")
        return f"127.0.0.1:{port}" if host in _ANYWHERE else listen

    @contextmanager
    def client(self) -> Iterator[Client]:
        with connected(self.found(), trust(self.reading())) as client:
            yield client


def trust(reading: Reading) -> Trust | None:
    """How the settings have a daemon asked over TLS; None: in clear text."""
    settings = reading.settings
    setting = "connect_ca" if settings.connect_ca is not None else "tls_certificate"
    path, certificate, key = settings.connect_ca or settings.tls_certificate, None, None
    if path is None:
        return None
    try:
        authority = pem.authority(setting, path)
        if settings.connect_certificate is not None and settings.connect_key is not None:
            certificate, key = pem.pair(
                "connect_certificate", settings.connect_certificate, "connect_key", settings.connect_key
            )
    except pem.PemRefused as refused:
        raise SettingsRefused((refused_file(reading, refused),)) from None
    return Trust(authority, settings.connect_name, certificate, key)


def refused_file(reading: Reading, refused: pem.PemRefused) -> Problem:
    return Problem(reading.origins[refused.setting], refused.setting, refused.message)


def _host_and_port(address: str) -> str:
    try:
        host_and_port(address)
    except ValueError as error:
        raise click.UsageError(f"--address {error}") from None
    return address


def answers(command: Command) -> Command:
    """`--output`, given to the command as `out: Output`."""

    def chosen(context: click.Context, parameter: click.Parameter, value: str) -> Output:
        context.meta[OUTPUT_KEY] = out = Output(Form(value))
        return out

    return click.option(
        "--output",
        "-o",
        "out",
        type=click.Choice([form.value for form in Form]),
        default=Form.TABLE.value,
        show_default=True,
        callback=chosen,
        is_eager=True,
        help="A table for people, or JSON for programs.",
    )(command)


def asks(command: Command) -> Command:
    """`--address` and `--config`, given to the command as `where: Where`."""
    addressed = click.option(
        "--address", "-a", metavar="HOST:PORT", help="The daemon to ask. Default: the one the settings describe."
    )
    return bundled(command, "where", Where, addressed, configured)


def of_tenant(command: Command) -> Command:
    return _tenant(command)


def writes(command: Command) -> Command:
    """`--tenant`, `--dry-run` and `--key` of what changes an account, given to the command as `write: Write`."""
    return bundled(
        command,
        "write",
        Write,
        _tenant,
        click.option("--dry-run", is_flag=True, help="Show what would be, and change nothing."),
        click.option("--key", default="", help="Idempotency key: what has it is done once. Default: a new one."),
    )


def bundled(command: Command, name: str, kind: type, *options: Callable[[Any], Any]) -> Command:
    """Options that reach the command as one value of a dataclass with the same names."""

    def wrapped(*args: Any, **given: Any) -> Any:
        parts = {field.name: given.pop(field.name) for field in fields(kind)}
        return command(*args, **{name: kind(**parts)}, **given)

    wrapped.__doc__ = command.__doc__
    wrapped.__name__ = command.__name__
    wrapped.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
    for option in reversed(options):
        wrapped = option(wrapped)
    return wrapped  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class Write:
    """What every request has that changes an account."""

    tenant: str
    dry_run: bool
    key: str

    def fields(self, account: str) -> dict[str, object]:
        key = self.key or str(uuid.uuid4())
        return {"tenant": self.tenant, "account": account, "idempotency_key": key, "dry_run": self.dry_run}


_tenant: Final = click.option(
    "--tenant", default="", help="Name space of the account. Default: the daemon's default tenant."
)


def complete_accounts(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of accounts for the shell, from the daemon if it answers at once."""
    where = Where(context.params.get("address"), context.params.get("config"))
    request = ListAccountsRequest(tenant=context.params.get("tenant") or "", account_prefix=incomplete, page_size=50)
    try:
        with where.client() as client:
            listed = client.ask(client.accounts.ListAccounts, request, _COMPLETION_SECONDS)
    except (Refused, SettingsRefused, click.UsageError):
        return []
    return [CompletionItem(account.account) for account in listed.accounts]


def completes(kind: str) -> Completion:
    """Completion with names of the tariff in force: `action_sets`, `action_plans`, `trigger_groups` …"""

    def names(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
        where = Where(context.params.get("address"), context.params.get("config"))
        try:
            with where.client() as client:
                tariff = client.ask(client.tariffs.GetTariff, GetTariffRequest(with_names=True), _COMPLETION_SECONDS)
        except (Refused, SettingsRefused, click.UsageError):
            return []
        return [CompletionItem(name) for name in getattr(tariff, kind) if name.startswith(incomplete)]

    return names


account_argument = click.argument("account", shell_complete=complete_accounts)
