"""Checking and loading 100,000 destinations: seconds, and the memory a process needs for it at most.

    python -m bench.tariff_load check|load|read FOLDER

Each step runs in a process of its own, since the peak of a process cannot be reset. `check` reads the folder to its end
with every rule; `load` goes on to the tariff that calls are rated with, by way of the compact image in which one
process hands it to another. `read`, the ceiling, only takes the files apart with the csv module.
"""

import csv
import io
import json
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from accounts.charge import ChargeRules
from actions.folder import EMPTY_PLAN_BOOK, read_folder
from bench.figure import Figure
from bench.in_process import COMPILED
from bench.sample import destinations_100k
from ratingd.engine.plan_reading import read_here, unpack
from tariffs.zone import UTC

NAME: Final = "load_100k_destinations"
TIMEOUT_S: Final = 600
KIB: Final = 1024


def measure(folder: Path) -> list[Figure]:
    files = folder / "destinations_100k"
    files.mkdir()
    for name, content in destinations_100k().items():
        (files / name).write_bytes(content)
    ceiling = apart("read", files)
    return [figure for step in ("check", "load") for figure in figures(step, apart(step, files), ceiling)]


def figures(step: str, found: Mapping[str, float], ceiling: Mapping[str, float]) -> list[Figure]:
    params = {"step": step, "compiled": COMPILED}
    return [
        Figure(NAME, found["s"], "s", params, ceiling=ceiling["s"], bound_by="the csv module alone"),
        Figure(NAME, found["mib"], "MiB", params, ceiling=ceiling["mib"], bound_by="the csv module alone"),
    ]


def apart(step: str, files: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.tariff_load", step, str(files)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=TIMEOUT_S)
    found: dict[str, float] = json.loads(done.stdout)
    return found


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
    print(json.dumps({"s": seconds, "mib": peak_mib()}))


def peak_mib() -> float:
    """The most memory this process had. Its resource usage would begin at the size of the process that started it."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / KIB for line in lines if line.startswith("VmHWM:"))


if __name__ == "__main__":
    main()
