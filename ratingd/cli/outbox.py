"""`ratingd outbox`: alerts, mails, exports and disconnects on their way, and those that were given up."""

from collections.abc import Iterable
from typing import Any, Final

import click
from rich.text import Text

from ratingd.cli.client import Client
from ratingd.cli.options import Where, answers, asks
from ratingd.cli.output import Output, moment, table
from ratingd.cli.plain import plain
from ratingd.v1.admin_pb2 import (
    OUTBOX_DEAD,
    OUTBOX_DELIVERED,
    OUTBOX_STATE_UNSPECIFIED,
    OUTBOX_WAITING,
    ListOutboxRequest,
    ListOutboxResponse,
    OutboxEntry,
    OutboxState,
    ReplayOutboxRequest,
)

SHOWN_MAX: Final = 1000
STATES: Final = {
    "all": OUTBOX_STATE_UNSPECIFIED,
    "waiting": OUTBOX_WAITING,
    "delivered": OUTBOX_DELIVERED,
    "dead": OUTBOX_DEAD,
}
_STYLES: Final = {"waiting": "yellow", "delivered": "green", "dead": "bold red"}


@click.group("outbox")
def outbox_command() -> None:
    """Alerts, mails, exports and disconnects: delivered at least once, or put aside as dead."""


@outbox_command.command("list")
@click.option("--state", type=click.Choice(list(STATES)), default="all", show_default=True, help="Only those that are.")
@click.option("--limit", type=click.IntRange(1, SHOWN_MAX), default=50, show_default=True, help="At most so many.")
@click.option("--tenant", default="", help="Only of this tenant.")
@click.option("--account", default="", help="Only of this account of the tenant.")
@asks
@answers
def list_command(state: str, limit: int, tenant: str, account: str, where: Where, out: Output) -> None:
    """What was sent or waits to be, newest first."""
    with where.client() as client:
        entries = [_plain(entry) for entry in _entries(client, STATES[state], limit, tenant, account)]
    rows = table("id", "state", "what", "to", "account", "since", "tries", "next", "last error", numbers=("tries",))
    for entry in entries:
        rows.add_row(
            entry["id"],
            Text(entry["state"], _STYLES.get(entry["state"], "")),
            entry["kind"],
            entry["target"],
            entry["account"],
            moment(entry.get("create_time")),
            str(entry["attempts"]),
            moment(entry.get("next_attempt_time")),
            entry["last_error"],
        )
    out.show_list(entries, rows)


@outbox_command.command("replay")
@click.argument("ids", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every dead entry.")
@click.option("--dry-run", is_flag=True, help="Show what would be sent again, and change nothing.")
@asks
@answers
def replay_command(ids: tuple[str, ...], everything: bool, dry_run: bool, where: Where, out: Output) -> None:
    """Send entries again that were put aside as dead."""
    if bool(ids) == everything:
        raise click.UsageError("name the entries (`ratingd outbox list --state dead`), or say --all")
    with where.client() as client:
        request = ReplayOutboxRequest(ids=ids, dry_run=dry_run)
        replayed = client.ask(client.admin.ReplayOutbox, request).replayed
        if dry_run:
            dead = [entry.id for entry in _entries(client, OUTBOX_DEAD, SHOWN_MAX) if everything or entry.id in ids]
            shown = dead if len(dead) >= replayed else [*dead, "…"]
            out.show({"would_replay": dead}, Text("\n".join([*shown, f"{replayed} would be sent again."])))
            return
    out.show({"replayed": replayed}, Text(f"{replayed} wait to be sent again."))


def _entries(
    client: Client, state: OutboxState, limit: int, tenant: str = "", account: str = ""
) -> Iterable[OutboxEntry]:
    request = ListOutboxRequest(state=state, page_size=limit, tenant=tenant, account=account)
    listed: ListOutboxResponse = client.ask(client.admin.ListOutbox, request)
    return listed.entries


def _plain(entry: OutboxEntry) -> dict[str, Any]:
    told: dict[str, Any] = plain(entry)
    return told | {"state": str(told.get("state", "")).removeprefix("OUTBOX_").lower()}
