"""Who is debited next, as the load generators choose."""

import random
from collections import Counter
from functools import cache

import pytest

from bench.picker import Pick, Zipf, picker

MANY = 200_000


@pytest.mark.parametrize("pick", ["turn", "uniform", "zipf"])
def test_every_number_is_an_account(pick: Pick) -> None:
    choose = picker(pick, 7)
    assert {choose() for _ in range(2_000)} == set(range(7))


def test_in_turn_is_from_the_first_to_the_last() -> None:
    choose = picker("turn", 3)
    assert [choose() for _ in range(5)] == [0, 1, 2, 0, 1]


@pytest.mark.parametrize("rank", [0, 1, 2, 10, 100])
def test_ranks_come_in_proportion_to_their_power(rank: int) -> None:
    weights = [(1 + k) ** -1.1 for k in range(1_000)]
    wanted = MANY * weights[rank] / sum(weights)
    assert zipf_counts()[rank] == pytest.approx(wanted, abs=6 * wanted**0.5)


def test_no_rank_is_outside() -> None:
    assert 0 <= min(zipf_counts()) <= max(zipf_counts()) < 1_000


def test_the_busiest_do_not_lie_side_by_side() -> None:
    choose = picker("zipf", 1_000_000)
    (first, _), (second, _) = Counter(choose() for _ in range(5_000)).most_common(2)
    assert abs(first - second) > 1_000


def test_an_exponent_of_one_has_no_such_distribution() -> None:
    with pytest.raises(ValueError, match="above 1"):
        Zipf(10, 1.0, random.Random(1).random)


@cache
def zipf_counts() -> Counter[int]:
    ranks = Zipf(1_000, 1.1, random.Random(5).random)
    return Counter(ranks.rank() for _ in range(MANY))
