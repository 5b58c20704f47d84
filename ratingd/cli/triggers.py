"""`ratingd triggers`: what is watched on accounts, what has fired, and arming it again."""

import click

from ratingd.cli.account import accounts
from ratingd.cli.account_change import show_change
from ratingd.cli.account_tables import triggers_table
from ratingd.cli.options import Where, Write, account_argument, answers, asks, complete_accounts, of_tenant, writes
from ratingd.cli.output import Output
from ratingd.cli.plain import message, plain
from ratingd.v1.accounts_pb2 import GetAccountRequest, ListAccountsRequest, ResetTriggersRequest


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
