import pytest

from triggers.traffic.distinct_count import EXACT, DistinctCount, mixed


def numbers(count: int, first: int = 0) -> list[str]:
    return [f"+4930{n:08d}" for n in range(first, first + count)]


def counted(texts: list[str]) -> DistinctCount:
    count = DistinctCount()
    for text in texts:
        count.add(text)
    return count


@pytest.mark.parametrize("size", [0, 1, 8, 9, 100, EXACT])
def test_up_to_256_it_is_exact(size: int) -> None:
    assert counted(numbers(size) * 2).count() == size
    assert sorted(counted(numbers(size)).kept()) == numbers(size)


@pytest.mark.parametrize("size", [EXACT + 1, 1_000, 10_000, 20_000, 100_000])
def test_beyond_it_is_right_to_a_few_percent(size: int) -> None:
    """1.6 % is the standard error: three of them."""
    assert counted(numbers(size)).count() == pytest.approx(size, rel=0.048)


@pytest.mark.parametrize("one", [0, 5, 100, 200, 3_000])
@pytest.mark.parametrize("other", [0, 5, 100, 200, 3_000])
def test_joined_it_is_the_count_of_both(one: int, other: int) -> None:
    """Half of the other are among the first."""
    mine, theirs = numbers(one), numbers(other, one - min(one, other // 2))
    joined = counted(mine)
    joined.join(counted(theirs))
    assert joined.count() == counted(mine + theirs).count()


def test_what_is_joined_stays_its_own() -> None:
    one, other = DistinctCount(), counted(numbers(300))
    one.join(other)
    one.add("+1")
    assert other.count() == counted(numbers(300)).count()


def test_a_count_is_the_same_in_every_process() -> None:
    assert counted(numbers(5_000)).count() == 4_991


def test_texts_that_were_mixed_before_count_the_same() -> None:
    one, other = counted(numbers(EXACT + 1)), counted(numbers(EXACT + 1))
    assert one.estimated
    for text in numbers(5_000, first=100):
        one.add(text)
        other.add_mixed(mixed(text))
    assert one.count() == other.count()
    few = counted(numbers(EXACT))
    few.add_mixed(mixed("+49"))
    assert (few.estimated, few.count()) == (False, EXACT)
