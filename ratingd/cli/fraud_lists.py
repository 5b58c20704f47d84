"""`ratingd fraud whitelist` and `blacklist`: who is spared, whose calls do not count, and who is refused."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import click
from rich.console import RenderableType
from rich.text import Text

from ratingd.cli.client import Client
from ratingd.cli.findings import findings_table, from_wire, plain_finding, refused
from ratingd.cli.fraud_plain import by_whom, instant_of, seconds_of, told
from ratingd.cli.fraud_tables import entries_table
from ratingd.cli.options import Where, answers, asks
from ratingd.cli.output import Output
from ratingd.v1.fraud_pb2 import (
    AddEntriesRequest,
    ImportEntriesRequest,
    ListEntriesRequest,
    ListEntry,
    RemoveEntryRequest,
)
from triggers.numbers.number_list import ListEntry as Entry
from triggers.numbers.number_list_file import entries_text

PAGE: Final = 1_000
KINDS: Final = ("number", "prefix", "trunk")
ALL_KINDS: Final = (*KINDS, "range", "pair", "account")
WHITE: Final = ("b_whitelist", "a_whitelist")
BLACK: Final = ("blacklist", "block", "limit")

kind_option = click.option(
    "--kind", type=click.Choice(KINDS), default="number", show_default=True, help="What VALUE is."
)
callers_option = click.option(
    "--callers", is_flag=True, help="VALUE calls: its calls do not count. Default: it is called."
)
reason_option = click.option("--reason", default="", help="Why, for those who read it later.")
until_option = click.option("--until", metavar="INSTANT", help="Not after this time, such as +720h. Default: for ever.")
file_argument = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@click.group("whitelist")
def whitelist_command() -> None:
    """Called numbers that are spared, or judged by terms of their own; and callers whose calls do not count."""


@click.group("blacklist")
def blacklist_command() -> None:
    """Numbers, prefixes and trunks whose calls are refused; and what rules have blocked or limited for a time."""


@whitelist_command.command("add")
@click.argument("value")
@kind_option
@callers_option
@click.option(
    "--threshold", type=click.IntRange(2, 10_000), help="Spared only up to so many callers within the window."
)
@click.option("--window", metavar="5s", help="Judged by a window of its own, 1s to 60s.")
@reason_option
@until_option
@by_whom
@asks
@answers
def whitelist_add_command(
    value: str,
    kind: str,
    callers: bool,
    threshold: int | None,
    window: str | None,
    reason: str,
    until: str | None,
    who: str,
    where: Where,
    out: Output,
) -> None:
    """Spare VALUE: a number, with --kind a prefix or a trunk."""
    entry = ListEntry(list=WHITE[callers], kind=kind, value=value, reason=reason, expires_ms=_ms(until))
    entry.threshold, entry.window_seconds = threshold or 0, seconds_of(window, "--window")
    _add(entry, who, where, out)


@blacklist_command.command("add")
@click.argument("value")
@kind_option
@reason_option
@until_option
@by_whom
@asks
@answers
def blacklist_add_command(
    value: str, kind: str, reason: str, until: str | None, who: str, where: Where, out: Output
) -> None:
    """Refuse calls from and to VALUE: a number, with --kind a prefix or a trunk."""
    _add(ListEntry(list=BLACK[0], kind=kind, value=value, reason=reason, expires_ms=_ms(until)), who, where, out)


@whitelist_command.command("remove")
@click.argument("value")
@kind_option
@callers_option
@by_whom
@asks
@answers
def whitelist_remove_command(value: str, kind: str, callers: bool, who: str, where: Where, out: Output) -> None:
    """Spare VALUE no more."""
    _remove(WHITE[callers], kind, value, who, where, out)


@blacklist_command.command("remove")
@click.argument("value")
@click.option("--kind", type=click.Choice(ALL_KINDS), default="number", show_default=True, help="What VALUE is.")
@click.option("--list", "from_list", type=click.Choice(BLACK), default=BLACK[0], show_default=True, help="From which.")
@by_whom
@asks
@answers
def blacklist_remove_command(value: str, kind: str, from_list: str, who: str, where: Where, out: Output) -> None:
    """Let VALUE through again. What a rule has blocked is lifted with --list block."""
    _remove(from_list, kind, value, who, where, out)


@whitelist_command.command("list")
@asks
@answers
def whitelist_list_command(where: Where, out: Output) -> None:
    """What is spared."""
    _list(WHITE, where, out)


@blacklist_command.command("list")
@asks
@answers
def blacklist_list_command(where: Where, out: Output) -> None:
    """What is refused or kept short."""
    _list(BLACK, where, out)


@whitelist_command.command("import")
@file_argument
@click.option("--dry-run", is_flag=True, help="Only check it.")
@by_whom
@asks
@answers
@click.pass_context
def whitelist_import_command(
    context: click.Context, file: Path, dry_run: bool, who: str, where: Where, out: Output
) -> None:
    """Add the entries of FILE, a CSV as `whitelist export` writes it. With a fault none is added."""
    _import(context, file, WHITE, who, where, out, dry_run=dry_run)


@blacklist_command.command("import")
@file_argument
@click.option("--dry-run", is_flag=True, help="Only check it.")
@by_whom
@asks
@answers
@click.pass_context
def blacklist_import_command(
    context: click.Context, file: Path, dry_run: bool, who: str, where: Where, out: Output
) -> None:
    """Add the entries of FILE, a CSV as `blacklist export` writes it. With a fault none is added."""
    _import(context, file, BLACK[:1], who, where, out, dry_run=dry_run)


@whitelist_command.command("export")
@asks
def whitelist_export_command(where: Where) -> None:
    """Write a CSV that `whitelist import` takes."""
    _export(WHITE, where)


@blacklist_command.command("export")
@asks
def blacklist_export_command(where: Where) -> None:
    """Write a CSV that `blacklist import` takes."""
    _export(BLACK[:1], where)


def _add(entry: ListEntry, who: str, where: Where, out: Output) -> None:
    with where.client() as client:
        (stored,) = client.ask(client.fraud.AddEntries, AddEntriesRequest(entries=[entry], who=who)).entries
    shown = told(stored)
    out.show(shown, entries_table([shown]))


def _remove(list: str, kind: str, value: str, who: str, where: Where, out: Output) -> None:
    request = RemoveEntryRequest(list=list, kind=kind, value=value, who=who)
    with where.client() as client:
        client.ask(client.fraud.RemoveEntry, request)
    out.show({"removed": value, "list": list, "kind": kind}, Text(f"{list} has {kind} {value} no more."))


def _list(lists: Sequence[str], where: Where, out: Output) -> None:
    with where.client() as client:
        found = [told(entry) for entry in _entries(client, lists)]
    out.show_list(found, entries_table(found))


def _import(
    context: click.Context, file: Path, lists: Sequence[str], who: str, where: Where, out: Output, *, dry_run: bool
) -> None:
    request = ImportEntriesRequest(file=file.read_bytes(), lists=lists, who=who, dry_run=dry_run)
    with where.client() as client:
        answer = client.ask(client.fraud.ImportEntries, request)
    findings = from_wire(answer.findings)
    outcome = "can be added" if dry_run else "hold now"
    text = f"{answer.entries} entries {'are not added' if refused(findings) else outcome}."
    value = {
        "valid": not refused(findings),
        "entries": answer.entries,
        "findings": [plain_finding(finding) for finding in findings],
    }
    tables: list[RenderableType] = [findings_table(findings), Text()] if findings else []
    out.show(value, *tables, Text(text, "bold"))
    if refused(findings):
        context.exit(1)


def _export(lists: Sequence[str], where: Where) -> None:
    with where.client() as client:
        entries = [
            Entry(
                entry.list, entry.kind, entry.value, reason=entry.reason, who=entry.who, created_ms=entry.created_ms,
                expires_ms=entry.expires_ms, threshold=entry.threshold, window_ms=round(entry.window_seconds * 1000),
            )
            for entry in _entries(client, lists)
        ]  # fmt: skip
    click.echo(entries_text(entries), nl=False)


def _entries(client: Client, lists: Sequence[str]) -> Iterator[ListEntry]:
    for name in lists:
        request = ListEntriesRequest(list=name, page_size=PAGE)
        while True:
            page = client.ask(client.fraud.ListEntries, request)
            yield from page.entries
            request.page_token = page.next_page_token
            if not request.page_token:
                break


def _ms(until: str | None) -> int:
    return instant_of(until, "until").ToMilliseconds() if until else 0
