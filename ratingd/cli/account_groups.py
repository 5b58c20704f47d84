"""`ratingd account groups`: which accounts spend together, and whose balances pay first."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import click
from rich.console import RenderableType

from ratingd.cli.client import Client
from ratingd.cli.options import Where, answers, asks, of_tenant
from ratingd.cli.output import Output, table
from ratingd.cli.plain import plain
from ratingd.v1.accounts_pb2 import GetSharedGroupRequest, ListSharedGroupsRequest, SharedGroup

PAGE: Final = 500
UNNAMED: Final = "*mine_random (no file names it)"


@click.command("groups")
@click.argument("group", required=False)
@of_tenant
@asks
@answers
def groups_command(group: str | None, tenant: str, where: Where, out: Output) -> None:
    """Shared groups of a tenant: their strategy and members; all of them, or GROUP.

    An account is a member as long as one of its balances carries the group (`balance add --shared-group`).
    """
    with where.client() as client:
        if group is not None:
            found = plain(client.ask(client.accounts.GetSharedGroup, GetSharedGroupRequest(tenant=tenant, id=group)))
            out.show(found, groups_table([found]))
            return
        listed = [plain(each) for each in shared_groups(client, tenant)]
    out.show_list(listed, groups_table(listed))


def shared_groups(client: Client, tenant: str) -> Iterator[SharedGroup]:
    """Page after page."""
    request = ListSharedGroupsRequest(tenant=tenant, page_size=PAGE)
    while True:
        page = client.ask(client.accounts.ListSharedGroups, request)
        yield from page.groups
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


def groups_table(groups: Iterable[dict[str, Any]]) -> RenderableType:
    rows = table("tenant", "group", "pays in the order", "members")
    for group in groups:
        rows.add_row(group["tenant"], group["id"], _order(group["strategies"]), ", ".join(group["members"]) or "none")
    return rows


def _order(strategies: dict[str, str]) -> str:
    """`*lowest`; with callers of their own `*lowest, cgrates.org:1001 *mine_highest`."""
    others = [f"{caller} {strategy}" for caller, strategy in strategies.items() if caller != "*any"]
    return ", ".join([strategies.get("*any", "" if others else UNNAMED), *others]).removeprefix(", ")
