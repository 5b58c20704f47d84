"""`ratingd tariffs`: check a folder of CSV files, put it in force, look at what is."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import RenderableType
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from actions.folder import EMPTY_PLAN_BOOK, read_folder
from ratingd.cli.client import Client
from ratingd.cli.findings import from_wire, in_order, refused, show_check
from ratingd.cli.folder import Files, folder_argument, read_files, uploads
from ratingd.cli.load_report import show_report
from ratingd.cli.options import Where, answers, asks
from ratingd.cli.output import Output, console, moment, pairs
from ratingd.cli.plain import plain
from ratingd.cli.refusal import Refused
from ratingd.v1.tariffs_pb2 import GetTariffRequest, KindDifference, TariffOptions, TariffReport
from tariffs.zone import zone

LOAD_SECONDS = 600.0


@click.group("tariffs")
def tariffs_command() -> None:
    """Tariff folders: CSV files in the format of CGRateS."""


@tariffs_command.command("check")
@folder_argument
@click.option(
    "--stored", is_flag=True, help="Check on top of what a daemon has in force, which the files may refer to."
)
@asks
@answers
@click.pass_context
def check_command(context: click.Context, folder: Path, stored: bool, where: Where, out: Output) -> None:
    """Report everything that is wrong in FOLDER, with file, line and column.

    Needs no daemon and changes nothing. Exits 1 if the folder has a fault; warnings and notices do not stop a load.
    """
    files = read_files(folder)
    differences: Sequence[KindDifference] = ()
    if stored:
        with where.client() as client:
            report = client.ask(client.tariffs.CheckTariff, uploads(files, TariffOptions()), LOAD_SECONDS)
        findings, counts, differences = from_wire(report.findings), dict(report.counts), report.differences
    else:
        settings = where.settings()
        now_ns, place = time.time_ns(), zone(settings.default_timezone)
        book, findings = read_folder(files, EMPTY_PLAN_BOOK, now_ns=now_ns, zone=place)
        counts = book.counts() if book is not None else {}
    show_check(out, findings, counts, len(files), differences)
    if refused(findings):
        context.exit(1)


@tariffs_command.command("load")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--rerun-asap", is_flag=True, help="Run *asap entries also for accounts that had their plan before.")
@click.option(
    "--on-server", is_flag=True, help="FOLDER is one of the daemon's machine, below a folder its settings allow."
)
@asks
@answers
@click.pass_context
def load_command(
    context: click.Context,
    folder: Path,
    dry_run: bool,
    rerun_asap: bool,
    on_server: bool,
    where: Where,
    out: Output,
) -> None:
    """Send FOLDER to a daemon, which checks it and puts it in force at once; calls go on meanwhile.

    A folder with a fault changes nothing: every fault is shown, and the exit code is 1.
    """
    files = {} if on_server else read_files(folder)
    options = TariffOptions(server_folder=str(folder) if on_server else "", dry_run=dry_run, rerun_asap=rerun_asap)
    with where.client() as client:
        try:
            report = load(client, files, options, progress=out.for_people)
        except Refused as refusal:
            if refusal.refusal.reason != "TARIFF_REFUSED":
                raise
            found = client.ask(client.tariffs.CheckTariff, uploads(files, options), LOAD_SECONDS)
            show_check(out, from_wire(found.findings), dict(found.counts), len(files))
            context.exit(1)
    show_report(out, report, dry_run=dry_run)


def load(client: Client, files: Files, options: TariffOptions, *, progress: bool) -> TariffReport:
    """Send a folder; with `progress` a bar shows how much of it has gone."""
    if not progress:
        report: TariffReport = client.ask(client.tariffs.LoadTariff, uploads(files, options), LOAD_SECONDS)
        return report
    with _bar(sum(map(len, files.values()))) as (bar, task):

        def sent(count: int) -> None:
            bar.advance(task, count)
            if bar.finished:
                bar.update(task, description="checking and loading")

        report = client.ask(client.tariffs.LoadTariff, uploads(files, options, sent), LOAD_SECONDS)
    return report


@contextmanager
def _bar(total: int) -> Iterator[tuple[Progress, TaskID]]:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console(stderr=True), transient=True) as bar:
        yield bar, bar.add_task("sending", total=total)


@tariffs_command.command("show")
@click.option("--names", is_flag=True, help="With the names of everything that was loaded.")
@asks
@answers
def show_command(names: bool, where: Where, out: Output) -> None:
    """What a daemon has in force."""
    with where.client() as client:
        tariff = client.ask(client.tariffs.GetTariff, GetTariffRequest(with_names=names))
    told = plain(tariff)
    rows: list[tuple[str, RenderableType]] = [
        ("version", tariff.version or "none was loaded yet"),
        ("loaded", moment(told.get("load_time"))),
    ]
    rows += [(name.replace("_", " "), str(count)) for name, count in in_order(tariff.counts)]
    if names:
        rows += [(name.replace("_", " "), "\n".join(value)) for name, value in told.items() if isinstance(value, list)]
    out.show(told, pairs(rows))
