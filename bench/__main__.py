"""`make bench`: measure, print the table, write bench/results.json.

It takes about four minutes, starts processes of its own on loopback ports and leaves nothing but its file.
`make bench ARGS="--seconds 2 --only debit_stream"` looks at one thing quickly, ARGS="--data /mnt/ssd" at another disk.
"""

import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console

from bench import in_process, machine, served, tariff_load
from bench.figure import Figure, line, show, write
from bench.load_generator import best_generator
from bench.page import publish
from bench.sample import Sample, write_templates

RESULTS: Final = Path(__file__).resolve().parent / "results.json"
PAGE: Final = RESULTS.parent.parent / "docs" / "performance.md"
MEMORY: Final = Path("/dev/shm")
WIDTH: Final = 130  # of the table, which says nothing when it is cut
PARTS: Final = ("in_process", "load_100k_destinations", "sqlite", "postgresql")


@click.command(help=__doc__)
@click.option("--data", default=tempfile.gettempdir(), show_default=True, help="Folder on the disk to measure.")
@click.option("--seconds", default=5.0, show_default=True, help="How long each figure is measured.")
@click.option("--accounts", default=2_000, show_default=True, help="How many accounts are charged.")
@click.option("--only", multiple=True, type=click.Choice(PARTS), help="Measure only this; may be repeated.")
@click.option("--page", is_flag=True, help="Write the figures into docs/performance.md too.")
def main(data: str, seconds: float, accounts: int, only: Sequence[str], page: bool) -> None:
    console = Console(highlight=False, width=max(WIDTH, Console().width))
    folder = workplace(Path(data))
    memory = workplace(MEMORY) if MEMORY.is_dir() else None
    try:
        disks = {"disk": folder} | ({} if memory is None else {"memory": memory})
        about = describe(console, disks)
        generator = best_generator(console.print)
        about["generator"] = generator.name
        sample = Sample(accounts=accounts)
        shared = served.Served(generator, write_templates(folder, sample), sample, seconds)
        figures = []
        for figure in measured(shared, folder, disks, only or PARTS):
            console.print(f"  {line(figure)}", style="dim", soft_wrap=True)
            figures.append(figure)
        about["load_after"] = machine.load()
        show(console, figures)
        write(RESULTS, about, figures)
        if page:
            publish(PAGE, about, figures, time.strftime("%Y-%m-%d", time.gmtime()))
        console.print(f"written to {RESULTS.relative_to(RESULTS.parent.parent)}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if memory is not None:
            shutil.rmtree(memory, ignore_errors=True)


def workplace(parent: Path) -> Path:
    """A folder of our own that others may enter: the database server of a root user runs as nobody."""
    folder = Path(tempfile.mkdtemp(prefix="ratingd-bench-", dir=parent))
    folder.chmod(0o755)
    return folder


def measured(shared: served.Served, folder: Path, disks: dict[str, Path], parts: Sequence[str]) -> Iterator[Figure]:
    if "in_process" in parts:
        yield from in_process.measure(folder, shared.sample, shared.seconds)
    if "load_100k_destinations" in parts:
        yield from tariff_load.measure(folder)
    for store in ("sqlite", "postgresql"):
        for disk, parent in disks.items():
            if store in parts:
                yield from served.measure(shared, store, disk, parent)


def describe(console: Console, disks: dict[str, Path]) -> dict[str, Any]:
    """The machine, and first of all the disk."""
    about: dict[str, Any] = {"fdatasync": {disk: machine.fdatasync(path) for disk, path in disks.items()}}
    for disk, times in about["fdatasync"].items():
        console.print(f"fdatasync in {disks[disk].parent} ({disk}): p50 {times['p50_us']} µs, p99 {times['p99_us']} µs")
    about |= machine.describe()
    console.print(", ".join(f"{name} {value}" for name, value in about.items() if name != "fdatasync"), soft_wrap=True)
    return about


if __name__ == "__main__":
    main()
