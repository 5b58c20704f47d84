"""The figures on the page that people read, docs/performance.md, between its two marks.

    make bench ARGS=--page

Only what stands between the marks is written; the words around them, how to read a figure, are a person's.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from bench.figure import Figure, text

BEGIN: Final = "<!-- figures: written by `make bench ARGS=--page` -->"
END: Final = "<!-- end of figures -->"
HEAD: Final = (
    "| figure | store | disk | value | p50 / p99 µs | CPU µs | ceiling | ratio |",
    "|---|---|---|---:|---:|---:|---:|---:|",
)


def publish(page: Path, machine: dict[str, Any], figures: Sequence[Figure], day: str) -> None:
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"{page.name} has no place for figures: {BEGIN} … {END}")
    lines = [BEGIN, described(machine, day), "", *HEAD, *(row(figure) for figure in figures), END]
    page.write_text(before + "\n".join(lines) + after, encoding="utf-8")


def described(machine: dict[str, Any], day: str) -> str:
    syncs = ", ".join(f"{disk} {t['p50_us']} / {t['p99_us']} µs" for disk, t in machine["fdatasync"].items())
    return (
        f"Measured on {day}: {machine['cores']} cores of {machine['cpu']}, {machine['memory_gib']} GiB, "
        f"{machine['kernel']}, Python {machine['python']}, SQLite {machine['sqlite']}; "
        f"fdatasync p50 / p99: {syncs}; load generator: {machine['generator']}; "
        f"load of the machine before and after: {machine['load_before']} and {machine['load_after']}."
    )


def row(figure: Figure) -> str:
    params = figure.params
    name = f"`{figure.name}` {params.get('step', '')}".strip()
    latency = "" if figure.p50_us is None else f"{text(figure.p50_us)} / {text(figure.p99_us)}"
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    cells = [name, params.get("store") or "", params.get("disk") or "", f"{text(figure.value)} {figure.unit}", latency]
    return "| " + " | ".join([*cells, text(figure.cpu_us), text(figure.ceiling), ratio]) + " |"
