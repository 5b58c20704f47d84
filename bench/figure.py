"""Figures: one measured number each, beside its ceiling, as a table for people and as a file for comparing runs.

A rate alone says little: 4,000 debits a second are splendid where a commit takes 4 ms and poor where it takes 0.1. So
each row stands beside the most that the same run found possible without ratingd's work, and `ratio` is its share of
that: 1 would mean that ratingd costs nothing. Where less is better (seconds, MiB) the ratio is turned round.

A figure that could not be taken has no value and says why in `trouble`: the others are worth having all the same.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from rich import box
from rich.console import Console
from rich.table import Table

PARAMS: Final = ("transport", "store", "disk", "outstanding", "connections", "accounts", "pick", "compiled")
LESS_IS_BETTER: Final = frozenset({"s", "MiB"})
HEADINGS: Final = ("figure", "how", "in flight", "value", "±", "p50 / p99 / p99.9 µs", "CPU µs", "MiB", "ceiling",
                   "ratio")  # fmt: skip
DETECTION: Final = (("each", "a message"), ("rate", "events/s"), ("called", "numbers"))  # words beside their params
FEW: Final = 1_000  # accounts, unless told otherwise
LEFT: Final = 2  # the first two are words, the others numbers


@dataclass(frozen=True, slots=True)
class Figure:
    """`cpu_us` is CPU of the daemon for each debit, `database_us` that of its database server.

    `spread` is how far the rounds lay apart, as a share of the value; `others` the share of the machine's CPU that was
    used by nobody known while it was measured, or stolen from it.
    """

    name: str
    value: float | None
    unit: str
    params: dict[str, Any] = field(default_factory=dict)
    p50_us: float | None = None
    p99_us: float | None = None
    p999_us: float | None = None
    cpu_us: float | None = None
    database_us: float | None = None
    generator_us: float | None = None
    rss_mib: float | None = None
    others: float | None = None
    spread: float | None = None
    ceiling: float | None = None
    bound_by: str = ""  # what the ceiling is; for people
    trouble: str = ""

    @property
    def ratio(self) -> float | None:
        if not self.ceiling or not self.value:
            return None
        return self.ceiling / self.value if self.unit in LESS_IS_BETTER else self.value / self.ceiling

    def has(self, **params: object) -> bool:
        return all(self.params.get(name) == value for name, value in params.items())

    def document(self) -> dict[str, Any]:
        params = {name: self.params.get(name) for name in PARAMS} | self.params
        numbers = {name: rounded(getattr(self, name)) for name in NUMBERS}
        ratio = None if self.ratio is None else round(self.ratio, 4)
        return {"name": self.name, "params": params, "unit": self.unit} | numbers | {
            "ratio": ratio, "bound_by": self.bound_by, "trouble": self.trouble
        }  # fmt: skip


NUMBERS: Final = ("value", "p50_us", "p99_us", "p999_us", "cpu_us", "database_us", "generator_us", "rss_mib", "others",
                  "spread", "ceiling")  # fmt: skip


def rounded(value: float | None) -> float | None:
    """Four figures are more than a shared machine repeats."""
    return None if value is None else float(f"{value:.4g}")


def write(path: Path, machine: dict[str, Any], figures: Sequence[Figure]) -> None:
    document = {"machine": machine, "figures": [figure.document() for figure in figures]}
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def show(console: Console, figures: Sequence[Figure]) -> None:
    table = Table(title="ratingd, measured here", title_justify="left", box=box.SIMPLE_HEAD)
    for place, heading in enumerate(HEADINGS):
        table.add_column(heading, justify="left" if place < LEFT else "right", no_wrap=True)
    for figure in figures:
        table.add_row(*cells(figure))
    console.print(table)


def cells(figure: Figure) -> list[str]:
    value = "failed" if figure.value is None else f"{text(figure.value)} {figure.unit}"
    cpu = text(figure.cpu_us) + ("" if figure.database_us is None else f" + {text(figure.database_us)}")
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    return [
        figure.name, how(figure), in_flight(figure), value, percent(figure.spread), latency(figure), cpu,
        text(figure.rss_mib), text(figure.ceiling), ratio,
    ]  # fmt: skip


def how(figure: Figure) -> str:
    """What was measured, in words: edge sqlite memory compiled."""
    params = figure.params
    words = [str(params[name]) for name in ("step", "shape", "transport", "store", "disk") if params.get(name)]
    if params.get("compiled") is not None:
        words.append("compiled" if params["compiled"] else "interpreted")
    words += [f"{params[name]:,} {word}" for name, word in DETECTION if isinstance(params.get(name), int)]
    if params.get("callers"):
        words.append(f"callers: {params['callers']}")
    if params.get("accounts") and params["accounts"] > FEW:
        words.append(" ".join([text(params["accounts"]), params.get("pick") or "accounts"]))
    return " ".join(words)


def in_flight(figure: Figure) -> str:
    """256/16 is 256 requests outstanding over 16 connections."""
    params = figure.params
    return f"{params['outstanding']}/{params['connections']}" if params.get("outstanding") else ""


def latency(figure: Figure) -> str:
    return " / ".join(text(value) for value in (figure.p50_us, figure.p99_us, figure.p999_us) if value is not None)


def line(figure: Figure) -> str:
    """A figure as it comes, with what is to be known about it."""
    value = "" if figure.value is None else f"{text(figure.value)} {figure.unit}"
    generator = "" if figure.generator_us is None else f"generator {text(figure.generator_us)} µs"
    others = f"others used {figure.others:.0%} of the machine" if figure.others and figure.others > 0.1 else ""
    title = " ".join(part for part in (figure.name, how(figure), in_flight(figure)) if part)
    parts = [title, value, latency(figure), generator, others, figure.trouble]
    return "; ".join(part for part in parts if part)


def percent(share: float | None) -> str:
    return "" if share is None else f"{share * 100:.0f} %"


def text(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
