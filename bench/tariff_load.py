"""Checking and loading 100,000 destinations: seconds, and the memory a process needs for it at most.

    python -m bench.tariff_load check|load|read FOLDER     # in a process of its own, interpreted or compiled

Each step runs in a process of its own, since the peak of a process cannot be reset. `check` reads the folder to its end
with every rule; `load` goes on to the tariff that calls are rated with, by way of the compact image in which one
process hands it to another. `read`, the ceiling, only takes the files apart with the csv module.
"""

import csv
import io
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from accounts.charge import ChargeRules
from actions.folder import EMPTY_PLAN_BOOK, read_folder
from bench.build import INTERPRETED, Build, attempt, report
from bench.figure import Figure
from bench.sample import destinations_100k
from ratingd.engine.plan_reading import read_here, unpack
from tariffs.zone import UTC

NAME: Final = "load_100k_destinations"
MODULE: Final = "bench.tariff_load"
STEPS: Final = ("check", "load")
KIB: Final = 1024


def write_files(folder: Path) -> Path:
    files = folder / "destinations_100k"
    files.mkdir()
    for name, content in destinations_100k().items():
        (files / name).write_bytes(content)
    return files


def measure(files: Path, builds: Sequence[Build]) -> Iterator[Figure]:
    """Each step once with each build."""
    ceilings = {figure.unit: figure.value for figure in INTERPRETED.figures(MODULE, "read", str(files))}
    for build in builds:
        for step in STEPS:
            params: dict[str, Any] = {"step": step, "compiled": build.compiled}
            for found in attempt(Figure(NAME, None, "s"), build.figures, MODULE, step, str(files)):
                ceiling = ceilings[found.unit]
                yield replace(found, params=params, ceiling=ceiling, bound_by="the csv module alone")


def read(files: Mapping[str, bytes]) -> None:
    for content in files.values():
        rows = list(csv.reader(io.StringIO(content.decode())))
        if not rows:
            raise RuntimeError("an empty file")


def check(files: Mapping[str, bytes]) -> None:
    rules = ChargeRules()
    book, findings = read_folder(files, EMPTY_PLAN_BOOK, now_ns=time.time_ns(), zone=UTC, decimals=rules.decimals)
    if book is None:
        raise RuntimeError(f"the folder has faults: {findings[:3]}")


def load(files: Mapping[str, bytes]) -> None:
    reading = read_here(files, None, time.time_ns(), "UTC", 5)
    if reading.image is None:
        raise RuntimeError(f"the folder has faults: {reading.findings[:3]}")
    unpack(reading.image)


def main() -> None:
    step = {"read": read, "check": check, "load": load}[sys.argv[1]]
    begun = time.perf_counter()
    step({path.name: path.read_bytes() for path in sorted(Path(sys.argv[2]).iterdir())})
    seconds = time.perf_counter() - begun
    report([Figure(NAME, seconds, "s"), Figure(NAME, peak_mib(), "MiB")])


def peak_mib() -> float:
    """The most memory this process had. Its resource usage would begin at the size of the process that started it."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / KIB for line in lines if line.startswith("VmHWM:"))


if __name__ == "__main__":
    main()
