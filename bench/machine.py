"""The machine under the figures, above all how long its disk takes to keep a promise.

A debit is answered when it is on disk, so the time of one fdatasync bounds what one request after the other can reach:
0.1 ms allow 10,000 commits a second, 4 ms allow 250. Disks of rented machines vary by that factor within a day, which
is why it is measured first, in the folder where the databases of this run will lie, and why every durable row comes a
second time on a file system in memory.
"""

import os
import platform
import sqlite3
import time
from pathlib import Path
from typing import Any, Final

import psutil

BLOCK: Final = b"\0" * 4096
BUSY: Final = ("user", "system", "nice", "irq", "softirq", "steal")
SYNCS_MAX: Final = 2_000
SECONDS_MAX: Final = 0.7


def describe() -> dict[str, Any]:
    return {
        "cpu": cpu_model(),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "kernel": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "load_before": load(),
    }


def load() -> float:
    """Processes that ran or wanted to, in the last minute: the bench's own make about three of two cores."""
    return round(os.getloadavg()[0], 2)


class Steal:
    """What a virtual machine wanted to run meanwhile and could not, because its host gave the core to another."""

    def __init__(self) -> None:
        self._before: Final = psutil.cpu_times()

    def percent(self) -> float:
        now = psutil.cpu_times()
        passed = sum(now) - sum(self._before)
        stolen = getattr(now, "steal", 0.0) - getattr(self._before, "steal", 0.0)
        return round(100 * stolen / passed, 2) if passed else 0.0


def cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def fdatasync(folder: Path) -> dict[str, float]:
    """Append a block and sync it, for two seconds at most: p50 and p99 in microseconds."""
    path = folder / "fdatasync"
    times: list[float] = []
    handle = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        end = time.perf_counter() + SECONDS_MAX
        while len(times) < SYNCS_MAX and (begun := time.perf_counter()) < end:
            os.write(handle, BLOCK)
            os.fdatasync(handle)
            times.append(time.perf_counter() - begun)
    finally:
        os.close(handle)
        path.unlink()
    return {"p50_us": round(percentile(times, 50) * 1e6, 1), "p99_us": round(percentile(times, 99) * 1e6, 1)}


def percentile(values: list[float], percent: float) -> float:
    """The value that `percent` of all do not exceed."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def busy_s() -> float:
    """CPU that all cores have spent since the machine started, on anybody's work, stolen time included."""
    times = psutil.cpu_times()
    return float(sum(getattr(times, name, 0.0) for name in BUSY))
