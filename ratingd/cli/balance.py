"""`ratingd account balance`: add to balances, set, debit and remove them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, TypeVar

import click
from google.protobuf.message import Message

from ratingd.cli.account_change import show_change
from ratingd.cli.options import (
    Where,
    Write,
    account_argument,
    answers,
    asks,
    bundled,
    complete_accounts,
    writes,
)
from ratingd.cli.output import Output
from ratingd.cli.plain import amount_of, message
from ratingd.v1.accounts_pb2 import (
    AddBalanceRequest,
    DebitBalanceRequest,
    RemoveBalanceRequest,
    SetBalanceRequest,
    TransferBalanceRequest,
)

Command = TypeVar("Command", bound=Callable[..., Any])
KINDS: Final = ("monetary", "voice", "sms", "data", "mms", "generic")


@dataclass(frozen=True, slots=True)
class Meant:
    """Which balance is meant, and what a new one is like. None and () are not given."""

    kind: str
    id: str | None
    uuid: str | None
    weight: str | None
    destinations: tuple[str, ...]
    categories: tuple[str, ...]
    timing_ids: tuple[str, ...]
    shared_groups: tuple[str, ...]
    rating_subject: str | None
    blocker: bool | None
    disabled: bool | None

    def selector(self) -> dict[str, object]:
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in given.items() if value is not None and value != ()}


def selects(command: Command) -> Command:
    """The options that say which balance, given to the command as `meant: Meant`."""
    return bundled(command, "meant", Meant, *_OPTIONS)


def _starred(context: click.Context, parameter: click.Parameter, kind: str) -> str:
    return f"*{kind}"


_OPTIONS: Final = (
    click.option(
        "--kind",
        type=click.Choice(KINDS),
        default="monetary",
        show_default=True,
        callback=_starred,
        help="What it counts.",
    ),
    click.option("--id", help="The operator's name for it. Decides alone."),
    click.option("--uuid", help="Decides alone, before the id."),
    click.option("--weight", help="Heavier pays first."),
    click.option("--destination", "destinations", multiple=True, help="It pays for; !NAME excludes. Repeatable."),
    click.option("--category", "categories", multiple=True, help="It pays for. Repeatable."),
    click.option("--timing", "timing_ids", multiple=True, help="When it may be used. Repeatable."),
    click.option("--shared-group", "shared_groups", multiple=True, help="Who it is shared with. Repeatable."),
    click.option("--rating-subject", help="*zero1s: free units by the second; other text: priced as that subject."),
    click.option("--blocker/--no-blocker", default=None, help="Nothing lighter may pay for what it does not cover."),
    click.option("--disabled/--enabled", default=None, help="It is passed over."),
)
_expires: Final = click.option(
    "--expiry", default="", help="When a new balance expires: RFC 3339, +720h, *monthly, *month_end. Default: never."
)
_factors: Final = click.option(
    "--factor", "factors", multiple=True, metavar="NAME=NUMBER", help="What one unit of usage takes. Repeatable."
)
_resets: Final = click.option("--reset", is_flag=True, help="Set what is there to 0 first.")


_records: Final = click.option("--cdrlog", is_flag=True, help="Keep a call record of what is moved.")


@click.group("balance")
def balance_command() -> None:
    """What an account pays with. An amount of voice is a duration: 10m, 90s."""


@balance_command.command("add")
@account_argument
@click.argument("amount")
@selects
@_expires
@_factors
@_resets
@_records
@writes
@asks
@answers
def add_command(
    account: str,
    amount: str,
    meant: Meant,
    expiry: str,
    factors: tuple[str, ...],
    reset: bool,
    cdrlog: bool,
    write: Write,
    where: Where,
    out: Output,
) -> None:
    """Top up every balance that is meant; where there is none, create it, and the account too."""
    more = {"amount": amount_of(meant.kind, amount), "expiry": expiry, "reset": reset, "factors": _by_name(factors)}
    more["cdrlog"] = cdrlog
    _change(AddBalanceRequest, "AddBalance", account, meant, more, write, where, out)


@balance_command.command("set")
@account_argument
@click.argument("value", required=False)
@selects
@_expires
@_factors
@_records
@writes
@asks
@answers
def set_command(
    account: str,
    value: str | None,
    meant: Meant,
    expiry: str,
    factors: tuple[str, ...],
    cdrlog: bool,
    write: Write,
    where: Where,
    out: Output,
) -> None:
    """Give the balance of an id or uuid a VALUE and the fields given; where there is none, create it, and the account.

    `ratingd account run` sets several in one step, with SetBalances.
    """
    amount = None if value is None else amount_of(meant.kind, value)
    more = {"value": amount, "expiry": expiry, "factors": _by_name(factors), "cdrlog": cdrlog}
    _change(SetBalanceRequest, "SetBalance", account, meant, more, write, where, out)


def _by_name(factors: tuple[str, ...]) -> dict[str, str]:
    """`PREM=2.5` as {"PREM": "2.5"}."""
    found = {}
    for text in factors:
        name, equals, number = text.rpartition("=")
        if not (name and equals and number):
            raise click.UsageError(f"--factor {text!r} gives no number: PREM=2.5 does")
        found[name] = number
    return found


@balance_command.command("debit")
@account_argument
@click.argument("amount")
@selects
@_resets
@_records
@writes
@asks
@answers
def debit_command(
    account: str, amount: str, meant: Meant, reset: bool, cdrlog: bool, write: Write, where: Where, out: Output
) -> None:
    """Take from every balance that is meant; where there is none, create it below zero, and the account too."""
    more = {"amount": amount_of(meant.kind, amount), "reset": reset, "cdrlog": cdrlog}
    _change(DebitBalanceRequest, "DebitBalance", account, meant, more, write, where, out)


@balance_command.command("remove")
@account_argument
@selects
@writes
@asks
@answers
def remove_command(account: str, meant: Meant, write: Write, where: Where, out: Output) -> None:
    """Remove every balance that is meant."""
    _change(RemoveBalanceRequest, "RemoveBalance", account, meant, {}, write, where, out)


@balance_command.command("transfer")
@account_argument
@click.argument("amount", required=False)
@click.option("--kind", type=click.Choice(KINDS), default="monetary", callback=_starred, help="What it counts.")
@click.option("--id", required=True, help="The balance that gives.")
@click.option("--to", "to_account", required=True, shell_complete=complete_accounts, help="The account that gets.")
@click.option("--to-id", "to_balance_id", required=True, help="Its balance; created bare where there is none.")
@click.option("--until", "reference", help="Instead of AMOUNT: what that balance shall hold afterwards.")
@_records
@writes
@asks
@answers
def transfer_command(
    account: str,
    amount: str | None,
    kind: str,
    id: str,
    to_account: str,
    to_balance_id: str,
    reference: str | None,
    cdrlog: bool,
    write: Write,
    where: Where,
    out: Output,
) -> None:
    """Move AMOUNT from a balance of ACCOUNT to one of another account of the tenant, in one step."""
    target = {"balance_id": id, "to_account": to_account, "to_balance_id": to_balance_id, "cdrlog": cdrlog}
    told = {"amount": amount, "reference_value": reference}
    given = {name: amount_of(kind, text, name) for name, text in told.items() if text is not None}
    request = message(TransferBalanceRequest, {**write.fields(account), **target, **given})
    with where.client() as client:
        show_change(out, client.ask(client.accounts.TransferBalance, request), dry_run=write.dry_run)


def _change(
    kind: type[Message],
    method: str,
    account: str,
    meant: Meant,
    more: Mapping[str, object],
    write: Write,
    where: Where,
    out: Output,
) -> None:
    request = message(kind, {**write.fields(account), "balance": meant.selector(), **more})
    with where.client() as client:
        show_change(out, client.ask(getattr(client.accounts, method), request), dry_run=write.dry_run)
