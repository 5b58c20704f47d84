"""Groups of points: what DBSCAN says, also where points are put on a grid and where there are too many."""

from random import Random

import pytest

from tests.table import table
from triggers.campaigns.density_clusters import density_clusters


def line(text: str) -> list[list[float]]:
    """Points on a line: `0 .1 .2 3x5` are 0, 0.1, 0.2 and five times 3."""
    found = []
    for word in text.split():
        place, _, times = word.partition("x")
        found += [[float(place)]] * int(times or 1)
    return found


@table("""
    points                     | clusters       # 0.6 is near, five are enough
    0 .1 .2 .3 .4              | 01234
    0 .1 .2 .3                 |                # four are too few
    0x4 9x4                    |
    0x5 9x5                    | 01234 56789
    0x5 9                      | 01234          # one who is far is in none
    0x5 .5                     | 012345         # who is near a core belongs to it
    0x3 .3x2 .8 1.3            | 012345         # but who is near him alone does not
    0 .5 1 1.5 2 2.5 3 3.5     |                # a thin chain
    0x3 .5x3 1x3               | 012345678      # a thick one is one
                               |
""")
def test_points_near_enough_to_enough_others_are_a_cluster(points: str, clusters: str) -> None:
    found = density_clusters(line(points))
    assert sorted("".join(str(each) for each in places) for places in found) == sorted(clusters.split())


def blobs(count: int, size: int, dims: int = 8, spread: float = 0.06, seed: int = 3) -> list[list[float]]:
    random = Random(seed)
    centres = [[random.uniform(-9, 9) for _ in range(dims)] for _ in range(count)]
    return [[random.gauss(each, spread) for each in centres[place % count]] for place in range(count * size)]


@pytest.mark.parametrize("cells_max", [10_000, 300])
def test_groups_apart_are_found_also_in_a_sample(cells_max: int) -> None:
    count, size = 6, 150
    found = density_clusters(blobs(count, size), cells_max=cells_max)
    assert [len(places) for places in found] == [size] * count
    assert all(len({place % count for place in places}) == 1 for places in found)


def test_the_largest_comes_first_and_the_same_points_give_the_same() -> None:
    points = blobs(3, 40) + [[0.0] * 8] * 500
    found = density_clusters(points, cells_max=60)
    assert len(found[0]) == 500
    assert found == density_clusters(points, cells_max=60)


def test_twenty_thousand_alike_cost_no_more_than_a_few() -> None:
    """They are one cell: nobody compares four hundred million pairs."""
    assert [len(each) for each in density_clusters([[0.01, 0.0]] * 20_000)] == [20_000]
