"""Density clusters: groups of points in which each has enough others nearby (DBSCAN, Ester et al. 1996).

Nine points 0.1 apart, one at 3.0 from all of them, four more elsewhere: the nine are a cluster; the one and the four
(with less than five nearby, themselves included) are noise, -1.

A thousand spoofed numbers that each made one call are one and the same point. Points are therefore put on a grid of
0.1 first, a sixth of the distance that counts as near, and those of one cell go on as one with their number as weight.
Where more than 2,000 cells are left a sample of as many is clustered, drawn by a checksum of the cells so that the same
callers give the same sample, and each other cell belongs to the cluster of the nearest core point, where that is near.

Charging goes on in the same process, so what holds the interpreter must be short. Neighbours are found by brute force,
which lets go of it, by one thread; the search by a tree held it for 270 ms with 4,000 dense cells. What is left is the
growing of clusters: 7 ms with 2,000 cells that are all near each other, 46 ms with 4,000.

numpy and scikit-learn are imported when there is something to cluster, for a start should not pay for them.
"""

from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

if TYPE_CHECKING:
    import numpy as np

    Floats = np.ndarray[Any, np.dtype[np.float64]]
    Ints = np.ndarray[Any, np.dtype[np.int64]]

NEAR: Final = 0.6
POINTS_LEAST: Final = 5
GRID: Final = 0.1
CELLS_MAX: Final = 2_000
AT_A_TIME: Final = 256  # rows that are read, or compared with all cores
NOISE: Final = -1


def density_clusters(
    rows: list[list[float]], *, near: float = NEAR, least: int = POINTS_LEAST, cells_max: int = CELLS_MAX
) -> list[list[int]]:
    """The places of the points of each cluster, in order; the largest cluster first."""
    if len(rows) < least:
        return []
    cells, cell_of, weights = _on_grid(rows)
    labels = _labels(cells, weights, near, least, cells_max)
    found: dict[int, list[int]] = {}
    for place, cell in enumerate(cell_of):
        label = int(labels[cell])
        if label != NOISE:
            found.setdefault(label, []).append(place)
    return sorted(found.values(), key=lambda places: (-len(places), places[0]))


def _on_grid(rows: list[list[float]]) -> "tuple[Floats, list[int], Ints]":
    """The cells in which there are points, the cell of each point, and how many are in each."""
    import numpy as np

    places: dict[bytes, int] = {}
    cell_of: list[int] = []
    for begin in range(0, len(rows), AT_A_TIME):
        grid = np.rint(np.asarray(rows[begin : begin + AT_A_TIME], dtype=np.float64) / GRID).astype(np.int32)
        cell_of += [places.setdefault(row.tobytes(), len(places)) for row in grid]
    flat = np.frombuffer(b"".join(places), dtype=np.int32).reshape(len(places), -1)
    return flat.astype(np.float64) * GRID, cell_of, np.bincount(cell_of, minlength=len(places))


def _labels(cells: "Floats", weights: "Ints", near: float, least: int, cells_max: int) -> "Ints":
    import numpy as np

    if len(cells) <= cells_max:
        return _clustered(cells, weights, near, least)[0]
    order = sorted(range(len(cells)), key=lambda place: crc32(cells[place].tobytes()))
    chosen = np.array(sorted(order[:cells_max]))
    sampled, cores = _clustered(cells[chosen], weights[chosen], near, least)
    return _nearest(cells, cells[chosen][cores], sampled[cores], near)


def _clustered(cells: "Floats", weights: "Ints", near: float, least: int) -> "tuple[Ints, Ints]":
    """The cluster of each cell, and which cells are cores."""
    from sklearn.cluster import DBSCAN
    from threadpoolctl import threadpool_limits

    searching = DBSCAN(eps=near, min_samples=least, metric="euclidean", algorithm="brute")
    with threadpool_limits(1):
        found = searching.fit(cells, sample_weight=weights)
    return found.labels_, found.core_sample_indices_


def _nearest(cells: "Floats", cores: "Floats", labels: "Ints", near: float) -> "Ints":
    """Of each cell the cluster of the nearest core; none where that is not near."""
    import numpy as np

    found = np.full(len(cells), NOISE, dtype=np.int64)
    if not len(cores):
        return found
    squares = (cores * cores).sum(axis=1)
    for begin in range(0, len(cells), AT_A_TIME):
        some = cells[begin : begin + AT_A_TIME]
        away = (some * some).sum(axis=1)[:, None] + squares[None, :] - 2.0 * (some @ cores.T)
        nearest = away.argmin(axis=1)
        close = away[np.arange(len(some)), nearest] <= near * near
        found[begin : begin + AT_A_TIME] = np.where(close, labels[nearest], NOISE)
    return found
