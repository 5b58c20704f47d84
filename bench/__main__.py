"""`make bench`: measure, print the tables, write bench/results.json.

Three rounds of everything take about thirteen minutes, `ARGS=--quick` one round, four. It starts processes of its own
on loopback ports and leaves nothing but its file. `make bench ARGS="--only in_process"` looks at one part,
ARGS="--only served --station edge-sqlite-memory" at some stations, ARGS="--data /mnt/ssd" at another disk.
"""

import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import click
from rich import box
from rich.console import Console
from rich.table import Table

from bench import detection, growth, in_process, machine, tariff_load
from bench.build import Build, attempt, builds
from bench.ceilings import with_ceilings
from bench.empty import native_program
from bench.event_stream import EventStream
from bench.figure import FEW, Figure, line, show, write
from bench.ground import Choice
from bench.load_generator import best_generator
from bench.page import TARGET_HEAD, publish, verdict_cells
from bench.plan import MANY, Station, planned
from bench.rounds import ROUNDS, Rounds
from bench.sample import Sample, write_templates
from bench.served import Served
from bench.shooting import Shooting
from bench.targets import Verdict, verdicts
from ratingd.api.open_transport import why_not_native

RESULTS: Final = Path(__file__).resolve().parent / "results.json"
PAGE: Final = RESULTS.parent.parent / "docs" / "performance.md"
MEMORY: Final = Path("/dev/shm")
ROOM: Final = 8 << 30  # bytes that stores and journals of all rounds may take
WIDTH: Final = 200  # of the table, which says nothing when it is cut
PARTS: Final = ("in_process", "tariff_load", "served", "detection", "events", "growth")


@dataclass(frozen=True, slots=True)
class Effort:
    """How long is looked at what: seconds of a run, of one in process, of a point of a plot."""

    rounds: int
    seconds: float
    warmup: float
    in_process: float
    growth: float


USUAL: Final = Effort(ROUNDS, 1.6, 0.6, 1.0, 0.3)
QUICK: Final = Effort(1, 0.8, 0.3, 0.5, 0.1)


@click.command(help=__doc__)
@click.option("--data", default=tempfile.gettempdir(), show_default=True, help="Folder on the disk to measure.")
@click.option("--quick", is_flag=True, help="One short round of everything.")
@click.option("--only", multiple=True, type=click.Choice(PARTS), help="Measure only this; may be repeated.")
@click.option("--station", "wanted", multiple=True, help="Serve only stations whose name begins so; may be repeated.")
@click.option("--page", is_flag=True, help="Write the figures and the plots into docs/ too.")
def main(data: str, quick: bool, only: Sequence[str], wanted: Sequence[str], page: bool) -> None:
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # contexts end what they have started
    console = Console(highlight=False, width=max(WIDTH, Console().width))
    begun = time.monotonic()
    with ExitStack() as stack:
        run = Run(console, stack, Path(data), QUICK if quick else USUAL, only or PARTS, wanted)
        figures = run.figures()
        judged = verdicts(figures)
        show(console, [figure for figure in figures if figure.name != growth.NAME])
        show_verdicts(console, judged)
        about = run.about()
        write(RESULTS, about, figures)
        if page:
            publish(PAGE, about, figures, judged, time.strftime("%Y-%m-%d", time.gmtime()))
    console.print(f"written to {RESULTS.relative_to(RESULTS.parent.parent)}, {time.monotonic() - begun:.0f} s in all")


class Run:
    """One run of the bench: what there is to measure with, and the rounds."""

    def __init__(
        self,
        console: Console,
        stack: ExitStack,
        data: Path,
        effort: Effort,
        parts: Sequence[str],
        wanted: Sequence[str],
    ) -> None:
        self._console: Final = console
        self._stack: Final = stack
        self._effort: Final = effort
        self._parts: Final = parts
        self._folders: Final = {
            disk: self._workplace(parent)
            for disk, parent in (("memory", MEMORY), ("disk", data))
            if self._roomy(parent)
        }
        if not self._folders:
            raise click.ClickException(f"{data} has no room for the stores: {ROOM >> 30} GiB are needed")
        self._first: Final = next(iter(self._folders.values()))
        self._about: Final = machine.describe() | {"rounds": effort.rounds, "seconds": effort.seconds}
        self._steal: Final = machine.Steal()
        self._builds: Final = builds(self._say)
        self._wanted: Final = wanted
        self._taken: Final = Rounds()

    def figures(self) -> list[Figure]:
        served = self._served() if "served" in self._parts else None
        events = self._events() if "events" in self._parts else None
        files = tariff_load.write_files(self._first) if "tariff_load" in self._parts else None
        for number in range(self._effort.rounds):
            self._say(f"round {number + 1} of {self._effort.rounds}")
            self._take(self._syncs())
            if "in_process" in self._parts:
                self._take(self._in_process())
            if files is not None:
                self._take(tariff_load.measure(files, self._builds))
            if "detection" in self._parts:
                self._take(self._detection())
            if served is not None:
                self._take(served.round())
            if events is not None:
                self._take(events.round())
        if served is not None:
            self._take(served.last())
            served.close()
        if "growth" in self._parts:
            self._take(self._growth())
        return with_ceilings(self._taken.medians())

    def about(self) -> dict[str, Any]:
        return self._about | {"load_after": machine.load(), "stolen_percent": self._steal.percent()}

    def _served(self) -> Served:
        choice, shooting = self._field()
        stations = [station for station in planned(choice.offer()) if named(station, self._wanted)]
        return self._stack.enter_context(Served(choice, shooting, stations, self._say))

    def _events(self) -> EventStream:
        choice, shooting = self._field()
        folder = self._first / "events"
        folder.mkdir()
        choice = replace(choice, folders=dict.fromkeys(choice.folders, folder))
        return self._stack.enter_context(EventStream(choice, shooting, folder))

    def _field(self) -> tuple[Choice, Shooting]:
        """What there is to serve with, and how it is shot at."""
        generator = best_generator(self._say)
        self._about["generator"] = generator.name
        sample = Sample(accounts=FEW)
        missing = why_not_native()
        if missing is not None:
            self._say(f"the edge is not built ({missing}): its rows are measured on grpcio")
        transports = ("grpcio",) if missing is not None else ("edge", "grpcio")
        choice = Choice(self._folders, self._builds[-1], transports, native_program(self._say), sample)
        templates = write_templates(self._first, sample)
        return choice, Shooting(generator, templates, self._effort.seconds, self._effort.warmup)

    def _detection(self) -> Iterator[Figure]:
        for build in self._builds:
            failed = Figure("masking_in_process", None, "events/s/core", {"compiled": build.compiled})
            yield from attempt(failed, build.figures, detection.__name__, str(self._effort.in_process))

    def _in_process(self) -> Iterator[Figure]:
        for build in self._builds:
            with tempfile.TemporaryDirectory(dir=self._first) as folder:
                arguments = (folder, str(self._effort.in_process), str(FEW))
                failed = Figure("in_process", None, "1/s/core", {"compiled": build.compiled})
                yield from attempt(failed, build.figures, in_process.__name__, *arguments)

    def _growth(self) -> Iterator[Figure]:
        """With the fastest build; once, for its rounds are its own."""
        for axis in growth.AXES:
            with tempfile.TemporaryDirectory(dir=self._first) as folder:
                arguments = [axis, folder, str(self._effort.growth), *self._million()]
                failed = Figure(growth.NAME, None, "µs", {"axis": axis})
                yield from attempt(failed, self._fastest.figures, growth.__name__, *arguments)

    @property
    def _fastest(self) -> Build:
        return self._builds[-1]

    def _million(self) -> list[str]:
        """The store with a million accounts that was served before, if it was."""
        found = [path for folder in self._folders.values() for path in folder.glob(f"*-{MANY}/*.db")]
        return [str(path) for path in found[:1]]

    def _syncs(self) -> Iterator[Figure]:
        self._about["fdatasync"] = {disk: machine.fdatasync(folder) for disk, folder in self._folders.items()}
        for disk, times in self._about["fdatasync"].items():
            yield Figure("fdatasync", 1e6 / times["p50_us"], "1/s", {"disk": disk}, times["p50_us"], times["p99_us"])

    def _take(self, figures: Iterator[Figure] | Sequence[Figure]) -> None:
        for figure in figures:
            self._console.print(f"  {line(figure)}", style="dim", soft_wrap=True)
            self._taken.add(figure)

    def _say(self, words: str) -> None:
        self._console.print(words, soft_wrap=True)

    def _roomy(self, parent: Path) -> bool:
        if parent.is_dir() and shutil.disk_usage(parent).free >= ROOM:
            return True
        self._say(f"{parent} has less than {ROOM >> 30} GiB of room: rows of stores on it are left out")
        return False

    def _workplace(self, parent: Path) -> Path:
        """A folder of our own that others may enter: the database server of a root user runs as nobody."""
        folder = Path(tempfile.mkdtemp(prefix="ratingd-bench-", dir=parent))
        self._stack.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o755)
        return folder


def named(station: Station, beginnings: Sequence[str]) -> bool:
    return not beginnings or any(station.name.startswith(beginning) for beginning in beginnings)


def show_verdicts(console: Console, judged: Sequence[Verdict]) -> None:
    table = Table(title="Targets", title_justify="left", box=box.SIMPLE_HEAD)
    for heading in TARGET_HEAD:
        table.add_column(heading)
    for verdict in judged:
        table.add_row(*verdict_cells(verdict))
    console.print(table)


if __name__ == "__main__":
    main()
