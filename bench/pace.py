"""Pace: how fast one core went, as requests for each second of its CPU and as times of one request."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from bench.machine import percentile


@dataclass(frozen=True, slots=True)
class Pace:
    per_second: float  # of CPU
    p50_us: float
    p99_us: float

    @classmethod
    def of(cls, done: int, cpu_s: float, times_s: Sequence[float]) -> Self:
        """`times_s` are seconds of one request each, or its share of a chunk's."""
        times = list(times_s)
        return cls(done / cpu_s, percentile(times, 50) * 1e6, percentile(times, 99) * 1e6)
