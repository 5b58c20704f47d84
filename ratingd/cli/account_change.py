"""What a change of an account did, for people and programs."""

from rich.console import RenderableType
from rich.text import Text

from ratingd.cli.account_tables import account_tables
from ratingd.cli.output import Output
from ratingd.cli.plain import plain
from ratingd.v1.accounts_pb2 import AccountChange


def show_change(out: Output, change: AccountChange, *, dry_run: bool) -> None:
    told = plain(change)
    tables: list[RenderableType] = [Text("The account is removed.")]
    if "account" in told:
        tables = account_tables(told["account"])
    tables += [Text(note, "yellow") for note in change.notes]
    if dry_run:
        tables.append(Text("A dry run: nothing was changed.", "yellow"))
    out.show(told, *tables)
