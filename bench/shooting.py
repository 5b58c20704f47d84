"""One run of the load generator, and who spent what meanwhile.

The generator shares the machine with what it measures, so its own CPU is told with each figure; what nobody here has
spent was spent by others, or was stolen by the machine under this one, and a figure with much of it is worth little.
"""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.daemon import Daemon, family_cpu_s
from bench.figure import Figure
from bench.load_generator import Generator, Load, Outcome
from bench.machine import busy_s
from bench.plan import METHODS, Shot
from ratingd.api.charging import SERVICE


@dataclass(frozen=True, slots=True)
class Shooting:
    """What all runs share: the generator, its requests, and how long each of them is measured."""

    generator: Generator
    templates: Mapping[str, Path]
    seconds: float
    warmup: float

    def load(self, shot: Shot, address: str, accounts: int, seconds: float = 0.0) -> Load:
        return Load(
            address,
            SERVICE + METHODS[shot.shape],
            shot.shape,
            self.templates[shot.shape],
            shot.outstanding,
            shot.connections,
            seconds or self.seconds,
            accounts,
            shot.pick,
            self.warmup,
        )

    def empty(self, name: str, shot: Shot, address: str) -> Figure:
        """What a server that does nothing answers."""
        meter = Meter(None, None)
        found = self.generator.run(self.load(shot, address, 1), meter.mark)
        return figure(name, {"shape": shot.shape, **shot.params}, shot, found, meter)


class Meter:
    """CPU of the daemon, of its database server and of the whole machine between the two marks of the generator."""

    def __init__(self, daemon: Daemon | None, database_pid: int | None) -> None:
        self._daemon: Final = daemon
        self._database: Final = database_pid
        self.daemon_s: float | None = None
        self.database_s: float | None = None
        self.rss_mib: float | None = None
        self.machine_s = 0.0
        self.seconds = 0.0

    def mark(self, when: str) -> None:
        sign = -1 if when == "window" else 1
        self.seconds += sign * time.perf_counter()
        self.machine_s += sign * busy_s()
        if self._daemon is not None:
            self.daemon_s = (self.daemon_s or 0.0) + sign * self._daemon.cpu_s()
            self.rss_mib = self._daemon.rss_mib()
        if self._database is not None:
            self.database_s = (self.database_s or 0.0) + sign * family_cpu_s(self._database)

    def others(self, generator_s: float) -> float | None:
        """The share of the machine that was used by others; None where not all of ours is known."""
        if self.daemon_s is None or not self.seconds:
            return None
        ours = self.daemon_s + (self.database_s or 0.0) + generator_s
        return max(0.0, self.machine_s - ours) / (self.seconds * (os.cpu_count() or 1))


def figure(name: str, params: Mapping[str, Any], shot: Shot, found: Outcome, meter: Meter) -> Figure:
    debits = found.counted * shot.debits

    def per_debit(seconds: float | None) -> float | None:
        return None if seconds is None or not debits else seconds * 1e6 / debits

    if not found.counted:
        raise RuntimeError(found.trouble or "no request was answered")
    return Figure(
        name,
        debits / found.seconds,
        "debits/s",
        dict(params),
        found.p50_us,
        found.p99_us,
        found.p999_us,
        per_debit(meter.daemon_s),
        per_debit(meter.database_s),
        found.cpu_us / shot.debits,
        meter.rss_mib,
        meter.others(found.cpu_us * found.counted / 1e6),
        trouble=found.trouble,
    )
