"""Figures: one measured number each, beside its ceiling, as a table for people and as a file for comparing runs.

A rate alone says little: 4,000 debits a second are splendid where a commit takes 4 ms and poor where it takes 0.1. So
each row stands beside the most that the same run found possible without ratingd's work, and `ratio` is its share of
that: 1 would mean that ratingd costs nothing. Where less is better (seconds, MiB) the ratio is turned round.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from rich import box
from rich.console import Console
from rich.table import Table

PARAMS: Final = ("transport", "store", "disk", "outstanding", "connections", "accounts", "compiled")
LESS_IS_BETTER: Final = frozenset({"s", "MiB"})


@dataclass(frozen=True, slots=True)
class Figure:
    """`cpu_us` is CPU of the daemon, and of the database server where there is one, for each request."""

    name: str
    value: float
    unit: str
    params: dict[str, Any] = field(default_factory=dict)
    p50_us: float | None = None
    p99_us: float | None = None
    cpu_us: float | None = None
    ceiling: float | None = None
    bound_by: str = ""  # what the ceiling is; for people
    note: str = ""

    @property
    def ratio(self) -> float | None:
        if not self.ceiling or not self.value:
            return None
        return self.ceiling / self.value if self.unit in LESS_IS_BETTER else self.value / self.ceiling

    def document(self) -> dict[str, Any]:
        params = {name: self.params.get(name) for name in PARAMS} | self.params
        return {
            "name": self.name,
            "params": params,
            "value": rounded(self.value),
            "unit": self.unit,
            "p50_us": rounded(self.p50_us),
            "p99_us": rounded(self.p99_us),
            "cpu_us": rounded(self.cpu_us),
            "ceiling": rounded(self.ceiling),
            "ratio": None if self.ratio is None else round(self.ratio, 4),
        }


def rounded(value: float | None) -> float | None:
    """Four figures are more than a shared machine repeats."""
    return None if value is None else float(f"{value:.4g}")


def write(path: Path, machine: dict[str, Any], figures: Sequence[Figure]) -> None:
    document = {"machine": machine, "figures": [figure.document() for figure in figures]}
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def show(console: Console, figures: Sequence[Figure]) -> None:
    table = Table(title="ratingd, measured here", title_justify="left", box=box.SIMPLE_HEAD)
    for heading in ("figure", "store", "disk"):
        table.add_column(heading, no_wrap=True)
    for heading in ("value", "p50 / p99 µs", "CPU µs", "ceiling", "ratio"):
        table.add_column(heading, justify="right", no_wrap=True)
    for figure in figures:
        table.add_row(*cells(figure))
    console.print(table)


def cells(figure: Figure) -> list[str]:
    params = figure.params
    name = f"{figure.name} {params['step']}" if "step" in params else figure.name
    latency = "" if figure.p50_us is None else f"{text(figure.p50_us)} / {text(figure.p99_us)}"
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    value = f"{text(figure.value)} {figure.unit}"
    where = [params.get("store") or "", params.get("disk") or ""]
    return [name, *where, value, latency, text(figure.cpu_us), text(figure.ceiling), ratio]


def line(figure: Figure) -> str:
    """A figure as it comes, with what bounds it and what is to be known about it."""
    params = figure.params
    where = " ".join(str(params[name]) for name in ("step", "store", "disk") if params.get(name))
    bound = f"ceiling {text(figure.ceiling)} ({figure.bound_by})" if figure.ceiling else ""
    parts = [f"{figure.name} {where}".strip(), f"{text(figure.value)} {figure.unit}", bound, figure.note]
    return "; ".join(part for part in parts if part)


def text(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
