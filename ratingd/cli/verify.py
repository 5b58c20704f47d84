"""`ratingd verify`: do the books agree?"""

import click
from rich.console import RenderableType
from rich.text import Text

from ratingd.cli.options import Where, answers, asks, of_tenant
from ratingd.cli.output import Output, table
from ratingd.cli.plain import plain
from ratingd.v1.admin_pb2 import VerifyRequest

VERIFY_SECONDS = 3600.0


@click.command("verify")
@click.option("--account", default="", help="Only this account. Default: all.")
@of_tenant
@asks
@answers
@click.pass_context
def verify_command(context: click.Context, account: str, tenant: str, where: Where, out: Output) -> None:
    """Rebuild accounts from their operations alone and compare them with what is stored.

    Exits 1 if a single field differs.
    """
    with where.client() as client:
        verified = client.ask(client.admin.Verify, VerifyRequest(tenant=tenant, account=account), VERIFY_SECONDS)
    rows = table("tenant", "account", "field", "stored", "rebuilt from operations")
    for difference in verified.differences:
        rows.add_row(difference.tenant, difference.account, difference.field, difference.stored, difference.rebuilt)
    counted = f"{verified.accounts} accounts rebuilt from {verified.operations} operations: "
    differ = len(verified.differences)
    verdict = Text(
        counted + (f"{differ} differences." if differ else "all agree."), "bold red" if differ else "bold green"
    )
    tables: list[RenderableType] = [rows, Text()] if differ else []
    out.show({"agree": not differ, **plain(verified)}, *tables, verdict)
    if differ:
        context.exit(1)
