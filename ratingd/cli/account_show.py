"""`ratingd account show` and `history`: an account at a glance, as it is now or as it was.

At a glance means what somebody at a help desk looks for first: what is left and what is held by calls that are going
on, how far each monitor is from its threshold, what was moved last, and which calls are open.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

import click
from rich.console import RenderableType
from rich.text import Text

from ratingd.cli.account_tables import account_tables, calls_table, ledger_table
from ratingd.cli.client import Client
from ratingd.cli.options import Where, account_argument, answers, asks, of_tenant
from ratingd.cli.output import Output, moment
from ratingd.cli.plain import message, plain
from ratingd.v1.accounts_pb2 import (
    GetAccountHistoryRequest,
    GetAccountRequest,
    ListLedgerRequest,
    ListOpenCallsRequest,
)

PAGE: Final = 500


@click.command("show")
@account_argument
@of_tenant
@click.option("--ledger", "last", type=click.IntRange(0), default=5, show_default=True, help="So many ledger rows.")
@asks
@answers
def show_command(account: str, tenant: str, last: int, where: Where, out: Output) -> None:
    """Balances, reservations, counters, monitors with their distance to the threshold, last movements, open calls."""
    with where.client() as client:
        found = plain(client.ask(client.accounts.GetAccount, GetAccountRequest(tenant=tenant, account=account)))
        found["ledger"] = [plain(entry) for entry in islice(ledger_entries(client, tenant, account), last)]
        calls = client.ask(client.accounts.ListOpenCalls, ListOpenCallsRequest(tenant=tenant, account=account))
    found["open_calls"] = plain(calls)["calls"]
    out.show(found, *account_tables(found), *_more_tables(found))


def _more_tables(found: dict[str, Any]) -> Iterator[RenderableType]:
    if found["open_calls"]:
        yield from (Text(), calls_table(found["open_calls"]))
    if found["ledger"]:
        yield from (Text(), ledger_table(found["ledger"]))


@click.command("history")
@account_argument
@click.option("--at", required=True, metavar="TIME", help='"2026-11-20 18:02:00" (UTC), RFC 3339 or "-3h".')
@of_tenant
@asks
@answers
def history_command(account: str, at: str, tenant: str, where: Where, out: Output) -> None:
    """The account as it was at a moment, rebuilt from its operations alone."""
    request = message(GetAccountHistoryRequest, {"tenant": tenant, "account": account, "time": at})
    with where.client() as client:
        found = plain(client.ask(client.accounts.GetAccountHistory, request))
    when = moment(plain(request)["time"])
    if "account" not in found:
        out.show(found, Text(f"There was no account {account} at {when}.", "yellow"))
        return
    told = Text(
        f"After {found['version']} changes, at {when}; the last one is operation {found['operation_id']}.", "dim"
    )
    out.show(found, *account_tables(found["account"]), Text(), told)


def ledger_entries(client: Client, tenant: str, account: str) -> Iterator[Any]:
    """What was moved, newest first, page after page."""
    request = ListLedgerRequest(tenant=tenant, account=account, page_size=PAGE)
    while True:
        page = client.ask(client.accounts.ListLedger, request)
        yield from page.entries
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token
