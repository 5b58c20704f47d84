"""`ratingd account`: who pays, with what; create, change, top up, try."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import click
from rich.console import RenderableType
from rich.text import Text

from ratingd.cli.account_change import show_change
from ratingd.cli.account_groups import groups_command
from ratingd.cli.account_run import run_lines
from ratingd.cli.account_show import history_command, ledger_entries, show_command
from ratingd.cli.account_tables import accounts_table, balances_text, ledger_table
from ratingd.cli.balance import balance_command
from ratingd.cli.bulk import LINES
from ratingd.cli.call_options import tariffs_option
from ratingd.cli.client import Client
from ratingd.cli.options import Where, Write, account_argument, answers, asks, completes, of_tenant, writes
from ratingd.cli.output import Form, Output, amount, write_json
from ratingd.cli.plain import message, plain
from ratingd.cli.private_daemon import client_for
from ratingd.v1.account_pb2 import Account
from ratingd.v1.accounts_pb2 import (
    CountAccountsRequest,
    ExecuteActionsRequest,
    ListAccountsRequest,
    RemoveAccountRequest,
    SetAccountRequest,
    SetScoresRequest,
)

PAGE = 500


@click.group("account")
def account_command() -> None:
    """Accounts: balances, flags, plans, ledger."""


account_command.add_command(balance_command)
account_command.add_command(show_command)
account_command.add_command(history_command)
account_command.add_command(groups_command)


@account_command.command("list")
@of_tenant
@click.option("--prefix", default="", help="Only names that begin so.")
@click.option("--disabled/--enabled", default=None, help="Only those that are.")
@click.option("--limit", type=click.IntRange(1), help="At most so many. Default: all.")
@click.option("--count", "only_count", is_flag=True, help="Only how many there are.")
@asks
@answers
def list_command(
    tenant: str, prefix: str, disabled: bool | None, limit: int | None, only_count: bool, where: Where, out: Output
) -> None:
    """The accounts of a tenant, by name."""
    if only_count:
        wanted = {"tenant": tenant, "account_prefix": prefix, "disabled": disabled}
        with where.client() as client:
            counted = client.ask(client.accounts.CountAccounts, message(CountAccountsRequest, wanted))
        out.show(plain(counted), str(counted.count))
        return
    request = ListAccountsRequest(tenant=tenant, account_prefix=prefix, page_size=PAGE)
    if disabled is not None:
        request.disabled = disabled
    with where.client() as client:
        listed = [plain(account) for account in islice(accounts(client, request), limit)]
    out.show_list(listed, accounts_table(listed))


def accounts(client: Client, request: ListAccountsRequest) -> Iterator[Account]:
    """Page after page."""
    while True:
        page = client.ask(client.accounts.ListAccounts, request)
        yield from page.accounts
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


@account_command.command("ledger")
@account_argument
@of_tenant
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="At most so many.")
@asks
@answers
def ledger_command(account: str, tenant: str, limit: int, where: Where, out: Output) -> None:
    """What was moved on an account, newest first."""
    with where.client() as client:
        entries = [plain(entry) for entry in islice(ledger_entries(client, tenant, account), limit)]
    out.show_list(entries, ledger_table(entries))


@account_command.command("set")
@account_argument
@click.option("--allow-negative/--deny-negative", default=None, help="Post-paid, or not.")
@click.option("--disabled/--enabled", default=None, help="Refuse every charge, or not.")
@click.option("--time-zone", default=None, help="IANA name or +02:00; empty takes it away.")
@click.option(
    "--plan",
    "plans",
    multiple=True,
    shell_complete=completes("action_plans"),
    help="An action plan to join. Repeatable.",
)
@click.option("--only-these-plans", is_flag=True, help="Leave all other plans.")
@click.option(
    "--triggers",
    "groups",
    multiple=True,
    shell_complete=completes("trigger_groups"),
    help="A trigger group to attach. Repeatable.",
)
@click.option("--only-these-triggers", is_flag=True, help="Detach all others.")
@writes
@asks
@answers
def set_command(
    account: str,
    allow_negative: bool | None,
    disabled: bool | None,
    time_zone: str | None,
    plans: tuple[str, ...],
    only_these_plans: bool,
    groups: tuple[str, ...],
    only_these_triggers: bool,
    write: Write,
    where: Where,
    out: Output,
) -> None:
    """Create an account, or change what is given of it."""
    request = message(
        SetAccountRequest,
        {
            **write.fields(account),
            "allow_negative": allow_negative,
            "disabled": disabled,
            "time_zone": time_zone,
            "action_plans": plans,
            "overwrite_action_plans": only_these_plans,
            "trigger_groups": groups,
            "overwrite_trigger_groups": only_these_triggers,
        },
    )
    with where.client() as client:
        show_change(out, client.ask(client.accounts.SetAccount, request), dry_run=write.dry_run)


@account_command.command("remove")
@account_argument
@click.option("--yes", is_flag=True, help="Do not ask.")
@writes
@asks
@answers
def remove_command(account: str, yes: bool, write: Write, where: Where, out: Output) -> None:
    """Remove an account with its balances."""
    if not yes and not write.dry_run:
        click.confirm(f"Remove account {account} with its balances?", abort=True, err=True)
    request = message(RemoveAccountRequest, write.fields(account))
    with where.client() as client:
        show_change(out, client.ask(client.accounts.RemoveAccount, request), dry_run=write.dry_run)


@account_command.command("scores")
@account_argument
@click.argument("values", nargs=-1, required=True, metavar="ADDRESS=VALUE...")
@writes
@asks
@answers
def scores_command(account: str, values: tuple[str, ...], write: Write, where: Where, out: Output) -> None:
    """Tell what was computed about an account elsewhere: score.masking=85, b.asr.300=12.5; ADDRESS= forgets one.

    Monitors on scores and metrics are evaluated at once.
    """
    scores, forget = {}, []
    for text in values:
        address, equals, value = text.partition("=")
        if not equals:
            raise click.UsageError(f"{text!r} gives no value: score.masking=85 sets one, score.masking= forgets it")
        if value:
            scores[address] = value
        else:
            forget.append(address)
    request = message(SetScoresRequest, {**write.fields(account), "scores": scores, "forget": forget})
    with where.client() as client:
        show_change(out, client.ask(client.accounts.SetScores, request), dry_run=write.dry_run)


@account_command.command("execute")
@account_argument
@click.argument("actions_id", shell_complete=completes("action_sets"))
@writes
@asks
@answers
def execute_command(account: str, actions_id: str, write: Write, where: Where, out: Output) -> None:
    """Run action set ACTIONS_ID of the tariff in force on an account, all of it or nothing."""
    request = message(ExecuteActionsRequest, {**write.fields(account), "actions_id": actions_id})
    with where.client() as client:
        show_change(out, client.ask(client.accounts.ExecuteActions, request), dry_run=write.dry_run)


@account_command.command("run")
@click.argument("file", type=LINES)
@of_tenant
@click.option("--dry-run", is_flag=True, help="Answer as if, and change nothing.")
@tariffs_option
@asks
@answers
@click.pass_context
def run_command(
    context: click.Context, file: TextIO, tenant: str, dry_run: bool, tariffs: Path | None, where: Where, out: Output
) -> None:
    """Do what FILE says, line by line; print each reply with the account afterwards.

    One JSON object a line; `op` is a method of the API, the rest are its fields, those of `call` and `balance` at the
    same level if you like:

    \b
    {"op": "SetAccount", "account": "1001"}
    {"op": "AddBalance", "account": "1001", "kind": "*monetary", "id": "M", "amount": "5.00"}
    {"op": "GetMaxSessionTime", "account": "1001", "destination": "4917012345", "usage": "10m"}
    {"op": "Debit", "account": "1001", "destination": "4917012345", "usage": "90s"}
    {"op": "Refund", "account": "1001", "charge_id": "@4"}

    @4 is the charge that line 4 made. Operations: GetMaxSessionTime, Debit, MaxDebit, Refund; GetAccount, SetAccount,
    RemoveAccount, AddBalance, SetBalance, SetBalances, DebitBalance, RemoveBalance, TransferBalance, ExecuteActions,
    SetTriggers, SetTrigger, RemoveTriggers, ResetTriggers, ResetCounters, SetScores. An error is a line too, the file
    goes on, and the exit code is 1.

    With --tariffs it all happens in a private daemon and is forgotten.
    """
    with client_for(where, tariffs) as client:
        failed = _show_run(out, run_lines(client, file, tenant=tenant, dry_run=dry_run))
    context.exit(1 if failed else 0)


def _show_run(out: Output, lines: Iterator[dict[str, Any]]) -> int:
    """How many of them are errors. A table and JSON lines come while the file is done, one document at its end."""
    failed, kept = 0, []
    for line in lines:
        failed += "error" in line
        match out.form:
            case Form.TABLE:
                out.console.print(*_run_tables(line), sep="\n")
            case Form.JSONL:
                write_json(line)
            case Form.JSON:
                kept.append(line)
    if out.form is Form.JSON:
        write_json(kept, indent=2)
    return failed


def _run_tables(line: dict[str, Any]) -> list[RenderableType]:
    if "error" in line:
        said = Text(f"{line['error']['reason']}: {line['error']['message']}", "red")
    else:
        reply = {name: value for name, value in line["reply"].items() if isinstance(value, str | int) and value != ""}
        said = Text(", ".join(f"{name.replace('_', ' ')} {amount(value)}" for name, value in reply.items()) or "done")
    account = line.get("account")
    held = balances_text(account["balances"]) if account else ""
    told: list[RenderableType] = [Text(f"{line['line']}  {line.get('op', '')}", "bold"), Text("   ") + said]
    return [*told, Text(f"   {held}", "dim")] if held else told
