"""The figures on the page that people read, docs/performance.md, between its marks, and the plots beside it.

    make bench ARGS=--page

Only what stands between a pair of marks is written; the words around them, how to read a figure, are a person's. The
plots are files of their own, docs/plots/*.svg.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from bench.figure import HEADINGS, LEFT, Figure, cells, text
from bench.growth import AXES, NAME, Point, trend
from bench.plot import plot
from bench.targets import Verdict

SECTIONS: Final = ("machine", "targets", "figures", "growth")
TARGET_HEAD: Final = ("target", "goal", "measured", "of the ceiling", "")
PLOTS: Final = "plots"


def begin(section: str) -> str:
    return f"<!-- {section}: written by `make bench ARGS=--page` -->"


def end(section: str) -> str:
    return f"<!-- end of {section} -->"


def publish(
    page: Path, machine: dict[str, Any], figures: Sequence[Figure], judged: Sequence[Verdict], day: str
) -> None:
    rows = [figure for figure in figures if figure.name != NAME]
    sections = {
        "machine": [described(machine, day)],
        "targets": table(TARGET_HEAD, [verdict_cells(verdict) for verdict in judged], left=2),
        "figures": table(HEADINGS, [cells(figure) for figure in rows], left=LEFT),
        "growth": drawn(page.parent / PLOTS, figures),
    }
    content = page.read_text(encoding="utf-8")
    for section, lines in sections.items():
        content = replaced(content, section, lines)
    page.write_text(content, encoding="utf-8")


def replaced(content: str, section: str, lines: Sequence[str]) -> str:
    before, _, rest = content.partition(begin(section))
    _, found, after = rest.partition(end(section))
    if not found:
        raise ValueError(f"the page has no place for {section}: {begin(section)} … {end(section)}")
    return "\n".join([before + begin(section), *lines, end(section) + after])


def described(machine: dict[str, Any], day: str) -> str:
    syncs = ", ".join(f"{disk} {t['p50_us']} / {t['p99_us']} µs" for disk, t in machine["fdatasync"].items())
    return (
        f"Measured on {day}: {machine['cores']} cores of {machine['cpu']}, {machine['memory_gib']} GiB, "
        f"{machine['kernel']}, Python {machine['python']}, SQLite {machine['sqlite']}; "
        f"fdatasync p50 / p99: {syncs}; load generator: {machine['generator']}; medians of "
        f"{machine['rounds']} rounds of {machine['seconds']:g} s; load of the machine before: "
        f"{machine['load_before']}, stolen from it meanwhile: {machine['stolen_percent']:.1f} %."
    )


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], left: int) -> list[str]:
    sides = ["---" if place < left else "---:" for place in range(len(headings))]
    return ["", *(f"| {' | '.join(row)} |" for row in [headings, sides, *rows])]


def verdict_cells(verdict: Verdict) -> list[str]:
    return [verdict.target, verdict.goal, verdict.measured, verdict.share, verdict.word]


def points_of(figures: Sequence[Figure]) -> Mapping[str, list[Point]]:
    """The points of each axis of which there are at least two."""
    found: dict[str, list[Point]] = {}
    for figure in figures:
        if figure.name == NAME and figure.value is not None and "x" in figure.params:
            found.setdefault(figure.params["axis"], []).append((figure.params["x"], figure.value))
    return {axis: points for axis, points in found.items() if len(points) > 1}


def drawn(folder: Path, figures: Sequence[Figure]) -> list[str]:
    """Write the plots; the lines that show them."""
    folder.mkdir(exist_ok=True)
    lines = []
    for axis, points in points_of(figures).items():
        found, title = trend(points), f"CPU of a debit by {axis.replace('_', ' ')}"
        (folder / f"{axis}.svg").write_text(plot(title, AXES[axis].label, points, found), encoding="utf-8")
        values = ", ".join(f"{text(y)} µs at {x:,}" for x, y in points)
        told = f"**{AXES[axis].label.capitalize()}**: {found.word}, {found.per_tenfold:+.1f} µs for ten times as much"
        lines += ["", f"{told}: {values}.", "", f"![{title}]({PLOTS}/{axis}.svg)"]
    return lines
