"""What each row could have been at most: the server that does nothing, or the commits that the disk has time for.

A durable debit has to cross the transport and has to be committed. On the edge the first bound is what a native server
answers that does nothing, on grpcio what grpcio itself does; the second is commits a second times the debits in flight
that can share one. The ceiling is the lesser of the two as they were measured in the same rounds.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bench.empty_commit import NAME as BARE_COMMIT
from bench.figure import Figure
from bench.plan import NAMES
from bench.sample import BATCH

SHAPES: Final = {name: shape for shape, name in NAMES.items()}


def with_ceilings(figures: Sequence[Figure]) -> list[Figure]:
    return [_with_ceiling(figure, figures) for figure in figures]


def find(figures: Sequence[Figure], name: str, **params: object) -> Figure | None:
    """The first figure of that name with those parameters that has a value."""
    return next(
        (figure for figure in figures if figure.name == name and figure.has(**params) and figure.value is not None),
        None,
    )


def empty_of(figure: Figure, figures: Sequence[Figure]) -> Figure | None:
    """The server that does nothing, under the same load."""
    servers = ("native", "edge") if figure.params.get("transport") == "edge" else (figure.params.get("transport"),)
    load = {
        "shape": SHAPES.get(figure.name),
        **{name: figure.params.get(name) for name in ("outstanding", "connections")},
    }
    return next((found for name in servers if (found := find(figures, f"empty_{name}", **load))), None)


def allowed_by_commits(figure: Figure, figures: Sequence[Figure]) -> float | None:
    """Debits a second when every commit takes all that are in flight."""
    commits = find(figures, BARE_COMMIT, store=figure.params.get("store"), disk=figure.params.get("disk"))
    if commits is None or commits.value is None:
        return None
    debits = BATCH if SHAPES.get(figure.name) == "batch" else 1
    return float(commits.value * figure.params["outstanding"] * debits)


def _with_ceiling(figure: Figure, figures: Sequence[Figure]) -> Figure:
    if figure.name not in SHAPES or figure.value is None:
        return figure
    empty, commits = empty_of(figure, figures), allowed_by_commits(figure, figures)
    bounds = {}
    if empty is not None and empty.value is not None:
        bounds[empty.name] = empty.value
    if commits is not None:
        bounds["commits"] = commits
    if not bounds:
        return figure
    least = min(bounds, key=bounds.__getitem__)
    return replace(figure, ceiling=bounds[least], bound_by=least)
