"""`ratingd triggers`: what is watched on accounts, what has fired, and arming it again."""

import click

from ratingd.cli.account import accounts
from ratingd.cli.account_change import show_change
from ratingd.cli.account_tables import triggers_table
from ratingd.cli.options import (
    Where,
    Write,
    account_argument,
    answers,
    asks,
    complete_accounts,
    completes,
    of_tenant,
    writes,
)
from ratingd.cli.output import Output
from ratingd.cli.plain import amount_of, message, plain
from ratingd.v1.accounts_pb2 import (
    GetAccountRequest,
    ListAccountsRequest,
    RemoveTriggersRequest,
    ResetTriggersRequest,
    SetTriggerRequest,
)


@click.group("triggers")
def triggers_command() -> None:
    """Monitors of accounts: armed, or fired."""


@triggers_command.command("list")
@click.argument("account", required=False, shell_complete=complete_accounts)
@click.option("--fired", is_flag=True, help="Only those that have fired and wait for a reset.")
@of_tenant
@asks
@answers
def list_command(account: str | None, fired: bool, tenant: str, where: Where, out: Output) -> None:
    """The triggers of ACCOUNT, or of every account of the tenant."""
    with where.client() as client:
        if account is None:
            found = [plain(each) for each in accounts(client, ListAccountsRequest(tenant=tenant, page_size=500))]
        else:
            request = GetAccountRequest(tenant=tenant, account=account)
            found = [plain(client.ask(client.accounts.GetAccount, request))]
    listed = [(each, trigger) for each in found for trigger in each["triggers"] if trigger["executed"] or not fired]
    told = [{"tenant": each["tenant"], "account": each["account"], **trigger} for each, trigger in listed]
    out.show_list(told, triggers_table(listed, with_account=account is None))


@triggers_command.command("reset")
@account_argument
@click.option("--group", default="", help="Only triggers of this group.")
@click.option("--id", "unique_id", default="", help="Only the trigger with this UniqueID.")
@click.option("--as-fired", is_flag=True, help="Mark them as fired instead.")
@writes
@asks
@answers
def reset_command(
    account: str, group: str, unique_id: str, as_fired: bool, write: Write, where: Where, out: Output
) -> None:
    """Arm the triggers of ACCOUNT that have fired; they are evaluated at once."""
    given = {**write.fields(account), "group": group, "unique_id": unique_id, "executed": as_fired}
    request = message(ResetTriggersRequest, given)
    with where.client() as client:
        show_change(out, client.ask(client.accounts.ResetTriggers, request), dry_run=write.dry_run)


@triggers_command.command("set")
@account_argument
@click.argument("trigger", metavar="GROUP/ID")
@click.option("--type", "type_", required=True, help="*min_balance, *max_event_counter, *max_score …")
@click.option("--kind", default="", help="The balances or counters it watches: *monetary, *voice, *event_connect …")
@click.option("--at", "threshold", required=True, help="The threshold: money, 30m of *voice, else a number.")
@click.option("--run", "actions_id", required=True, shell_complete=completes("action_sets"), help="The set it fires.")
@click.option("--balance", "balance_id", default="", help="Only this balance; or the address of a score or metric.")
@click.option("--destination", "destinations", multiple=True, help="Only calls to it; !NAME excludes. Repeatable.")
@click.option("--category", "categories", multiple=True, help="Only calls of it. Repeatable.")
@click.option("--window", type=click.Choice(("call", "hour", "day", "week", "month")), help="What it counts over.")
@click.option("--recurrent", is_flag=True, help="Fire again and again.")
@click.option("--min-sleep", default="0s", show_default=True, help="Not sooner again than after this.")
@click.option("--weight", default="0", show_default=True, help="Heavier is looked at first.")
@click.option("--from", "activation_time", help="Not before this time.")
@click.option("--until", "expire_time", help="Not after this time.")
@click.option("--fired/--armed", "executed", default=None, help="Its mark. Default: as it was; a new one is armed.")
@writes
@asks
@answers
def set_command(
    account: str,
    trigger: str,
    type_: str,
    kind: str,
    threshold: str,
    window: str | None,
    destinations: tuple[str, ...],
    categories: tuple[str, ...],
    executed: bool | None,
    write: Write,
    where: Where,
    out: Output,
    **terms: object,
) -> None:
    """Give ACCOUNT a trigger of its own, or change the one of that name; it is evaluated at once."""
    group, slash, unique_id = trigger.partition("/")
    if not (group and slash and unique_id):
        raise click.UsageError(f"{trigger!r} names no trigger: GROUP/ID does, such as OPS/LOW")
    given = {name: value for name, value in terms.items() if value is not None}
    given |= {"group": group, "unique_id": unique_id, "type": type_, "kind": kind}
    given["threshold"] = amount_of(kind if kind in ("*monetary", "*voice") else "*generic", threshold, "at")
    given["window"] = f"*{window}" if window else ""
    narrower = {"destinations": destinations, "categories": categories}
    asked = {**write.fields(account), "trigger": given, "executed": executed}
    asked["balance"] = {name: listed for name, listed in narrower.items() if listed}
    request = message(SetTriggerRequest, {name: value for name, value in asked.items() if value is not None})
    with where.client() as client:
        show_change(out, client.ask(client.accounts.SetTrigger, request), dry_run=write.dry_run)


@triggers_command.command("remove")
@account_argument
@click.option("--group", default="", help="Only triggers of this group.")
@click.option("--id", "unique_id", default="", help="Only the trigger with this UniqueID.")
@click.option("--all", "everything", is_flag=True, help="Every trigger of the account.")
@writes
@asks
@answers
def remove_command(
    account: str, group: str, unique_id: str, everything: bool, write: Write, where: Where, out: Output
) -> None:
    """Take triggers from ACCOUNT, with the counters that were theirs alone."""
    if not (group or unique_id or everything):
        raise click.UsageError("which? Give --group, --id or --all")
    request = message(RemoveTriggersRequest, {**write.fields(account), "group": group, "unique_id": unique_id})
    with where.client() as client:
        show_change(out, client.ask(client.accounts.RemoveTriggers, request), dry_run=write.dry_run)
